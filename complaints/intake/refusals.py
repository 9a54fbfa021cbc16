"""The refused rows as a CSV file: mended there, it can be imported like the export itself."""

import csv
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from .cells import EXACT_DIGITS, bare
from .order_files import Refusal
from .problem import Problem

FORMULA_SIGNS = ("=", "+", "-", "@", "|", "%", "\t", "\r")

Key = tuple[str, int]


class NotWritable(Problem):
    message = _("The refused rows cannot be written to %(path)s: %(reason)s.")


@contextmanager
def private_file(path: Path) -> Iterator[TextIO]:
    """A new text file for its owner's eyes alone, since it holds what the export holds. Raises NotWritable."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.fchmod(number, 0o600)
    except OSError as error:
        raise NotWritable(path=path, reason=error.strerror) from error
    with os.fdopen(number, "w", encoding="utf-8-sig", newline="") as file:
        yield file


class RefusedRows:
    """Writes refused rows below the columns of all files that are imported together; `count` says how many."""

    def __init__(self, file: TextIO, headers: Iterable[Sequence[str]]) -> None:
        self.columns = list(dict.fromkeys(key for header in headers for key in _keys(header)))
        self.count = 0
        self._writer = csv.writer(file)
        own = [pgettext("column", "File"), pgettext("column", "Row"), pgettext("column", "What is wrong")]
        self._writer.writerow([*own, *(escaped(name) for name, _place in self.columns)])

    def write(self, name: str, header: Sequence[str], refusal: Refusal) -> None:
        """Write a row of the file of this name."""
        cells = dict(zip(_keys(header), refusal.cells, strict=False))
        reasons = " ".join(sentences(refusal))
        self.count += 1
        self._writer.writerow(
            [escaped(name), refusal.row, escaped(reasons), *(escaped(cells.get(key)) for key in self.columns)]
        )


def sentences(refusal: Refusal) -> list[str]:
    """What is wrong with the row, a sentence for each column."""
    return [
        gettext("%(column)s: %(problem)s") % {"column": finding.column, "problem": finding.problem.text}
        if finding.column
        else finding.problem.text
        for finding in refusal.findings
    ]


def escaped(value: Any) -> str:
    """The cell as text that a spreadsheet program neither runs as a formula nor rounds."""
    if value is None:
        return ""
    if isinstance(value, date):
        return str(value)
    text = str(value)
    number = bare(text)
    if number.isdigit() and len(number) > EXACT_DIGITS:
        return f"\t{number}"
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_SIGNS) else text


def _keys(header: Sequence[str]) -> list[Key]:
    """Column names with their occurrence: some exports have two columns of one name."""
    seen: Counter[str] = Counter()
    keys = []
    for name in header:
        seen[name] += 1
        keys.append((name, seen[name]))
    return keys
