"""Start, meet, stop and recompute the clocks of one complaint; called with the complaint locked."""

from collections.abc import Iterable
from datetime import datetime

from complaints import sla
from complaints.models import Complaint, Deadline
from complaints.queries.facts import has_human_reply


def settle(
    complaint: Complaint, *, now: datetime, returning: bool = False, abandoned: bool = False, resuming: bool = False
) -> None:
    """Make exactly the clock run that the present state needs, and store when the complaint is next due.

    A clock that is no longer needed was met, unless the work on it was given up (`abandoned`) or sent back
    (`returning`): then it stops; a call-back that sends the case back has been made, though. The first pass through a
    stage runs from the start of the round; a stage that is entered again (`returning`) has its whole budget from now.
    A merge that is undone (`resuming`) leaves both complaints as if it had not been: the stopped clock goes on with
    the time that it had, and so does a first response that was met by a reply which has left again.
    """
    wanted = sla.clock_for(complaint.state, answered=has_human_reply(complaint))
    running = {deadline.kind: deadline for deadline in _running(complaint)}
    for kind, deadline in running.items():
        if kind != wanted and resuming:
            deadline.delete()
        elif kind != wanted:
            made = returning and kind == sla.Kind.CALLBACK
            _end(deadline, now=now, met=made or not (abandoned or returning))
    if wanted and wanted not in running:
        resumed = _resume(complaint, wanted) if resuming else None
        running[wanted] = resumed or _start(
            complaint, wanted, _start_of(complaint, wanted, now=now, returning=returning)
        )
    _store_next_due(complaint, running[wanted].due_at if wanted else None)


def recompute(complaint: Complaint) -> None:
    """Move the running clocks to the complaint's priority; met and breached facts stay (domain.md, section 4).

    A clock that is due at another time alerts anew; one whose time stays, as the call-back's does, goes on.
    """
    for deadline in _running(complaint):
        deadline.priority = complaint.priority
        due_at = sla.due(deadline.started_at, complaint.priority, sla.Kind(deadline.kind))
        if due_at != deadline.due_at:
            deadline.due_at, deadline.level, deadline.failures = due_at, 0, 0
            deadline.next_alert_at = sla.next_alert(deadline.started_at, due_at, after=0)
        deadline.save()
        _store_next_due(complaint, deadline.due_at)


def _running(complaint: Complaint) -> Iterable[Deadline]:
    """The running clocks, locked: a sweep may be firing one, and what it writes must not be written over."""
    return complaint.deadlines.running().select_for_update()


def _start_of(complaint: Complaint, kind: sla.Kind, *, now: datetime, returning: bool) -> datetime:
    if kind is sla.Kind.CALLBACK:
        return complaint.resolved_at or now
    again = returning or complaint.deadlines.filter(kind=kind, round=complaint.round).exclude(stopped_at=None).exists()
    return now if again else complaint.round_started_at


def _start(complaint: Complaint, kind: sla.Kind, started_at: datetime) -> Deadline:
    due_at = sla.due(started_at, complaint.priority, kind)
    return Deadline.objects.create(
        complaint=complaint,
        kind=kind,
        round=complaint.round,
        priority=complaint.priority,
        started_at=started_at,
        due_at=due_at,
        next_alert_at=sla.next_alert(started_at, due_at, after=0),
    )


def _resume(complaint: Complaint, kind: sla.Kind) -> Deadline | None:
    ended = complaint.deadlines.filter(kind=kind, round=complaint.round)
    if kind is not sla.Kind.FIRST_RESPONSE:
        ended = ended.filter(stopped_at__isnull=False)
    deadline = ended.order_by("stopped_at", "pk").last()
    if deadline:
        deadline.stopped_at = deadline.met_at = None
        deadline.next_alert_at = sla.next_alert(deadline.started_at, deadline.due_at, after=deadline.level)
        deadline.save()
    return deadline


def _end(deadline: Deadline, *, now: datetime, met: bool) -> None:
    if met:
        deadline.met_at = max(now, deadline.started_at)
    else:
        deadline.stopped_at = now
    if now > deadline.due_at and deadline.breached_at is None:
        deadline.breached_at = deadline.due_at
    deadline.next_alert_at = None
    deadline.save()


def _store_next_due(complaint: Complaint, due_at: datetime | None) -> None:
    complaint.next_due_at = due_at
    complaint.save(update_fields=["next_due_at"])
