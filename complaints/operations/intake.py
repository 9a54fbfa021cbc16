"""Register a complaint, and correct its registration (R3.1, R3.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.identity import Fact
from complaints.models import Complaint, Contact, Customer, DailyNumber, Order, OrderLine, Priority, Shop
from complaints.queries.policies import Rulebook
from complaints.refusals import Refused

from . import clocks, customers, remedies
from .classification import DECIDING, classify
from .customers import Person
from .ended import ComplaintOver
from .locking import locked, record, save_change


class NothingChanged(Refused):
    message = _("Nothing was changed.")


class AlreadyOpen(Refused):
    message = _("%(number)s is open about this order. Add the contact there, or confirm a different matter.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedOrder:
    """An order that no export has brought yet, typed by the clerk."""

    number: str
    product: str
    paid_amount: Decimal | None = None


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
    accused: Any = None
    received_at: datetime | None = None
    separate: bool = False
    """Whether this is a different matter than what is open about the order."""
    token: UUID | None = None
    """Equal for the same registration sent again."""


def register(registration: Registration, *, actor: Any, now: datetime) -> Complaint:
    """Take a complaint in: customer, number, first contact, first clock and event, in one transaction.

    Missing fields do not prevent registration; they block acceptance and are named there. A registration that is
    sent again with its `token` gives the complaint that it made. Raises AlreadyOpen.
    """
    try:
        with transaction.atomic():
            return _register(registration, actor=actor, now=now)
    except (IntegrityError, AlreadyOpen):
        # The first of two that were sent at once has been written by now.
        before = registered_by(registration.token, actor)
        if before is None:
            raise
        return before


def registered_by(token: UUID | None, actor: Any) -> Complaint | None:
    """The complaint that this person registered with this token."""
    return Complaint.objects.filter(registration_token=token, registered_by=actor).first() if token else None


def _register(registration: Registration, *, actor: Any, now: datetime) -> Complaint:
    received_at = min(registration.received_at or now, now)
    order = registration.order or _typed_order(registration, now=now)
    if order:
        order = _locked_order(order)
        if not registration.separate:
            _refuse_second(order)
    customer, changed = customers.twice(lambda: _customer_for(registration, order, now=now))
    complaint = Complaint(
        number=_next_number(now),
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
    )
    classify(complaint, Rulebook())
    complaint.save(force_insert=True)
    Contact.objects.create(
        complaint=complaint,
        direction=Contact.Direction.IN,
        channel=registration.channel,
        body=registration.description or registration.title,
        at=received_at,
    )
    clocks.settle(complaint, now=now)
    personal: dict[str, Any] = {"personal": changed} if changed else {}
    record(
        complaint, "registered", actor=actor, now=now,
        to_state=complaint.state, missing=complaint.missing_fields, **personal,
    )  # fmt: skip
    return complaint


def correct(
    complaint_id: int,
    changes: Mapping[str, Any],
    *,
    person: Person | None = None,
    separate: bool = False,
    actor: Any,
    version: int,
    now: datetime,
) -> Complaint:
    """Change registration fields, recording each old and new value; personal data is recorded by name only.

    `changes` maps field names of Complaint to new values; an empty priority leaves it to the policy. A new order is
    taken as `register` takes it; `separate` says that it is a different matter than what is open about the order.
    Raises StaleVersion, NothingChanged, ComplaintOver, AlreadyOpen.
    """
    with locked(complaint_id, version=version) as complaint:
        if not complaint.is_open:
            raise ComplaintOver
        ranked_before = complaint.priority, complaint.priority_by_hand
        before = {name: getattr(complaint, name) for name in changes}
        changed = _set(complaint, changes, separate=separate)
        customer_id = complaint.customer_id
        personal = customers.twice(lambda: _correct_person(complaint, person or Person(), now=now))
        rules = Rulebook()
        reclassified = _rank(complaint, changes.get("priority"), set(changed), rules)
        ranked = (complaint.priority, complaint.priority_by_hand) != ranked_before
        if not changed and not personal and not ranked and complaint.customer_id == customer_id:
            raise NothingChanged
        if complaint.priority != ranked_before[0]:
            before["priority"], changed["priority"] = ranked_before[0], complaint.priority
        save_change(complaint)
        if reclassified or ranked:
            clocks.recompute(complaint, now=now, rules=rules)
        if {"priority", "issue_type", "order"} & set(changed):
            remedies.reassess(complaint)
        values = {name: [_plain(before[name]), _plain(value)] for name, value in changed.items()}
        record(complaint, "corrected", actor=actor, now=now, changes=values, personal=personal)
    return complaint


def _set(complaint: Complaint, changes: Mapping[str, Any], *, separate: bool) -> dict[str, Any]:
    """Set what is different; the priority is left to `_rank`. Returns the values that were set. Raises AlreadyOpen."""
    plain = {name: value for name, value in changes.items() if name != "priority"}
    changed = {name: value for name, value in plain.items() if getattr(complaint, name) != value}
    if changed.get("order"):
        changed["order"] = _locked_order(changed["order"])
        if not separate:
            _refuse_second(changed["order"], besides=complaint.pk)
    for name, value in changed.items():
        setattr(complaint, name, value)
    return changed


def _rank(complaint: Complaint, priority: str | None, changed: set[str], rules: Rulebook) -> bool:
    """Set the priority that a person chose, or leave it to the policy ("") or as it was (None).

    Returns whether policy or priority came out as others, which what else has `changed` may bring about, too.
    """
    if priority is not None:
        complaint.priority_by_hand = bool(priority)
        complaint.priority = priority or complaint.priority
    return (priority is not None or bool(DECIDING & changed)) and classify(complaint, rules)


def _next_number(now: datetime) -> str:
    """The next number of the local day; the counter row stays locked until the registration is written."""
    day = timezone.localdate(now)
    if not DailyNumber.objects.filter(day=day).update(last=F("last") + 1):
        DailyNumber.objects.bulk_create([DailyNumber(day=day)], ignore_conflicts=True)
        DailyNumber.objects.filter(day=day).update(last=F("last") + 1)
    last = DailyNumber.objects.values_list("last", flat=True).get(day=day)
    return f"A{day:%Y%m%d}-{last:04d}"


def _customer_for(
    registration: Registration, order: Order | None, *, now: datetime
) -> tuple[Customer | None, list[str]]:
    """Who complains: the customer of the order unless the buyer id says otherwise, else the person as given.

    What the person tells now counts; the names of the known facts that it changed come along.
    """
    customer, changed = _complainant(registration.shop.platform, registration.person, order, now=now)
    _belongs_to(order, customer)
    return customer, changed


def _complainant(
    platform: str, person: Person, order: Order | None, *, now: datetime
) -> tuple[Customer | None, list[str]]:
    known = order.customer if order else None
    if known and not customers.is_other_person(known, person):
        return known, customers.tell(known, person) if person.known else []
    return customers.recognise(platform, person, now=now) if person.known else (None, [])


def _belongs_to(order: Order | None, customer: Customer | None) -> None:
    """Give an order without a customer the one who complains about it."""
    if order and customer and order.customer_id is None:
        Order.objects.filter(pk=order.pk, customer=None).update(customer=customer)
        order.customer = customer


def _correct_person(complaint: Complaint, person: Person, *, now: datetime) -> list[str]:
    """Write the given personal facts to the complaint's customer; returns the names of those that changed.

    A complaint without a customer is of the order's. The buyer id of another customer means that the complaint is
    theirs.
    """
    platform = complaint.shop.platform
    if complaint.customer is None:
        complaint.customer, _changed = _complainant(platform, person, complaint.order, now=now)
        changed = [str(kind) for kind in person.told]
    else:
        owner = customers.owner_of(platform, person.buyer)
        if owner and owner != complaint.customer:
            complaint.customer = owner
            changed = [str(Fact.BUYER), *customers.tell(owner, person)]
        else:
            changed = customers.tell(complaint.customer, person, respell=True) if person.known else []
    _belongs_to(complaint.order, complaint.customer)
    return changed


def _locked_order(order: Order) -> Order:
    """The order, locked until the transaction ends: of two who complain about it at once one is the second."""
    rows = Order.objects.select_for_update(no_key=True, of=("self",)).select_related("customer", "shop")
    return rows.get(pk=order.pk)


def _refuse_second(order: Order, *, besides: int = 0) -> None:
    """A further contact about an order belongs to the complaint that is open about it (R3.1)."""
    rivals = Complaint.objects.open().filter(order=order).exclude(pk=besides).order_by("received_at", "pk")
    number = rivals.values_list("number", flat=True).first()
    if number:
        raise AlreadyOpen(number=number)


def _typed_order(registration: Registration, *, now: datetime) -> Order | None:
    typed = registration.typed_order
    if typed is None:
        return None
    order, created = Order.objects.get_or_create(
        shop=registration.shop,
        number=typed.number,
        defaults={"paid_amount": typed.paid_amount, "source": Order.Source.TYPED, "updated_at": now},
    )
    if created:
        OrderLine.objects.create(order=order, position=1, title=typed.product, amount=typed.paid_amount)
    return order


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | bool) else str(value)
