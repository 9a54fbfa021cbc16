"""A sheet of listings on its way in: read once and kept a day for whoever brought it, then checked a part at a time.

What was checked is written down with its row, so that a part that is stopped costs itself and nothing else; a part
that comes twice changes nothing, for the same text is checked once.
"""

import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from complaints.models import Shop
from complaints.operations import listings

from . import spool
from .listing_rows import (
    WAITING,
    ColumnTwice,
    Judge,
    NotAListingSheet,
    Reader,
    Row,
    Verdict,
    expect_columns,
    fitted,
    is_empty,
)
from .problem import Problem
from .refused_rows import Refused
from .sheets import Sheet, open_sheets
from .spool import Spool
from .workbook import WorkbookTooLarge
from .workbook_parts import TemporaryTexts

MOST_ROWS = 10_000
MEGABYTE = 1 << 20
MAX_BYTES = 20 * MEGABYTE
BATCH = 400
"""Rows that are judged, or checked, in one step."""
AT_ONCE = 50
"""Rows that one transaction writes: on SQLite everybody else who writes waits for it."""
MOST_CHARACTERS = 200_000
"""So much is checked in less than a second; a row that has more is a step of its own."""
MOST_TEXT = 40_000_000
"""Characters of a whole file: a packed sheet of some KB can hold any number. On the disk each takes up to 3 bytes."""
MOST_UNPACKED = 500 * MEGABYTE
MOST_TABLES = 20
ROWS_LOOKED_AT = 1_000
"""So many worksheets of a workbook are looked at, and so many rows, to see whether another one holds anything."""
MOST_KEPT = 5
"""Files of one person."""
KEPT = ".sqlite3"
TABLES = -1
"""The number of the row that keeps the names of the worksheets."""
KEPT_SECONDS = 24 * 60 * 60

AnyRow = TypeVar("AnyRow", bound=tuple[Any, ...])


class ListingSheetTooLarge(Problem):
    message = _("The file has more than %(most)s MB. Keep only the columns of listings, or divide it.")


class TooMuchText(Problem):
    message = _(
        "Unpacked, the file has more than %(most)s characters. Keep only the columns of listings, or divide it."
    )


class TooManyListings(Problem):
    message = _("There are more than %(most)s rows. Import them in several files.")


class NoListings(Problem):
    message = _("There is no listing below the names of the columns.")


class ShopIsGone(Problem):
    message = _("The shop of this file is no longer there. Choose the file again.")


class NoLongerKept(Problem):
    message = _("This file is no longer kept. Choose it again.")


class CannotBeKept(Problem):
    message = _("The file cannot be kept or read at the moment. The disk may be full: tell whoever runs this desk.")


@dataclass(frozen=True, slots=True)
class Brought:
    """What somebody brought: the chosen shop, the name of the file, its columns, how many rows are how."""

    shop: Shop
    name: str
    header: Sequence[Any]
    counts: dict[str, int]
    table: str = ""
    unread: Sequence[str] = ()
    """The worksheet that was read, and the others that hold something."""

    @property
    def waiting(self) -> int:
        """Rows that would change something."""
        return self._count(*WAITING)

    @property
    def left(self) -> int:
        """Rows that are not checked yet. Those that were the same at the look may not be any more."""
        return self.waiting + self._count(Verdict.SAME)

    @property
    def done(self) -> int:
        return self._count(Verdict.CHECKED, Verdict.STILL)

    @property
    def is_half_way(self) -> bool:
        return bool(self.done and self.left)

    @property
    def same(self) -> int:
        return self._count(Verdict.SAME, Verdict.STILL)

    def _count(self, *verdicts: Verdict) -> int:
        return sum(self.counts.get(verdict, 0) for verdict in verdicts)


