"""Rules go by the codes of issue types: they stay once a type exists."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from knowledge.models import IssueType


@pytest.mark.parametrize("role", ["shop_manager", "knowledge_manager"])
def test_a_type_keeps_its_code_and_its_place(
    role: str, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    client = client_for(user_with(role))
    root, other = IssueType.objects.get(code="SERV"), IssueType.objects.get(code="LOGI")
    address = reverse("admin:knowledge_issuetype_change", args=[root.pk])
    fields = {
        "code": "SVC",
        "parent": other.pk,
        "name": "服务态度",
        "name_en": "Service",
        "position": "9",
        "active": "on",
    }
    assert client.post(address, fields).status_code == 302
    root.refresh_from_db()
    assert (root.code, root.parent, root.name) == ("SERV", None, "服务态度")


def test_a_new_type_has_both(user_with: Callable[..., Any], client_for: Callable[[Any], Client]) -> None:
    client = client_for(user_with("knowledge_manager"))
    root = IssueType.objects.get(code="SERV")
    fields = {"code": "SERV-77", "parent": root.pk, "name": "新", "position": "9", "active": "on"}
    assert client.post(reverse("admin:knowledge_issuetype_add"), fields).status_code == 302
    assert IssueType.objects.get(code="SERV-77").parent == root
