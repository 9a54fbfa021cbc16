"""Take in what a customer said, by whatever channel it came: once, whole, and on the right complaint (R3.1)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError

from complaints.matter_keys import order_number
from complaints.models import Complaint, Contact, Order, Shop
from complaints.refusals import Refused

from . import completing, conversation, customers, intake, matters, reopening, typed_orders, verification
from .customers import Person
from .intake import Registration
from .locking import locked, record
from .matters import AlreadyOpen
from .typed_orders import TypedOrder

TITLE_LENGTH = 60
ATTEMPTS = 5


class Result(StrEnum):
    REGISTERED = "registered"
    JOINED = "joined"
    REOPEN_ASKED = "reopen_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What came in. Only shop, channel and text are needed; what is missing is named on the complaint."""

    shop: Shop
    channel: str
    text: str
    quoted: str = ""
    """What a mail quotes of others: kept beside the text, never read as the customer's words."""
    title: str = ""
    """Empty: the first line of the text."""
    demand: str = ""
    person: Person = field(default_factory=Person)
    order_number: str = ""
    product: str = ""
    amount: Decimal | None = None
    no_order_reason: str = ""
    issue_type: Any = None
    severity: str = "S2"
    received_at: datetime | None = None
    about: Complaint | None = None
    """The complaint that this answers for certain, as by a signed token; never by what a sender claims."""
    separate: bool = False
    """Whether the sender says that it is a different matter than what is open."""
    trusted: bool = True
    """Whether the channel vouches for who speaks. Where it does not, as with mails and forms, nothing that is known of
    a customer changes, and what was told of the sender stands with the contact."""
    source: str = ""
    """Names the delivery for ever, 160 characters at most: what is delivered again is found, not taken in twice."""
    via: str = ""
    """Name of the key, mailbox or form, for the timeline."""
    files: Sequence[UploadedFile] = ()


@dataclass(frozen=True, slots=True)
class Received:
    """What became of it. `again`: it had been delivered before, and nothing was written."""

    complaint: Complaint
    contact: Contact
    result: Result
    again: bool = False
    refused_files: tuple[tuple[str, str], ...] = ()
    """Name, and the sentence that says why."""


def take_in(incoming: Incoming, *, actor: Any, now: datetime, looked: bool = False) -> Received:
    """Join the open complaint about the matter, ask to reopen one that has just ended, or register a new one.

    One transaction; then each file in its own, so that a bad file costs nothing but itself. `actor` is None where no
    person of ours did it. `looked`: the caller knows that it was hardly delivered before. Raises EmptyText.
    """
    if not incoming.text.strip():
        raise conversation.EmptyText
    incoming = _as_stored(incoming)
    if not looked and (before := delivered(incoming.source)):
        return before
    try:
        received = _place(incoming, actor=actor, now=now)
    except IntegrityError:
        # The same delivery came in by another process at the same time, and was faster.
        before = delivered(incoming.source)
        if before is None:
            raise
        return before
    refused = tuple(attach(received, incoming.files, actor=actor, now=now))
    return Received(received.complaint, received.contact, received.result, refused_files=refused)


def _as_stored(incoming: Incoming) -> Incoming:
    """One order is one, however its number is written."""
    number = order_number(incoming.order_number)
    return incoming if number == incoming.order_number else replace(incoming, order_number=number)


def belongs_to(incoming: Incoming, *, now: datetime) -> Complaint | None:
    """The complaint that would hear of it; None: a new one would be registered. Nothing is written."""
    incoming = _as_stored(incoming)
    found = _target(incoming, _order(incoming), now=now)
    return found if found and _may_still_hear(found, now=now) else None


def delivered(source: str) -> Received | None:
    """What became of this delivery when it came in first."""
    contact = Contact.objects.filter(source=source).select_related("complaint").first() if source else None
    if contact is None:
        return None
    first = contact.complaint.contacts.order_by("pk").values_list("pk", flat=True).first()
    result = Result.REGISTERED if contact.pk == first else Result.JOINED
    return Received(contact.complaint, contact, result, again=True)


def _place(incoming: Incoming, *, actor: Any, now: datetime) -> Received:
    """Look, act under the lock, and look again where the look was overtaken."""
    for _attempt in range(ATTEMPTS):
        order = _order(incoming)
        found = _target(incoming, order, now=now)
        if found is None or not _may_still_hear(found, now=now):
            try:
                return _register(incoming, order, previous=found, actor=actor, now=now)
            except AlreadyOpen:
                continue
        if received := _join(found, incoming, order, actor=actor, now=now):
            return received
    return _register(incoming, _order(incoming), previous=None, separate=True, actor=actor, now=now)


def _target(incoming: Incoming, order: Order | None, *, now: datetime) -> Complaint | None:
    if incoming.about:
        return _answered(matters.surviving(Complaint.objects.select_related("shop").get(pk=incoming.about.pk)), now=now)
    return None if incoming.separate else matters.holder(_subject(incoming, order), now=now)


def _answered(about: Complaint, *, now: datetime) -> Complaint:
    """The complaint that is answered; where it is over, the open one about the same matter, if there is one."""
    if _may_still_hear(about, now=now):
        return about
    open_now = matters.holder(matters.subject_of_complaint(about), now=now)
    return open_now if open_now and open_now.is_open else about


