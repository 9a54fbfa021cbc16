"""Give ids, numbers, customers and orders to stories, and have them written."""

from collections import defaultdict
from datetime import UTC, datetime
from random import Random
from typing import Any

from complaints.models import DailyNumber

from . import loading, placing
from .case import HOUR
from .layouts import CUSTOMER, LAYOUTS
from .people import People
from .stories import Story

BATCH = 5000
"""Complaints whose rows are held in memory."""

TIME_ZONE = 8 * HOUR
"""Offset of the desk's time zone, for the day in a complaint's number."""

RETURNING = 0.35
"""Share of complaints by customers who have complained before."""


class Scribe:
    """Writes stories into a desk without complaints; the caller holds the transaction."""

    def __init__(self, connection: Any, rng: Random) -> None:
        self.connection, self.rng = connection, rng
        self.people = People()
        self.told: set[int] = set()
        self.rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in LAYOUTS}
        self.placed: list[tuple[Any, ...]] = []
        self.customers: list[tuple[Any, ...]] = []
        self.next = {table: _last_id(connection, layout.model) + 1 for table, layout in LAYOUTS.items()}
        self.next_customer = _last_id(connection, CUSTOMER.model) + 1
        self.serial = 0
        self.known: dict[int, list[int]] = defaultdict(list)
        self.numbers: dict[str, int] = defaultdict(int)
        self.neighbour: dict[int, tuple[int, int, int | None]] = {}
        placing.prepare(connection)

    def place(self, story: Story, received: int) -> None:
        """Add one complaint with everything that belongs to it; `received` is in seconds since 1970."""
        if story.serial not in self.told:
            self._learn(story)
        complaint, shop, into = self.next["complaint"], story.place.shop, None
        if story.merged:
            into, customer, order = self.neighbour[shop]
        else:
            customer = self._customer(story, received)
            order = self.next["order"] if story.counts["order"] else None
            self.neighbour[shop] = (complaint, customer, order)
        number = self._number(received + story.created)
        head = (complaint, story.serial, received, number, customer, order, order and order_number(order), into)
        self.placed.append((*head, *self.next.values()))
        for table, rows in story.counts.items():
            self.next[table] += rows
        if len(self.placed) >= BATCH:
            self._flush()

    def finish(self) -> None:
        """Write everything, and the last number of each day."""
        self._flush()
        placing.place_all(self.connection)
        loading.write(self.connection, DailyNumber._meta.db_table, ("day", "last"), list(self.numbers.items()))

    def _learn(self, story: Story) -> None:
        self.told.add(story.serial)
        places: dict[str, int] = defaultdict(int)
        for row in story.rows:
            self.rows[row.table].append(placing.told_row(story.serial, places[row.table], row))
            places[row.table] += 1

    def _flush(self) -> None:
        loading.write(self.connection, "placed", (*placing.PLACED, *placing.FIRST_IDS), self.placed)
        loading.write(self.connection, CUSTOMER.model._meta.db_table, CUSTOMER.columns, self.customers)
        for table, rows in self.rows.items():
            loading.write(self.connection, f"told_{table}", placing.told_columns(table), rows)
        for written in (self.placed, self.customers, *self.rows.values()):
            written.clear()

    def _number(self, created: int) -> str:
        day = f"{datetime.fromtimestamp(created + TIME_ZONE, UTC):%Y-%m-%d}"
        self.numbers[day] += 1
        return f"A{day.replace('-', '')}-{self.numbers[day]:04d}"

    def _customer(self, story: Story, received: int) -> int:
        known = self.known[story.place.shop]
        if known and self.rng.random() < RETURNING:
            return self.rng.choice(known)
        since = datetime.fromtimestamp(received - story.placed, UTC)
        columns = self.people.columns(self.serial, story.place.platform)
        self.customers.append((self.next_customer, *columns, f"{since:%Y-%m-%d %H:%M:%S}"))
        known.append(self.next_customer)
        self.serial += 1
        self.next_customer += 1
        return known[-1]


def order_number(order: int) -> str:
    """The platform's number of the order with this id: 19 digits."""
    return str(3_000_000_000_000_000_000 + order * 7919)


def _last_id(connection: Any, model: Any) -> int:
    return model._base_manager.using(connection.alias).order_by("-pk").values_list("pk", flat=True).first() or 0
