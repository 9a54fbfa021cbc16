"""Mend what must always hold and for once does not (reliability.md, section 1): clocks that are missing."""

import logging
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from complaints.models import Complaint, Deadline, Promise
from complaints.sla import Kind

from . import clocks
from .locking import locked, record

log = logging.getLogger(__name__)

BATCH = 200


def mend(*, now: datetime) -> int:
    """Start the clocks of open complaints that none watches, and of promises that are owed; there should be none.

    Returns the number mended.
    """
    mended = 0
    for pk in list(Complaint.objects.without_clock().order_by("pk").values_list("pk", flat=True)[:BATCH]):
        try:
            mended += _mend_case(pk, now=now)
        except Exception:  # the others must have their clocks
            log.exception("complaint %s has no running clock, and none can be started", pk)
    for pk, complaint_id in list(_unwatched_promises()[:BATCH]):
        try:
            mended += _mend_promise(pk, complaint_id, now=now)
        except Exception:  # the others must have their clocks
            log.exception("promise %s has no running clock, and none can be started", pk)
    return mended


def _mend_case(pk: int, *, now: datetime) -> bool:
    with locked(pk) as complaint:
        if not Complaint.objects.filter(pk=pk).without_clock().exists():
            return False
        clocks.settle(complaint, now=now)
        record(complaint, "clock_mended", actor=None, now=now)
    log.error("complaint %s had no running clock; started one", pk)
    return True


def _unwatched_promises() -> Any:
    """Promises still open that no clock watches, as those of before there were such clocks."""
    watched = Deadline.objects.running().filter(
        complaint=OuterRef("complaint"), kind=Kind.PROMISE, subject=OuterRef("pk")
    )
    rows = Promise.objects.filter(~Exists(watched), status=Promise.Status.OPEN, complaint__in=Complaint.objects.open())
    return rows.order_by("pk").values_list("pk", "complaint_id")


def _mend_promise(pk: int, complaint_id: int, *, now: datetime) -> bool:
    with locked(complaint_id) as complaint:
        promise = complaint.promises.filter(pk=pk, status=Promise.Status.OPEN).first()
        if promise is None or complaint.deadlines.running().filter(kind=Kind.PROMISE, subject=pk).exists():
            return False
        clocks.watch(complaint, Kind.PROMISE, subject=pk, started_at=promise.made_at, due_at=promise.due_at, now=now)
        record(complaint, "clock_mended", actor=None, now=now)
    return True
