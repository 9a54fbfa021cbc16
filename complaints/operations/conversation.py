"""What is said about a complaint: replies with a promise, the customer's messages, notes, apology calls."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints import notifications
from complaints.models import Channel, Complaint, Contact
from complaints.outbox import enqueue
from complaints.refusals import Refused
from knowledge import rendering

from . import clocks, holding, promises, wording
from .ended import refuse_ended
from .locking import locked, locked_survivor, record
from .promises import Promised


class EmptyText(Refused):
    message = _("Write the text first.")
    panel = "reply"


class UnfilledPlaceholder(Refused):
    message = _("Fill these gaps before you send: %(names)s.")
    panel = "reply"


class NoAddress(Refused):
    message = _("There is no e-mail address of this customer. Choose another channel or add the address.")
    panel = "reply"


class SaidAlready(Refused):
    message = _("Exactly this was recorded a moment ago. It was not recorded twice.")
    panel = "reply"


ECHO = timedelta(minutes=1)
"""The same words by the same person within this time are a button pressed twice."""


def reply(
    complaint_id: int,
    body: str,
    *,
    channel: str,
    promise: Promised | None = None,
    still_open: frozenset[int] = frozenset(),
    purpose: str = Contact.Purpose.MESSAGE,
    actor: Any,
    now: datetime,
) -> Contact:
    """Record a human reply; on the e-mail channel it is also sent. The first one meets the first-response clock.

    Promises in `still_open` are not answered by it. Raises EmptyText, UnfilledPlaceholder, PhraseBlocked,
    PromiseInThePast, PromiseBeyondClock, NoAddress, ComplaintOver, SaidAlready.
    """
    with locked(complaint_id) as complaint:
        _refuse_echo(complaint, Contact.Direction.OUT, body, actor=actor, now=now)
        return reply_to(
            complaint, body, channel=channel, promise=promise, still_open=still_open, purpose=purpose,
            actor=actor, now=now,
        )  # fmt: skip


def reply_to(
    complaint: Complaint,
    body: str,
    *,
    channel: str,
    promise: Promised | None = None,
    still_open: frozenset[int] = frozenset(),
    purpose: str = Contact.Purpose.MESSAGE,
    actor: Any,
    now: datetime,
) -> Contact:
    """`reply` for a caller that holds the lock already."""
    refuse_ended(complaint)
    promises.refuse_past(promise, now=now)
    contact = say(complaint, body, channel=channel, purpose=purpose, actor=actor, now=now)
    promises.answer(complaint, still_open=still_open, now=now)
    clocks.settle(complaint, now=now)
    if promise:
        promises.make(complaint, promise, contact=contact, actor=actor, now=now)
    promised_for = promise.due_at.isoformat() if promise else None
    record(complaint, "replied", actor=actor, now=now, contact=contact.pk, channel=channel, promised_for=promised_for)
    return contact


def say(
    complaint: Complaint,
    body: str,
    *,
    channel: str,
    purpose: str = Contact.Purpose.MESSAGE,
    actor: Any,
    now: datetime,
) -> Contact:
    """Write what a person of ours tells the customer, and send it on the e-mail channel; the caller holds the lock and
    records the event. Raises EmptyText, UnfilledPlaceholder, PhraseBlocked, NoAddress.
    """
    _check_text(complaint, body, channel, now=now)
    contact = _write(complaint, Contact.Direction.OUT, body, channel=channel, purpose=purpose, actor=actor, now=now)
    if channel == Channel.EMAIL:
        enqueue.enqueue([notifications.reply_mail(contact, now=now)])
    return contact


def receive(complaint_id: int, body: str, *, channel: str, actor: Any, now: datetime) -> Contact:
    """Record what the customer said, however it reached us; of a merged complaint, where the case goes on.

    Raises EmptyText, ComplaintOver, SaidAlready.
    """
    with locked_survivor(complaint_id) as complaint:
        _refuse_echo(complaint, Contact.Direction.IN, body, actor=actor, now=now)
        refuse_ended(complaint)
        contact = hear(complaint, body, channel=channel, actor=actor, now=now)
        record(complaint, "heard", actor=actor, now=now, contact=contact.pk, channel=channel)
    return contact


def hear(
    complaint: Complaint,
    body: str,
    *,
    channel: str,
    purpose: str = Contact.Purpose.MESSAGE,
    actor: Any,
    at: datetime | None = None,
    now: datetime,
    **origin: str,
) -> Contact:
    """Add the customer's words for a caller that holds the lock and records the event; a hold has waited for them.

    `at`: when they were said, if that was before now. `origin`: by what delivery they came (`source`), from whom
    (`sender`), what they quote of others (`quoted`). Raises EmptyText.
    """
    known = {name: value for name, value in origin.items() if value}
    contact = _write(
        complaint, Contact.Direction.IN, body, channel=channel, purpose=purpose, actor=actor, now=at or now, **known
    )
    holding.release(complaint, actor=actor, now=now, because="heard")
    return contact


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
        promises.answer(complaint, now=now)
        clocks.settle(complaint, now=now)
        record(complaint, "apologised", actor=actor, now=now, contact=contact.pk)
    return contact


def take_stock(complaint: Complaint) -> None:
    """After contacts have come or gone: the last of them decides who spoke last."""
    last = complaint.contacts.exclude(direction=Contact.Direction.INTERNAL).order_by("at", "pk").last()
    if last:
        complaint.last_contact_at, complaint.last_contact_inbound = last.at, last.direction == Contact.Direction.IN
        complaint.save(update_fields=["last_contact_at", "last_contact_inbound"])


def _check_text(complaint: Complaint, body: str, channel: str, *, now: datetime) -> None:
    if not body.strip():
        raise EmptyText
    if missing := rendering.gaps(body):
        raise UnfilledPlaceholder(names="、".join(f"{{{name}}}" for name in missing))
    wording.check(complaint, body, now=now)
    if channel == Channel.EMAIL and not (complaint.customer and complaint.customer.email):
        raise NoAddress


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
    refuse_ended(complaint)
    return _write(complaint, direction, body, channel=channel, purpose=purpose, actor=actor, now=now)


def _write(
    complaint: Complaint,
    direction: str,
    body: str,
    *,
    channel: str,
    purpose: str,
    actor: Any,
    now: datetime,
    **origin: str,
) -> Contact:
    if not body.strip():
        raise EmptyText
    contact = Contact.objects.create(
        complaint=complaint,
        direction=direction,
        channel=channel,
        purpose=purpose,
        body=body.strip(),
        author=actor,
        at=now,
        **origin,
    )
    if direction != Contact.Direction.INTERNAL and now >= (complaint.last_contact_at or now):
        complaint.last_contact_at = now
        complaint.last_contact_inbound = direction == Contact.Direction.IN
        complaint.save(update_fields=["last_contact_at", "last_contact_inbound"])
    return contact
