"""Pages of imports: hand a file in, see what it would change, start it, watch it, get refused rows back."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from complaints.intake import reading, refused_rows
from complaints.intake.fields import layout_of
from complaints.intake.judging import OLD
from complaints.intake.problem import Problem, said_by
from complaints.models import ImportJob
from complaints.operations import import_claims, import_jobs
from complaints.refusals import Refused

from . import import_columns
from .asked import known_id
from .import_forms import UploadForm
from .import_words import bad_and_good, overruled
from .transitions import UNPROCESSABLE

State = ImportJob.State
SILENT = timedelta(seconds=20)
"""Longer than any step of an import; then its worker may have been stopped."""

VIEW, ADD, COMPLAIN = "complaints.view_importjob", "complaints.add_importjob", "complaints.add_complaint"


def job_or_404(request: HttpRequest, object_id: str, permission: str = VIEW) -> ImportJob:
    """The job, for somebody with the permission; somebody else's and no job at all look alike."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    rows = ImportJob.objects.visible_to(request.user).select_related("shop", "requested_by")
    pk = known_id(object_id)
    job = rows.filter(pk=pk).first() if pk else None
    if job is None:
        raise Http404
    return job


def upload_page(request: HttpRequest, *, site: Any) -> HttpResponse:
    """GET asks for a file; POST takes it in and has it looked through, nothing more."""
    if not request.user.has_perm(ADD):
        raise PermissionDenied
    if request.method != "POST":
        return _upload_page(request, UploadForm(user=request.user), site=site)
    form = UploadForm(request.POST, request.FILES, user=request.user)
    if form.is_valid():
        try:
            job = reading.take(form.cleaned_data["file"], form.cleaned_data["shop"], user=request.user)
        except Problem as problem:
            form.add_error("file", problem.text)
        else:
            import_jobs.add(job, now=timezone.now())
            page = "columns" if job.state == State.NEW else "change"
            return redirect(f"admin:complaints_importjob_{page}", job.pk)
    return _upload_page(request, form, site=site, status=UNPROCESSABLE)


def _upload_page(request: HttpRequest, form: UploadForm, *, site: Any, status: int = 200) -> HttpResponse:
    context = site.each_context(request) | {
        "title": _("Import a file"),
        "form": form,
        "max_bytes": reading.MAX_BYTES,
        "most_megabytes": reading.MAX_BYTES // reading.MEGABYTE,
        "most_rows": reading.MOST_ROWS,
        "kept_days": import_jobs.KEPT.days,
    }
    return render(request, "admin/complaints/importjob/upload.html", context, status=status)


def job_page(request: HttpRequest, object_id: str, *, site: Any) -> HttpResponse:
    """Where the import stands, and the one thing to do next."""
    job = job_or_404(request, object_id)
    if job.state == State.NEW:
        return redirect("admin:complaints_importjob_columns", job.pk)
    context = site.each_context(request) | {"title": job.original_name} | _context(request, job)
    if job.state == State.READY:
        context |= _preview(job)
    return render(request, "admin/complaints/importjob/job.html", context)


def progress(request: HttpRequest, object_id: str) -> HttpResponse:
    """The bar alone, asked for every two seconds; once there is something else to see the page loads anew."""
    job = job_or_404(request, object_id)
    if job.state not in ImportJob.WORKED_ON:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "admin/complaints/importjob/_progress.html", _context(request, job))


def columns_page(request: HttpRequest, object_id: str, *, site: Any) -> HttpResponse:
    job = job_or_404(request, object_id, ADD)
    if job.state not in import_columns.CHANGEABLE:
        return redirect("admin:complaints_importjob_change", job.pk)
    try:
        return import_columns.page(request, job, site=site)
    except Problem as problem:
        messages.error(request, problem.text)
        return redirect("admin:complaints_importjob_changelist")


def start(request: HttpRequest, object_id: str) -> HttpResponse:
    """POST only: begin to write."""
    job = job_or_404(request, object_id, ADD)
    if job.kind == "complaints" and not request.user.has_perm(COMPLAIN):
        raise PermissionDenied
    asked = {name: name in request.POST for name in ("take_ended", "take_old")}
    return _done(request, job, lambda: import_jobs.start(job.pk, now=timezone.now(), **asked))


def cancel(request: HttpRequest, object_id: str) -> HttpResponse:
    """POST only: end it where it stands."""
    job = job_or_404(request, object_id, ADD)
    return _done(request, job, lambda: import_jobs.cancel(job.pk, now=timezone.now()))


def _done(request: HttpRequest, job: ImportJob, act: Any) -> HttpResponse:
    try:
        act()
    except Refused as refusal:
        messages.error(request, refusal.text)
    return redirect("admin:complaints_importjob_change", job.pk)


def refused(request: HttpRequest, object_id: str, form: str) -> HttpResponseBase:
    """The refused rows with what is wrong, for those who may import: they hold what the export holds."""
    job = job_or_404(request, object_id, ADD)
    if not job.refused or job.forgotten_at or not job.spool.exists():
        raise Http404
    return refused_file(job.original_name, form, job.header, refused_rows.refused(job))


def refused_file(original: str, form: str, header: Sequence[Any], rows: Iterable[refused_rows.Refused]) -> Any:
    """The refused rows of the file of this name, to be downloaded as CSV or XLSX."""
    refused_word = pgettext("file name", "refused")
    name = f"{original.rpartition('.')[0] or original}-{refused_word}.{form}"
    response: HttpResponseBase
    if form == "xlsx":
        book = refused_rows.xlsx(header, rows)
        response = FileResponse(book, as_attachment=True, filename=name, content_type=refused_rows.XLSX_TYPE)
    else:
        response = StreamingHttpResponse(refused_rows.csv_lines(header, rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response


def _context(request: HttpRequest, job: ImportJob) -> dict[str, Any]:
    done, total = job.rows_done, job.rows_total
    return {
        "job": job,
        "layout": layout_of(job).label if job.layout or job.columns else "",
        "percent": 100 * done // total if total else 0,
        "working": job.state in ImportJob.WORKED_ON,
        "waits": job.state in ImportJob.WORKED_ON and _stands_still(job),
        "silent_until": _silent_until(job),
        "problem": said_by(job.problem),
        "may": request.user.has_perm(ADD),
        "deleted_on": job.created_at + import_jobs.KEPT,
    }


def _stands_still(job: ImportJob) -> bool:
    """Whether no worker holds it although it has waited for longer than a tick."""
    return not job.owner and job.turn_at < timezone.now() - timedelta(minutes=2)


def _silent_until(job: ImportJob) -> datetime | None:
    """When another worker takes over at the latest from one of which nothing was heard for a while, if so."""
    until = job.lease_until
    silent = job.owner and until and until - import_claims.LEASE < timezone.now() - SILENT
    return until if silent and job.state in ImportJob.WORKED_ON else None


def _preview(job: ImportJob) -> dict[str, Any]:
    if not job.spool.exists():
        return {"bad": [], "good": None}
    bad, good = bad_and_good(job)
    same = ImportJob.objects.filter(shop=job.shop, sha256=job.sha256, state=State.DONE).exclude(pk=job.pk)
    return {
        "bad": bad,
        "good": good,
        "overruled": overruled(job),
        "old_days": OLD.days,
        "writes": sum(job.expected.get(name, 0) for name in ("new", "changed")),
        "takeable": sum(job.expected.get(name, 0) for name in ("ended", "old")),
        "same_file": same.order_by("-pk").first(),
        "other_shops": [name for name in job.shop_names if name != job.shop.name],
    }
