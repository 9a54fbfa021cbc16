"""Rows that must never be: each refused by the database itself, whoever writes."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from complaints.models import Approval, Complaint, DailyNumber, Deadline
from complaints.models.policy import valid_levels
from tests.factories.auth import StaffFactory
from tests.factories.complaints import (
    NOW,
    AlertFactory,
    ComplaintFactory,
    CustomerFactory,
    DeadlineFactory,
    EvidenceFactory,
    OrderFactory,
    OrderLineFactory,
    OutboxMessageFactory,
    PromiseFactory,
    RemedyFactory,
)

pytestmark = pytest.mark.django_db

EARLIER = NOW - timedelta(seconds=1)


def refused(write: Callable[[], Any]) -> bool:
    """Whether the database refuses this write."""
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        return True
    return False


IMPOSSIBLE_CLOCKS = {
    "due before the start": {"due_at": EARLIER},
    "met before the start": {"met_at": EARLIER, "next_alert_at": None},
    "breached before the start": {"breached_at": EARLIER},
    "met and still alerting": {"met_at": NOW},
    "standing still and still alerting": {"paused_at": NOW},
}


@pytest.mark.parametrize("values", IMPOSSIBLE_CLOCKS.values(), ids=IMPOSSIBLE_CLOCKS)
def test_an_impossible_clock_is_refused(values: dict[str, Any]) -> None:
    assert refused(lambda: DeadlineFactory(**values))
    clock = DeadlineFactory()
    assert refused(lambda: Deadline.objects.filter(pk=clock.pk).update(**values))


def test_possible_clocks_are_taken() -> None:
    DeadlineFactory()
    DeadlineFactory(met_at=NOW, next_alert_at=None)
    DeadlineFactory(met=True, breached_at=NOW)
    DeadlineFactory(stopped=True)
    DeadlineFactory(due_at=NOW)
    DeadlineFactory(paused_at=NOW, next_alert_at=None)


def test_two_clocks_of_a_kind_do_not_run_at_once() -> None:
    complaint = ComplaintFactory()
    DeadlineFactory(complaint=complaint, met=True)
    DeadlineFactory(complaint=complaint, stopped=True)
    DeadlineFactory(complaint=complaint)
    assert refused(lambda: DeadlineFactory(complaint=complaint))
    DeadlineFactory(complaint=complaint, kind="verification")
    for promise in (1, 2):
        DeadlineFactory(complaint=complaint, kind="promise", subject=promise)
    assert refused(lambda: DeadlineFactory(complaint=complaint, kind="promise", subject=2))


def test_a_round_has_one_choice() -> None:
    complaint = ComplaintFactory()
    RemedyFactory(complaint=complaint, label="A", status="chosen")
    for status in ("chosen", "done"):
        assert refused(lambda status=status: RemedyFactory(complaint=complaint, label="B", status=status))
    RemedyFactory(complaint=complaint, label="B", status="declined")
    RemedyFactory(complaint=complaint, label="A", round=2, status="chosen")


def test_a_letter_is_used_once_in_a_round() -> None:
    remedy = RemedyFactory(label="A")
    assert refused(lambda: RemedyFactory(complaint=remedy.complaint, label="A"))


@pytest.mark.parametrize("column", ["estimated_cost", "actual_cost"])
def test_no_remedy_costs_less_than_nothing(column: str) -> None:
    assert refused(lambda: RemedyFactory(**{column: Decimal("-0.01")}))
    RemedyFactory(**{column: Decimal(0)})


def test_a_signature_is_given_once() -> None:
    remedy, one, two = RemedyFactory(), StaffFactory(), StaffFactory()
    signature = {"remedy": remedy, "permission": "approve_l1", "cost": 1, "at": NOW}
    Approval.objects.create(by=one, **signature)
    assert refused(lambda: Approval.objects.create(by=two, **signature))


def test_a_complaint_is_not_resolved_before_its_round() -> None:
    assert refused(lambda: ComplaintFactory(resolved_at=EARLIER))
    ComplaintFactory(resolved_at=NOW)


def test_a_complaint_is_not_merged_into_itself() -> None:
    complaint = ComplaintFactory()
    into_itself = {"merged_into": complaint, "state": "merged"}
    assert refused(lambda: Complaint.objects.filter(pk=complaint.pk).update(**into_itself))


def test_merged_means_having_a_target_and_only_then() -> None:
    target = ComplaintFactory()
    ComplaintFactory(state="merged", merged_into=target)
    assert refused(lambda: ComplaintFactory(state="merged"))
    assert refused(lambda: ComplaintFactory(merged_into=target))


def test_a_number_is_given_once() -> None:
    complaint = ComplaintFactory()
    assert refused(lambda: ComplaintFactory(number=complaint.number))
    DailyNumber.objects.create(day=NOW.date())
    assert refused(lambda: DailyNumber.objects.create(day=NOW.date()))


def test_a_promise_is_for_later() -> None:
    assert refused(lambda: PromiseFactory(due_at=NOW))
    assert refused(lambda: PromiseFactory(due_at=EARLIER))


def test_evidence_is_a_file_or_a_reference() -> None:
    assert refused(lambda: EvidenceFactory(reference=""))
    EvidenceFactory(reference="", file="evidence/1/a.jpg")


def test_an_order_is_known_once_per_shop() -> None:
    order = OrderFactory()
    assert refused(lambda: OrderFactory(shop=order.shop, number=order.number))
    OrderFactory(number=order.number)
    assert refused(lambda: OrderFactory(paid_amount=Decimal("-1")))
    assert refused(lambda: OrderLineFactory(order=order, position=1))


def test_a_buyer_is_one_customer_per_platform() -> None:
    customer = CustomerFactory(buyer="tb_lily")
    assert refused(lambda: CustomerFactory(buyer=" TB_LILY"))
    CustomerFactory(buyer="tb_lily", platform="jd")
    CustomerFactory.create_batch(2, buyer="")
    assert refused(lambda: CustomerFactory(buyer=customer.buyer))


def test_a_message_and_an_alert_are_written_once() -> None:
    message, alert = OutboxMessageFactory(), AlertFactory(recipient=StaffFactory())
    assert refused(lambda: OutboxMessageFactory(dedup_key=message.dedup_key))
    assert refused(lambda: AlertFactory(recipient=alert.recipient, dedup_key=alert.dedup_key))


def test_personal_data_lies_encrypted_in_the_database() -> None:
    customer = CustomerFactory(name="王小明", phone="13812345678", email="lily@mail.example", buyer="tb_lily")
    message = OutboxMessageFactory(address="lily@mail.example", body="尊敬的王小明")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM complaints_customer WHERE id = %s", [customer.pk])
        rows = str(cursor.fetchall())
        cursor.execute("SELECT * FROM complaints_outboxmessage WHERE id = %s", [message.pk])
        rows += str(cursor.fetchall())
    for fact in ("王小明", "13812345678", "lily", "5678"):
        assert fact not in rows


@pytest.mark.parametrize(
    "levels",
    [
        [],
        [[50, ["assignee"]]],
        [[100, []]],
        [[0, ["assignee"]], [100, ["assignee"]]],
        [[100, ["nobody"]]],
        "x",
        [[100]],
    ],
)
def test_warn_levels_that_nobody_can_mean_are_refused(levels: Any) -> None:
    with pytest.raises(ValidationError):
        valid_levels(levels)


def test_levels_with_an_audience_for_the_due_time_are_taken() -> None:
    valid_levels([[80, ["assignee"]], [100, ["assignee", "team_lead"]]])
