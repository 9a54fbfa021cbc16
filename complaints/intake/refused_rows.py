"""The refused rows of an import in the shape of their file, with what is wrong behind them: mended they go in."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import IO, Any

from django.utils import timezone
from django.utils.translation import gettext, pgettext
from openpyxl import Workbook

from complaints.models import ImportJob

from . import spool
from .cells import EXACT_DIGITS, bare
from .judging import Judge
from .order_files import Refusal
from .refusals import escaped, sentences

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

LONGEST_CELL = 32_767
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML, and so a workbook, cannot hold."""

Refused = tuple[int, Sequence[Any], str]


class _Line:
    """What the csv writer writes is handed on at once."""

    def write(self, text: str) -> str:
        return text


def refused(job: ImportJob) -> Iterator[Refused]:
    """(row, its cells, what is wrong with it in the reader's language), in the order of the file's groups."""
    judge = Judge(job, now=timezone.now())
    with spool.opened(job.spool) as rows:
        for first, reason, group in rows.bad():
            if reason:
                yield from ((number, cells, reason) for number, cells in group)
                continue
            yield from ((one.row, one.cells, " ".join(sentences(one))) for one in refusals(judge, first, group))


def refusals(judge: Judge, first: int, group: Sequence[spool.Row]) -> tuple[Refusal, ...]:
    return judge.read((first, group)).refusals


def csv_lines(header: Sequence[Any], rows: Iterable[Refused]) -> Iterator[bytes]:
    """As text that a spreadsheet program opens by itself, a row at a time."""
    writer: Any = csv.writer(_Line())
    yield b"\xef\xbb\xbf" + writer.writerow([escaped(name) for name in _header(header)]).encode()
    width = len(header)
    for number, cells, reason in rows:
        row = [escaped(cell) for cell in _padded(cells, width)]
        yield writer.writerow([*row, number, escaped(reason)]).encode()


def xlsx(header: Sequence[Any], rows: Iterable[Refused]) -> IO[bytes]:
    """As a workbook of texts: nothing in it runs, and long numbers keep their digits.

    A cell that is too long for a workbook is cut, and the row says so.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append([_text(name) for name in _header(header)])
    for number, cells, reason in rows:
        texts = [_text(cell) for cell in _padded(cells, len(header))]
        cut = any(len(text) > LONGEST_CELL for text in texts)
        said = f"{reason} {_cut_words()}" if cut else reason
        sheet.append([*(text[:LONGEST_CELL] for text in texts), number, _text(said)])
    out = TemporaryFile()  # noqa: SIM115  the response closes it
    book.save(out)
    out.seek(0)
    return out


def _cut_words() -> str:
    return gettext(
        "A cell of this row has more characters than a workbook can hold and is cut here. The .csv file has all of it."
    )


def _header(header: Sequence[Any]) -> list[Any]:
    return [*header, pgettext("column", "Row"), pgettext("column", "What is wrong")]


def _padded(cells: Sequence[Any], width: int) -> list[Any]:
    return [*cells[:width], *[None] * (width - len(cells))]


def _text(value: Any) -> str:
    text = "" if value is None else str(value)
    number = bare(text)
    text = UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return number if number.isdigit() and len(number) > EXACT_DIGITS else escaped(text)
