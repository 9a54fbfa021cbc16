"""One row of an order export, read by its layout."""

from collections.abc import Mapping, Sequence
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


class RowReader:
    """Reads the rows below one header.

    `exact`: a row with fewer cells than the header is cut short. `digits_lost`: the file's long numbers are rounded.
    """

    def __init__(self, layout: Layout, header: Sequence[Any], *, exact: bool, digits_lost: bool = False) -> None:
        names = [plain(name) for name in header]
        self.width = max((place for place, name in enumerate(names, 1) if name), default=0)
        self.exact = exact
        self.digits_lost = digits_lost
        self.places = [
            (column.field, column.kind, name, names.index(name))
            for column in layout.columns
            for name in column.names
            if name in names
        ]
        self.number_place = self._place("number")
        self.shop_place = self._place("shop_name")

    def _place(self, field: str) -> int | None:
        return next((place for name, _kind, _column, place in self.places if name == field), None)

    def blank(self, cells: Sequence[Any]) -> bool:
        return not any(bare(cell) not in (None, "") for cell in cells)

    def number(self, cells: Sequence[Any]) -> str:
        """The order number alone, for a first look; empty if it cannot be read."""
        try:
            return self._number(cells)
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
            if values.get(field) is not None or (place >= len(cells) and field != "number"):
                continue
            try:
                values[field] = self._number(cells) if field == "number" else read(cells[place], kind)
            except Problem as problem:
                problems.setdefault(name, problem)
        return ReadRow(row, cells, values, tuple(Finding(*found) for found in problems.items()))

    def _wrong_width(self, cells: Sequence[Any]) -> Problem | None:
        if self.exact and len(cells) < self.width:
            return RowCutShort(found=len(cells), expected=self.width)
        return None if self.blank(cells[self.width :]) else RowTooLong()

    def _number(self, cells: Sequence[Any]) -> str:
        number = read(_cell(cells, self.number_place), Kind.IDENTIFIER)
        if number is None:
            raise NumberMissing
        if self.digits_lost and rounded(number):
            raise DigitsLost(value=number)
        sound = number.isascii() and number.replace("-", "").replace("_", "").isalnum()
        if not sound or not SHORTEST_NUMBER <= len(number) <= LONGEST_NUMBER:
            raise NotAnIdentifier(value=cut(number, 30))
        return str(number)


def _cell(cells: Sequence[Any], place: int | None) -> Any:
    return cells[place] if place is not None and place < len(cells) else None
