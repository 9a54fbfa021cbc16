"""Which orders the demo company has.

`orders.json` pins the orders that the complaints are about to a place in their shop's file; the places between are
filled from the given random source, newest order first as the platforms do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

from .company import read

Record = Mapping[str, Any]

CHINA = timezone(timedelta(hours=8))
OLDEST_HOURS = 59.5 * 24


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the orders that fill a shop's file are drawn from."""

    skus: list[str]
    buyers: list[str]
    couriers: list[str]
    chance_of_two: float


@dataclass(frozen=True, kw_only=True)
class PlannedLine:
    number: str
    product_id: str
    title: str
    sku: str
    sku_id: str
    spec: str
    price: Decimal
    quantity: int


@dataclass(frozen=True, kw_only=True)
class PlannedOrder:
    """One order of the demo; `index` is its place in the shop's file, the times are in China's zone."""

    shop: Record
    index: int
    number: str
    buyer: Record
    status: str
    created_at: datetime
    paid_at: datetime | None
    shipped_at: datetime | None
    received_at: datetime | None
    courier: str
    tracking_number: str
    discount: Decimal
    lines: tuple[PlannedLine, ...]

    @property
    def goods(self) -> Decimal:
        return sum((line.price * line.quantity for line in self.lines), Decimal("0.00"))

    @property
    def payable(self) -> Decimal:
        return self.goods - self.discount

    @property
    def quantity(self) -> int:
        return sum(line.quantity for line in self.lines)


def plan_orders(
    *,
    now: datetime,
    company: Record,
    products: Sequence[Record],
    buyers: Sequence[Record],
    rng: Random,
) -> dict[str, list[PlannedOrder]]:
    """Every order of each shop in file order, by the shop's code.

    Equal `now` and an equally seeded `rng` give equal orders.
    """
    layouts = read("export_layouts.json")
    catalogue = {variant["sku"]: (product, variant) for product in products for variant in product["variants"]}
    people = {buyer["key"]: buyer for buyer in buyers}
    pins = read("orders.json")
    planned = {}
    for shop in company["shops"]:
        choices = Choices(
            skus=[sku for sku, (product, _variant) in catalogue.items() if product["shop"] == shop["code"]],
            buyers=[key for key, buyer in people.items() if buyer["shop"] == shop["code"]],
            couriers=list(layouts["couriers"]),
            chance_of_two=layouts[shop["platform"]]["chance_of_two_products"],
        )
        planned[shop["code"]] = [
            _plan_order(
                shop, index, entry, people[entry["buyer"]], catalogue, layouts["couriers"][entry["courier"]], now, rng
            )
            for index, entry in enumerate(_fill_gaps(pins[shop["code"]], choices, rng))
        ]
    return planned


def _fill_gaps(plan: Record, choices: Choices, rng: Random) -> list[Record]:
    """The pinned entries at their places and random ones between them; ages grow with the place."""
    entries: list[Record] = []
    newest = 0.4
    for pin in plan["pinned"]:
        entries += _random_entries(pin["index"] - len(entries), newest, pin["age_hours"], choices, rng)
        entries.append(pin)
        newest = pin["age_hours"]
    return entries + _random_entries(plan["count"] - len(entries), newest, OLDEST_HOURS, choices, rng)


def _random_entries(count: int, newest: float, oldest: float, choices: Choices, rng: Random) -> list[Record]:
    return [
        {
            "buyer": rng.choice(choices.buyers),
            "age_hours": age,
            "status": _random_status(age, rng),
            "courier": rng.choice(choices.couriers),
            "discount": rng.choice(("0.00", "0.00", "0.00", "2.00", "3.00")),
            "lines": [
                {"sku": sku, "quantity": rng.choice((1, 1, 1, 1, 2, 3))}
                for sku in rng.sample(choices.skus, 2 if rng.random() < choices.chance_of_two else 1)
            ],
        }
        for age in sorted(rng.uniform(newest, oldest) for _ in range(count))
    ]


def _random_status(age_hours: float, rng: Random) -> str:
    if age_hours < 1.5:
        return "unpaid"
    if rng.random() < 0.05:
        return "closed"
    if age_hours < 30:
        return "to_ship"
    return "shipped" if age_hours < 110 else "received"


def _plan_order(
    shop: Record,
    index: int,
    entry: Record,
    buyer: Record,
    catalogue: Mapping[str, tuple[Record, Record]],
    courier: Record,
    now: datetime,
    rng: Random,
) -> PlannedOrder:
    status = entry["status"]
    created = (now.astimezone(CHINA) - timedelta(hours=entry["age_hours"])).replace(microsecond=0)
    sent = status in ("shipped", "received")
    shipped = created + timedelta(minutes=rng.randint(180, 1500)) if sent else None
    received = shipped + timedelta(minutes=rng.randint(1200, 2000)) if shipped and status == "received" else None
    number = _order_number(shop["platform"], created, rng)
    return PlannedOrder(
        shop=shop,
        index=index,
        number=number,
        buyer=buyer,
        status=status,
        created_at=created,
        paid_at=None if status == "unpaid" else created + timedelta(seconds=rng.randint(8, 240)),
        shipped_at=shipped,
        received_at=received,
        courier=courier["name"] if sent else "",
        tracking_number=courier["prefix"] + _digits(rng, courier["digits"]) if sent else "",
        discount=Decimal(entry.get("discount", "0.00")),
        lines=tuple(
            _plan_line(line, place, number, *catalogue[line["sku"]]) for place, line in enumerate(entry["lines"])
        ),
    )


def _plan_line(line: Record, place: int, order_number: str, product: Record, variant: Record) -> PlannedLine:
    return PlannedLine(
        number=order_number if place == 0 else f"{order_number[:-4]}{(int(order_number[-4:]) + place) % 10000:04d}",
        product_id=product["id"],
        title=product["title"],
        sku=variant["sku"],
        sku_id=variant["sku_id"],
        spec=variant["spec"],
        price=Decimal(variant["price"]),
        quantity=line["quantity"],
    )


def _order_number(platform: str, created: datetime, rng: Random) -> str:
    """A number as the platform forms it: 19 digits, or for Pinduoduo the date and 15 digits."""
    if platform == "pdd":
        return f"{created:%y%m%d}-{_digits(rng, 15)}"
    return ("69" if platform == "douyin" else "41") + _digits(rng, 17)


def _digits(rng: Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))
