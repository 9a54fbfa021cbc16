"""What is said about a complaint: replies with a promise, the customer's messages, notes, apology calls."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Value, When
from django.utils.translation import gettext_lazy as _

from complaints import notifications
from complaints.models import Channel, Complaint, Contact, Promise
from complaints.outbox import enqueue
from complaints.refusals import Refused
from knowledge import rendering

from . import clocks
from .locking import locked, record


class EmptyText(Refused):
    message = _("Write the text first.")
    panel = "reply"


class UnfilledPlaceholder(Refused):
    message = _("Fill these gaps before you send: %(names)s.")
    panel = "reply"


class PromiseInThePast(Refused):
    message = _("The promised time is already over. Name a later one.")
    panel = "reply"


class NoAddress(Refused):
    message = _("There is no e-mail address of this customer. Choose another channel or add the address.")
    panel = "reply"


class ComplaintOver(Refused):
    message = _("The complaint is over. Reopen it or register a new one.")


class MergedAway(ComplaintOver):
    message = _("This complaint has been merged into %(number)s. Go on there.")


class SaidAlready(Refused):
    message = _("Exactly this was recorded a moment ago. It was not recorded twice.")
    panel = "reply"


ECHO = timedelta(minutes=1)
"""The same words by the same person within this time are a button pressed twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """A promise as given in a reply; `due_at` is aware."""

    text: str
    due_at: datetime


def reply(
    complaint_id: int,
    body: str,
    *,
    channel: str,
    promise: Promised | None = None,
    purpose: str = Contact.Purpose.MESSAGE,
    actor: Any,
    now: datetime,
) -> Contact:
    """Record a human reply; on the e-mail channel it is also sent. The first one meets the first-response clock.

    Raises EmptyText, UnfilledPlaceholder, PromiseInThePast, NoAddress, ComplaintOver, SaidAlready.
    """
    with locked(complaint_id) as complaint:
        _refuse_echo(complaint, Contact.Direction.OUT, body, actor=actor, now=now)
        return reply_to(complaint, body, channel=channel, promise=promise, purpose=purpose, actor=actor, now=now)


def reply_to(
    complaint: Complaint,
    body: str,
    *,
    channel: str,
    promise: Promised | None = None,
    purpose: str = Contact.Purpose.MESSAGE,
    actor: Any,
    now: datetime,
) -> Contact:
    """`reply` for a caller that holds the lock already."""
    _check_reply(complaint, body, channel, promise, now=now)
    contact = _add(complaint, Contact.Direction.OUT, body, channel=channel, purpose=purpose, actor=actor, now=now)
    if promise:
        Promise.objects.create(
            complaint=complaint,
            contact=contact,
            text=promise.text or body[:200],
            made_at=now,
            due_at=promise.due_at,
            made_by=actor,
        )
    if channel == Channel.EMAIL:
        enqueue.enqueue([notifications.reply_mail(contact, now=now)])
    clocks.settle(complaint, now=now)
    promised_for = promise.due_at.isoformat() if promise else None
    record(complaint, "replied", actor=actor, now=now, contact=contact.pk, channel=channel, promised_for=promised_for)
    return contact


def answer_promises(complaint: Complaint, *, now: datetime) -> None:
    """The customer hears from us, or the matter is over: a promise not yet due is kept, an overdue one was broken."""
    in_time = When(due_at__gte=now, then=Value(Promise.Status.KEPT))
    complaint.promises.filter(status=Promise.Status.OPEN).update(
        status=Case(in_time, default=Value(Promise.Status.BROKEN))
    )


def receive(complaint_id: int, body: str, *, channel: str, actor: Any, now: datetime) -> Contact:
    """Record what the customer said, however it reached us."""
    with locked(complaint_id) as complaint:
        _refuse_echo(complaint, Contact.Direction.IN, body, actor=actor, now=now)
        contact = hear(complaint, body, channel=channel, actor=actor, now=now)
        record(complaint, "heard", actor=actor, now=now, contact=contact.pk, channel=channel)
    return contact


def hear(
    complaint: Complaint, body: str, *, channel: str, purpose: str = Contact.Purpose.MESSAGE, actor: Any, now: datetime
) -> Contact:
    """Add the customer's words for a caller that holds the lock and records the event."""
    return _add(complaint, Contact.Direction.IN, body, channel=channel, purpose=purpose, actor=actor, now=now)


def note(complaint_id: int, body: str, *, actor: Any, now: datetime) -> Contact:
    """Write down something for colleagues; never shown to the customer (R4.7)."""
    with locked(complaint_id) as complaint:
        _refuse_echo(complaint, Contact.Direction.INTERNAL, body, actor=actor, now=now)
        contact = _add(complaint, Contact.Direction.INTERNAL, body, channel="", actor=actor, now=now)
        record(complaint, "noted", actor=actor, now=now, contact=contact.pk)
    return contact


def log_apology(complaint_id: int, body: str, *, actor: Any, now: datetime) -> Contact:
    """Log the supervisor's apology call that a complaint about service needs (R5.4)."""
    with locked(complaint_id) as complaint:
        contact = _add(
            complaint,
            Contact.Direction.OUT,
            body,
            channel=Channel.PHONE,
            purpose=Contact.Purpose.APOLOGY_CALL,
            actor=actor,
            now=now,
        )
        clocks.settle(complaint, now=now)
        record(complaint, "apologised", actor=actor, now=now, contact=contact.pk)
    return contact


def _check_reply(complaint: Complaint, body: str, channel: str, promise: Promised | None, *, now: datetime) -> None:
    refuse_ended(complaint)
    if not body.strip():
        raise EmptyText
    if missing := rendering.gaps(body):
        raise UnfilledPlaceholder(names="、".join(f"{{{name}}}" for name in missing))
    if promise and promise.due_at <= now:
        raise PromiseInThePast
    if channel == Channel.EMAIL and not (complaint.customer and complaint.customer.email):
        raise NoAddress


def refuse_ended(complaint: Complaint) -> None:
    """Nothing is added to a complaint that is over: nobody would read it there."""
    if complaint.merged_into_id:
        raise MergedAway(number=complaint.merged_into.number if complaint.merged_into else "")
    if not complaint.is_open:
        raise ComplaintOver


def _refuse_echo(complaint: Complaint, direction: str, body: str, *, actor: Any, now: datetime) -> None:
    """For what compares no version: there a button pressed twice would be two messages to the customer."""
    same = complaint.contacts.filter(direction=direction, author=actor, body=body.strip())
    if same.filter(at__gt=now - ECHO, at__lte=now).exists():
        raise SaidAlready


def _add(
    complaint: Complaint,
    direction: str,
    body: str,
    *,
    channel: str,
    purpose: str = Contact.Purpose.MESSAGE,
    actor: Any,
    now: datetime,
) -> Contact:
    if not body.strip():
        raise EmptyText
    refuse_ended(complaint)
    contact = Contact.objects.create(
        complaint=complaint,
        direction=direction,
        channel=channel,
        purpose=purpose,
        body=body.strip(),
        author=actor,
        at=now,
    )
    if direction == Contact.Direction.OUT:
        answer_promises(complaint, now=now)
    if direction != Contact.Direction.INTERNAL:
        complaint.last_contact_at = now
        complaint.last_contact_inbound = direction == Contact.Direction.IN
        complaint.save(update_fields=["last_contact_at", "last_contact_inbound"])
    return contact
