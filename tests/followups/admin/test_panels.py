"""A rating may close or start a further round: it takes both permissions."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from tests.complaints.admin.situations import page_of, send
from tests.factories.complaints import current

pytestmark = pytest.mark.usefixtures("frozen")


@pytest.mark.parametrize("missing", ["close", "supplement"])
def test_who_may_not_do_both_records_no_rating(
    missing: str, case: Callable[..., Any], agent: Any, client_for: Callable[[Any], Client]
) -> None:
    complaint = case("awaiting_followup")
    Group.objects.get(name="agent").permissions.remove(Permission.objects.get(codename=f"{missing}_complaint"))
    client = client_for(agent)
    assert 'name="satisfaction"' not in client.get(page_of(complaint)).content.decode()
    answer = send(client, complaint, "rate", {"satisfaction": "2", "comment": "没解决", "channel": "phone"})
    assert answer.status_code == 403
    assert current(complaint).state == "awaiting_followup"
