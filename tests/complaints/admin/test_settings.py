"""Staff accounts speak of roles by their names, and shops of their staff."""

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse

from complaints.models import Shop


def test_roles_have_names_in_the_list_and_its_filter(
    user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    page = client_for(user_with("shop_manager")).get(reverse("admin:auth_user_changelist")).content.decode()
    assert "班组长" in page or "组长" in page
    assert "quality_inspector" not in page


def test_the_staff_of_a_shop_is_chosen_by_name_and_nothing_opens_a_pop_up(
    shop: Shop, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    user_with("agent", username="lina", last_name="李", first_name="娜")
    page = client_for(user_with("shop_manager")).get(reverse("admin:complaints_shop_change", args=[shop.pk]))
    assert ">李娜</option>" in page.content.decode()
    assert "_popup=1" not in page.content.decode()
