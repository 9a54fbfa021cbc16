"""What stands behind a few characters that somebody reads out on the phone: orders, open complaints, earlier ones.

Each way has an index of its own and is asked alone, for ids only; what is shown is read at the end. However large the
desk, a look-up reads at most some hundred rows of each way.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from complaints.identity import TAIL, Fact, normalise
from complaints.lifecycle import State
from complaints.models import Complaint, Customer, Order, WebSubmission
from complaints.models.complaint import OPEN_STATES
from complaints.models.customer import fingerprint
from complaints.models.order import LastSix

from . import merged

SHORTEST = 2
BEGINNING = 8
"""Characters of an order number from which on its beginning is looked for: fewer would begin with a mere date."""

ENDING = 6
LONGEST = 40
PHONE_DIGITS = range(7, 16)
TAIL_DIGITS = range(TAIL, 11)
CANDIDATES = 300
SAME_TAIL = 1000
"""Customers who share the last four digits: a hundred of each million."""

SHOWN_ORDERS, SHOWN_OPEN, SHOWN_EARLIER = 6, 6, 5
_NUMBER = re.compile(r"A\d{8}-\d{4,6}", re.ASCII)
_PHONE = re.compile(r"\+?[\d\s()-]+", re.ASCII)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, as each way of looking reads it."""

    text: str

    @classmethod
    def of(cls, typed: str) -> "Asked":
        return cls(unicodedata.normalize("NFKC", typed).strip())

    @property
    def number(self) -> str:
        """As an order number; empty if it can be none."""
        joined = "".join(self.text.split())
        return joined if joined.isascii() and TAIL <= len(joined) <= LONGEST else ""

    @property
    def digits(self) -> str:
        """As a phone number or its end; empty if it is none."""
        return normalise(Fact.PHONE, self.text) if _PHONE.fullmatch(self.text) else ""

    @property
    def marks(self) -> dict[Fact, str]:
        """Fingerprints of the persons that it may name."""
        kinds = [Fact.BUYER]
        if len(self.digits) in PHONE_DIGITS:
            kinds.append(Fact.PHONE)
        if "@" in self.text:
            kinds.append(Fact.EMAIL)
        return {kind: fingerprint(kind, self.text) for kind in kinds}


@dataclass(slots=True)
class Found:
    """What is shown; `more` says that something was left out."""

    open: list[Complaint] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    earlier: list[Complaint] = field(default_factory=list)
    more: bool = False

    def __bool__(self) -> bool:
        return bool(self.open or self.orders or self.earlier)


def look_up(user: Any, typed: str) -> Found:
    """By complaint number, number of the web form's receipt, order number (whole, its beginning, its end), buyer id,
    e-mail, phone number or its end.
    """
    asked = Asked.of(typed)
    if len(asked.text) < SHORTEST:
        return Found()
    people = _people(asked)
    named = _orders_named(user, asked)
    theirs = _rows(Order.objects.visible_to(user).filter(customer__in=people), "placed_at") if people else {}
    found = Found()
    _show_complaints(found, user, asked, named=named, people=people)
    _show_orders(found, named=named, theirs=theirs)
    return found


def _people(asked: Asked) -> list[int]:
    """Ids of the customers whom the text may name."""
    ids = list(Customer.objects.marked(asked.marks).values_list("pk", flat=True)[:CANDIDATES])
    if len(asked.digits) in TAIL_DIGITS:
        ids += _with_tail(asked.digits)
    return ids


def _with_tail(digits: str) -> list[int]:
    """Four digits are compared by their fingerprint; more of them with the few numbers that end with those four."""
    same = Customer.objects.with_phone_tail(digits)[:SAME_TAIL]
    if len(digits) == TAIL:
        return list(same.values_list("pk", flat=True))
    return [one.pk for one in same.only("phone") if normalise(Fact.PHONE, one.phone or "").endswith(digits)]


def _orders_named(user: Any, asked: Asked) -> dict[int, tuple[Any, ...]]:
    """Orders that the number itself names: (customer, when), by id."""
    if not (number := asked.number):
        return {}
    orders = Order.objects.visible_to(user)
    # A range, since SQLite uses no index for beginnings.
    beginning = orders.filter(number__range=(number, f"{number}{'z' * 8}"), number__startswith=number)
    ways = [beginning if len(number) >= BEGINNING else orders.filter(number=number)]
    if len(number) >= ENDING:
        same_end = orders.alias(end=LastSix("number")).filter(end=number[-ENDING:])
        ways.append(same_end.filter(number__endswith=number) if len(number) > ENDING else same_end)
    return {pk: row for way in ways for pk, row in _rows(way, "customer_id", "placed_at").items()}


def _rows(rows: Any, *names: str) -> dict[int, tuple[Any, ...]]:
    """A few columns of some of the rows, in no order: to sort could lead a planner to walk a whole index."""
    return {pk: tuple(values) for pk, *values in rows.order_by().values_list("pk", *names)[:CANDIDATES]}


def _show_orders(found: Found, *, named: dict[int, tuple[Any, ...]], theirs: dict[int, tuple[Any, ...]]) -> None:
    placed = {pk: row[-1] for pk, row in (theirs | named).items()}
    best = sorted(placed, key=lambda pk: (pk in named, placed[pk] or _LONG_AGO, pk), reverse=True)[:SHOWN_ORDERS]
    rows = Order.objects.select_related("customer", "shop").prefetch_related("lines").in_bulk(best)
    found.orders = [rows[pk] for pk in best]
    found.more = found.more or len(placed) > SHOWN_ORDERS


def _called(text: str) -> int | None:
    """Id of the complaint with this number, or that the web form with this receipt became; merged, where it goes on."""
    called: int | None = None
    if _NUMBER.fullmatch(text):
        called = Complaint.objects.filter(number=text).values_list("pk", flat=True).first()
    elif (sent := WebSubmission.objects.named(text)) and sent.contact:
        called = sent.contact.complaint_id
    return merged.way(called)[-1] if called else None


def _show_complaints(
    found: Found, user: Any, asked: Asked, *, named: dict[int, tuple[Any, ...]], people: list[int]
) -> None:
    visible = Complaint.objects.visible_to(user).exclude(state=State.MERGED)
    customers = {*people, *(customer for customer, _placed in named.values() if customer)}
    ways = [visible.filter(customer__in=customers)] if customers else []
    if named:
        ways.append(visible.filter(order__in=named))
    if called := _called(asked.text.upper()):
        ways.append(visible.filter(pk=called))
    known = {pk: row for way in ways for pk, row in _rows(way, "state", "order_id", "received_at").items()}
    ranked = sorted(known, key=lambda pk: (known[pk][1] in named, known[pk][2], pk), reverse=True)
    still_open = [pk for pk in ranked if known[pk][0] in OPEN_STATES]
    over = [pk for pk in ranked if known[pk][0] not in OPEN_STATES]
    shown = still_open[:SHOWN_OPEN] + over[:SHOWN_EARLIER]
    rows = Complaint.objects.select_related("shop", "customer", "order", "assignee").in_bulk(shown)
    found.open = [rows[pk] for pk in still_open[:SHOWN_OPEN]]
    found.earlier = [rows[pk] for pk in over[:SHOWN_EARLIER]]
    found.more = len(still_open) > SHOWN_OPEN or len(over) > SHOWN_EARLIER