def _subject(incoming: Incoming, order: Order | None) -> matters.Subject:
    return matters.subject_of(
        incoming.shop,
        person=incoming.person,
        customer=order.customer if order else None,
        order=order,
        order_number=incoming.order_number,
        product=incoming.product,
        issue_type=incoming.issue_type,
    )


def _order(incoming: Incoming) -> Order | None:
    if not incoming.order_number:
        return None
    orders = Order.objects.filter(shop=incoming.shop, number=incoming.order_number)
    return orders.select_related("customer", "shop").first()


def _may_still_hear(complaint: Complaint, *, now: datetime) -> bool:
    """Open, or closed so shortly ago that the customer may ask to reopen it."""
    return complaint.is_open or reopening.may_ask(complaint, now=now)


def _join(found: Complaint, incoming: Incoming, order: Order | None, *, actor: Any, now: datetime) -> Received | None:
    """Add the contact to the complaint; None where it was merged or ended meanwhile."""
    with locked(found.pk) as complaint:
        if complaint.is_open:
            result, kind = Result.JOINED, "heard"
        elif _may_still_hear(complaint, now=now):
            result, kind = Result.REOPEN_ASKED, "reopen_asked"
        else:
            return None
        contact = conversation.hear(
            complaint, incoming.text, channel=incoming.channel, source=incoming.source, sender=_sender(incoming),
            quoted=incoming.quoted, actor=actor, at=min(incoming.received_at or now, now), now=now,
        )  # fmt: skip
        if result == Result.REOPEN_ASKED:
            reopening.ask(complaint, now=now)
        told = {"via": incoming.via} if incoming.via else {}
        record(complaint, kind, actor=actor, now=now, contact=contact.pk, channel=incoming.channel, **told)
        if complaint.is_open:
            _complete(complaint, incoming, order, actor=actor, now=now)
        else:
            completing.introduce(complaint, incoming.person, trusted=incoming.trusted, actor=actor, now=now)
        return Received(complaint, contact, result)


def _complete(complaint: Complaint, incoming: Incoming, order: Order | None, *, actor: Any, now: datetime) -> None:
    """Fill in what the complaint lacks, and let it hold the keys of what is known now."""
    person = incoming.person if incoming.trusted or complaint.customer is None else Person()
    lacked = None
    if complaint.order_id is None and incoming.order_number:
        lacked = order or typed_orders.enter_order(incoming.shop, _typed_order(incoming), now=now)[0]
        lacked = typed_orders.locked_order(lacked)
    if lacked and matters.is_held(lacked, besides=complaint):
        lacked = None
    told = matters.subject_of(
        complaint.shop,
        person=person if incoming.trusted else None,
        customer=complaint.customer or customers.find(complaint.shop.platform, person),
        order=lacked or complaint.order,
        product=incoming.product,
        issue_type=complaint.issue_type or incoming.issue_type,
    )
    matters.keep(complaint, now=now, also=told)
    completing.complete(
        complaint, person=person, order=lacked, issue_type=incoming.issue_type, demand=incoming.demand,
        trusted=incoming.trusted, actor=actor, now=now,
    )  # fmt: skip


def _sender(incoming: Incoming) -> str:
    """What to show of a sender for whom nobody vouches."""
    person = incoming.person
    return "" if incoming.trusted else person.email or person.phone or person.buyer or person.name


def _register(
    incoming: Incoming,
    order: Order | None,
    *,
    previous: Complaint | None,
    separate: bool = False,
    actor: Any,
    now: datetime,
) -> Received:
    contact = intake.write(
        Registration(
            shop=incoming.shop,
            title=incoming.title or title_of(incoming.text),
            channel=incoming.channel,
            description=incoming.text,
            demand=incoming.demand,
            person=incoming.person,
            order=order or (previous.order if incoming.about and previous else None),
            typed_order=_typed_order(incoming) if incoming.order_number and order is None else None,
            no_order_reason=incoming.no_order_reason,
            issue_type=incoming.issue_type,
            severity=incoming.severity,
            received_at=incoming.received_at,
            separate=separate or incoming.separate,
            previous=previous,
            source=incoming.source,
            sender=_sender(incoming),
            trusted=incoming.trusted,
            quoted=incoming.quoted,
            via=incoming.via,
        ),
        actor=actor,
        now=now,
    )
    return Received(contact.complaint, contact, Result.REGISTERED)


def _typed_order(incoming: Incoming) -> TypedOrder:
    return TypedOrder(number=incoming.order_number, product=incoming.product, paid_amount=incoming.amount)


def title_of(text: str) -> str:
    """The first line of the text, cut to what fits into a list."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= TITLE_LENGTH else f"{line[: TITLE_LENGTH - 1]}…"


def attach(received: Received, files: Sequence[UploadedFile], *, actor: Any, now: datetime) -> list[tuple[str, str]]:
    """Add files as evidence, each in a transaction of its own; returns those that were refused, and why."""
    refused = []
    for file in files:
        try:
            verification.add_evidence(
                received.complaint.pk, kind="other", upload=file, contact=received.contact, actor=actor, now=now
            )
        except Refused as refusal:
            refused.append((file.name or "", refusal.text))
    return refused
