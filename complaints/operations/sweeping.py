"""Fire what is due: the one sweep over all clocks (reliability.md, section 1).

Beat and `on_commit` only wake it; everything it needs stands in the database, so that any number of sweeps may run at
once and none need ever have run before.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from complaints import notifications, sla
from complaints.models import Alert, Complaint, ComplaintEvent, Deadline
from complaints.outbox import enqueue
from complaints.queries.people import escalation

from . import clocks
from .locking import locked, record

log = logging.getLogger(__name__)

BATCH = 200
BATCHES = 20
"""Of one sweep; what is left waits for the next tick, so that the other writers of an SQLite file get their turn."""

RETRY_AFTER = timedelta(minutes=1)
BREACHED = "breached"


def sweep(*, now: datetime) -> int:
    """Fire clocks whose next level has been reached, oldest first; returns the number of clocks looked at."""
    seen = 0
    for _turn in range(BATCHES):
        batch = _fire_batch(now=now)
        seen += batch
        if batch < BATCH:
            break
    return seen


def mend(*, now: datetime) -> int:
    """Start the clock of open complaints that none watches; there should be none. Returns the number mended."""
    mended = 0
    for pk in list(Complaint.objects.without_clock().order_by("pk").values_list("pk", flat=True)[:BATCH]):
        try:
            mended += _mend_one(pk, now=now)
        except Exception:  # the others must have their clocks
            log.exception("complaint %s has no running clock, and none can be started", pk)
    return mended


def _mend_one(pk: int, *, now: datetime) -> bool:
    with locked(pk) as complaint:
        if not Complaint.objects.filter(pk=pk).without_clock().exists():
            return False
        clocks.settle(complaint, now=now)
        record(complaint, "clock_mended", actor=None, now=now)
    log.error("complaint %s had no running clock; started one", pk)
    return True


def _fire_batch(*, now: datetime) -> int:
    """1 claim, 2 work out and write all alerts of the batch, 3 move the clocks on: one transaction.

    When the batch fails as a whole, each clock is tried alone, so that a poisoned one never holds up the others.
    """
    with transaction.atomic():
        rows = Deadline.objects.alert_due(now).select_for_update(skip_locked=True, of=("self",))
        deadlines = list(rows.select_related("complaint__assignee", "complaint__customer", "complaint__shop")[:BATCH])
        if not deadlines:
            return 0
        people = escalation({deadline.complaint.shop_id for deadline in deadlines})
        try:
            with transaction.atomic():
                _fire(deadlines, people, now=now)
        except Exception:
            log.exception("sweep: batch failed, trying %s clocks one by one", len(deadlines))
            for deadline in deadlines:
                _fire_alone(deadline, people, now=now)
    return len(deadlines)


def _fire_alone(deadline: Deadline, people: dict[int, Any], *, now: datetime) -> None:
    try:
        with transaction.atomic():
            _fire([deadline], people, now=now)
    except Exception:
        log.exception("sweep: clock %s cannot be fired, put off", deadline.pk)
        Deadline.objects.filter(pk=deadline.pk).update(
            failures=deadline.failures + 1, next_alert_at=now + RETRY_AFTER * 2 ** min(deadline.failures, 8)
        )


def _fire(deadlines: Sequence[Deadline], people: dict[int, Any], *, now: datetime) -> None:
    """Write what these clocks have to say. Leaves `deadlines` as they are: they may be tried again one by one."""
    alerts, mails, breached, moved = [], [], [], []
    for deadline in deadlines:
        levels = sla.reached(deadline.started_at, deadline.due_at, after=deadline.level, now=now)
        for level in levels:
            persons = notifications.audience(level, deadline.complaint.assignee, people[deadline.complaint.shop_id])
            alerts += notifications.alerts(deadline, level, persons, now=now)
            mails += notifications.alert_mails(deadline, level, persons, now=now)
            if not persons:
                log.error("sweep: nobody is there to hear of clock %s at %s %%", deadline.pk, level)
        if sla.BREACH in levels:
            breached.append(deadline)
        moved.append(_moved_on(deadline, max([deadline.level, *levels])))
    Alert.objects.bulk_create(alerts, update_conflicts=True, unique_fields=["dedup_key"], update_fields=["dedup_key"])
    ComplaintEvent.objects.bulk_create(_breach_events(breached, now=now))
    enqueue.enqueue(mails)
    Deadline.objects.bulk_update(moved, ["level", "breached_at", "next_alert_at", "failures"])


def _moved_on(deadline: Deadline, level: int) -> Deadline:
    """The clock's new values."""
    breached_at = deadline.breached_at or (deadline.due_at if level >= sla.BREACH else None)
    next_alert_at = sla.next_alert(deadline.started_at, deadline.due_at, after=level)
    return Deadline(pk=deadline.pk, level=level, breached_at=breached_at, next_alert_at=next_alert_at, failures=0)


def _breach_events(deadlines: Iterable[Deadline], *, now: datetime) -> list[ComplaintEvent]:
    """One event per clock and due time: a clock that was moved away and back has told its breach already."""
    events = [
        ComplaintEvent(
            complaint=deadline.complaint,
            at=now,
            kind=BREACHED,
            version=deadline.complaint.version,
            data={"clock": deadline.kind, "due_at": deadline.due_at.isoformat()},
        )
        for deadline in deadlines
    ]
    if not events:
        return []
    told = ComplaintEvent.objects.filter(complaint__in=[event.complaint_id for event in events], kind=BREACHED)
    known = {_identity(event) for event in told}
    return [event for event in events if _identity(event) not in known]


def _identity(event: ComplaintEvent) -> tuple[int, str, str]:
    return event.complaint_id, event.data["clock"], event.data["due_at"]
