"""One row of a file of orders or cases, read by its layout."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.models import Order

from .cells import DigitsLost, NotAnIdentifier, bare, cut, read, rounded
from .layouts import Kind, Layout, plain
from .problem import Problem

SHORTEST_NUMBER = 4
LONGEST_NUMBER = Order._meta.get_field("number").max_length or 0


class RowCutShort(Problem):
    message = _("The row has %(found)s of %(expected)s columns: the file was cut off here, or a text has a line break.")


class RowTooLong(Problem):
    message = _("The row has more columns than the header: a text holds the delimiter without quotation marks.")


class NumberMissing(Problem):
    message = _("There is no order number.")


class CaseMissing(Problem):
    message = _("There is no number of the case.")


class TextMissing(Problem):
    message = _("There is nothing that the customer says.")


MISSING: dict[str, type[Problem]] = {"number": NumberMissing, "case": CaseMissing, "text": TextMissing}
NUMBERS = ("number", "case", "order_number")
"""Fields that name a row, or an order, for ever: what is wrong with their digits is wrong with the row."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and in which column; an empty column stands for the whole row."""

    column: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row as it is in the file (`row` counts from 1, as a spreadsheet does), its values by field, what is wrong."""

    row: int
    cells: Sequence[Any]
    values: Mapping[str, Any]
    findings: tuple[Finding, ...]

    @property
    def number(self) -> str:
        return self.values.get("number") or ""

    @property
    def case(self) -> str:
        return self.values.get("case") or ""


class RowReader:
    """Reads the rows below one header.

    `exact`: a row with fewer cells than the header is cut short. `digits_lost`: the file's long numbers are rounded.
    """

    def __init__(self, layout: Layout, header: Sequence[Any], *, exact: bool, digits_lost: bool = False) -> None:
        names = [plain(name) for name in header]
        self.width = max((place for place, name in enumerate(names, 1) if name), default=0)
        self.exact = exact
        self.digits_lost = digits_lost
        self.required = layout.required
        self.places = list(_places(layout, names))
        self.key = layout.key
        self.key_place = self._place(layout.key)
        self.shop_place = self._place("shop_name")

    def _place(self, field: str) -> int | None:
        return next((place for name, _kind, _column, place in self.places if name == field), None)

    def blank(self, cells: Sequence[Any]) -> bool:
        return not any(bare(cell) not in (None, "") for cell in cells)

    def number(self, cells: Sequence[Any]) -> str:
        """The number of the order or case alone, for a first look; empty if it cannot be read."""
        try:
            return self._number(_cell(cells, self.key_place)) or ""
        except Problem:
            return ""

    def shop_name(self, cells: Sequence[Any]) -> str:
        """The shop that the row states, if any."""
        try:
            return read(_cell(cells, self.shop_place), Kind.TEXT) or ""
        except Problem:
            return ""

    def read(self, row: int, cells: Sequence[Any]) -> ReadRow:
        values: dict[str, Any] = {}
        problems: dict[str, Problem] = {}
        if wrong := self._wrong_width(cells):
            problems[""] = wrong
        for field, kind, name, place in self.places:
            if values.get(field) is not None or place >= len(cells):
                continue
            try:
                values[field] = self._number(cells[place]) if field in NUMBERS else read(cells[place], kind)
            except Problem as problem:
                problems.setdefault(name, problem)
                values.setdefault(field, None)
        for field in self.required:
            if values.get(field) is None and not problems.keys() & self._names(field):
                problems[self._name(field)] = MISSING[field]()
        return ReadRow(row, cells, values, tuple(Finding(*found) for found in problems.items()))

    def _names(self, field: str) -> set[str]:
        return {name for known, _kind, name, _place in self.places if known == field}

    def _name(self, field: str) -> str:
        return next((name for known, _kind, name, _place in self.places if known == field), "")

    def _wrong_width(self, cells: Sequence[Any]) -> Problem | None:
        if self.exact and len(cells) < self.width:
            return RowCutShort(found=len(cells), expected=self.width)
        return None if self.blank(cells[self.width :]) else RowTooLong()

    def _number(self, cell: Any) -> str | None:
        number = read(cell, Kind.IDENTIFIER)
        if number is None:
            return None
        if self.digits_lost and rounded(number):
            raise DigitsLost(value=number)
        sound = number.isascii() and number.replace("-", "").replace("_", "").isalnum()
        if not sound or not SHORTEST_NUMBER <= len(number) <= LONGEST_NUMBER:
            raise NotAnIdentifier(value=cut(number, 30))
        return str(number)


def _places(layout: Layout, names: Sequence[str]) -> Iterator[tuple[str, Kind, str, int]]:
    """Field, kind, name and place of each column that is there, the first of a field before the others."""
    for column in layout.columns:
        if column.place is not None:
            name = names[column.place] if column.place < len(names) else ""
            yield column.field, column.kind, name or "#" + str(column.place + 1), column.place
            continue
        for name in column.names:
            if name in names:
                yield column.field, column.kind, name, names.index(name)


def _cell(cells: Sequence[Any], place: int | None) -> Any:
    return cells[place] if place is not None and place < len(cells) else None
