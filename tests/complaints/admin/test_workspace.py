"""The case page shows each part to those who may see it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from complaints.operations import verification
from tests.complaints.admin.situations import page_of
from tests.complaints.operations.test_uploads import picture
from tests.factories.auth import StaffFactory
from tests.factories.complaints import NOW

pytestmark = pytest.mark.usefixtures("frozen")

CAUSE, WHY = "运输途中挤压", "外箱破损"


def able(shop: Any, *names: str) -> Any:
    user = StaffFactory(shops=[shop])
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_complaint", *names]))
    return user


def test_liability_is_for_those_who_may_see_it(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint = case("executing", actor=staff["agent"])
    for role in ("agent", "legal", "auditor", "quality_inspector"):
        page = client_for(staff[role]).get(page_of(complaint)).content.decode()
        assert 'id="liability"' in page
        assert CAUSE in page
        assert WHY in page
    page = client_for(staff["finance"]).get(page_of(complaint)).content.decode()
    assert complaint.title in page
    for secret in ('id="liability"', CAUSE, WHY, "快递 100 %", "物流 100 %"):
        assert secret not in page


def test_history_as_a_table_keeps_liability_back_as_well(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint = case("executing", actor=staff["agent"])
    event = complaint.events.get(kind="liability_settled")
    for address in (
        reverse("admin:complaints_complaintevent_changelist"),
        reverse("admin:complaints_complaintevent_change", args=[event.pk]),
    ):
        assert CAUSE in client_for(staff["agent"]).get(address).content.decode()
        page = client_for(staff["finance"]).get(address)
        assert page.status_code == 200
        assert CAUSE not in page.content.decode()
        assert "100 %" not in page.content.decode()


def test_files_of_evidence_need_their_permission(
    case: Callable[..., Any], shop: Any, agent: Any, client_for: Callable[[Any], Client], media: Any
) -> None:
    complaint = case("verifying")
    upload = SimpleUploadedFile("a.jpg", picture())
    piece = verification.add_evidence(complaint.pk, kind="photo", note="桌面划痕", upload=upload, actor=agent, now=NOW)
    address = reverse("admin:complaints_complaint_evidence", args=[complaint.pk, piece.pk])
    blind, seeing = client_for(able(shop)), client_for(able(shop, "view_evidence"))
    assert (blind.get(address).status_code, seeing.get(address).status_code) == (403, 200)
    assert 'id="evidence"' not in blind.get(page_of(complaint)).content.decode()
    assert 'id="evidence"' in seeing.get(page_of(complaint)).content.decode()


def test_options_and_call_backs_need_theirs(
    case: Callable[..., Any], shop: Any, client_for: Callable[[Any], Client]
) -> None:
    complaint = case("awaiting_followup")
    page = client_for(able(shop)).get(page_of(complaint)).content.decode()
    assert 'id="remedies"' not in page
    assert 'id="followup"' not in page
    page = client_for(able(shop, "view_remedy", "view_followup")).get(page_of(complaint)).content.decode()
    assert 'id="remedies"' in page
    assert 'id="followup"' in page


def test_every_field_says_what_it_is(case: Callable[..., Any], agent: Any, client_for: Callable[[Any], Client]) -> None:
    page = client_for(agent).get(page_of(case("verifying"))).content.decode()
    assert 'for="hear_channel"' in page
    assert 'id="hear_channel"' in page
    inputs = re.findall(r'<input[^>]*name="reason_[^>]*>', page)
    assert inputs
    assert [one for one in inputs if not re.search('aria-label="[^"]+：[^"]+"', one)] == []


def test_the_browser_knows_the_gaps_that_the_server_knows(
    case: Callable[..., Any], agent: Any, client_for: Callable[[Any], Client]
) -> None:
    page = client_for(agent).get(page_of(case("new"))).content.decode()
    names = page.partition('data-gap-names="')[2].partition('"')[0].split()
    assert "customer_name" in names
    assert "anything" not in names
