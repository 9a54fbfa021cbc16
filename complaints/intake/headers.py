"""Where in a file the column names stand, and whether a platform's layout fits them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils.translation import gettext_lazy as _

from .cells import bare
from .layouts import Layout, plain, recognise
from .problem import Problem
from .sheets import EmptyFile, Row, Sheet

# Titles and notes of a clerk may stand above the header.
HEADER_WITHIN = 20
LONGEST_NAME = 60
MOST_COLUMNS = 200


class NoSuchTable(Problem):
    message = _("The workbook has no such table.")


class NoSuchRow(Problem):
    message = _("There are no column names in row %(row)s.")


@dataclass(frozen=True, slots=True)
class Header:
    """The table, the row (from 1) and the names of the columns; `layout` is None for a file that is not known."""

    table: int
    row: int
    names: tuple[str, ...]
    layout: Layout | None = None


def find(sheets: Sequence[Sheet]) -> Header:
    """The header of a known layout, else what looks most like one. Raises EmptyFile."""
    guessed: Header | None = None
    for table, sheet in enumerate(sheets):
        top = list(islice(sheet.rows(), HEADER_WITHIN))
        for number, cells in top:
            if layout := recognise(cells):
                return Header(table, number, names_of(cells), layout)
        guessed = guessed or _guess(table, top)
    if guessed is None:
        raise EmptyFile
    return guessed


def at(sheets: Sequence[Sheet], table: int, row: int) -> Header:
    """The header that somebody points at. Raises NoSuchTable, NoSuchRow."""
    if not 0 <= table < len(sheets):
        raise NoSuchTable
    cells = next((cells for number, cells in islice(sheets[table].rows(), row) if number == row), None)
    if cells is None or not any(plain(cell) for cell in cells):
        raise NoSuchRow(row=row)
    return Header(table, row, names_of(cells))


def names_of(cells: Sequence[Any]) -> tuple[str, ...]:
    """The names as they are written, in one line, without the empty ones at the end."""
    names = ["" if cell is None else " ".join(str(bare(cell)).split())[:LONGEST_NAME] for cell in cells[:MOST_COLUMNS]]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def _guess(table: int, top: Sequence[Row]) -> Header | None:
    """The first row that is about as full as the fullest one and holds words."""
    filled = [(number, cells, _words(cells)) for number, cells in top]
    most = max((words for _number, _cells, words in filled), default=0)
    for number, cells, words in filled:
        if words and words * 10 >= most * 8:
            return Header(table, number, names_of(cells))
    return None


def _words(cells: Sequence[Any]) -> int:
    return sum(isinstance(cell, str) and bool(plain(cell)) for cell in cells)
