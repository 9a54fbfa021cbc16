"""The work list shows at a glance what waits for the customer and in what the platform has a hand."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from complaints.lifecycle import State
from tests.factories.complaints import NOW, ComplaintFactory

pytestmark = pytest.mark.usefixtures("frozen")


@pytest.mark.parametrize(
    ("facts", "marks"),
    [
        ({}, (False, False)),
        ({"platform_opened_at": NOW, "platform_due_at": NOW + timedelta(days=1)}, (True, False)),
        ({"held_at": NOW, "hold_until": NOW + timedelta(days=1), "hold_reason": "等客户补拍照片"}, (False, True)),
    ],
)
def test_a_complaint_is_marked(
    facts: dict[str, Any], marks: tuple[bool, bool], user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    ComplaintFactory(state=State.VERIFYING, **facts)
    page = client_for(user_with("supervisor")).get(reverse("admin:complaints_complaint_changelist") + "?tab=open")
    row = page.content.decode().partition('<td class="c-case">')[2].partition("</td>")[0]
    assert ("chip is-risk" in row, "等客户补拍照片" in row) == marks
