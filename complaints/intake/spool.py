"""The rows of a file in a small database of their own: read once, then found by number or by order, in no memory."""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (
    n INTEGER PRIMARY KEY, first INTEGER NOT NULL, key TEXT NOT NULL, cells TEXT NOT NULL, mark INTEGER NOT NULL,
    verdict TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS overruled (first INTEGER PRIMARY KEY, rows INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS texts (n INTEGER PRIMARY KEY, text TEXT NOT NULL, mark INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS rows_together ON rows (first, n);
CREATE INDEX IF NOT EXISTS rows_of_key ON rows (key, first) WHERE key <> '';
CREATE INDEX IF NOT EXISTS rows_bad ON rows (n) WHERE verdict = 'bad';
"""
WAIT_SECONDS = 20

RECENT_TEXTS = 5000

Row = tuple[int, Sequence[Any]]
Spooled = tuple[int, str, Sequence[Any], int]
"""Number, key, cells, and the mark at which the file has the row."""


class Formula:
    """A formula over several cells, of which no value is known."""


class Spool:
    """Rows by number; those with the same key (order or case) are together under the number of the first of them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._database = connection
        self.texts = SpooledTexts(connection)

    def stand(self) -> tuple[int, int]:
        """Number and mark of the last row that was put in."""
        found = self._database.execute("SELECT n, mark FROM rows ORDER BY n DESC LIMIT 1").fetchone()
        return found or (0, 0)

    def last(self) -> int:
        """The number of the last row that was put in; 0 for none."""
        return self._one("SELECT MAX(n) FROM rows") or 0

    def count(self) -> int:
        return self._one("SELECT COUNT(*) FROM rows") or 0

    def add(self, rows: Iterable[Spooled]) -> None:
        """Put them in with the texts that came before them, all or none; what is there already stays."""
        with self._database as database:
            for number, key, cells, mark in rows:
                database.execute(
                    "INSERT OR IGNORE INTO rows (n, first, key, cells, mark) VALUES "
                    "(?1, COALESCE((SELECT MIN(first) FROM rows WHERE key = ?2 AND key <> ''), ?1), ?2, ?3, ?4)",
                    (number, key, _packed(cells), mark),
                )

    def groups(self, *, after: int = 0) -> Iterator[tuple[int, list[Row]]]:
        """(number of the first row, the rows that belong together), in the order in which they begin."""
        found = self._database.execute("SELECT first, n, cells FROM rows WHERE first > ? ORDER BY first, n", (after,))
        for first, rows in groupby(found, lambda row: row[0]):
            yield first, [(n, _unpacked(cells)) for _first, n, cells in rows]

    def of(self, verdicts: Sequence[str]) -> Iterator[tuple[int, Sequence[Any], str]]:
        """(number, cells, verdict) of the rows with one of these verdicts, in the order of the file."""
        marks = ",".join("?" * len(verdicts))
        found = self._database.execute(
            f"SELECT n, cells, verdict FROM rows WHERE verdict IN ({marks}) ORDER BY n",  # noqa: S608
            tuple(verdicts),
        )
        return ((n, _unpacked(cells), verdict) for n, cells, verdict in found)

    def each_key(self) -> Iterator[str]:
        """Each key once."""
        return (key for (key,) in self._database.execute("SELECT DISTINCT key FROM rows WHERE key <> ''"))

    def judge(self, verdicts: Iterable[tuple[int, str, str]]) -> None:
        """Write down (first row, verdict, reason) of groups."""
        with self._database as database:
            database.executemany(
                "UPDATE rows SET verdict = ?2, reason = ?3 WHERE first = ?1",
                [(first, verdict, reason) for first, verdict, reason in verdicts],
            )

    def mark_overruled(self, groups: Iterable[tuple[int, int]]) -> None:
        """Write down (first row, rows of its group that a later one overrules)."""
        with self._database as database:
            database.executemany("INSERT OR REPLACE INTO overruled VALUES (?, ?)", groups)

    def overruled(self, most: int) -> tuple[int, list[int]]:
        """How many rows a later one of their group overrules, and where the first such groups begin."""
        found = self._database.execute("SELECT first FROM overruled ORDER BY first LIMIT ?", (most,))
        return self._one("SELECT SUM(rows) FROM overruled") or 0, [first for (first,) in found]

    def verdicts(self) -> dict[str, tuple[int, int]]:
        """Verdict -> how many groups, how many rows."""
        found = self._database.execute("SELECT verdict, COUNT(DISTINCT first), COUNT(*) FROM rows GROUP BY verdict")
        return {verdict: (groups, rows) for verdict, groups, rows in found}

    def sample(self, verdicts: Sequence[str], most: int) -> list[int]:
        """The first rows of the first groups with one of these verdicts."""
        marks = ",".join("?" * len(verdicts))
        found = self._database.execute(
            f"SELECT DISTINCT first FROM rows WHERE verdict IN ({marks}) ORDER BY first LIMIT ?",  # noqa: S608
            (*verdicts, most),
        )
        return [first for (first,) in found]

    def group(self, first: int) -> list[Row]:
        found = self._database.execute("SELECT n, cells FROM rows WHERE first = ? ORDER BY n", (first,))
        return [(n, _unpacked(cells)) for n, cells in found]

    def bad(self) -> Iterator[tuple[int, str, list[Row]]]:
        """(first row, reason, rows) of the groups that were refused."""
        found = self._database.execute(
            "SELECT first, reason, n, cells FROM rows WHERE verdict = 'bad' ORDER BY first, n"
        )
        for first, rows in groupby(found, lambda row: row[0]):
            group = list(rows)
            yield first, group[0][1], [(n, _unpacked(cells)) for _first, _reason, n, cells in group]

    def _one(self, statement: str) -> Any:
        return self._database.execute(statement).fetchone()[0]


class SpooledTexts:
    """The shared texts of a workbook, as `workbook_parts.Texts`; they are committed with the rows behind them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._database = connection
        self.get = lru_cache(RECENT_TEXTS)(self._get)

    def known(self) -> tuple[int, int]:
        found = self._database.execute("SELECT n + 1, mark FROM texts ORDER BY n DESC LIMIT 1").fetchone()
        return found or (0, 0)

    def extend(self, texts: Sequence[tuple[str, int]]) -> None:
        count, _mark = self.known()
        self._database.executemany(
            "INSERT OR IGNORE INTO texts VALUES (?, ?, ?)",
            [(count + place, text, mark) for place, (text, mark) in enumerate(texts)],
        )

    def _get(self, place: int) -> str:
        return str(self._database.execute("SELECT text FROM texts WHERE n = ?", (place,)).fetchone()[0])


@contextmanager
def opened(path: Path, *, make: bool = True) -> Iterator[Spool]:
    """The spool in this file, for its owner's eyes alone; made where there is none, else FileNotFoundError."""
    os.close(os.open(path, os.O_RDWR | (os.O_CREAT if make else 0), 0o600))
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", timeout=WAIT_SECONDS, uri=True)
    try:
        # What a crash of the machine takes is read anew from the file itself.
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute("PRAGMA cache_size=-8192")
        database.executescript(SCHEMA)
        yield Spool(database)
    finally:
        database.close()


def _packed(cells: Sequence[Any]) -> str:
    return json.dumps(list(cells), default=_marked, ensure_ascii=False, separators=(",", ":"))


def _marked(value: Any) -> dict[str, Any]:
    if isinstance(value, datetime | date | time):
        return {"t": type(value).__name__, "v": value.isoformat()}
    if isinstance(value, timedelta):
        return {"t": "timedelta", "v": [value.days, value.seconds, value.microseconds]}
    return {"t": "Decimal", "v": str(value)} if isinstance(value, Decimal) else {"t": "formula"}


def _unpacked(text: str) -> list[Any]:
    return list(json.loads(text, object_hook=_unmarked))


READERS: dict[str, Any] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda parts: timedelta(*parts),
    "Decimal": Decimal,
    "formula": lambda _nothing: Formula(),
}


def _unmarked(marked: dict[str, Any]) -> Any:
    return READERS[marked["t"]](marked.get("v"))
