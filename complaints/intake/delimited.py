"""Rows of delimited text: encoding and delimiter are told from the content."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import chain, islice, zip_longest
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _

from .problem import Problem

DELIMITERS = (",", "\t", ";")
PROBE_ROWS = 20
# A header has them, the line that a clerk wrote above it hardly.
LEAST_COLUMNS = 3
CHUNK = 1 << 20
# Longer than any row of an export; a file without line ends would be one row, and as large in memory.
LONGEST_LINE = 1 << 20
# No file holds it: files with other control characters than line ends and tabs in this place are no text at all.
END = "\x1eend of file\x1e"

Opener = Callable[[], AbstractContextManager[BinaryIO]]


class NotText(Problem):
    message = _("This is not a sheet: it holds binary data. Take a file in CSV or XLSX.")


class UnknownEncoding(Problem):
    message = _(
        "The characters of this file are neither UTF-8 nor GB18030. Save it as “CSV UTF-8” in a spreadsheet program."
    )


class OtherEncoding(Problem):
    message = _("The characters of this file are not %(encoding)s. Choose another encoding.")


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
        candidates = _unmarked(mark + file.read(CHUNK))
    for encoding in candidates:
        if _readable(file, encoding):
            return encoding
    raise UnknownEncoding


def reader(opened: Opener, encoding: str, delimiter: str) -> Callable[[], Iterator[tuple[int, Sequence[Any]]]]:
    """A function that reads the rows from the start.

    Its iterator raises CutOff, DamagedRow, OtherEncoding and opener's problems.
    """

    def rows() -> Iterator[tuple[int, Sequence[Any]]]:
        with _lines(opened, encoding) as lines:
            yield from _rows(lines, delimiter)

    return rows


def _unmarked(head: bytes) -> list[str]:
    """Encodings of a file without a mark. Every second byte of ASCII in UTF-16 is zero, none of any other text."""
    halves = head[:4096][::2], head[:4096][1::2]
    zeros = [half.count(0) for half in halves]
    if max(zeros) > max(3, len(head[:4096]) // 10, 4 * min(zeros)):
        return ["utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"]
    return ["utf-8", "gb18030"]


def _readable(file: BinaryIO, encoding: str) -> bool:
    """Whether the whole file is in this encoding. Raises NotText, and CutOff if only the last character is broken."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    try:
        while chunk := file.read(CHUNK):
            if b"\0" in chunk and not encoding.startswith("utf-16"):
                raise NotText
            lines += decoder.decode(chunk).count("\n")
    except UnicodeDecodeError:
        return False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise CutOff(row=lines) from None
    return True


@contextmanager
def _lines(opened: Opener, encoding: str) -> Iterator[Iterator[str]]:
    with opened() as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
        try:
            yield _bounded(text)
        except UnicodeError:
            raise OtherEncoding(encoding=encoding.upper()) from None


def _bounded(text: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise DamagedRow(row=number)
        yield line


def delimiter_of(opened: Opener, encoding: str) -> str:
    """The delimiter that divides the header best; rows below it may hold more of another one in a single cell."""
    with _lines(opened, encoding) as lines:
        probe = list(islice(lines, PROBE_ROWS))
    scores = {sign: _scores(probe, sign) for sign in DELIMITERS}
    for row in zip_longest(*scores.values(), fillvalue=0):
        if max(row) >= LEAST_COLUMNS:
            return DELIMITERS[row.index(max(row))]
    return max(DELIMITERS, key=lambda sign: max(scores[sign], default=0))


def _scores(lines: list[str], delimiter: str) -> list[int]:
    """For each row how many cells it has that hold something, and no other delimiter inside."""
    others = set(DELIMITERS) - {delimiter}
    found = []
    with suppress(csv.Error):
        for row in csv.reader(lines, delimiter=delimiter):
            cells = [cell.strip() for cell in row]
            found.append(sum(bool(cell) and others.isdisjoint(cell) for cell in cells))
    return found


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
