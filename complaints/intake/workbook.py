"""Rows of an XLSX workbook."""

import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _
from openpyxl.reader.excel import ExcelReader
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.xml.constants import SHARED_STRINGS

from .problem import Problem
from .workbook_parts import Located, SharedTexts, TemporaryTexts, Texts, sheet_rows

# The most that a spreadsheet program can write.
LAST_ROW = 1_048_576
LAST_COLUMN = 16_384
# A workbook of 100,000 orders unpacks to about 200 MB.
LARGEST_UNPACKED = 2 << 30
# What is not read row by row: styles, the list of sheets. A spreadsheet program writes some kilobytes.
LARGEST_OTHER = 32 << 20

# Templates of platforms keep the words of their lists there.
HIDDEN = ("hidden", "veryHidden")

Opener = Callable[[], AbstractContextManager[BinaryIO]]
Table = tuple[str, Callable[[int], Iterator[Located]]]


class DamagedWorkbook(Problem):
    message = _("The workbook is damaged or was not downloaded completely. Download it again.")


class WorkbookTooLarge(Problem):
    message = _("The workbook is too large. Export a shorter period.")


def tables(opened: Opener, texts: Texts | None = None, largest: int | None = None) -> list[Table]:
    """The name of each table that is not hidden, with a function that reads its rows, from the one at a byte on.

    `texts` keeps the shared texts, for those who read the file in several goes. Raises DamagedWorkbook and
    WorkbookTooLarge, and so do the iterators.
    """
    with opened() as file:
        _check_size(file, largest or LARGEST_UNPACKED)
        with _loaded(file, None) as book:
            shown = [(n, one.title) for n, one in enumerate(book.worksheets) if one.sheet_state not in HIDDEN]
    return [(name, _rows_of(opened, place, texts)) for place, name in shown]


def _rows_of(opened: Opener, place: int, texts: Texts | None) -> Callable[[int], Iterator[Located]]:
    def rows(start: int) -> Iterator[Located]:
        with opened() as file, _loaded(file, texts) as book:
            yield from _numbered(sheet_rows(book.worksheets[place], WorkbookTooLarge, start=start))

    return rows


def _check_size(file: BinaryIO, largest: int) -> None:
    """The sizes that the archive states bind what is read from it later."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except Exception as error:
        raise DamagedWorkbook from error
    rows = ("xl/worksheets/", "xl/sharedStrings")
    others = [part.file_size for part in parts if not part.filename.startswith((*rows, "xl/media/"))]
    if sum(part.file_size for part in parts) > largest or sum(others) > LARGEST_OTHER:
        raise WorkbookTooLarge


class _Reader(ExcelReader):
    """The library's reader, with the shared texts left on the disk and nothing read that is not needed."""

    texts: Texts

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)
        if part is not None:
            self.shared_strings = SharedTexts(self.archive.open(part.PartName[1:]), self.texts, WorkbookTooLarge)

    def read_theme(self) -> None:
        pass

    def read_properties(self) -> None:
        pass

    def read_custom(self) -> None:
        pass

    def read_workbook(self) -> None:
        super().read_workbook()
        self.parser.assign_names = lambda: None

    def read_worksheets(self) -> None:
        for sheet, relation in self.parser.find_sheets():
            if relation.target in self.valid_files and "chartsheet" not in relation.Type:
                made = _Sheet(self.wb, sheet.name, relation.target, self.shared_strings)
                made.sheet_state = sheet.state
                self.wb._sheets.append(made)


class _Sheet(ReadOnlyWorksheet):
    def _get_size(self) -> None:
        """Not what the sheet states: some exports state one cell, and where it states nothing all of it is read."""


@contextmanager
def _loaded(file: BinaryIO, texts: Texts | None) -> Iterator[Any]:
    """The workbook with formulas as they are written: ="123" is a platform's way to write a long number.

    The library raises whatever the damage made its parsers stumble over, and warns about missing styles.
    """
    file.seek(0)
    temporary = TemporaryTexts()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = _Reader(file, read_only=True, keep_links=False)
            reader.texts = texts or temporary
            reader.read()
    except Problem:
        raise
    except Exception as error:
        raise DamagedWorkbook from error
    try:
        yield reader.wb
    finally:
        reader.archive.close()
        temporary.close()


def _numbered(rows: Iterator[Located]) -> Iterator[Located]:
    last = 0
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = next(rows, None)
        except Problem:
            raise
        except Exception as error:
            raise DamagedWorkbook from error
        if found is None:
            return
        number, row, begins = found
        # A number that goes back, or beyond the last row there is, is no spreadsheet program's.
        if not last < number <= LAST_ROW or len(row) > LAST_COLUMN:
            raise DamagedWorkbook
        last = number
        yield number, row, begins
