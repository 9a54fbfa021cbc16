"""Who a customer is: found or added, completed by what an export tells, changed by what the customer tells."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Q

from complaints.identity import Fact
from complaints.models import Customer
from complaints.models.customer import fingerprint, having, tail_fingerprint

Found = TypeVar("Found")

# What tells one customer from another; many people have the same name.
DISTINCTIVE = (Fact.BUYER, Fact.PHONE, Fact.EMAIL)


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

    @property
    def told(self) -> list[Fact]:
        """The kinds of facts that are known."""
        return [kind for kind in Fact if getattr(self, kind)]


def find_or_create_customer(platform: str, person: Person, *, now: datetime) -> Customer:
    """The one customer with this buyer id, else with this phone or e-mail, on the platform; a new one if none is.

    What was unknown of a customer who is found is filled in, as by `complete`.
    """

    def look() -> Customer:
        found = find(platform, person)
        if found is None:
            return _create(platform, person, now=now)
        complete(found, person)
        return found

    return twice(look)


def find_or_add(platform: str, person: Person, *, now: datetime) -> Customer:
    """The customer as `find_or_create_customer` finds them, left as they are; a new one if none is found."""
    return twice(lambda: find(platform, person) or _create(platform, person, now=now))


def recognise(platform: str, person: Person, *, now: datetime) -> tuple[Customer, list[str]]:
    """The customer as `find_or_create_customer` finds them, changed as by `tell`; and the names of what changed.

    For a caller that looks `twice`.
    """
    found = find(platform, person)
    return (found, tell(found, person)) if found else (_create(platform, person, now=now), [])


def twice(look: Callable[[], Found]) -> Found:
    """What `look` finds or writes; when somebody added the same meanwhile, a second look finds that."""
    try:
        with transaction.atomic():
            return look()
    except IntegrityError:
        return look()


def complete(customer: Customer, person: Person) -> list[str]:
    """Fill in what was unknown of the customer; returns the names of what was filled.

    Another buyer id means another person, of whom nothing is taken over; an id that another customer has stays there.
    """
    marks = _marks_of(person)
    if not _lacking(customer, marks):
        return []
    stored = _lock(customer)
    missing = _lacking(stored, marks)
    if Fact.BUYER in missing and owner_of(customer.platform, person.buyer):
        missing.remove(Fact.BUYER)
    _write(customer, stored, person, missing)
    return [str(kind) for kind in missing]


def tell(customer: Customer, person: Person, *, respell: bool = False) -> list[str]:
    """Let what the customer tells now take the place of what was known; returns the names of what changed.

    Another spelling of the same fact changes it only with `respell`. A buyer id that another customer has stays there.
    """
    stored, marks = _lock(customer), _marks_of(person)
    changed = [
        kind
        for kind in person.told
        if marks[kind] != getattr(stored, f"{kind}_hash")
        or (respell and getattr(person, kind) != getattr(stored, kind))
    ]
    if Fact.BUYER in changed and owner_of(stored.platform, person.buyer) not in (None, stored):
        changed.remove(Fact.BUYER)
    _write(customer, stored, person, changed)
    return [str(kind) for kind in changed]


def is_other_person(customer: Customer, person: Person) -> bool:
    """Whether the buyer id that a person tells is not this customer's, but another's or a new one."""
    if customer.buyer_hash:
        return not _compatible(customer, person)
    return owner_of(customer.platform, person.buyer) is not None


def owner_of(platform: str, buyer: str) -> Customer | None:
    """The customer with this buyer id."""
    mark = fingerprint(Fact.BUYER, buyer)
    return Customer.objects.filter(having(Fact.BUYER, [mark]), platform=platform).first() if mark else None


def find(platform: str, person: Person) -> Customer | None:
    for kind in DISTINCTIVE:
        mark = fingerprint(kind, getattr(person, kind))
        if not mark:
            continue
        found = Customer.objects.filter(having(kind, [mark]), platform=platform).order_by("pk").first()
        if found and _compatible(found, person):
            return found
    return None


def _create(platform: str, person: Person, *, now: datetime) -> Customer:
    return Customer.objects.create(
        platform=platform, name=person.name, phone=person.phone, email=person.email, buyer=person.buyer, created_at=now
    )


def _compatible(customer: Customer, person: Person) -> bool:
    """Two different buyer ids are two customers, even when they share a phone."""
    return not (person.buyer and customer.buyer_hash and customer.buyer_hash != fingerprint(Fact.BUYER, person.buyer))


def _lacking(customer: Customer, marks: dict[Fact, str]) -> list[Fact]:
    """What is unknown of the customer and would be told; nothing of another buyer's."""
    if marks[Fact.BUYER] and customer.buyer_hash not in ("", marks[Fact.BUYER]):
        return []
    return [kind for kind, mark in marks.items() if mark and not getattr(customer, f"{kind}_hash")]


