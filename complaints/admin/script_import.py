"""Scripts from a workbook: first what would change, then, once confirmed, the drafts."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.signing import BadSignature, Signer
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from complaints.intake.problem import Problem
from knowledge.operations import script_import
from knowledge.refusals import Refused

from . import script_pages, script_sheet

LIST = "admin:knowledge_replyscript_changelist"
UNPROCESSABLE = 422
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_signer = Signer(salt="script-sheet")


class SheetForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("Workbook (.xlsx)"), widget=forms.FileInput(attrs={"accept": ".xlsx"}))


def may_import(user: Any) -> bool:
    """It adds and it changes: both are needed."""
    return bool(user.has_perms(["knowledge.add_replyscript", "knowledge.change_replyscript"]))


def export(request: HttpRequest) -> FileResponse:
    """All scripts as a workbook, for those who may read them."""
    if not request.user.has_perm("knowledge.view_replyscript"):
        raise PermissionDenied
    asked = dict.fromkeys(("stage", "language", "issue_type", "status", "q"), "")
    book = script_sheet.workbook(script_pages.rows(asked))
    return FileResponse(book, as_attachment=True, filename="reply-scripts.xlsx", content_type=XLSX)


def import_page(request: HttpRequest, *, site: Any) -> HttpResponse:
    """GET asks for a file; POST with a file shows what would change; POST with the signed preview does it."""
    if not may_import(request.user):
        raise PermissionDenied
    form = SheetForm()
    if request.method == "POST" and "rows" in request.POST:
        return _take_over(request, site=site)
    if request.method == "POST":
        form = SheetForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                return _preview(request, _read(form.cleaned_data["file"]), site=site)
            except Problem as problem:
                form.add_error("file", problem.text)
    return _file_page(request, form, site=site)


def _read(upload: Any) -> list[tuple[int, dict[str, str]]]:
    if upload.size > script_sheet.MAX_BYTES:
        raise script_sheet.SheetTooLarge
    return script_sheet.read(upload.read())


def _preview(
    request: HttpRequest, found: list[tuple[int, dict[str, str]]], *, site: Any, status: int = 200
) -> HttpResponse:
    rows = script_sheet.judge(found)
    wrong = [row for row in rows if row.errors]
    context = site.each_context(request) | {
        "title": _("What the file changes"),
        "wrong": wrong,
        "changes": [row for row in rows if row.line],
        "same": sum(row.is_same for row in rows),
        "token": "" if wrong else _signer.sign_object(found, compress=True),
    }
    return render(
        request, "admin/knowledge/replyscript/import_preview.html", context, status=UNPROCESSABLE if wrong else status
    )


def _take_over(request: HttpRequest, *, site: Any) -> HttpResponse:
    """The rows are judged again: what others did since the preview may be in the way."""
    try:
        found = [(number, cells) for number, cells in _signer.unsign_object(request.POST["rows"])]
    except (BadSignature, ValueError, TypeError):
        messages.error(request, _("This preview is damaged. Choose the file again."))
        return _file_page(request, SheetForm(), site=site, wrong=True)
    rows = script_sheet.judge(found)
    if any(row.errors for row in rows):
        return _preview(request, found, site=site)
    lines = [row.line for row in rows if row.line]
    try:
        number = script_import.take_over(lines, actor=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.text)
        return _preview(request, found, site=site, status=UNPROCESSABLE)
    text = ngettext("%(n)s script taken over from the file.", "%(n)s scripts taken over from the file.", number)
    messages.success(request, text % {"n": number})
    return redirect(LIST)


def _file_page(request: HttpRequest, form: SheetForm, *, site: Any, wrong: bool = False) -> HttpResponse:
    context = site.each_context(request) | {
        "title": _("Import scripts"), "form": form, "max_bytes": script_sheet.MAX_BYTES,
    }  # fmt: skip
    status = UNPROCESSABLE if wrong or form.errors else 200
    return render(request, "admin/knowledge/replyscript/import.html", context, status=status)
