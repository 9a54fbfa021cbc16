"""Register a complaint (R3.1, R3.2)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from complaints.duty_roster import Choice, Nobody
from complaints.matter_keys import Subject
from complaints.models import Complaint, Contact, Customer, DailyNumber, Matter, Order, Priority, Shop
from complaints.queries.policies import Rulebook

from . import allotting, clocks, complainants, customers, matters
from .classification import classify
from .customers import Person
from .locking import record
from .matters import AlreadyOpen
from .typed_orders import TypedOrder, enter_order, locked_order

_COUNT = f"""
INSERT INTO {DailyNumber._meta.db_table} (day, last) VALUES (%s, 1)
ON CONFLICT (day) DO UPDATE SET last = {DailyNumber._meta.db_table}.last + 1 RETURNING last
"""  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """The registration template; only shop, title and channel are needed to take a complaint in."""

    shop: Shop
    title: str
    channel: str
    description: str = ""
    demand: str = ""
    person: Person = field(default_factory=Person)
    order: Order | None = None
    typed_order: TypedOrder | None = None
    no_order_reason: str = ""
    issue_type: Any = None
    severity: str = "S2"
    priority: str = ""
    """Empty: the policy gives it."""
    assignee: Any = None
    """None: the rule of the shop finds one, where it has one."""
    accused: Any = None
    received_at: datetime | None = None
    separate: bool = False
    """Whether this is a different matter than what is open about the order."""
    previous: Complaint | None = None
    """The ended complaint about the same matter, if there is one."""
    customer: Customer | None = None
    """Who complains, where that is known already."""
    contact: Contact | None = None
    """What was said already, elsewhere: it becomes the first contact, and none is written."""
    split_from: Complaint | None = None
    """The complaint to which that had been said."""
    quoted: str = ""
    """What the mail that registers it quotes of others."""
    source: str = ""
    """Which delivery the first contact came by, as its channel names it."""
    sender: str = ""
    """Who says to have sent it, where the channel proves nothing."""
    trusted: bool = True
    """Whether what is told of the person may complete and change what is known of the order's customer."""
    via: str = ""
    """By what it came where no person registered it: the name of a key, a mailbox, a form; for the timeline."""
    token: UUID | None = None
    """Equal for the same registration sent again."""


def register(registration: Registration, *, actor: Any, now: datetime) -> Complaint:
    """Take a complaint in: customer, number, first contact, first clock and event, in one transaction.

    Missing fields do not prevent registration; they block acceptance and are named there. A registration that is
    sent again with its `token` gives the complaint that it made. Raises AlreadyOpen.
    """
    try:
        return write(registration, actor=actor, now=now).complaint
    except (IntegrityError, AlreadyOpen):
        # The first of two that were sent at once has been written by now.
        before = registered_by(registration.token, actor)
        if before is None:
            raise
        return before


def registered_by(token: UUID | None, actor: Any) -> Complaint | None:
    """The complaint that this person registered with this token."""
    return Complaint.objects.filter(registration_token=token, registered_by=actor).first() if token else None


