"""Rows out of a file as it comes: CSV or XLSX, told apart by what it holds and not by its name.

A sheet can be read any number of times, and holds no more than a row of the file in memory.
"""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _

from . import delimited, workbook
from .problem import Problem
from .workbook_parts import Located, Texts

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")

Source = Path | bytes
Row = tuple[int, Sequence[Any]]


class FileMissing(Problem):
    message = _("There is no such file.")


class NotAFile(Problem):
    message = _("This is a folder or a device, not a file.")


class FileUnreadable(Problem):
    message = _("The file cannot be opened: %(reason)s.")


class EmptyFile(Problem):
    message = _("The file is empty.")


class OldWorkbook(Problem):
    message = _(
        "This is a workbook in the old .xls format, or one with a password. "
        "Open it in a spreadsheet program and save it as .xlsx without a password."
    )


class OtherArchive(Problem):
    message = _("This is an archive, not a sheet. Unpack it and import the CSV or XLSX file inside.")


class OtherWorkbook(Problem):
    message = _(
        "This is a workbook in a format that cannot be read. Open it in a spreadsheet program and save it as .xlsx."
    )


class WebPage(Problem):
    message = _(
        "This is a web page with the name of a sheet. Open it in a spreadsheet program and save it as .xlsx; "
        "if it asks for a login, download the export again."
    )


class Pdf(Problem):
    message = _("This is a PDF. Take a file in CSV or XLSX.")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a file. Each call of `rows` reads it from the start: (row as a spreadsheet counts, from 1; cells).

    `exact`: a row with fewer cells than the header has lost its end (in an XLSX empty cells at the end are left out).
    `encoding` and `delimiter` of delimited text, as found or as given; `name` of a workbook's table. `rows_from` begins
    with the row at a mark that came along with it before: a workbook need not be parsed up to there again.
    """

    rows: Callable[[], Iterator[Row]]
    rows_from: Callable[[int], Iterator[Located]]
    exact: bool
    name: str = ""
    encoding: str = ""
    delimiter: str = ""


def open_sheets(
    source: Source, *, encoding: str = "", delimiter: str = "", texts: Texts | None = None, largest: int | None = None
) -> list[Sheet]:
    """The tables of a file, given by its path or its bytes. Raises Problem with what is wrong with the file.

    `encoding` and `delimiter` correct what would be found, and are believed until a row shows that they are wrong. For
    a workbook they mean nothing. `texts` keeps the shared texts of a workbook that is read in several goes;
    one that unpacks to more than `largest` bytes is refused.
    """
    with _opened(source) as file:
        head = file.read(4096)
        if not head.strip():
            _expect_content(head, file)
        if head.startswith(OLE):
            raise OldWorkbook
        if head.startswith(b"%PDF"):
            raise Pdf
        if head.startswith(ZIP):
            return _workbook_sheets(source, file, texts, largest)
        if _is_markup(head):
            raise WebPage
        encoding = encoding or delimited.encoding_of(file)
    delimiter = delimiter or delimited.delimiter_of(lambda: _opened(source), encoding)
    rows = delimited.reader(lambda: _opened(source), encoding, delimiter)

    def rows_from(_mark: int) -> Iterator[Located]:
        return ((number, cells, 0) for number, cells in rows())

    return [Sheet(rows, rows_from, exact=True, encoding=encoding, delimiter=delimiter)]


@contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    if isinstance(source, bytes):
        yield BytesIO(source)
        return
    try:
        if source.exists() and not source.is_file():
            raise NotAFile
        file = source.open("rb")
    except FileNotFoundError:
        raise FileMissing from None
    except (OSError, ValueError) as error:
        raise FileUnreadable(reason=getattr(error, "strerror", None) or error) from error
    with file:
        yield file


def _expect_content(head: bytes, file: BinaryIO) -> None:
    while head:
        if head.strip():
            return
        head = file.read(1 << 16)
    raise EmptyFile


def _is_markup(head: bytes) -> bool:
    for mark in MARKS:
        head = head.removeprefix(mark)
    return head.replace(b"\0", b"").lstrip().startswith(b"<")


def _workbook_sheets(source: Source, file: BinaryIO, texts: Texts | None, largest: int | None) -> list[Sheet]:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise workbook.DamagedWorkbook from error
    if "xl/workbook.xml" not in names:
        raise OtherWorkbook if names & {"content.xml", "xl/workbook.bin"} else OtherArchive
    tables = workbook.tables(lambda: _opened(source), texts, largest)
    return [Sheet(_from_the_start(rows_from), rows_from, exact=False, name=name) for name, rows_from in tables]


def _from_the_start(rows_from: Callable[[int], Iterator[Located]]) -> Callable[[], Iterator[Row]]:
    return lambda: ((number, cells) for number, cells, _mark in rows_from(0))
