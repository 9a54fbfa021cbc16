"""The customers of many people at once, by the rules of `intake.find_or_create_customer`."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q

from complaints.identity import Fact
from complaints.models import Customer
from complaints.models.customer import fingerprint

from .intake import Person, find_or_create_customer

# What tells one customer from another; many people have the same name.
DISTINCTIVE = (Fact.BUYER, Fact.PHONE, Fact.EMAIL)


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
                known |= Q(**{f"{kind}_hash__in": marks})
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
        customer = Customer(platform=self.platform, created_at=self.now, **facts, **hashes)
        self._unsaved.append(customer)
        self._remember([customer])
        return customer

    def _save(self) -> None:
        Customer.objects.bulk_create(self._unsaved)
        self._unsaved = []


def complete(customer: Customer, person: Person) -> bool:
    """Fill in what was unknown of the customer; returns whether there was anything.

    Another buyer id means another person, of whom nothing is taken over; an id that another customer has stays there.
    """
    marks = _marks_of(person)
    if marks[Fact.BUYER] and customer.buyer_hash not in ("", marks[Fact.BUYER]):
        return False
    missing = [kind for kind, mark in marks.items() if mark and not getattr(customer, f"{kind}_hash")]
    if Fact.BUYER in missing and _taken(customer.platform, marks[Fact.BUYER]):
        missing.remove(Fact.BUYER)
    for kind in missing:
        setattr(customer, kind, getattr(person, kind))
    if missing:
        customer.save(update_fields=[name for kind in missing for name in (str(kind), f"{kind}_hash")])
    return bool(missing)


def _taken(platform: str, buyer_mark: str) -> bool:
    return Customer.objects.filter(platform=platform, buyer_hash=buyer_mark).exists()


def _marks_of(person: Person) -> dict[Fact, str]:
    return {kind: fingerprint(kind, getattr(person, kind)) for kind in Fact}