def _lock(customer: Customer) -> Customer:
    """The customer as stored now, locked until the transaction ends; foreign keys to the row stay free."""
    return Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)


def _write(customer: Customer, stored: Customer, person: Person, kinds: Sequence[Fact]) -> None:
    """Write these facts and nothing else; `customer` is left as the row is now."""
    for kind in kinds:
        setattr(stored, kind, getattr(person, kind))
    if kinds:
        stored.save(update_fields=[name for kind in kinds for name in _columns(kind)])
    for kind in Fact:
        setattr(customer, kind, getattr(stored, kind))
        setattr(customer, f"{kind}_hash", getattr(stored, f"{kind}_hash"))


def _columns(kind: Fact) -> list[str]:
    """Where a fact is stored, with its fingerprints."""
    return [str(kind), f"{kind}_hash", *(["phone_tail_hash"] if kind == Fact.PHONE else [])]


class Customers:
    """The customers of these people on a platform, within the caller's transaction.

    Two cases fill nearly every export, and need no query of their own: a buyer id that is known, and a person of whom
    nothing is known. Only what lies between goes through `find_or_create_customer`, one by one.
    """

    def __init__(self, platform: str, people: Sequence[Person], *, now: datetime) -> None:
        self.platform = platform
        self.people = people
        self.now = now
        self._buyers: dict[str, Customer] = {}
        self._marks: set[tuple[Fact, str]] = set()
        self._unsaved: list[Customer] = []

    def all(self) -> list[Customer]:
        """One saved customer for each person, in their order."""
        self._look_up()
        found = [self._customer_of(person) for person in self.people]
        self._save()
        return found

    def _look_up(self) -> None:
        known = Q()
        for kind in DISTINCTIVE:
            marks = {mark for person in self.people if (mark := fingerprint(kind, getattr(person, kind)))}
            if marks:
                known |= having(kind, marks)
        if known:
            # Only hashes: decrypting some hundred people takes longer than finding them.
            rows = Customer.objects.filter(known, platform=self.platform)
            self._remember(rows.only("platform", *(f"{kind}_hash" for kind in Fact)).order_by("-pk"))

    def _remember(self, customers: Iterable[Customer]) -> None:
        for customer in customers:
            self._marks |= {(kind, mark) for kind in DISTINCTIVE if (mark := getattr(customer, f"{kind}_hash"))}
            if customer.buyer_hash:
                self._buyers[customer.buyer_hash] = customer

    def _customer_of(self, person: Person) -> Customer:
        marks = _marks_of(person)
        known = self._buyers.get(marks[Fact.BUYER])
        if known and not any(mark and not getattr(known, f"{kind}_hash") for kind, mark in marks.items()):
            return known
        if not any((kind, marks[kind]) in self._marks for kind in DISTINCTIVE):
            return self._new(person, marks)
        self._save()
        customer = find_or_create_customer(self.platform, person, now=self.now)
        self._remember([customer])
        return customer

    def _new(self, person: Person, marks: dict[Fact, str]) -> Customer:
        facts = {str(kind): getattr(person, kind) for kind in Fact}
        hashes = {f"{kind}_hash": mark for kind, mark in marks.items()}
        hashes["phone_tail_hash"] = tail_fingerprint(person.phone)
        customer = Customer(platform=self.platform, created_at=self.now, **facts, **hashes)
        self._unsaved.append(customer)
        self._remember([customer])
        return customer

    def _save(self) -> None:
        Customer.objects.bulk_create(self._unsaved)
        self._unsaved = []


def _marks_of(person: Person) -> dict[Fact, str]:
    return {kind: fingerprint(kind, getattr(person, kind)) for kind in Fact}
