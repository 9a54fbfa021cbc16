"""Rows of an XLSX workbook."""

import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook

from .problem import Problem

# The most that a spreadsheet program can write.
LAST_ROW = 1_048_576
# A workbook of 100,000 orders unpacks to about 200 MB.
LARGEST_UNPACKED = 2 << 30

Opener = Callable[[], AbstractContextManager[BinaryIO]]
Table = Callable[[], Iterator[tuple[int, Sequence[Any]]]]


class DamagedWorkbook(Problem):
    message = _("The workbook is damaged or was not downloaded completely. Download it again.")


class WorkbookTooLarge(Problem):
    message = _("The workbook is too large. Export a shorter period.")


def tables(opened: Opener) -> list[Table]:
    """One function for each table of the workbook, that reads its rows from the start.

    Raises DamagedWorkbook and WorkbookTooLarge, and so do the iterators.
    """
    with opened() as file:
        _check_size(file)
        book = _load(file)
        count = len(book.worksheets)
        book.close()
    return [_table(opened, place) for place in range(count)]


def _table(opened: Opener, place: int) -> Table:
    def rows() -> Iterator[tuple[int, Sequence[Any]]]:
        with opened() as file:
            book = _load(file)
            try:
                sheet = book.worksheets[place]
                # Some exports state a size of one cell; the rows themselves are the truth.
                sheet.reset_dimensions()
                yield from _rows(sheet.iter_rows(values_only=True))
            finally:
                book.close()

    return rows


def _check_size(file: BinaryIO) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except Exception as error:
        raise DamagedWorkbook from error
    if size > LARGEST_UNPACKED:
        raise WorkbookTooLarge


def _load(file: BinaryIO) -> Any:
    """The workbook with formulas as they are written: ="123" is a platform's way to write a long number.

    The library raises whatever the damage made its parsers stumble over, and warns about missing styles.
    """
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return load_workbook(file, read_only=True, keep_links=False)
    except Exception as error:
        raise DamagedWorkbook from error


def _rows(cells: Iterator[Sequence[Any]]) -> Iterator[tuple[int, Sequence[Any]]]:
    number = 0
    while True:
        number += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                row = next(cells, None)
        except Exception as error:
            raise DamagedWorkbook from error
        if row is None:
            return
        if number > LAST_ROW:
            raise DamagedWorkbook
        yield number, row
