"""Listings from a sheet: first what is wrong and what is new, then, once confirmed, the checks, a part at a time."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from complaints.intake import listing_files
from complaints.intake.problem import Problem

from . import listing_sheet, product_pages
from .import_pages import refused_file
from .listing_forms import ShopField

UNPROCESSABLE = 422
MOST_EXPORTED = 50_000
SHOWN = 50
"""Rows of each sort that the page shows; the file with refused rows has all of them."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LIST, ADD, FILE = (f"admin:complaints_product_{name}" for name in ("changelist", "import", "import_file"))


class SheetForm(forms.Form):
    fields: dict[str, Any]

    shop = ShopField()
    file = forms.FileField(
        label=gettext_lazy("Sheet (.xlsx or .csv)"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
        error_messages={"empty": gettext_lazy("The file is empty.")},
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shop"].of(user)


def export(request: HttpRequest) -> FileResponse:
    """The findings of the products that the list shows, as a workbook."""
    if not request.user.has_perm("complaints.view_product"):
        raise PermissionDenied
    rows = product_pages.filtered(product_pages.asked_for(request.GET), request.user)
    products = rows.select_related("shop", "latest").order_by("score", "pk")[:MOST_EXPORTED]
    book = listing_sheet.workbook(products.iterator(chunk_size=200))
    return FileResponse(book, as_attachment=True, filename="listing-findings.xlsx", content_type=XLSX)


def import_page(request: HttpRequest, *, site: Any) -> HttpResponse:
    """GET asks for a file; POST takes it in and has it looked through, nothing more."""
    _require(request)
    form = SheetForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            key = listing_files.take(form.cleaned_data["file"], form.cleaned_data["shop"], user=request.user)
        except Problem as problem:
            form.add_error("file", problem.text)
        else:
            return redirect(FILE, key)
    context = site.each_context(request) | {
        "title": _("Import listings"), "form": form, "kept": listing_files.kept(request.user),
        "max_bytes": listing_files.MAX_BYTES, "most_megabytes": listing_files.MAX_BYTES // listing_files.MEGABYTE,
        "most_rows": listing_files.MOST_ROWS, "most_kept": listing_files.MOST_KEPT,
    }  # fmt: skip
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "admin/complaints/product/import.html", context, status=status)


def file_page(request: HttpRequest, key: UUID, *, site: Any) -> HttpResponse:
    """GET shows what the file would do, and later what it has done; POST checks the next part of it."""
    _require(request)
    try:
        return _go_on(request, key, site=site) if request.method == "POST" else _preview(request, key, site=site)
    except Problem as problem:
        messages.error(request, problem.text)
        return _sent_to(request, reverse(ADD))


def _preview(request: HttpRequest, key: UUID, *, site: Any) -> HttpResponse:
    brought, wrong, fresh = listing_files.look(request.user, key, bad=SHOWN, good=SHOWN)
    context = _context(request, key, brought, site=site) | {
        "title": _("What the file checks"), "wrong": wrong, "fresh": fresh[:SHOWN], "shown": SHOWN,
    }  # fmt: skip
    return render(request, "admin/complaints/product/import_preview.html", context)


def _go_on(request: HttpRequest, key: UUID, *, site: Any) -> HttpResponse:
    """One part; the page asks for the next one by itself, or has a button for it where no scripts run."""
    brought = listing_files.go_on(request.user, key, now=timezone.now())
    if brought.left:
        context = _context(request, key, brought, site=site) | {"title": _("The listings are being checked")}
        name = "_import_progress" if _scripted(request) else "import_progress"
        return render(request, f"admin/complaints/product/{name}.html", context)
    n, bad = brought.counts.get("checked", 0), brought.counts.get("bad", 0)
    messages.success(request, ngettext("%(n)s listing checked.", "%(n)s listings checked.", n) % {"n": n})
    return _sent_to(request, reverse(FILE, args=[key]) if bad else reverse(LIST))


def _scripted(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _sent_to(request: HttpRequest, address: str) -> HttpResponse:
    """The whole page goes there: a script that asked for a part of it would put the answer into that part."""
    return HttpResponse(headers={"HX-Redirect": address}) if _scripted(request) else redirect(address)


def _context(request: HttpRequest, key: UUID, brought: listing_files.Brought, *, site: Any) -> dict[str, Any]:
    done, total = brought.done, brought.done + brought.left
    return site.each_context(request) | {
        "brought": brought, "key": key, "counts": brought.counts, "done": done, "all": total,
        "percent": 100 * done // (total or 1),
    }  # fmt: skip


def refused(request: HttpRequest, key: UUID, form: str) -> HttpResponseBase:
    """The refused rows with what is wrong, in the shape of their file."""
    _require(request)
    if form not in ("csv", "xlsx"):
        raise Http404
    try:
        brought, rows = listing_files.refused(request.user, key)
    except Problem as problem:
        raise Http404 from problem
    return refused_file(brought.name, form, brought.header, rows)


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm("complaints.add_product"):
        raise PermissionDenied
