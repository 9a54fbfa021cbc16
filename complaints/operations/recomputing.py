"""Open clocks follow a changed calendar: marked in the transaction of the change, worked off by a sweep.

Nobody waits for it: a calendar may have a hundred thousand open clocks. The mark is in the database, so that a worker
that dies leaves the rest to the next one; two at once do some work twice and no harm.
"""

import logging
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction

from complaints import waking
from complaints.models import Deadline, WorkCalendar

from . import clocks
from .locking import locked

log = logging.getLogger(__name__)

RECOMPUTE = "complaints.tasks.recompute"
BATCH = 100
AT_ONCE = 1000
"""Complaints of one sweep, which has to end before the worker's time limit; it wakes the next one."""


def calendar_changed(calendar_id: int, *, now: datetime) -> int:
    """Ask for all open clocks of this calendar to be recomputed, from the first one; returns how many these are."""
    WorkCalendar.objects.filter(pk=calendar_id).update(recompute_requested_at=now, recompute_after=0)
    number = Deadline.objects.running().filter(calendar=calendar_id).count()
    if number:
        transaction.on_commit(wake, robust=True)
    return number


def recompute_requested(*, now: datetime) -> int:
    """Recompute what was asked for; returns the number of complaints looked at."""
    done = 0
    marked = WorkCalendar.objects.filter(recompute_requested_at__isnull=False)
    for calendar in marked.order_by("recompute_requested_at", "pk"):
        while done < AT_ONCE and (number := _next_batch(calendar, now=now)):
            done += number
    if done >= AT_ONCE:
        wake()
    return done


def _next_batch(calendar: WorkCalendar, *, now: datetime) -> int:
    """Recompute the next complaints and write down how far it went; 0 at the end, or when a newer change begins anew.

    1. Each complaint in a transaction of its own: nobody who works on one waits for a hundred.
    2. Only then the place is written down, and only while the mark is the one that was seen.
    """
    rest = Deadline.objects.running().filter(calendar=calendar, complaint__gt=calendar.recompute_after)
    ids = list(rest.order_by("complaint").values_list("complaint", flat=True).distinct()[:BATCH])
    for pk in ids:
        _recompute(pk, now=now)
    mark = WorkCalendar.objects.filter(pk=calendar.pk, recompute_requested_at=calendar.recompute_requested_at)
    if not ids:
        mark.update(recompute_requested_at=None, recompute_after=0)
        return 0
    calendar.recompute_after = ids[-1]
    return len(ids) if mark.update(recompute_after=ids[-1]) else 0


def _recompute(complaint_id: int, *, now: datetime) -> None:
    """One that cannot be recomputed keeps its clocks and does not stop the others.

    The calendar is read under the lock: whoever changes it meanwhile asks this complaint again, after us.
    """
    try:
        with locked(complaint_id) as complaint:
            clocks.recompute(complaint, now=now)
    except (OperationalError, InterfaceError):  # the database, not the complaint: it goes on here the next time
        raise
    except Exception:
        log.exception("the clocks of complaint %s could not be recomputed", complaint_id)


def wake() -> None:
    """Ask a worker to begin."""
    waking.wake(RECOMPUTE)
