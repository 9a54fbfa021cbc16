"""Who complains: the customer of the order, of the complaint that this one follows, or the person as given (R3.1)."""

from datetime import datetime

from complaints.identity import Fact
from complaints.models import Complaint, Customer, Order, Shop

from . import customers
from .customers import Person


def known(shop: Shop, order: Order | None, previous: Complaint | None) -> Customer | None:
    """The customer of the order, else that of the complaint which this one follows in the same shop."""
    if order and order.customer:
        return order.customer
    return previous.customer if previous and previous.shop_id == shop.pk else None


def claimed(platform: str, person: Person, order: Order | None, *, now: datetime) -> Customer | None:
    """Who complains where anybody may have typed it: a known customer is not changed, an order gets none by it."""
    if order and order.customer:
        return order.customer
    return customers.find_or_add(platform, person, now=now) if person.known else None


def recognised(
    platform: str, person: Person, known: Customer | None, *, now: datetime
) -> tuple[Customer | None, list[str]]:
    """The customer who is known unless the buyer id says otherwise, else the person as given.

    What the person tells now counts; the names of the known facts that it changed come along.
    """
    if known and not customers.is_other_person(known, person):
        return known, customers.tell(known, person) if person.known else []
    return customers.recognise(platform, person, now=now) if person.known else (None, [])


def belongs_to(order: Order | None, customer: Customer | None) -> None:
    """Give an order without a customer the one who complains about it."""
    if order and customer and order.customer_id is None:
        Order.objects.filter(pk=order.pk, customer=None).update(customer=customer)
        order.customer = customer


def correct(complaint: Complaint, person: Person, *, now: datetime) -> list[str]:
    """Write the given personal facts to the complaint's customer; returns the names of those that changed.

    A complaint without a customer is of the order's. The buyer id of another customer means that the complaint is
    theirs.
    """
    platform = complaint.shop.platform
    if complaint.customer is None:
        known = complaint.order.customer if complaint.order else None
        complaint.customer, _changed = recognised(platform, person, known, now=now)
        changed = [str(kind) for kind in person.told]
    else:
        owner = customers.owner_of(platform, person.buyer)
        if owner and owner != complaint.customer:
            complaint.customer = owner
            changed = [str(Fact.BUYER), *customers.tell(owner, person)]
        else:
            changed = customers.tell(complaint.customer, person, respell=True) if person.known else []
    belongs_to(complaint.order, complaint.customer)
    return changed
