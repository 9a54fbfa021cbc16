"""Listings of products: the list, a text to be checked, one product with its history, what to mend first (R2.1)."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from complaints.models import Product
from complaints.operations import listings, products
from complaints.queries.listings import related
from complaints.refusals import Refused
from knowledge.listing import FULL, POINTS, plain_text, whole

from . import listing_import, product_pages
from .asked import known_id
from .listing_forms import ListingForm
from .listing_words import LEVEL_WORDS, marked, of_check

LIST = "admin:complaints_product_changelist"
PAGE = "admin:complaints_product_change"
UNPROCESSABLE = 422
ERROR_FIELDS: dict[type[Refused], str] = {listings.TitleMissing: "title"}


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Checks and confirmations name the product: it stays."""
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return Product.objects.visible_to(request.user)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        info = "complaints_product"
        own = [
            path("report/", view(require_safe(self.report)), name=f"{info}_report"),
            path("export/", view(require_safe(listing_import.export)), name=f"{info}_export"),
            path("import/", view(self.import_view), name=f"{info}_import"),
            path("import/<uuid:key>/", view(self.import_file_view), name=f"{info}_import_file"),
            path(
                "import/<uuid:key>/refused.<str:form>",
                view(require_safe(listing_import.refused)),
                name=f"{info}_import_refused",
            ),
            path("<int:pk>/do/<slug:step>/", view(require_POST(self.do)), name=f"{info}_do"),
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self._require(request, self.has_view_permission(request))
        asked = product_pages.asked_for(request.GET)
        rows, page = product_pages.page(asked, request.GET.get("page", "1"), request.user, now=timezone.now())
        context = product_pages.choices(request.user) | {
            "title": self.opts.verbose_name_plural,
            "rows": rows,
            "page": page,
            "asked": asked,
            "query": product_pages.address(asked),
            "filtered": any(value for name, value in asked.items() if name != "order"),
            "finding": product_pages.finding_named(asked["finding"]),
            "may_check": self.has_add_permission(request),
        }
        return self._page(request, "change_list", context)

    def report(self, request: HttpRequest) -> HttpResponse:
        """What is open on how many products, and how many complaints these have."""
        self._require(request, self.has_view_permission(request))
        counts = product_pages.counts(request.user, now=timezone.now())
        most = max((one.count.complaints for one in counts), default=0)
        return self._page(request, "report", {"title": _("What to mend first"), "counts": counts, "most": most})

    def import_view(self, request: HttpRequest) -> HttpResponse:
        return listing_import.import_page(request, site=self.admin_site)

    def import_file_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        return listing_import.file_page(request, key, site=self.admin_site)

    # ------------------------------------------------------------ a text

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """GET asks for a listing. POST with `preview` tells what would be found; POST alone keeps the check."""
        self._require(request, self.has_add_permission(request))
        previews = "preview" in request.POST
        form = ListingForm(request.POST or None, user=request.user, initial=self._begun(request))
        context: dict[str, Any] = {"title": _("Check a listing"), "form": form, "points": _points()}
        if previews:
            form.errors.clear()
            context["preview"] = self._preview(request)
        elif request.method == "POST" and form.is_valid() and (kept := self._keep(request, form)):
            return kept
        return self._page(request, "add", context, wrong=not previews and bool(form.errors))

    def _begun(self, request: HttpRequest) -> dict[str, Any]:
        """The latest text of a product, to be mended and checked again."""
        product = self._product(request, known_id(request.GET.get("product", "")), or_none=True)
        if product is None or product.latest is None:
            return {}
        check = product.latest
        return {
            "shop": product.shop_id, "kind": check.kind, "product_id": product.product_id, "title": check.title,
            "text": check.text,
        }  # fmt: skip

    def _preview(self, request: HttpRequest) -> Any:
        """What was typed so far, as it would be judged; nothing for nothing."""
        title, text = request.POST.get("title", "").strip(), plain_text(request.POST.get("text", ""))
        if not title and not text:
            return None
        typed = title[: listings.LONGEST_TITLE], text[: listings.LONGEST]
        return product_pages.preview(*typed, request.POST.get("kind", ""), now=timezone.now())

    def _keep(self, request: HttpRequest, form: ListingForm) -> HttpResponse | None:
        """The page of the product, or None after saying in the form why the listing was refused."""
        shop = form.cleaned_data["shop"]
        try:
            checked = listings.check(shop, form.listing, actor=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error(ERROR_FIELDS.get(type(refusal), "text"), refusal.text)
            return None
        self._tell(request, checked)
        return redirect(PAGE, checked.product.pk)

    # ------------------------------------------------------------ one product

    @method_decorator(require_safe)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self._require(request, self.has_view_permission(request))
        product = self._product(request, known_id(object_id))
        check = product.latest
        text = whole(check.title, check.text) if check else ""
        asked = known_id(request.GET.get("compare", ""))
        context = {
            "title": product.title,
            "product": product,
            "check": check,
            "findings": of_check(check),
            "pieces": marked(check.findings, text) if check else [],
            "history": product_pages.history(product, asked=asked),
            "asked": asked,
            "listed": product_pages.CHECKS_SHOWN,
            "switches": product_pages.switches(product),
            "related": related(product, request.user, now=timezone.now()),
            "points": _points(),
            "may_check": self.has_add_permission(request),
            "may_change": self.has_change_permission(request),
        }
        return self._page(request, "change_form", context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The history stands on the product's own page."""
        self._require(request, self.has_view_permission(request))
        return redirect(PAGE, self._product(request, known_id(object_id)).pk)

    def do(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """Check again, or ask buyers for a confirmation; who may is looked at again here."""
        who: dict[str, Any] = {"actor": request.user, "now": timezone.now()}
        if step not in ("again", "prone", "usual"):
            raise Http404
        able = self.has_add_permission(request) if step == "again" else self.has_change_permission(request)
        self._require(request, able)
        product = self._product(request, pk)
        if step != "again":
            products.set_dispute_prone(product.pk, prone=step == "prone", **who)
            messages.success(request, _("Saved."))
        elif product.latest is None:
            messages.error(request, _("There is no text yet. Check its listing first."))
        else:
            self._tell(request, listings.check_again(product.pk, **who), again=True)
        return redirect(PAGE, pk)

    # ------------------------------------------------------------ behind the pages

    def _tell(self, request: HttpRequest, checked: listings.Checked, *, again: bool = False) -> None:
        if checked.is_new:
            text = _("Checked: %(score)s of 100 points.") % {"score": checked.check.score}
            messages.success(request, text)
        elif again:
            messages.info(request, _("Today's rules find the same as before. Nothing was changed."))
        else:
            messages.info(request, _("This text was checked before. Nothing was changed."))

    def _product(self, request: HttpRequest, pk: int | None, *, or_none: bool = False) -> Any:
        rows = self.get_queryset(request).select_related("shop", "latest__by")
        product = rows.filter(pk=pk).first() if pk else None
        if product is None and not or_none:
            raise Http404
        return product

    def _require(self, request: HttpRequest, allowed: bool) -> None:
        if not allowed:
            raise PermissionDenied

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any], *, wrong: bool = False) -> HttpResponse:
        context = self.admin_site.each_context(request) | {"opts": self.opts} | context
        return render(request, f"admin/complaints/product/{name}.html", context, status=UNPROCESSABLE if wrong else 200)


def _points() -> dict[str, Any]:
    """What the score is made of, for the explanation beside it."""
    return {"full": FULL, "lines": [(LEVEL_WORDS[level], points) for level, points in POINTS.items()]}
