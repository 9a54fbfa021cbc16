"""Fire what is due: the one sweep over all clocks (reliability.md, section 1).

Beat and `on_commit` only wake it; everything it needs stands in the database, so that any number of sweeps may run at
once and none need ever have run before.
"""

import logging
from collections.abc import Sequence
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
RETRY_AFTER = timedelta(minutes=1)


def sweep(*, now: datetime) -> int:
    """Fire every clock whose next level has been reached, oldest first; returns the number of clocks fired."""
    fired = 0
    while batch := _fire_batch(now=now):
        fired += batch
    return fired


def mend(*, now: datetime) -> int:
    """Start the clock of open complaints that have none; there should be none. Returns the number mended."""
    mended = 0
    for pk in list(Complaint.objects.without_clock().values_list("pk", flat=True)[:BATCH]):
        with locked(pk) as complaint:
            clocks.settle(complaint, now=now)
            record(complaint, "clock_mended", actor=None, now=now)
        log.error("complaint %s had no running clock; started one", pk)
        mended += 1
    return mended


def _fire_batch(*, now: datetime) -> int:
    """1 claim, 2 work out and write all alerts of the batch, 3 move the clocks on: one transaction.

    When the batch fails as a whole, each clock is tried alone, so that a poisoned one never holds up the others.
    """
    with transaction.atomic():
        rows = Deadline.objects.alert_due(now).select_for_update(skip_locked=True, of=("self",))
        deadlines = list(rows.select_related("complaint__assignee", "complaint__customer", "complaint__shop")[:BATCH])
        people = escalation({deadline.complaint.shop_id for deadline in deadlines}) if deadlines else {}
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
    alerts, mails, events = [], [], []
    for deadline in deadlines:
        complaint = deadline.complaint
        for level in sla.reached(deadline.started_at, deadline.due_at, after=deadline.level, now=now):
            persons = notifications.audience(level, complaint.assignee, people[complaint.shop_id])
            alerts += notifications.alerts(deadline, level, persons, now=now)
            mails += notifications.alert_mails(deadline, level, persons, now=now)
            if level == sla.BREACH:
                events.append(_breach_event(deadline, now=now))
            deadline.level = level
        if deadline.level >= sla.BREACH and deadline.breached_at is None:
            deadline.breached_at = deadline.due_at
        deadline.next_alert_at = sla.next_alert(deadline.started_at, deadline.due_at, after=deadline.level)
    Alert.objects.bulk_create(alerts, ignore_conflicts=True)
    ComplaintEvent.objects.bulk_create(events)
    enqueue.enqueue(mails)
    Deadline.objects.bulk_update(deadlines, ["level", "breached_at", "next_alert_at"])


def _breach_event(deadline: Deadline, *, now: datetime) -> ComplaintEvent:
    return ComplaintEvent(
        complaint=deadline.complaint,
        at=now,
        kind="breached",
        version=deadline.complaint.version,
        data={"clock": deadline.kind, "due_at": deadline.due_at.isoformat()},
    )
