"""What a further contact tells fills what the registration lacks; what is known already stays (R3.2)."""

from datetime import datetime
from typing import Any

from complaints.models import Complaint, Order
from complaints.queries.policies import Rulebook

from . import clocks, complainants, customers, matters, remedies
from .classification import classify
from .customers import Person
from .locking import record, save_change


def complete(
    complaint: Complaint,
    *,
    person: Person,
    order: Order | None = None,
    issue_type: Any = None,
    demand: str = "",
    trusted: bool = True,
    actor: Any,
    now: datetime,
) -> None:
    """Fill in what is missing, for a caller that holds the lock, and tell in the history what was filled.

    An order that another complaint is about stays with that one's matter; its key says so.
    """
    told = {"order": order, "issue_type": issue_type, "demand": demand}
    filled = {name: value for name, value in told.items() if value and not getattr(complaint, name)}
    for name, value in filled.items():
        setattr(complaint, name, value)
    customer, personal = complaint.customer, _introduced(complaint, person, trusted=trusted, now=now)
    if "order" in filled:
        complaint.repeated = matters.complained_before(filled["order"], complaint.received_at, besides=complaint.pk)
    if filled or complaint.customer != customer:
        save_change(complaint)
    if {"order", "issue_type"} & filled.keys():
        _reconsider(complaint, now=now)
    _tell(complaint, {name: [None, str(value)] for name, value in filled.items()}, personal, actor=actor, now=now)


def introduce(complaint: Complaint, person: Person, *, trusted: bool = True, actor: Any, now: datetime) -> None:
    """`complete` with what is told of the customer only: the rest of a complaint that has ended stays as it is."""
    customer, personal = complaint.customer, _introduced(complaint, person, trusted=trusted, now=now)
    if complaint.customer != customer:
        save_change(complaint, "customer")
    _tell(complaint, {}, personal, actor=actor, now=now)


def _introduced(complaint: Complaint, person: Person, *, trusted: bool, now: datetime) -> list[str]:
    """Give the complaint a customer where it has none, else complete them; returns the names of the facts told."""
    if complaint.customer:
        return customers.complete(complaint.customer, person) if trusted else []
    if complaint.order and complaint.order.customer:
        complaint.customer = complaint.order.customer
        return customers.complete(complaint.customer, person) if trusted else []
    if not person.known:
        return []
    # Where nobody vouches for the person, a customer who is known stays as they are, and an order gets none by it.
    find = customers.find_or_create_customer if trusted else customers.find_or_add
    complaint.customer = find(complaint.shop.platform, person, now=now)
    if trusted:
        complainants.belongs_to(complaint.order, complaint.customer)
    return [str(kind) for kind in person.told]


def _tell(complaint: Complaint, changes: dict[str, Any], personal: list[str], *, actor: Any, now: datetime) -> None:
    if changes or personal:
        record(complaint, "corrected", actor=actor, now=now, changes=changes, personal=personal)


def _reconsider(complaint: Complaint, *, now: datetime) -> None:
    """Another type of issue or amount may mean another policy, and other approvals."""
    rules = Rulebook()
    if classify(complaint, rules):
        save_change(complaint)
        clocks.recompute(complaint, now=now, rules=rules)
    remedies.reassess(complaint)
