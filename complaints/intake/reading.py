"""The first look at a file: what it is, where its rows begin; and its rows put into the spool."""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.models import ImportJob, ImportMapping, Shop

from . import fields, headers
from .cells import rounded
from .order_files import ROUNDED_AT_LEAST
from .problem import Problem
from .rows import RowReader
from .sheets import Sheet, open_sheets
from .spool import Spool, Spooled

MEGABYTE = 1 << 20
MAX_BYTES = 200 * MEGABYTE
MOST_ROWS = 500_000
BATCH = 1000
MOST_SHOP_NAMES = 10


class FileTooLarge(Problem):
    message = _("The file has %(size)s MB; at most %(limit)s MB are possible. Export a shorter period.")


class TooManyRows(Problem):
    message = _("The file has more than %(most)s rows. Export a shorter period.")


class PlatformOfAnotherShop(Problem):
    message = _("This is a file of another platform (%(layout)s) than the shop. Choose the right shop.")


def take(upload: Any, shop: Shop, *, user: Any) -> ImportJob:
    """A job for an uploaded file, which is put where every worker finds it; not stored yet.

    Raises FileTooLarge, PlatformOfAnotherShop, and the problems of `open_sheets`; then nothing is left of the file.
    """
    if upload.size > MAX_BYTES:
        raise FileTooLarge(size=round(upload.size / MEGABYTE), limit=MAX_BYTES // MEGABYTE)
    job = ImportJob(shop=shop, original_name=(upload.name or "")[-200:], size=upload.size, requested_by=user)
    job.place.mkdir(mode=0o700, parents=True)
    try:
        job.sha256 = _store(upload, job)
        recognise(job)
    except BaseException:
        shutil.rmtree(job.place, ignore_errors=True)
        raise
    return job


def _store(upload: Any, job: ImportJob) -> str:
    digest = hashlib.sha256()
    number = os.open(job.source, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "wb") as file:
        for chunk in upload.chunks():
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def recognise(job: ImportJob) -> None:
    """Set on the job how its file is read: a platform's layout, else as a file with these columns was before.

    Where it is neither, the columns stay empty, and a person has to say.
    """
    sheets = open_sheets(job.source)
    header = headers.find(sheets)
    job.table, job.header_row, job.header = header.table, header.row, list(header.names)
    job.encoding, job.delimiter = sheets[header.table].encoding, sheets[header.table].delimiter
    if header.layout:
        if header.layout.platform != job.shop.platform:
            raise PlatformOfAnotherShop(layout=header.layout.label)
        job.layout, job.kind = header.layout.name, header.layout.holds
        return
    job.kind = fields.guess_kind(header.names)
    known = ImportMapping.objects.filter(shop=job.shop, signature=fields.signature(header.names)).first()
    if known:
        job.kind, job.columns, job.several_rows = known.kind, known.columns, known.several_rows


def sheet_of(job: ImportJob, rows: Spool) -> Sheet:
    """The table of the file that is imported; the spool keeps the texts that it shares. Raises Problem."""
    sheets = open_sheets(job.source, encoding=job.encoding, delimiter=job.delimiter, texts=rows.texts)
    if job.table >= len(sheets):
        raise headers.NoSuchTable
    return sheets[job.table]


def row_reader(job: ImportJob) -> RowReader:
    """In delimited text a short row is one that was cut off; a workbook leaves empty cells out."""
    return RowReader(fields.layout_of(job), job.header, exact=bool(job.delimiter), digits_lost=job.digits_lost)


def batches(sheet: Sheet, reader: RowReader, *, after: int, mark: int = 0) -> Iterator[Sequence[Spooled]]:
    """The rows behind this one that are not blank, as the spool takes them. Raises Problem.

    `mark` is where the last row that is known stands.
    """
    rows = (
        (number, reader.number(cells), list(cells), at)
        for number, cells, at in sheet.rows_from(mark)
        if number > after and not reader.blank(cells)
    )
    while batch := list(islice(rows, BATCH)):
        yield batch


def digits_are_lost(spool: Spool) -> bool:
    """Whether every long number of the file ends in zeros after its 15th digit."""
    long = 0
    for key in spool.each_key():
        if len(key) > 15 and key.isdigit():
            if not rounded(key):
                return False
            long += 1
    return long >= ROUNDED_AT_LEAST
