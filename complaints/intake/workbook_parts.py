"""The large parts of an XLSX workbook, read piece by piece: the rows of a sheet, and the texts that its cells share.

The library holds all shared texts in memory, and what is left of each row that it has read; a file of 100,000 orders
takes several hundred megabytes that way. Here both go through the memory and stay on the disk, and reading can go on
where it was stopped.
"""

import tempfile
from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, BinaryIO, Protocol

from openpyxl.cell.text import Text
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import SHEET_MAIN_NS

from .problem import Problem
from .xml_pieces import pieces

PLAIN_TEXT = f"{{{SHEET_MAIN_NS}}}t"
IN_MEMORY = 4 << 20
TEXTS_AT_ONCE = 500
RECENT_TEXTS = 500

Located = tuple[int, Sequence[Any], int]
"""Number of a row, its cells, and the byte of the sheet at which it begins."""


class Texts(Protocol):
    """Where shared texts are kept, in their order, each with the byte at which it begins."""

    def known(self) -> tuple[int, int]:
        """How many are kept, and where the last of them begins."""

    def get(self, place: int) -> str: ...

    def extend(self, texts: Sequence[tuple[str, int]]) -> None: ...


class TemporaryTexts:
    """In a file that is gone when the book is closed."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  closed with the book
        self._ends = array("Q", [0])
        self._last = 0
        # Cells that point at one text share it in memory, too: a row of a small file can have 16,384 of them.
        self.get = lru_cache(RECENT_TEXTS)(self._get)

    def known(self) -> tuple[int, int]:
        return len(self._ends) - 1, self._last

    def _get(self, place: int) -> str:
        start, end = self._ends[place], self._ends[place + 1]
        self._file.seek(start)
        return self._file.read(end - start).decode("utf-8", "surrogatepass")

    def extend(self, texts: Sequence[tuple[str, int]]) -> None:
        self._file.seek(self._ends[-1])
        for text, begins in texts:
            self._ends.append(self._ends[-1] + self._file.write(text.encode("utf-8", "surrogatepass")))
            self._last = begins

    def close(self) -> None:
        self._file.close()


class SharedTexts(Sequence[str]):
    """The table of shared texts, read no further than somebody asked for."""

    def __init__(self, part: BinaryIO, texts: Texts, too_large: type[Problem]) -> None:
        self._texts = texts
        self._count, last = texts.known()
        found = pieces(part, "si", inside=("sst",), too_large=too_large, start=last)
        # The last one that is kept is read again.
        self._more = islice(found, 1 if self._count else 0, None)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: Any) -> Any:
        while place >= self._count:
            more = [(_text_of(node), begins) for begins, node in islice(self._more, TEXTS_AT_ONCE)]
            if not more:
                raise IndexError(place)
            self._texts.extend(more)
            self._count += len(more)
        return self._texts.get(place)


def _text_of(node: Any) -> str:
    plain = len(node) == 1 and node[0].tag == PLAIN_TEXT
    text = (node[0].text or "") if plain else Text.from_tree(node).content
    return str(text.replace("x005F_", ""))


def sheet_rows(sheet: Any, too_large: type[Problem], *, start: int = 0) -> Iterator[Located]:
    """The rows of a sheet that was opened for reading, without a tail of gaps; from the one at this byte on."""
    book = sheet.parent
    with sheet._get_source() as part:
        parser = WorkSheetParser(
            part,
            sheet._shared_strings,
            data_only=book.data_only,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        found = pieces(part, "row", inside=("worksheet", "sheetData"), too_large=too_large, start=start)
        for begins, element in found:
            number, cells = parser.parse_row(element)
            parser.row_dimensions.clear()
            yield number, _in_place(cells), begins


def _in_place(cells: Sequence[Any]) -> tuple[Any, ...]:
    row: list[Any] = [None] * max((cell["column"] for cell in cells), default=0)
    for cell in cells:
        row[cell["column"] - 1] = cell["value"]
    return tuple(row)
