"""The rows of one order put together into what the platform says about it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.models import Customer, Order, OrderLine
from complaints.operations.customers import Person
from complaints.operations.orders import LineSnapshot, OrderSnapshot

from .cells import LARGEST_AMOUNT, PLATFORM_ZONE, AmountTooLarge, cut
from .layouts import Layout
from .problem import Problem
from .rows import ReadRow

MOST_LINES = 999

Values = Mapping[str, Any]


class TooManyLines(Problem):
    message = _("The order has more than %(most)s products.")


def snapshot_of(rows: Sequence[ReadRow], layout: Layout) -> OrderSnapshot:
    """The order that these sound rows describe. A product that occurs twice counts once, as its last row has it.

    Raises TooManyLines, AmountTooLarge.
    """
    products = _products(rows, layout)
    lines = tuple(line for values in products for line in lines_of(values, layout))
    if len(lines) > MOST_LINES:
        raise TooManyLines(most=MOST_LINES)
    number = rows[0].number
    return OrderSnapshot(
        number=number,
        person=_person(products),
        paid_amount=_paid(products, layout),
        placed_about=_date_in(number) if layout.dated_numbers else None,
        lines=lines,
        **_texts(products),
        **_moments(products),
    )


def lines_of(values: Values, layout: Layout) -> list[LineSnapshot]:
    """The products of one row.

    Merged products become lines of their own where the titles divide into as many as the row states. How the pieces
    are divided among them is not told then: each has one, and the rest counts for the first, so that the sum is right.
    """
    whole = {name: values.get(name) or "" for name in LINE_TEXTS}
    if not any(whole.values()):
        return []
    quantities = values.get("quantity") or (1,)
    parts = _divided(whole, values, layout.separators)
    if len(parts) == 1:
        amount = values.get("amount")
        return [_line(whole, sum(quantities), amount)]
    if len(quantities) != len(parts):
        quantities = (max(1, sum(quantities) - len(parts) + 1), *[1] * (len(parts) - 1))
    return [_line(part, quantity, None) for part, quantity in zip(parts, quantities, strict=True)]


def overruled(rows: Sequence[ReadRow], layout: Layout) -> int:
    """How many rows say something else than a later row about the same thing, which is the one that counts."""
    later: dict[Any, Values] = {}
    count = 0
    for row in reversed(rows):
        said = later.setdefault(_thing(row, layout), row.values)
        count += said != row.values
    return count


def _products(rows: Sequence[ReadRow], layout: Layout) -> list[Values]:
    """The values of each row, without those that tell of the same product again."""
    return list({_thing(row, layout): row.values for row in rows}.values())


def _thing(row: ReadRow, layout: Layout) -> Any:
    """What the row is about within its group: a product of the order; the whole of it where a row tells all."""
    if not layout.holds_orders:
        return ()
    names = [row.values.get(name) for name in LINE_IDENTITY] if layout.line_rows else []
    return row.values.get("line_number") or tuple(names)


def _divided(whole: Mapping[str, str], values: Values, separators: Iterable[str]) -> list[dict[str, str]]:
    """The texts of each of the merged products; the whole ones alone where the row does not divide."""
    for separator in separators:
        parts = {name: [part.strip() for part in text.split(separator)] for name, text in whole.items()}
        parts["line_number"] = whole["line_number"].split(";")
        stated = sum(values.get("products") or ()) or len(parts["line_number"])
        if 1 < stated == len(parts["title"]):
            # A text that does not divide likewise may be about any of the products.
            fitting = {name: part if len(part) == stated else [whole[name]] * stated for name, part in parts.items()}
            return [{name: part[place] for name, part in fitting.items()} for place in range(stated)]
    return [dict(whole)]


def _line(texts: Mapping[str, str], quantity: int, amount: Decimal | None) -> LineSnapshot:
    fitting = {LINE_TEXTS[name]: cut(text, _limit(OrderLine, LINE_TEXTS[name])) for name, text in texts.items()}
    fitting["title"] = fitting["title"] or fitting["seller_code"] or fitting["product_id"] or fitting["number"]
    return LineSnapshot(**fitting, quantity=quantity, amount=amount)


def _person(products: Sequence[Values]) -> Person:
    facts = {name: next(iter(_known(products, name)), "") for name in ("buyer", "name", "phone")}
    return Person(**{name: cut(fact, _limit(Customer, name)) for name, fact in facts.items()})


def _paid(products: Sequence[Values], layout: Layout) -> Decimal | None:
    amounts = _known(products, "paid_amount")
    if not amounts:
        return None
    if set(_known(products, "status")) & set(layout.unpaid):
        return Decimal("0.00")
    paid = sum(amounts, Decimal("0.00"))
    if paid > LARGEST_AMOUNT:
        raise AmountTooLarge(value=paid)
    return paid


def _moments(products: Sequence[Values]) -> dict[str, Any]:
    """The first time of each kind; received is an order when its last parcel is."""
    return {name: choose(_known(products, name), default=None) for name, choose in MOMENTS.items()}


def _texts(products: Sequence[Values]) -> dict[str, Any]:
    """Each field with its different values joined: the products of an order may travel in several parcels."""
    parcels = [parcel for found in _known(products, "parcels") for parcel in found]
    told = {name: _known(products, name) for name in ORDER_TEXTS}
    told["tracking_number"] += [number for number, _courier in parcels]
    told["courier"] += [courier for _number, courier in parcels]
    return {name: _joined(values, ORDER_TEXTS[name], _limit(Order, name)) for name, values in told.items()}


def _joined(values: Iterable[str], glue: str, limit: int) -> str:
    return cut(glue.join(dict.fromkeys(value for value in values if value)), limit)


def _known(products: Sequence[Values], name: str) -> list[Any]:
    return [values[name] for values in products if values.get(name) is not None]


def _limit(model: Any, name: str) -> int:
    return int(model._meta.get_field(name).max_length)


def _date_in(number: str) -> datetime | None:
    """Midnight of the day with which an order number like 261120-123456789012345 begins."""
    try:
        return datetime.strptime(number[:6], "%y%m%d").replace(tzinfo=PLATFORM_ZONE)
    except ValueError:
        return None


ORDER_TEXTS = {"status": " / ", "after_sales": " / ", "courier": " / ", "tracking_number": ";", "seller_note": " / "}
MOMENTS: dict[str, Callable[..., Any]] = {
    "placed_at": min,
    "paid_at": min,
    "shipped_at": min,
    "received_at": max,
}
LINE_TEXTS = {
    "line_number": "number",
    "title": "title",
    "product_id": "product_id",
    "variant": "variant",
    "seller_code": "seller_code",
}
LINE_IDENTITY = ("product_id", "title", "variant", "seller_code")