@transaction.atomic
def write(registration: Registration, *, actor: Any, now: datetime) -> Contact:
    """`register` for a caller that names its deliveries itself; returns the first contact. Raises AlreadyOpen.

    What many wait for comes late: the day's counter stays locked from its next number to the end.
    """
    received_at = min(registration.received_at or now, now)
    order, fresh = _order_of(registration, now=now)
    subject = _subject(registration, order, fresh=fresh)
    keys = _take_hold(subject, registration, now=now)
    customer, changed = customers.twice(lambda: _customer_for(registration, order, now=now))
    rules = Rulebook()
    complaint = Complaint(
        registration_token=registration.token,
        shop=registration.shop,
        customer=customer,
        order=order,
        no_order_reason=registration.no_order_reason,
        issue_type=registration.issue_type,
        title=registration.title,
        description=registration.description,
        demand=registration.demand,
        channel=registration.channel,
        severity=registration.severity,
        priority=registration.priority or Priority.P3,
        priority_by_hand=bool(registration.priority),
        registered_by=actor,
        assignee=registration.assignee,
        accused=registration.accused,
        received_at=received_at,
        round_started_at=received_at,
        created_at=now,
        last_contact_at=received_at,
        last_contact_inbound=True,
        previous=registration.previous,
        split_from=registration.split_from,
        repeated=bool(order and not fresh and matters.complained_before(order, now)),
    )
    classify(complaint, rules)
    choice = _allot(complaint, now=now)
    clock = clocks.first(complaint, rules, now=now)
    complaint.number = _next_number(now)
    complaint.save(force_insert=True)
    complaint.touched = True
    contact = _first_contact(registration, complaint)
    matters.give(keys, complaint, now=now)
    matters.keep_more(subject, complaint, now=now)
    clocks.start_first(clock, complaint)
    waits = allotting.why(choice) if isinstance(choice, Nobody) else ""
    told: dict[str, Any] = {
        "personal": changed, "via": registration.via, "repeated": complaint.repeated, "waits": str(waits),
    }  # fmt: skip
    record(
        complaint, "registered", actor=actor, now=now, to_state=complaint.state, missing=complaint.missing_fields,
        **{name: value for name, value in told.items() if value},
    )  # fmt: skip
    if isinstance(choice, Choice):
        rule = allotting.told(choice, complaint)
        record(complaint, "assigned", actor=None, now=now, before=None, after=complaint.assignee_id, rule=rule)
    return contact


def _allot(complaint: Complaint, *, now: datetime) -> Choice | Nobody | None:
    """Give a complaint that nobody has taken to whom the rule of the shop finds; None where there is no such rule."""
    if complaint.assignee_id is not None or not complaint.shop.allots_cases:
        return None
    choice = allotting.choose(complaint, now=now)
    if isinstance(choice, Choice):
        complaint.assignee_id = choice.candidate.person
    return choice


def _first_contact(registration: Registration, complaint: Complaint) -> Contact:
    if contact := registration.contact:
        contact.complaint, contact.origin = complaint, None
        contact.save(update_fields=["complaint", "origin"])
        return contact
    return Contact.objects.create(
        complaint=complaint,
        direction=Contact.Direction.IN,
        channel=registration.channel,
        body=registration.description or registration.title,
        at=complaint.received_at,
        source=registration.source or None,
        sender=registration.sender or None,
        quoted=registration.quoted,
    )


def _next_number(now: datetime) -> str:
    """The next number of the local day; the counter row stays locked until the registration is written."""
    day = timezone.localdate(now)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [day.isoformat()])
        last = cursor.fetchone()[0]
    return f"A{day:%Y%m%d}-{last:04d}"


def _customer_for(
    registration: Registration, order: Order | None, *, now: datetime
) -> tuple[Customer | None, list[str]]:
    """Who complains, and the names of the facts about a known customer that this changed."""
    person, platform = registration.person, registration.shop.platform
    if not registration.trusted:
        return complainants.claimed(platform, person, order, now=now), []
    changed: list[str] = []
    customer = registration.customer
    if customer is None:
        known = complainants.known(registration.shop, order, registration.previous)
        customer, changed = complainants.recognised(platform, person, known, now=now)
    complainants.belongs_to(order, customer)
    return customer, changed


def _subject(registration: Registration, order: Order | None, *, fresh: bool) -> Subject:
    """What is known of the matter before the customer is; a fresh order has what was typed."""
    typed = registration.typed_order
    return matters.subject_of(
        registration.shop,
        person=registration.person,
        customer=registration.customer
        or complainants.known(registration.shop, order, registration.previous)
        # By a plain look: the keys are locked before the customer.
        or customers.find(registration.shop.platform, registration.person),
        order=order,
        products=[("", typed.product if typed else "")] if fresh else None,
        issue_type=registration.issue_type,
    )


def _take_hold(subject: Subject, registration: Registration, *, now: datetime) -> list[Matter]:
    """Lock the keys of the matter. Raises AlreadyOpen where another complaint holds it."""
    keys, rival = matters.take_hold(subject, now=now)
    if rival and not registration.separate:
        raise AlreadyOpen(number=rival.number)
    return keys


def _order_of(registration: Registration, *, now: datetime) -> tuple[Order | None, bool]:
    """The order, locked, and whether it has just been written."""
    if registration.order:
        return locked_order(registration.order), False
    if registration.typed_order is None:
        return None, False
    return enter_order(registration.shop, registration.typed_order, now=now)
