"""A file of orders: recognised, looked through once, then read order by order."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.operations.orders import OrderSnapshot

from .cells import bare, rounded
from .layouts import LAYOUTS, Layout, plain, recognise
from .problem import Problem
from .rows import Finding, ReadRow, RowReader
from .sheets import EmptyFile, Row, Sheet, Source, open_sheets
from .snapshots import snapshot_of

# Titles and notes of a clerk may stand above the header.
HEADER_WITHIN = 20
# One long number that ends in zeros may be so by chance.
ROUNDED_AT_LEAST = 2
PROGRESS_ROWS = 500


class UnknownLayout(Problem):
    message = _(
        "This is not an order export that can be read: its first columns are %(columns)s. Known are: %(known)s."
    )


class UnknownLayoutName(Problem):
    message = _("There is no layout “%(name)s”. Known are: %(known)s.")


class ColumnsMissing(Problem):
    message = _("Columns are missing for the layout “%(layout)s”: %(columns)s.")


class AfterSalesFile(Problem):
    message = _(
        "This file holds after-sales cases (%(layout)s), not orders. Nothing was imported; "
        "export the orders themselves from the platform's order page."
    )


class SiblingRefused(Problem):
    message = _("Row %(row)s of the same order was refused; an order is imported whole or not at all.")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not imported: its place in the file, its cells as they are, and what is wrong with them."""

    row: int
    cells: Sequence[Any]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One order out of so many rows of the file: what it says, or why its rows were refused."""

    rows: int
    snapshot: OrderSnapshot | None
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFile:
    """An order export that has been looked through to its end and can be imported.

    `header_row` counts as a spreadsheet does; `rows` counts those below it that are not blank. `shop_names` are those
    that the file states. `scattered`: orders whose rows do not stand together, with the number of their rows.
    """

    sheet: Sheet
    layout: Layout
    header_row: int
    header: tuple[str, ...]
    rows: int = 0
    shop_names: frozenset[str] = frozenset()
    scattered: Counter[str] = field(default_factory=Counter)
    digits_lost: bool = False

    def entries(self) -> Iterator["Entry"]:
        """The orders of the file, each once its last row has been read. Rows without a number stand alone."""
        return (entry_of(rows, self.layout) for rows in self._orders())

    def _orders(self) -> Iterator[list[ReadRow]]:
        """The rows of one order after another; those of a scattered order when the last has come."""
        current: list[ReadRow] = []
        held: dict[str, list[ReadRow]] = {}
        for row in self._read():
            if row.number in self.scattered:
                rows = held.setdefault(row.number, [])
                rows.append(row)
                if len(rows) == self.scattered[row.number]:
                    yield held.pop(row.number)
            elif current and row.number and current[0].number == row.number:
                current.append(row)
            else:
                if current:
                    yield current
                current = [row]
        if current:
            yield current

    def _read(self) -> Iterator[ReadRow]:
        reader = RowReader(self.layout, self.header, exact=self.sheet.exact, digits_lost=self.digits_lost)
        for number, cells in _filled(self.sheet, self.header_row, reader):
            yield reader.read(number, cells)


def entry_of(rows: Sequence[ReadRow], layout: Layout) -> Entry:
    """The rows as one order; with one bad row all are refused, for half an order would pass for the whole."""
    bad = next((row for row in rows if row.findings), rows[0])
    findings = bad.findings
    if not findings:
        try:
            return Entry(len(rows), snapshot_of(rows, layout))
        except Problem as problem:
            findings = (Finding("", problem),)
    sibling = (Finding("", SiblingRefused(row=bad.row)),)
    refusals = [Refusal(row.row, row.cells, findings if row is bad else row.findings or sibling) for row in rows]
    return Entry(len(rows), None, tuple(refusals))


def open_order_file(
    source: Source, *, layout: str = "", on_progress: Callable[[int], object] = lambda rows: None
) -> OrderFile:
    """The orders in a file, given by its path or its bytes; `layout` names one instead of having it recognised.

    Reads the file to its end once, and tells `on_progress` now and then how many rows it has seen.
    Raises Problem with what is wrong with the file as a whole.
    """
    wanted = _layout_named(layout) if layout else None
    sheets = open_sheets(source)
    for sheet in sheets:
        for number, cells in islice(sheet.rows(), HEADER_WITHIN):
            found = recognise(cells) if wanted is None else _fits(wanted, cells)
            if found and not found.holds_orders:
                raise AfterSalesFile(layout=found.label)
            if found:
                header = tuple("" if cell is None else str(bare(cell)) for cell in cells)
                return _looked_through(sheet, found, number, header, on_progress)
    raise _unrecognised(sheets, wanted)


def _layout_named(name: str) -> Layout:
    if name not in LAYOUTS:
        raise UnknownLayoutName(name=name, known=", ".join(LAYOUTS))
    return LAYOUTS[name]


def _fits(layout: Layout, cells: Sequence[Any]) -> Layout | None:
    return layout if {plain(cell) for cell in cells}.issuperset(layout.signature) else None


def _unrecognised(sheets: Sequence[Sheet], wanted: Layout | None) -> Problem:
    first: list[str] = []
    for sheet in sheets:
        rows = ([plain(cell) for cell in cells] for _number, cells in islice(sheet.rows(), HEADER_WITHIN))
        first = next((row for row in rows if any(row)), first)
        if first:
            break
    if not first:
        return EmptyFile()
    if wanted:
        missing = [name for name in wanted.signature if name not in first]
        return ColumnsMissing(layout=wanted.name, columns=", ".join(missing))
    shown = ", ".join(name[:20] for name in first if name and name.isprintable())
    known = ", ".join(str(layout.label) for layout in LAYOUTS.values() if layout.holds_orders)
    return UnknownLayout(columns=shown[:120] or "-", known=known)


def _looked_through(
    sheet: Sheet, layout: Layout, header_row: int, header: tuple[str, ...], on_progress: Callable[[int], object]
) -> OrderFile:
    """The file with what must be known before the first order is written; damage further down is found here."""
    reader = RowReader(layout, header, exact=sheet.exact)
    found: Counter[str] = Counter()
    scattered: set[str] = set()
    shops: set[str] = set()
    rows, previous = 0, ""
    for rows, (_number, cells) in enumerate(_filled(sheet, header_row, reader), 1):
        if rows % PROGRESS_ROWS == 0:
            on_progress(rows)
        order = reader.number(cells)
        if order and order != previous and order in found:
            scattered.add(order)
        found[order] += 1
        previous = order
        shops.add(reader.shop_name(cells))
    del found[""]
    return OrderFile(
        sheet=sheet,
        layout=layout,
        header_row=header_row,
        header=header,
        rows=rows,
        shop_names=frozenset(shops - {""}),
        scattered=Counter({order: found[order] for order in scattered}),
        digits_lost=_digits_lost(found),
    )


def _filled(sheet: Sheet, header_row: int, reader: RowReader) -> Iterator[Row]:
    """The rows below the header that are not blank."""
    return ((number, cells) for number, cells in sheet.rows() if number > header_row and not reader.blank(cells))


def _digits_lost(numbers: Counter[str]) -> bool:
    """Whether every long number of the file ends in zeros after its 15th digit."""
    long = [number for number in numbers if len(number) > 15 and number.isdigit()]
    return len(long) >= ROUNDED_AT_LEAST and all(rounded(number) for number in long)
