"""A row of a file of complaints or after-sales cases as something that comes in."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from complaints.models import Channel, Complaint, Customer, Shop
from complaints.operations.customers import Person
from complaints.operations.receiving import TITLE_LENGTH, Incoming

from .cells import cut
from .fields import BY_HAND
from .layouts import Layout
from .rows import ReadRow

TOLD = ("demand", "reason", "text", "refund", "whole", "return", "goods", "status", "intervention", "parcel")
"""Fields that a clerk reads as what the platform says, in this order."""

LONGEST_TEXT = 10_000
LONGEST_PRODUCT = 300


@dataclass(frozen=True, slots=True)
class Case:
    """What one row says, fit to be taken in; `source` is equal for the same case in another file."""

    source: str
    ended: bool
    received_at: datetime | None
    values: Mapping[str, Any]
    text: str


def case_of(row: ReadRow, layout: Layout, shop: Shop) -> Case:
    """The case in a sound row."""
    values = row.values
    return Case(
        source=_source(row, layout, shop),
        ended=bool(values.get("ended_at")) or _ended(values.get("status") or "", layout),
        received_at=values.get("received_at"),
        values=values,
        text=_text(row, layout),
    )


def incoming(case: Case, shop: Shop, *, via: str) -> Incoming:
    """What is handed over to the entrance of all channels."""
    values = {name: value for name, value in case.values.items() if value is not None}
    return Incoming(
        shop=shop,
        channel=Channel.FILE,
        text=case.text,
        title=_title(values),
        demand=values.get("demand", ""),
        person=Person(
            **{name: cut(values[name], _limit(Customer, name)) for name in ("buyer", "name", "phone", "email")
               if name in values}
        ),
        order_number=values.get("order_number", ""),
        product=cut(values.get("product", ""), LONGEST_PRODUCT),
        amount=values.get("paid_amount"),
        received_at=case.received_at,
        source=case.source,
        via=via,
    )  # fmt: skip


def _source(row: ReadRow, layout: Layout, shop: Shop) -> str:
    """By the number of the case where there is one, else by all that the row says."""
    if row.case:
        return f"file:{shop.pk}:{layout.name}:{_system_of(layout)}{row.case}"
    told = {name: str(value) for name, value in row.values.items() if value is not None}
    text = json.dumps(told, sort_keys=True, ensure_ascii=True)
    return f"file:{shop.pk}:{layout.name}:{hashlib.sha256(text.encode()).hexdigest()}"


def _system_of(layout: Layout) -> str:
    """Files whose columns were named by hand come from different programs, each with numbers of its own."""
    if layout.name != BY_HAND:
        return ""
    columns = "|".join(sorted(name for column in layout.columns for name in column.names))
    return f"{hashlib.sha256(columns.encode()).hexdigest()[:16]}:"


def _ended(status: str, layout: Layout) -> bool:
    """Whether the platform is through with it; 待退款成功 and 未完成 are not."""
    return any(word in status for word in layout.ended) and not any(sign in status for sign in ("未", "待", "中"))


def _text(row: ReadRow, layout: Layout) -> str:
    """One text alone as it is; several with the names of their columns, which the platform's people know."""
    names = {column.field: column.names[0] for column in layout.columns if column.names}
    told = [(names.get(field, ""), row.values.get(field)) for field in TOLD]
    lines = [(name, _plain(value)) for name, value in told if value not in (None, "")]
    if not layout.columns or all(column.place is not None for column in layout.columns):
        return cut("\n".join(text for _name, text in lines), LONGEST_TEXT)
    return cut("\n".join(f"{name}：{text}" for name, text in lines) or row.case, LONGEST_TEXT)


def _plain(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)


def _title(values: Mapping[str, Any]) -> str:
    """What it is about, in a line: the title, else kind, reason and product; empty leaves it to the text."""
    if values.get("title"):
        return cut(values["title"], _limit(Complaint, "title"))
    parts = [values.get(name) for name in ("demand", "reason", "product")]
    return cut(" · ".join(part for part in parts if part), TITLE_LENGTH)


def _limit(model: Any, name: str) -> int:
    return int(model._meta.get_field(name).max_length)
