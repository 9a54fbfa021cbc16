"""The checker finds whatever is not whole, and nothing where everything is."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from complaints import triggers
from complaints.models import Alert, Complaint, ComplaintEvent, Contact, Deadline, OutboxMessage
from complaints.operations import conversation, sweeping
from followups.models import FollowUp
from tests.factories.complaints import NOW, CustomerFactory, current
from tests.faults import wholeness


@pytest.fixture
def desk(case: Callable[..., Any], agent: Any, now: datetime) -> list[Complaint]:
    """A case in each state, one of them overdue, one answered by mail; all by the operations."""
    states = ("new", "verifying", "executing", "awaiting_followup", "closed", "withdrawn", "unfounded", "merged")
    cases = [case(state) for state in states]
    Complaint.objects.filter(pk=cases[1].pk).update(customer=CustomerFactory())
    conversation.reply(cases[1].pk, "您好，正在核实。", channel="email", actor=agent, now=now)
    sweeping.sweep(now=datetime.max.replace(year=2030, tzinfo=now.tzinfo))
    return [current(one) for one in cases]


def _newest(model: Any, **lookup: Any) -> Any:
    return model.objects.filter(**lookup).order_by("-pk")


def _copied(rows: Any) -> None:
    row = rows.first()
    row.pk = None
    if hasattr(row, "dedup_key"):
        row.dedup_key += "#"
    row.save(force_insert=True)


BREAK: dict[str, Callable[[list[Complaint]], Any]] = {
    "a state without its event": lambda cases: Complaint.objects.filter(pk=cases[0].pk).update(state="accepted"),
    "an event without its state": lambda cases: _newest(ComplaintEvent, complaint=cases[4]).first().delete(),
    "a version without its event": lambda cases: Complaint.objects.filter(pk=cases[0].pk).update(version=9),
    "a step out of the blue": lambda cases: ComplaintEvent.objects.create(
        complaint=cases[0], at=NOW, kind="step", from_state="closed", to_state="new", version=1
    ),
    "no clock": lambda cases: Deadline.objects.filter(complaint=cases[0]).delete(),
    "a clock of what is over": lambda cases: _newest(Deadline, complaint=cases[4], kind="callback").update(met_at=None),
    "due at another time": lambda cases: Complaint.objects.filter(pk=cases[1].pk).update(next_due_at=NOW),
    "the same alert again": lambda cases: _copied(_newest(Alert)),
    "a breach told twice": lambda cases: _copied(_newest(ComplaintEvent, kind="breached")),
    "a breach not told": lambda cases: _newest(ComplaintEvent, kind="breached").first().delete(),
    "a breach without its mark": lambda cases: Deadline.objects.filter(level__gte=100).update(breached_at=None),
    "a reply without its mail": lambda cases: OutboxMessage.objects.filter(dedup_key__startswith="reply:").delete(),
    "a mail without its reply": lambda cases: Contact.objects.filter(channel="email", direction="out").delete(),
    "no call-back": lambda cases: FollowUp.objects.filter(complaint=cases[3]).delete(),
}


def test_desk_that_only_operations_have_written_is_whole(desk: list[Complaint]) -> None:
    assert wholeness.problems() == []


@pytest.mark.parametrize("what", BREAK)
def test_what_is_half_written_is_found(what: str, desk: list[Complaint]) -> None:
    triggers.remove(connection)  # they would refuse some of it
    BREAK[what](desk)
    assert wholeness.problems() != []