def take(upload: Any, shop: Shop, *, user: Any) -> uuid.UUID:
    """Read and judge the file, and keep it for the person instead of the oldest; returns what it is found by.

    Raises ListingSheetTooLarge, NotAListingSheet, ColumnTwice, TooMuchText, TooManyListings, NoListings, CannotBeKept
    and the problems of `open_sheets`; then nothing is left of it.
    """
    if upload.size > MAX_BYTES:
        raise ListingSheetTooLarge(most=MAX_BYTES // MEGABYTE)
    key = uuid.uuid4()
    path = _path(user, key)
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with spool.opened(part) as rows:
            header = _read(rows, upload, shop)
            judge = Judge(Reader(header, shop, user))
            last = 0
            while batch := next(_portions(row for _first, group in rows.groups(after=last) for row in group), None):
                rows.judge((one.number, one.verdict, one.reason) for one in judge.judge(batch))
                last = batch[-1][0]
        part.replace(path)
    except (sqlite3.Error, OSError) as error:
        raise CannotBeKept from error
    finally:
        _drop(part)
    for _time, old in _files(f"{user.pk}/*{KEPT}")[:-MOST_KEPT]:
        _drop(old)
    return key


def _read(rows: Spool, upload: Any, shop: Shop) -> Sequence[Any]:
    """Put the rows into the spool, below one that says what they are: shop, name, then the names of the columns."""
    path = getattr(upload, "temporary_file_path", None)
    too_much = TooMuchText(most=f"{MOST_TEXT:,}")
    source = Path(path()) if path else upload.read()
    with closing(TemporaryTexts()) as texts:
        try:
            sheets = open_sheets(source, texts=texts, largest=MOST_UNPACKED)
        except WorkbookTooLarge:
            raise too_much from None
        if not sheets:
            raise NotAListingSheet
        sheet = _with_listings(sheets[:MOST_TABLES])
        return _put_in(rows, sheet, _unread(sheets, sheet), upload, shop, too_much)


def _put_in(
    rows: Spool, sheet: Sheet, unread: list[str], upload: Any, shop: Shop, too_much: TooMuchText
) -> Sequence[Any]:
    found = sheet.rows()
    header = fitted(next(found, (0, ()))[1])
    if _size(header) > MOST_CHARACTERS:
        raise NotAListingSheet
    expect_columns(header)
    rows.add([(TABLES, "", [sheet.name, *unread], 0), (0, "", [shop.pk, (upload.name or "")[-200:], *header], 0)])
    filled = ((number, fitted(row, len(header))) for number, row in found if not is_empty(row))
    count = size = 0
    for batch in _portions(filled):
        count += len(batch)
        size += sum(_size(cells) for _number, cells in batch)
        if count > MOST_ROWS:
            raise TooManyListings(most=MOST_ROWS)
        if size > MOST_TEXT:
            raise too_much
        rows.add((number, "", cells, 0) for number, cells in batch)
    if not count:
        raise NoListings
    return header


def _with_listings(sheets: Sequence[Sheet]) -> Sheet:
    """The first one with the columns of listings, for there may be a cover; else the one that lacks least."""
    nearest = sheets[0]
    for sheet in sheets:
        try:
            expect_columns(fitted(next(sheet.rows(), (0, ()))[1]))
        except ColumnTwice:
            nearest = sheet
        except Problem:
            continue
        else:
            return sheet
    return nearest


def _unread(sheets: Sequence[Sheet], read: Sheet) -> list[str]:
    """The names of the others; of the first ones only if they hold something."""
    looked_at, beyond = sheets[:MOST_TABLES], sheets[MOST_TABLES:]
    found = [one.name for one in looked_at if one is not read and _holds_something(one)]
    return [*found, *(one.name for one in beyond)][:MOST_TABLES]


def _holds_something(sheet: Sheet) -> bool:
    """As far as it can be read: nobody has asked for it."""
    with suppress(Problem):
        return any(not is_empty(row) for _number, row in islice(sheet.rows(), ROWS_LOOKED_AT))
    return True


def _portions(rows: Iterable[AnyRow]) -> Iterator[list[AnyRow]]:
    """As many rows (number, cells, …) as make a step: so many, or so much text."""
    batch: list[AnyRow] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += _size(row[1])
        if len(batch) == BATCH or size > MOST_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _size(cells: Sequence[Any]) -> int:
    """Characters of a row as the spool keeps it, about: an empty cell takes five, a time with its name fifty."""
    return sum(5 + (len(cell) if isinstance(cell, str) else 0 if cell is None else 45) for cell in cells)


def kept(user: Any) -> list[tuple[uuid.UUID, Brought]]:
    """The person's files with something left to do, or to mend; the one that was worked on last comes first."""
    found = []
    for _time, path in reversed(_files(f"{user.pk}/*{KEPT}")):
        key = uuid.UUID(path.stem)
        with suppress(Problem), _opened(user, key) as (_rows, brought):
            if brought.waiting or brought.is_half_way or brought.counts.get(Verdict.BAD):
                found.append((key, brought))
    return found


def look(user: Any, key: uuid.UUID, *, bad: int, good: int) -> tuple[Brought, list[Refused], list[Row]]:
    """How the file stands, its first refused rows, and its first rows that wait to be checked.

    This and what follows raise NoLongerKept, ShopIsGone, CannotBeKept.
    """
    with _opened(user, key) as (rows, brought):
        reader = Reader(brought.header, brought.shop, user)
        return brought, list(islice(_refused(rows), bad)), [_waiting(reader, *one) for one in _first(rows, good)]


def _first(rows: Spool, most: int) -> Iterator[tuple[int, Sequence[Any], str]]:
    for verdict in WAITING:
        yield from islice(rows.of([verdict]), most)


def _waiting(reader: Reader, number: int, cells: Sequence[Any], verdict: str) -> Row:
    row = reader.read(number, cells)
    row.verdict = Verdict(verdict)
    return row


def go_on(user: Any, key: uuid.UUID, *, now: datetime) -> Brought:
    """Check the next part of what is left; a row whose shop the person may no longer see is refused.

    A transaction for each shop of the part, and for `AT_ONCE` rows: between two, others come to write.
    """
    with _opened(user, key) as (rows, brought):
        reader = Reader(brought.header, brought.shop, user)
        stood: dict[int, str] = {}
        part = []
        for number, cells, verdict in next(_portions(rows.of((*WAITING, Verdict.SAME))), []):
            stood[number] = verdict
            part.append(reader.read(number, cells))
        for shop, sound in _transactions(part):
            told = listings.check_many(shop, [row.listing for row in sound], actor=user, now=now)
            still = {
                row.number
                for row, checked in zip(sound, told, strict=True)
                if stood[row.number] == Verdict.SAME and not checked.is_new
            }
            rows.judge((row.number, Verdict.STILL if row.number in still else Verdict.CHECKED, "") for row in sound)
        rows.judge((row.number, Verdict.BAD, row.reason) for row in part if row.errors)
    with _opened(user, key) as (_rows, brought):
        return brought


def _transactions(part: Iterable[Row]) -> Iterator[tuple[Shop, list[Row]]]:
    """The sound rows of a part as they are written, each shop's by themselves."""
    by_shop: dict[Shop, list[Row]] = {}
    for row in part:
        if row.shop and not row.errors:
            by_shop.setdefault(row.shop, []).append(row)
    for shop, rows in by_shop.items():
        for begin in range(0, len(rows), AT_ONCE):
            yield shop, rows[begin : begin + AT_ONCE]


def refused(user: Any, key: uuid.UUID) -> tuple[Brought, Iterator[Refused]]:
    """The refused rows with what is wrong, read as they are asked for, for a file to be mended."""
    with _opened(user, key) as (_rows, brought):
        return brought, _each_refused(user, key)


def _each_refused(user: Any, key: uuid.UUID) -> Iterator[Refused]:
    with _opened(user, key) as (rows, _brought):
        yield from _refused(rows)


def _refused(rows: Spool) -> Iterator[Refused]:
    return ((number, cells, reason) for _first, reason, group in rows.bad() for number, cells in group)


def forget(*, now: datetime) -> int:
    """Delete what was kept long enough, and what a killed process left; returns how many files."""
    old = [path for changed, path in _files("*/*") if changed < now.timestamp() - KEPT_SECONDS]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


@contextmanager
def _opened(user: Any, key: uuid.UUID) -> Iterator[tuple[Spool, Brought]]:
    try:
        with spool.opened(_path(user, key), make=False) as rows:
            [(_number, (shop_id, name, *header))] = rows.group(0)
            shop = Shop.objects.filter(pk=shop_id).first()
            if shop is None:
                raise ShopIsGone
            tables = [cells for _number, cells in rows.group(TABLES)] or [[""]]
            counts = {verdict: n for verdict, (_groups, n) in rows.verdicts().items()}
            yield rows, Brought(shop, name, header, counts, tables[0][0], tables[0][1:])
    except FileNotFoundError:
        raise NoLongerKept from None
    except (sqlite3.Error, OSError) as error:
        raise CannotBeKept from error


def _files(pattern: str) -> list[tuple[float, Path]]:
    """When each was changed last, by the clock of the disk, and where it lies; the oldest first."""
    found = []
    for path in _root().glob(pattern):
        with suppress(FileNotFoundError):
            found.append((path.stat().st_mtime, path))
    return sorted(found)


def _drop(path: Path) -> None:
    """With the journal that a killed process may have left."""
    for one in (path, path.with_name(f"{path.name}-journal")):
        one.unlink(missing_ok=True)


def _root() -> Path:
    return Path(settings.MEDIA_ROOT) / "listings"


def _path(user: Any, key: uuid.UUID) -> Path:
    """In a folder of the person's own: what somebody else brought is not found."""
    return _root() / str(user.pk) / f"{key.hex}{KEPT}"
