"""The page on which somebody says what the columns of a file mean; it shows at once how the first rows are read."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.intake import fields, headers
from complaints.intake.problem import Problem
from complaints.intake.rows import RowReader
from complaints.intake.sheets import Sheet, open_sheets
from complaints.models import ImportJob
from complaints.operations import import_jobs
from complaints.refusals import Refused

from .import_forms import ReadingForm, chosen_columns
from .import_words import FIRST_ROWS, rows_as_read, samples
from .transitions import UNPROCESSABLE

CHANGEABLE = (ImportJob.State.NEW, ImportJob.State.PREVIEWING, ImportJob.State.READY)


def page(request: HttpRequest, job: ImportJob, *, site: Any) -> HttpResponse:
    """GET shows the columns as they were guessed or read last; POST with `look` as they are chosen; POST takes them."""
    data = request.POST if request.method == "POST" else None
    look = _Look(job, data)
    if data is None or "look" in data:
        return _shown(request, look, site=site)
    if look.problems or not look.form.is_valid():
        return _shown(request, look, site=site, status=UNPROCESSABLE)
    try:
        import_jobs.read_as(
            job.pk, look.reading(), table=look.header.table, header=look.header.names,
            signature=fields.signature(look.header.names), now=timezone.now(),
        )  # fmt: skip
    except Refused as refusal:
        messages.error(request, refusal.text)
    return redirect("admin:complaints_importjob_change", job.pk)


class _Look:
    """The file as it is read with what was chosen, or else with what the job holds."""

    def __init__(self, job: ImportJob, data: Any) -> None:
        self.job, self.problems = job, []
        chosen = data or {}
        text = bool(job.delimiter)
        sheets = open_sheets(
            job.source,
            encoding=chosen.get("encoding") or job.encoding,
            delimiter=chosen.get("delimiter") or job.delimiter,
        )
        self.form = ReadingForm(data, initial=_initial(job), tables=[sheet.name for sheet in sheets], text=text)
        valid = data is not None and self.form.is_valid()
        values = self.form.cleaned_data if valid else {}
        self.kind = values.get("kind") or job.kind
        self.header, self.rows = self._top(sheets, values)
        signature = fields.signature(self.header.names)
        self.guessed = not valid or chosen.get("seen") != f"{self.kind}-{signature}"
        if not self.guessed:
            self.columns, problems = chosen_columns(data, self.kind, len(self.header.names))
            self.problems += problems
        elif data is None and job.columns:
            self.columns = {name: place for name, place in job.columns.items() if place < len(self.header.names)}
        else:
            self.columns = fields.guess(self.kind, self.header.names)
            if data is not None and "look" not in data:
                self.problems.append(_("The columns are others now. Look through them again."))
        self.seen = f"{self.kind}-{signature}"

    def _top(self, sheets: Sequence[Sheet], values: dict[str, Any]) -> tuple[headers.Header, list[Any]]:
        """The header and the first rows below it; where what was chosen does not fit, as the job has them."""
        table, row = values.get("table", self.job.table) or 0, values.get("header_row") or self.job.header_row
        try:
            header = headers.at(sheets, table, row)
        except Problem as problem:
            self.problems.append(problem.text)
            header = headers.Header(self.job.table, self.job.header_row, tuple(self.job.header))
        below = ((number, cells) for number, cells in sheets[header.table].rows() if number > header.row)
        try:
            rows = list(islice(below, FIRST_ROWS))
        except Problem as problem:
            self.problems.append(problem.text)
            rows = []
        return header, rows

    def reading(self) -> dict[str, Any]:
        values = self.form.cleaned_data
        return {
            "kind": values["kind"],
            "encoding": values.get("encoding") or self.job.encoding,
            "delimiter": values.get("delimiter") or self.job.delimiter,
            "header_row": self.header.row,
            "columns": self.columns,
            "several_rows": values["several_rows"],
        }

    def table(self) -> dict[str, Any]:
        """The first rows as they would be read."""
        job = ImportJob(
            shop=self.job.shop, kind=self.kind, columns=self.columns, delimiter=self.job.delimiter,
            header=list(self.header.names),
        )  # fmt: skip
        layout = fields.layout_of(job)
        return rows_as_read(layout, RowReader(layout, job.header, exact=bool(job.delimiter)), self.rows)

    def columns_shown(self) -> list[dict[str, Any]]:
        filled = {place: field for field, place in self.columns.items()}
        cells = [cells for _number, cells in self.rows]
        return [
            {"place": place, "name": name or f"#{place + 1}", "field": filled.get(place, ""),
             "samples": samples(cells, place)}
            for place, name in enumerate(self.header.names)
        ]  # fmt: skip


def _initial(job: ImportJob) -> dict[str, Any]:
    names = ("kind", "encoding", "delimiter", "table", "header_row", "several_rows")
    return {name: getattr(job, name) for name in names}


def _shown(request: HttpRequest, look: _Look, *, site: Any, status: int = 200) -> HttpResponse:
    whole = request.headers.get("HX-Request") != "true"
    context = (site.each_context(request) if whole else {}) | {
        "title": _("What the columns mean"),
        "job": look.job,
        "form": look.form,
        "kind": look.kind,
        "columns": look.columns_shown(),
        "fields": fields.FIELDS[look.kind],
        "missing": fields.unnamed(look.kind, look.columns),
        "problems": look.problems if request.method == "POST" else [],
        "seen": look.seen,
        "table": look.table(),
    }
    name = "columns.html" if whole else "_reading.html"
    return render(request, f"admin/complaints/importjob/{name}", context, status=status)
