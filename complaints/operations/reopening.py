"""A customer who comes back after closing: within a first response somebody reopens the case, or says why not."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.lifecycle import State
from complaints.models import Complaint, Contact
from complaints.refusals import ReasonMissing, Refused
from complaints.sla import Kind

from . import clocks, conversation
from .locking import locked, record, save_change

RETURNED = 1
"""Subject of the clock that watches it, beside the first response of the case itself."""


class NobodyAsks(Refused):
    message = _("The customer has not asked to reopen this case, or somebody has answered already.")


def may_ask(complaint: Complaint, *, now: datetime) -> bool:
    """Whether what the customer says now can still reopen the case."""
    if complaint.state != State.CLOSED or complaint.closed_at is None:
        return False
    return complaint.reopen_asked_at is not None or now <= complaint.closed_at + complaint.shop.reopen_within


def ask(complaint: Complaint, *, now: datetime) -> None:
    """Let a closed case wait for an answer, for a caller that holds the lock; once, however often they write."""
    if complaint.reopen_asked_at is not None:
        return
    complaint.reopen_asked_at = now
    save_change(complaint, "reopen_asked_at")
    clocks.watch(complaint, Kind.FIRST_RESPONSE, subject=RETURNED, now=now)


def answered(complaint: Complaint, *, now: datetime) -> None:
    """The case was reopened, or the customer was told why not, for a caller that holds the lock."""
    if complaint.reopen_asked_at is None:
        return
    complaint.reopen_asked_at = None
    save_change(complaint, "reopen_asked_at")
    clocks.unwatch(complaint, Kind.FIRST_RESPONSE, subject=RETURNED, now=now)


def decline(
    complaint_id: int, *, reason: str, body: str, channel: str, actor: Any, version: int, now: datetime
) -> Contact:
    """Leave the case closed and tell the customer why.

    Raises NobodyAsks, ReasonMissing, EmptyText, UnfilledPlaceholder, NoAddress, StaleVersion.
    """
    if not reason.strip():
        raise ReasonMissing
    with locked(complaint_id, version=version) as complaint:
        if complaint.reopen_asked_at is None:
            raise NobodyAsks
        contact = conversation.say(complaint, body, channel=channel, actor=actor, now=now)
        answered(complaint, now=now)
        record(complaint, "reopen_declined", actor=actor, now=now, reason=reason, contact=contact.pk)
    return contact
