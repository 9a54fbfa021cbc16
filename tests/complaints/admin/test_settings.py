"""Staff accounts speak of roles by their names."""

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse


def test_roles_have_names_in_the_list_and_its_filter(
    user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    page = client_for(user_with("shop_manager")).get(reverse("admin:auth_user_changelist")).content.decode()
    assert "班组长" in page or "组长" in page
    assert "quality_inspector" not in page
