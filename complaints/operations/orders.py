"""Write what a platform's export says about orders; a known value never gives way to an unknown one."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from complaints.identity import Fact
from complaints.models import Order, OrderLine, Shop
from complaints.models.customer import fingerprint

from . import reapplying
from .customers import Customers, Person, complete

SNAPSHOT_FIELDS = (
    "status",
    "after_sales",
    "paid_amount",
    "placed_at",
    "paid_at",
    "shipped_at",
    "received_at",
    "courier",
    "tracking_number",
    "seller_note",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSnapshot:
    """One product of an order; `number` joins several sub-orders with ; where the platform does not tell them apart."""

    title: str
    number: str = ""
    product_id: str = ""
    variant: str = ""
    seller_code: str = ""
    quantity: int = 1
    amount: Decimal | None = None


LINE_FIELDS = tuple(part.name for part in fields(LineSnapshot))


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSnapshot:
    """What an export says about one order; empty strings and None for what it does not tell or masks.

    `placed_about`: the best guess where neither the export nor an earlier one tells `placed_at`.
    """

    number: str
    person: Person = field(default_factory=Person)
    status: str = ""
    after_sales: str = ""
    paid_amount: Decimal | None = None
    placed_at: datetime | None = None
    placed_about: datetime | None = None
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    received_at: datetime | None = None
    courier: str = ""
    tracking_number: str = ""
    seller_note: str = ""
    lines: tuple[LineSnapshot, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Equal for equal content (64 hex digits); personal data goes in by its keyed hash."""
        content = [getattr(self, name) for name in ("number", "placed_about", *SNAPSHOT_FIELDS)]
        person = [fingerprint(kind, getattr(self.person, kind)) for kind in Fact]
        lines = [list(_values(line).values()) for line in self.lines]
        text = json.dumps([content, person, lines], default=str, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Written:
    """How many orders a write added, changed, and found as they were."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0

    def __add__(self, other: "Written") -> "Written":
        return Written(self.new + other.new, self.changed + other.changed, self.unchanged + other.unchanged)


def write_orders(shop: Shop, snapshots: Sequence[OrderSnapshot], *, now: datetime) -> Written:
    """Add or update some hundred orders of the shop in one transaction; each number may occur once."""
    written, revalued = write_batch(shop, snapshots, now=now)
    # After the transaction, for it has locked the orders, and a complaint is locked before its order.
    reapplying.reconsider(revalued, now=now)
    return written


def write_batch(shop: Shop, snapshots: Sequence[OrderSnapshot], *, now: datetime) -> tuple[Written, list[int]]:
    """`write_orders` for a caller with a transaction of its own.

    After it the caller has to `reconsider` the orders whose ids come along, for another amount was paid for them.
    """
    try:
        return _write(shop, snapshots, now=now)
    except IntegrityError:
        # Somebody added one of these orders or customers meanwhile: the second look finds it.
        return _write(shop, snapshots, now=now)


@transaction.atomic
def _write(shop: Shop, snapshots: Sequence[OrderSnapshot], *, now: datetime) -> tuple[Written, list[int]]:
    """1. Leave out what is known already, by fingerprint. 2. Merge the rest into the stored orders.
    3. Find the customers. 4. Write orders, then their lines.

    The ids of known orders of which another amount was paid come along.
    """
    marks = {snapshot.number: snapshot.fingerprint for snapshot in snapshots}
    known = Order.objects.filter(shop=shop, number__in=marks, source=Order.Source.IMPORT)
    same = {number for number, mark in known.values_list("number", "fingerprint") if mark == marks[number]}
    fresh = [snapshot for snapshot in snapshots if snapshot.number not in same]
    stored = _stored(shop, fresh)
    merged = [
        Merged.of(snapshot, stored.get(snapshot.number) or Order(shop=shop, number=snapshot.number))
        for snapshot in fresh
    ]
    _assign_customers(merged, shop, now=now)
    changed = [entry for entry in merged if entry.changed]
    for entry in changed:
        entry.order.fingerprint, entry.order.updated_at = marks[entry.order.number], now
        entry.order.source = Order.Source.IMPORT
    _save(changed)
    new = sum(entry.new for entry in changed)
    revalued = [entry.order.pk for entry in changed if entry.revalued and not entry.new]
    return Written(new, len(changed) - new, len(snapshots) - len(changed)), revalued


def _stored(shop: Shop, snapshots: Sequence[OrderSnapshot]) -> dict[str, Order]:
    """The stored orders with these numbers, locked against others until the transaction ends."""
    rows = Order.objects.filter(shop=shop, number__in=[snapshot.number for snapshot in snapshots]).order_by("pk")
    rows = rows.select_for_update(no_key=True, of=("self",)).select_related("customer").prefetch_related("lines")
    return {order.number: order for order in rows}


@dataclass(slots=True)
class Merged:
    """A stored or new order with what a snapshot adds; `lines` is None where the stored lines are right."""

    order: Order
    person: Person
    lines: list[LineSnapshot] | None
    new: bool
    changed: bool
    revalued: bool
    """Whether another amount was paid than was known."""

    @classmethod
    def of(cls, snapshot: OrderSnapshot, order: Order) -> "Merged":
        new, typed = order.pk is None, order.source == Order.Source.TYPED
        lines = [] if new or typed else _lines_of(order)
        kept = _not_in(lines, snapshot)
        updated = _merge(order, snapshot, partial=bool(kept))
        wanted = kept + [_completed(line, lines) for line in snapshot.lines]
        rewritten = wanted if snapshot.lines and wanted != lines else None
        changed = new or typed or bool(updated) or rewritten is not None
        return cls(order, snapshot.person, rewritten, new, changed, "paid_amount" in updated)


def _merge(order: Order, snapshot: OrderSnapshot, *, partial: bool) -> set[str]:
    """Take over what the snapshot tells; of a part of the order not the amount, which is a part too.

    Returns the names of what became different.
    """
    values = {name: getattr(snapshot, name) for name in SNAPSHOT_FIELDS}
    values["placed_at"] = snapshot.placed_at or order.placed_at or snapshot.placed_about
    if partial and order.paid_amount is not None:
        del values["paid_amount"]
    updated = {name: value for name, value in values.items() if value not in (None, "", getattr(order, name))}
    for name, value in updated.items():
        setattr(order, name, value)
    return set(updated)


def _lines_of(order: Order) -> list[LineSnapshot]:
    return [LineSnapshot(**{name: getattr(line, name) for name in LINE_FIELDS}) for line in order.lines.all()]


def _not_in(lines: Sequence[LineSnapshot], snapshot: OrderSnapshot) -> list[LineSnapshot]:
    """The sub-orders that an export of a part of the order leaves out; lines without a number are always complete."""
    told = {number for line in snapshot.lines for number in line.number.split(";") if number}
    return [line for line in lines if told and line.number and not told & set(line.number.split(";"))]


def _completed(line: LineSnapshot, lines: Sequence[LineSnapshot]) -> LineSnapshot:
    """The line with what an earlier export told of the same product and this one does not."""
    key = (line.number, line.title)
    earlier = next((other for other in lines if (other.number, other.title) == key), None)
    if earlier is None:
        return line
    values = {name: getattr(earlier, name) if value in (None, "") else value for name, value in _values(line).items()}
    return LineSnapshot(**values)


def _assign_customers(merged: Sequence[Merged], shop: Shop, *, now: datetime) -> None:
    """Give each order its customer; the one that an order has stays, and is completed."""
    known = [entry for entry in merged if entry.person.known]
    without = [entry for entry in known if entry.order.customer is None]
    for entry in known:
        if entry.order.customer:
            entry.changed |= bool(complete(entry.order.customer, entry.person))
    found = Customers(shop.platform, [entry.person for entry in without], now=now).all()
    for entry, customer in zip(without, found, strict=True):
        entry.order.customer = customer
        entry.changed = True


def _save(entries: Sequence[Merged]) -> None:
    Order.objects.bulk_create([entry.order for entry in entries if entry.new])
    known = [entry for entry in entries if not entry.new]
    names = [*SNAPSHOT_FIELDS, "customer", "source", "fingerprint", "updated_at"]
    # One statement for all of them, where `bulk_update` writes a CASE for each value.
    Order.objects.bulk_create(
        [entry.order for entry in known], update_conflicts=True, unique_fields=["pk"], update_fields=names
    )
    outdated = [entry.order.pk for entry in known if entry.lines is not None]
    OrderLine.objects.filter(order__in=outdated).delete()
    OrderLine.objects.bulk_create(
        OrderLine(order=entry.order, position=position, **_values(line))
        for entry in entries
        for position, line in enumerate(entry.lines or (), 1)
    )


def _values(line: LineSnapshot) -> dict[str, Any]:
    return {name: getattr(line, name) for name in LINE_FIELDS}
