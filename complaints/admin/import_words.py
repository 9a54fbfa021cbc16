"""What a file holds, as tables of words: its columns with samples, its first rows as we read them, what is wrong."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

from complaints.identity import mask_buyer, mask_email, mask_name, mask_phone
from complaints.intake import spool
from complaints.intake.cells import bare, cut
from complaints.intake.fields import FIELDS
from complaints.intake.judging import Judge, Verdict
from complaints.intake.layouts import Layout
from complaints.intake.refused_rows import refusals
from complaints.intake.rows import ReadRow, RowReader
from complaints.models import ImportJob

SAMPLES, SAMPLE_LENGTH = 3, 40
FIRST_ROWS = 6
BAD_ROWS, GOOD_ROWS, OVERRULED_ROWS = 20, 5, 5
MASKS = {"name": mask_name, "phone": mask_phone, "email": mask_email, "buyer": mask_buyer}


def samples(rows: Iterable[Sequence[Any]], place: int) -> list[str]:
    """The first different values of a column."""
    values = (shown(row[place]) for row in rows if place < len(row))
    return list(islice(dict.fromkeys(value for value in values if value), SAMPLES))


def shown(cell: Any) -> str:
    """A cell as it is in the file, in one line."""
    return "" if cell is None else cut(" ".join(str(bare(cell)).split()), SAMPLE_LENGTH)


def rows_as_read(layout: Layout, reader: RowReader, rows: Iterable[tuple[int, Sequence[Any]]]) -> dict[str, Any]:
    """A table of the rows as we understand them: the labels of our fields, and for each row its values and problems."""
    fields = list(dict.fromkeys(field for field, _kind, _name, _place in reader.places))
    labels = {field.name: field.label for field in FIELDS[layout.holds]}
    columns = {field: name for field, _kind, name, _place in reversed(reader.places)}
    read = [reader.read(number, cells) for number, cells in rows]
    return {
        "labels": [labels.get(field, columns[field]) for field in fields],
        "rows": [{"row": one.row, "values": [_value(field, one) for field in fields], "problems": _problems(one)}
                 for one in read],
    }  # fmt: skip


def bad_and_good(job: ImportJob) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The first refused cells with the reason, and the first rows that are in order as we read them."""
    judge = Judge(job, now=timezone.now())
    with spool.opened(job.spool) as rows:
        bad = [line for first in rows.sample([Verdict.BAD], BAD_ROWS) for line in _bad_lines(judge, first, rows)]
        good = rows.sample([verdict for verdict in Verdict if verdict != Verdict.BAD], GOOD_ROWS)
        first_rows = [rows.group(first)[0] for first in good]
    return bad[:BAD_ROWS], rows_as_read(judge.layout, judge.reader, first_rows)


def overruled(job: ImportJob) -> dict[str, Any]:
    """How many rows a later row of the same order or case overrules, and where the first of them stand."""
    with spool.opened(job.spool) as rows:
        count, begin = rows.overruled(OVERRULED_ROWS)
    return {"count": count, "begin": begin}


def _bad_lines(judge: Judge, first: int, rows: spool.Spool) -> list[dict[str, Any]]:
    places = {name: place for _field, _kind, name, place in judge.reader.places}
    found = []
    for refusal in refusals(judge, first, rows.group(first)):
        for finding in refusal.findings:
            place = places.get(finding.column)
            cell = refusal.cells[place] if place is not None and place < len(refusal.cells) else None
            found.append(
                {"row": refusal.row, "column": finding.column, "cell": shown(cell), "problem": finding.problem.text}
            )
    return found


def _problems(row: ReadRow) -> list[str]:
    return [
        f"{finding.column}: {finding.problem.text}" if finding.column else finding.problem.text
        for finding in row.findings
    ]


def _value(field: str, row: ReadRow) -> str:
    value = row.values.get(field)
    if value is None:
        return ""
    if field in MASKS:
        return MASKS[field](value)
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "Y-m-d H:i")
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, tuple):
        return cut("; ".join(" ".join(part) if isinstance(part, tuple) else str(part) for part in value), SAMPLE_LENGTH)
    return cut(str(value), SAMPLE_LENGTH)
