"""Listings from a sheet: first what is wrong and what is new, then, once confirmed, the checks."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.signing import BadSignature, Signer
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from complaints.intake.problem import Problem
from complaints.models import Shop
from complaints.operations import listings

from . import listing_sheet, product_pages
from .listing_forms import ShopField

UNPROCESSABLE = 422
MOST_EXPORTED = 5_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_signer = Signer(salt="listing-sheet")


class SheetForm(forms.Form):
    fields: dict[str, Any]

    shop = ShopField()
    file = forms.FileField(
        label=gettext_lazy("Sheet (.xlsx or .csv)"), widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"})
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
    """GET asks for a file; POST with a file shows what it does; POST with the signed preview does it."""
    if not request.user.has_perm("complaints.add_product"):
        raise PermissionDenied
    if request.method == "POST" and "rows" in request.POST:
        return _take_over(request, site=site)
    form = SheetForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            found = _read(form.cleaned_data["file"])
        except Problem as problem:
            form.add_error("file", problem.text)
        else:
            return _preview(request, form.cleaned_data["shop"], found, site=site)
    return _file_page(request, form, site=site)


def _read(upload: Any) -> list[tuple[int, dict[str, str]]]:
    if upload.size > listing_sheet.MAX_BYTES:
        raise listing_sheet.ListingSheetTooLarge
    return listing_sheet.read(upload.read())


def _preview(request: HttpRequest, shop: Shop, found: list[tuple[int, dict[str, str]]], *, site: Any) -> HttpResponse:
    rows = listing_sheet.judge(shop, found)
    wrong = [row for row in rows if row.errors]
    context = site.each_context(request) | {
        "title": _("What the file checks"),
        "shop": shop,
        "wrong": wrong,
        "fresh": [row for row in rows if not row.errors and not row.is_same],
        "same": sum(row.is_same and not row.errors for row in rows),
        "token": "" if wrong else _signer.sign_object({"shop": shop.pk, "rows": found}, compress=True),
    }
    return render(
        request, "admin/complaints/product/import_preview.html", context, status=UNPROCESSABLE if wrong else 200
    )


def _take_over(request: HttpRequest, *, site: Any) -> HttpResponse:
    """The rows are judged again, and the shop looked up again: both may have changed since the preview."""
    try:
        signed = _signer.unsign_object(request.POST["rows"])
        shop = Shop.objects.visible_to(request.user).get(pk=signed["shop"])
    except (BadSignature, ValueError, TypeError, KeyError, Shop.DoesNotExist):
        messages.error(request, _("This preview is damaged. Choose the file again."))
        return _file_page(request, SheetForm(user=request.user), site=site, wrong=True)
    found = [(number, values) for number, values in signed["rows"]]
    rows = listing_sheet.judge(shop, found)
    if any(row.errors for row in rows):
        return _preview(request, shop, found, site=site)
    told = listings.check_many(shop, [row.listing for row in rows], actor=request.user, now=timezone.now())
    n = sum(one.is_new for one in told)
    text = ngettext("%(n)s listing checked.", "%(n)s listings checked.", n) % {"n": n}
    messages.success(request, text if n else _("All of these texts were checked before. Nothing was changed."))
    return redirect(f"{reverse('admin:complaints_product_changelist')}?shop={shop.pk}")


def _file_page(request: HttpRequest, form: SheetForm, *, site: Any, wrong: bool = False) -> HttpResponse:
    context = site.each_context(request) | {
        "title": _("Import listings"), "form": form, "max_bytes": listing_sheet.MAX_BYTES,
        "most_rows": listing_sheet.MOST_ROWS, "most_characters": listing_sheet.MOST_CHARACTERS,
    }  # fmt: skip
    status = UNPROCESSABLE if wrong or form.errors else 200
    return render(request, "admin/complaints/product/import.html", context, status=status)
