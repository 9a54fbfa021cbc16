"""Waiting for the customer: a hold pauses the clocks that the policy says it pauses (domain.md, section 3)."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.lifecycle import State
from complaints.models import Complaint
from complaints.refusals import ReasonMissing, Refused

from . import clocks
from .ended import refuse_ended
from .locking import locked, record, save_change

log = logging.getLogger(__name__)

LONGEST = timedelta(days=30)
"""A hold ends by itself: nothing sleeps for ever."""

BATCH = 200
MOST = 1000
"""Of one sweep, which has clocks to look at."""


class NotAnswered(Refused):
    message = _("Answer the customer first: the first response is never put on hold.")
    panel = "reply"


class HeldAlready(Refused):
    message = _("The complaint is on hold already.")


class NotHeld(Refused):
    message = _("The complaint is not on hold.")


class HoldEndWrong(Refused):
    message = _("Name an end of the hold in the future, at most %(days)s days away.")


def hold(complaint_id: int, *, reason: str, until: datetime, actor: Any, version: int, now: datetime) -> Complaint:
    """Wait for the customer until a named time; then the clocks go on by themselves, and so they do when the customer
    is heard.

    Raises ReasonMissing, HoldEndWrong, HeldAlready, NotAnswered, ComplaintOver, StaleVersion.
    """
    if not reason.strip():
        raise ReasonMissing
    if not now < until <= now + LONGEST:
        raise HoldEndWrong(days=LONGEST.days)
    with locked(complaint_id, version=version) as complaint:
        refuse_ended(complaint)
        if complaint.held_at:
            raise HeldAlready
        if complaint.state == State.NEW:
            raise NotAnswered
        complaint.held_at, complaint.hold_until, complaint.hold_reason = now, until, reason.strip()
        save_change(complaint, "held_at", "hold_until", "hold_reason")
        clocks.pause(complaint, now=now)
        record(complaint, "held", actor=actor, now=now, reason=reason, until=until.isoformat())
    return complaint


def resume(complaint_id: int, *, reason: str = "", actor: Any, version: int, now: datetime) -> Complaint:
    """End the hold. Raises NotHeld, StaleVersion."""
    with locked(complaint_id, version=version) as complaint:
        if not complaint.held_at:
            raise NotHeld
        release(complaint, actor=actor, now=now, reason=reason)
    return complaint


def release(complaint: Complaint, *, actor: Any, now: datetime, reason: str = "", because: str = "asked") -> None:
    """End the hold, if there is one, for a caller that holds the lock; `because` says what ended it.

    One that was over before anybody looked ended then: a standstill must not be a longer hold.
    """
    if not complaint.held_at:
        return
    over_at = min(now, complaint.hold_until or now)
    complaint.held_at = complaint.hold_until = None
    complaint.hold_reason = ""
    save_change(complaint, "held_at", "hold_until", "hold_reason")
    clocks.go_on(complaint, now=over_at)
    record(complaint, "resumed", actor=actor, now=now, reason=reason, because=because)


def release_over(complaint: Complaint, *, now: datetime) -> None:
    """End a hold whose time is over, as the next sweep would, before its clocks are looked at."""
    if complaint.hold_until and complaint.hold_until <= now:
        release(complaint, actor=None, now=complaint.hold_until, because="over")


def end_over_holds(*, now: datetime) -> int:
    """Resume what has waited long enough, oldest first; returns how many."""
    over = Complaint.objects.filter(held_at__isnull=False, hold_until__lte=now).order_by("hold_until", "pk")
    ended, stuck = 0, set[int]()
    while ids := list(over.exclude(pk__in=stuck).values_list("pk", flat=True)[:BATCH]):
        for pk in ids:
            try:
                ended += _end_one(pk, now=now)
            except Exception:  # the others must go on
                log.exception("the hold of complaint %s is over, but it cannot be resumed", pk)
                stuck.add(pk)
        if len(ids) < BATCH or ended >= MOST:
            break
    return ended


def _end_one(pk: int, *, now: datetime) -> bool:
    with locked(pk) as complaint:
        if complaint.hold_until is None or complaint.hold_until > now:
            return False
        release_over(complaint, now=now)
    return True
