"""No message to staff holds more of a customer than the case number and the masked name."""

from datetime import timedelta
from typing import Any

import pytest

from complaints.models import AlertPreference, Complaint, Deadline, OutboxMessage, Remedy, Robot
from complaints.operations import digests, telling
from complaints.outbox import enqueue
from knowledge.models import IssueType
from tests.complaints.operations.alerted import alert, clock
from tests.complaints.operations.test_digests import HOUR, MONDAY
from tests.factories.complaints import (
    ComplaintFactory,
    ContactFactory,
    CustomerFactory,
    EvidenceFactory,
    LiabilityShareFactory,
    OrderFactory,
    PromiseFactory,
    RemedyFactory,
)

CANARY = "金丝雀"
PHONE, EMAIL = "13812345678", "canary@mail.example"


@pytest.fixture
def case(shop: Any, staff: dict[str, Any]) -> Complaint:
    """A complaint with the word in everything that a customer or a clerk may have written."""
    customer = CustomerFactory(name=f"欧{CANARY}", phone=PHONE, email=EMAIL, buyer=f"{CANARY}_buyer")
    case = ComplaintFactory(
        shop=shop,
        customer=customer,
        order=OrderFactory(shop=shop, customer=customer, seller_note=CANARY),
        issue_type=IssueType.objects.get(code="LOGI-03"),
        assignee=staff["agent"],
        title=f"{CANARY} {PHONE}",
        description=f"{CANARY} 收货地址 {EMAIL}",
        demand=CANARY,
        root_cause=CANARY,
        no_order_reason=CANARY,
        hold_reason=CANARY,
        evidence_waiver=CANARY,
        platform_reference=CANARY,
        next_due_at=MONDAY - HOUR,
        received_at=MONDAY - timedelta(days=2),
    )
    PromiseFactory(complaint=case, text=CANARY, made_at=MONDAY - 2 * HOUR, due_at=MONDAY - HOUR)
    PromiseFactory(
        complaint=case, text=CANARY, made_at=MONDAY - 9 * HOUR, due_at=MONDAY - 9 * HOUR / 2, status="broken"
    )
    ContactFactory(complaint=case, body=f"{CANARY} {PHONE}")
    ContactFactory(complaint=case, internal=True, body=CANARY)
    EvidenceFactory(complaint=case, reference=CANARY, note=CANARY)
    LiabilityShareFactory(complaint=case, reason=CANARY)
    RemedyFactory(complaint=case, text=CANARY)
    return case


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enqueue, "wake", lambda: None)


def leaks(messages: list[OutboxMessage]) -> list[str]:
    words = (CANARY, PHONE, PHONE[-4:], EMAIL)
    texts = [(one.dedup_key, part) for one in messages for part in (one.subject, one.body, one.html or "")]
    return [key for key, part in texts if any(word in part for word in words)]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("bundled", [False, True])
def test_no_message_about_alerts_holds_personal_data(
    case: Complaint, staff: dict[str, Any], language: str, bundled: bool
) -> None:
    people = [staff["agent"], staff["team_lead"]]
    for person in people:
        AlertPreference.objects.create(user=person, language=language, bundle_over=1 if bundled else 50)
    robot = Robot.objects.create(name="售后群", kind="wecom", url="https://chat.example/1", language=language)
    robot.members.set(people)
    for kind in Deadline.Kind:
        deadline = clock(case, kind=kind)
        for level in (50, 80, 100, 150, 200):
            alert(deadline, *people, level=level)
    telling.tell(now=MONDAY)
    written = list(OutboxMessage.objects.all())
    assert {one.channel for one in written} == {"email", "robot"}
    assert all(case.number in one.body for one in written)
    assert leaks(written) == []


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_digest_holds_personal_data(case: Complaint, staff: dict[str, Any], language: str) -> None:
    for person in staff.values():
        AlertPreference.objects.create(user=person, language=language)
    digests.send_digests(now=MONDAY)
    written = list(OutboxMessage.objects.all())
    assert {one.dedup_key.split(":")[1] for one in written} == {"morning", "weekly"}
    assert all(case.number in one.body for one in written)
    assert leaks(written) == []


def test_the_control_finds_it_where_it_is(case: Complaint) -> None:
    leaky = OutboxMessage(subject=case.title, body="", dedup_key="leaky")
    assert leaks([leaky]) == ["leaky"]
    assert Remedy.objects.get().text == CANARY
