"""Rows of delimited text: encoding and delimiter are told from the content."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import chain, islice
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _

from .problem import Problem

DELIMITERS = (",", "\t", ";")
PROBE_ROWS = 20
CHUNK = 1 << 20
# No file holds it: files with other control characters than line ends and tabs in this place are no text at all.
END = "\x1eend of file\x1e"

Opener = Callable[[], AbstractContextManager[BinaryIO]]


class NotText(Problem):
    message = _("This is not a sheet: it holds binary data. Export the orders as CSV or XLSX.")


class UnknownEncoding(Problem):
    message = _(
        "The characters of this file are neither UTF-8 nor GB18030. Save it as “CSV UTF-8” in a spreadsheet program."
    )


class CutOff(Problem):
    message = _("The file is cut off in row %(row)s. Download it again.")


class DamagedRow(Problem):
    message = _("Row %(row)s cannot be read: a quotation mark is missing or doubled. Download the file again.")


def encoding_of(file: BinaryIO) -> str:
    """The encoding in which the whole file can be read. Raises NotText, UnknownEncoding, CutOff."""
    file.seek(0)
    mark = file.read(3)
    if mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif mark == codecs.BOM_UTF8:
        candidates = ["utf-8-sig"]
    else:
        candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        if _readable(file, encoding):
            return encoding
    raise UnknownEncoding


def reader(opened: Opener, encoding: str) -> Callable[[], Iterator[tuple[int, Sequence[Any]]]]:
    """A function that reads the rows from the start. Its iterator raises CutOff, DamagedRow and opener's problems."""
    delimiter = _delimiter(opened, encoding)

    def rows() -> Iterator[tuple[int, Sequence[Any]]]:
        with opened() as file:
            yield from _rows(_lines(file, encoding), delimiter)

    return rows


def _readable(file: BinaryIO, encoding: str) -> bool:
    """Whether the whole file is in this encoding. Raises NotText, and CutOff if only the last character is broken."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    try:
        while chunk := file.read(CHUNK):
            if b"\0" in chunk and encoding != "utf-16":
                raise NotText
            lines += decoder.decode(chunk).count("\n")
    except UnicodeDecodeError:
        return False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise CutOff(row=lines) from None
    return True


def _lines(file: BinaryIO, encoding: str) -> Iterator[str]:
    return iter(io.TextIOWrapper(file, encoding=encoding, newline=""))


def _delimiter(opened: Opener, encoding: str) -> str:
    """The delimiter that makes the widest rows at the start of the file."""
    with opened() as file:
        probe = list(islice(_lines(file, encoding), PROBE_ROWS))
    return max(DELIMITERS, key=lambda sign: _width(probe, sign))


def _width(lines: list[str], delimiter: str) -> int:
    try:
        return max((len(row) for row in csv.reader(lines, delimiter=delimiter)), default=0)
    except csv.Error:
        return 0


def _rows(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, Sequence[Any]]]:
    """The mark behind the last line is a row of its own, unless a quotation mark before it was never closed."""
    number, cells = 0, None
    reader = csv.reader(chain(lines, [END]), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, 1):
            if cells and cells[-1].endswith(END):
                break
            yield number, cells
    except csv.Error as error:
        raise DamagedRow(row=number + 1) from error
    if cells != [END]:
        raise CutOff(row=number)
