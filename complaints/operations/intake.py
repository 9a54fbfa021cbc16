"""Register a complaint, and correct its registration (R3.1, R3.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.identity import Fact
from complaints.lifecycle import Refused
from complaints.models import Complaint, Contact, Customer, DailyNumber, Order, OrderLine, Shop
from complaints.models.customer import fingerprint

from . import clocks, remedies
from .conversation import ComplaintOver
from .locking import locked, record, save_change


class NothingChanged(Refused):
    message = _("Nothing was changed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who complains, as far as known; empty strings for unknown."""

    name: str = ""
    phone: str = ""
    email: str = ""
    buyer: str = ""

    @property
    def known(self) -> bool:
        return bool(self.name or self.phone or self.email or self.buyer)


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
    priority: str = "P3"
    assignee: Any = None
    accused: Any = None
    received_at: datetime | None = None


def register(registration: Registration, *, actor: Any, now: datetime) -> Complaint:
    """Take a complaint in: customer, number, first contact, first clock and event, in one transaction.

    Missing fields do not prevent registration; they block acceptance and are named there.
    """
    received_at = min(registration.received_at or now, now)
    with transaction.atomic():
        order = registration.order or _typed_order(registration, now=now)
        complaint = Complaint.objects.create(
            number=_next_number(now),
            shop=registration.shop,
            customer=_customer_for(registration, order, now=now),
            order=order,
            no_order_reason=registration.no_order_reason,
            issue_type=registration.issue_type,
            title=registration.title,
            description=registration.description,
            demand=registration.demand,
            channel=registration.channel,
            severity=registration.severity,
            priority=registration.priority,
            registered_by=actor,
            assignee=registration.assignee,
            accused=registration.accused,
            received_at=received_at,
            round_started_at=received_at,
            created_at=now,
            last_contact_at=received_at,
            last_contact_inbound=True,
        )
        Contact.objects.create(
            complaint=complaint,
            direction=Contact.Direction.IN,
            channel=registration.channel,
            body=registration.description or registration.title,
            at=received_at,
        )
        clocks.settle(complaint, now=now)
        record(
            complaint, "registered", actor=actor, now=now, to_state=complaint.state, missing=complaint.missing_fields
        )
    return complaint


def correct(
    complaint_id: int,
    changes: Mapping[str, Any],
    *,
    person: Person | None = None,
    actor: Any,
    version: int,
    now: datetime,
) -> Complaint:
    """Change registration fields, recording each old and new value; personal data is recorded by name only.

    `changes` maps field names of Complaint to new values. Raises StaleVersion, NothingChanged,
    ComplaintOver.
    """
    with locked(complaint_id, version=version) as complaint:
        if not complaint.is_open:
            raise ComplaintOver
        changed = {name: value for name, value in changes.items() if getattr(complaint, name) != value}
        personal = _correct_person(complaint, person, now=now) if person else []
        if not changed and not personal:
            raise NothingChanged
        before = {name: getattr(complaint, name) for name in changed}
        for name, value in changed.items():
            setattr(complaint, name, value)
        save_change(complaint)
        if "priority" in changed:
            clocks.recompute(complaint)
        if {"priority", "issue_type", "order"} & set(changed):
            remedies.reassess(complaint)
        values = {name: [_plain(before[name]), _plain(value)] for name, value in changed.items()}
        record(complaint, "corrected", actor=actor, now=now, changes=values, personal=personal)
    return complaint


def _next_number(now: datetime) -> str:
    """The next number of the local day; the counter row stays locked until the registration is written."""
    day = timezone.localdate(now)
    if not DailyNumber.objects.filter(day=day).update(last=F("last") + 1):
        DailyNumber.objects.bulk_create([DailyNumber(day=day)], ignore_conflicts=True)
        DailyNumber.objects.filter(day=day).update(last=F("last") + 1)
    last = DailyNumber.objects.values_list("last", flat=True).get(day=day)
    return f"A{day:%Y%m%d}-{last:04d}"


def _customer_for(registration: Registration, order: Order | None, *, now: datetime) -> Customer | None:
    """The customer of the order, else the person as given; what is newly known of the person is added."""
    person = registration.person
    if order and order.customer:
        _complete(order.customer, person)
        return order.customer
    if not person.known:
        return None
    customer = find_or_create_customer(registration.shop.platform, person, now=now)
    if order and not order.customer_id:
        order.customer = customer
        order.save(update_fields=["customer"])
    return customer


def find_or_create_customer(platform: str, person: Person, *, now: datetime) -> Customer:
    """The one customer with this buyer id, else with this phone or e-mail, on the platform; a new one if none is."""
    for kind in (Fact.BUYER, Fact.PHONE, Fact.EMAIL):
        mark = fingerprint(kind, getattr(person, kind))
        if not mark:
            continue
        found = Customer.objects.filter(platform=platform, **{f"{kind}_hash": mark}).order_by("pk").first()
        if found and _compatible(found, person):
            _complete(found, person)
            return found
    return Customer.objects.create(
        platform=platform, name=person.name, phone=person.phone, email=person.email, buyer=person.buyer, created_at=now
    )


def _compatible(customer: Customer, person: Person) -> bool:
    """Two different buyer ids are two customers, even when they share a phone."""
    return not (person.buyer and customer.buyer_hash and customer.buyer_hash != fingerprint(Fact.BUYER, person.buyer))


def _complete(customer: Customer, person: Person) -> None:
    """Fill in what was unknown; never overwrite what is known, nor take a buyer id that somebody else has."""
    missing = [kind for kind in Fact if getattr(person, kind) and not getattr(customer, kind)]
    if Fact.BUYER in missing and _known_buyer(customer.platform, person.buyer):
        missing.remove(Fact.BUYER)
    if missing:
        for kind in missing:
            setattr(customer, kind, getattr(person, kind))
        customer.save()


def _known_buyer(platform: str, buyer: str) -> Customer | None:
    mark = fingerprint(Fact.BUYER, buyer)
    return Customer.objects.filter(platform=platform, buyer_hash=mark).first() if mark else None


def _correct_person(complaint: Complaint, person: Person, *, now: datetime) -> list[str]:
    """Write the given personal facts to the complaint's customer; returns the names of those that changed.

    The buyer id of another customer means that the complaint is theirs.
    """
    if complaint.customer is None:
        if not person.known:
            return []
        complaint.customer = find_or_create_customer(complaint.shop.platform, person, now=now)
        return [str(kind) for kind in Fact if getattr(person, kind)]
    owner = _known_buyer(complaint.shop.platform, person.buyer)
    if owner and owner != complaint.customer:
        complaint.customer = owner
        _complete(owner, person)
        return [str(Fact.BUYER)]
    changed = [
        kind for kind in Fact if getattr(person, kind) and getattr(person, kind) != getattr(complaint.customer, kind)
    ]
    for kind in changed:
        setattr(complaint.customer, kind, getattr(person, kind))
    if changed:
        complaint.customer.save()
    return [str(kind) for kind in changed]


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
