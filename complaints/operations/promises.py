"""What we said we would do, and by when (R3.4): made with a reply, kept, broken, renewed with a reason."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint, Contact, Promise
from complaints.refusals import ReasonMissing, Refused
from complaints.sla import Kind

from . import clocks
from .locking import locked, record, save_change


class PromiseInThePast(Refused):
    message = _("The promised time is already over. Name a later one.")
    panel = "reply"


class PromiseBeyondClock(Refused):
    message = _(
        "The promised time is later than the clock “%(clock)s” allows (%(due)s). Name an earlier one, or confirm it."
    )
    panel = "reply"


class PromiseSettled(Refused):
    message = _("This promise is settled already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """A promise as given in a reply; `due_at` is aware. `beyond_clock` confirms a time later than the clock allows."""

    text: str
    due_at: datetime
    beyond_clock: bool = False


def make(
    complaint: Complaint,
    promised: Promised,
    *,
    contact: Contact | None,
    renews: Promise | None = None,
    reason: str = "",
    actor: Any,
    now: datetime,
) -> Promise:
    """Write the promise down and let a clock watch it; for a caller that holds the lock. Raises PromiseBeyondClock."""
    refuse_past(promised, now=now)
    _refuse_beyond(complaint, promised, now=now)
    text = promised.text or (contact.body[:200] if contact else renews.text if renews else "")
    promise = Promise.objects.create(
        complaint=complaint,
        # What is renewed stays with the reply in which it was promised first, wherever a merge takes that.
        contact=contact or (renews.contact if renews else None),
        text=text,
        made_at=now,
        due_at=promised.due_at,
        made_by=actor,
        renews=renews,
        reason=reason,
    )
    clocks.watch(complaint, Kind.PROMISE, subject=promise.pk, due_at=promise.due_at, now=now)
    return promise


def refuse_past(promised: Promised | None, *, now: datetime) -> None:
    if promised and promised.due_at <= now:
        raise PromiseInThePast


def answer(complaint: Complaint, *, still_open: frozenset[int] = frozenset(), now: datetime) -> None:
    """The customer hears from us, or the matter is over: a promise not yet due is kept, an overdue one was broken.

    Those in `still_open` are not what the reply was about, and stay owed.
    """
    for promise in _owed(complaint).exclude(pk__in=still_open):
        _settle(complaint, promise, Promise.Status.KEPT, now=now)


def keep(complaint_id: int, promise_id: int, *, actor: Any, version: int, now: datetime) -> Complaint:
    """Record that we did what we had promised. Raises PromiseSettled, StaleVersion."""
    with locked(complaint_id, version=version) as complaint:
        promise = _owed_or_refuse(complaint, promise_id)
        _settle(complaint, promise, Promise.Status.KEPT, now=now)
        save_change(complaint, "version")
        record(complaint, "promise_kept", actor=actor, now=now, promise=promise.pk, late=promise.due_at < now)
    return complaint


def renew(
    complaint_id: int, promise_id: int, promised: Promised, *, reason: str, actor: Any, version: int, now: datetime
) -> Promise:
    """Name another time for what is still owed; a promise that is overdue by then was broken all the same.

    Raises ReasonMissing, PromiseSettled, PromiseInThePast, PromiseBeyondClock, StaleVersion.
    """
    if not reason.strip():
        raise ReasonMissing
    with locked(complaint_id, version=version) as complaint:
        promise = _owed_or_refuse(complaint, promise_id)
        _settle(complaint, promise, Promise.Status.RENEWED, now=now)
        renewal = make(complaint, promised, contact=None, renews=promise, reason=reason, actor=actor, now=now)
        save_change(complaint, "version")
        record(
            complaint, "promise_renewed", actor=actor, now=now, reason=reason,
            promise=renewal.pk, promised_for=promised.due_at.isoformat(),
        )  # fmt: skip
    return renewal


def _owed(complaint: Complaint) -> Any:
    """Promises about which the customer has not heard yet, due or overdue."""
    return complaint.promises.filter(settled_at=None).order_by("pk")


def _owed_or_refuse(complaint: Complaint, promise_id: int) -> Promise:
    promise = _owed(complaint).filter(pk=promise_id).first()
    if promise is None:
        raise PromiseSettled
    return promise


def _settle(complaint: Complaint, promise: Promise, status: str, *, now: datetime) -> None:
    """The clock first: the sweep, too, takes the clock before the promise."""
    clocks.unwatch(complaint, Kind.PROMISE, subject=promise.pk, now=now, met=status == Promise.Status.KEPT)
    promise.refresh_from_db(fields=["status"])
    overdue = promise.status == Promise.Status.BROKEN or promise.due_at < now
    promise.status = Promise.Status.BROKEN if overdue else status
    promise.settled_at = now
    promise.save(update_fields=["status", "settled_at"])


def _refuse_beyond(complaint: Complaint, promised: Promised, *, now: datetime) -> None:
    """A promise later than our own clock for the stage is a clock broken on purpose: somebody must mean it.

    Once the clock is overdue every promise is later, and nothing is left to warn of.
    """
    if promised.beyond_clock:
        return
    clock = complaint.deadlines.running().of_stage().filter(paused_at=None).first()
    if clock and now <= clock.due_at < promised.due_at:
        due = timezone.localtime(clock.due_at)
        raise PromiseBeyondClock(clock=clock.get_kind_display(), due=f"{due:%Y-%m-%d %H:%M}")
