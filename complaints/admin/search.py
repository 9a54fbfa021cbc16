"""One box for scripts, closed cases and whatever else is registered with search."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_safe

from complaints.models import Complaint, Shop
from complaints.queries import case_documents
from knowledge import searching
from knowledge.models import IssueType
from knowledge.search_query import LENGTH, Query, any_of, parse
from knowledge.search_sources import Source, sources
from knowledge.searching import COUNTED, NOTHING, Filters, Hit, Results

from .asked import known_id
from .transitions import visible_or_404

LANGUAGES = (("zh-hans", gettext_lazy("Chinese")), ("en", gettext_lazy("English")))


@dataclass(frozen=True, slots=True)
class Tab:
    source: Source
    count: int
    address: str
    active: bool

    @property
    def shown(self) -> str:
        return f"{COUNTED}+" if self.count > COUNTED else str(self.count)


@dataclass(frozen=True, slots=True)
class Row:
    hit: Hit
    address: str
    shop: str


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    """GET only. htmx gets the results alone, as one types; without scripts the form brings the whole page."""
    open_to = [source for source in sources() if source.visible(request.user) is not None]
    if not open_to:
        raise PermissionDenied
    case = _case(request)
    shops = {shop.pk: shop.name for shop in Shop.objects.visible_to(request.user)}
    query, filters = _query(request, case), _filters(request, case, shops)
    counts = {one.kind: searching.count(one, query, request.user, filters=filters) for one in open_to}
    chosen = _chosen(request.GET.get("kind", ""), open_to, counts)
    results = _found(request, chosen, query, filters, case)
    context: dict[str, Any] = {
        "q": request.GET.get("q", "")[:LENGTH],
        "case": case,
        "asked": bool(query),
        "filtered": any(request.GET.get(name) for name in ("issue_type", "shop", "language")),
        "tabs": [_tab(one, counts[one.kind], chosen, request.GET) for one in open_to],
        "results": results,
        "more": results.number < results.pages,
        "rows": [Row(hit, reverse(chosen.page, args=[hit.object_id]), _name(hit, shops)) for hit in results.hits],
    }
    if request.headers.get("HX-Request"):
        return render(request, "admin/search/_results.html", context)
    context |= _around(request, filters, shops)
    return render(request, "admin/search/page.html", admin.site.each_context(request) | context)


def _around(request: HttpRequest, filters: Filters, shops: dict[int, str]) -> dict[str, Any]:
    """What the whole page shows besides the results."""
    return {
        "own_search": True,
        "title": gettext("Search knowledge"),
        "kind": request.GET.get("kind", ""),
        "filters": filters,
        "types": _types(),
        "shops": shops,
        "languages": LANGUAGES,
        "may_edit_synonyms": request.user.has_perm("knowledge.view_synonymgroup"),
    }


def _case(request: HttpRequest) -> Complaint | None:
    """The case that similar ones are looked for; one that the person may not see does not exist."""
    asked = request.GET.get("case", "")
    return visible_or_404(request, asked) if asked else None


def _query(request: HttpRequest, case: Complaint | None) -> Query:
    """What was typed; like a case is what has one of the words of its title."""
    typed = request.GET.get("q", "")
    if typed.strip() or case is None:
        return parse(typed, searching.synonyms())
    return any_of(parse(case.title, searching.synonyms()))


def _filters(request: HttpRequest, case: Complaint | None, shops: dict[int, str]) -> Filters:
    asked = known_id(request.GET.get("issue_type", ""))
    issue_type = IssueType.objects.filter(pk=asked).first() if asked else None
    if case and case.issue_type and "issue_type" not in request.GET:
        issue_type = case.issue_type.parent or case.issue_type
    shop = known_id(request.GET.get("shop", ""))
    language = request.GET.get("language", "")
    return Filters(
        issue_type=issue_type,
        shop_id=shop if shop in shops else None,
        language=language if language in dict(LANGUAGES) else "",
    )


def _chosen(kind: str, open_to: list[Source], counts: dict[str, int]) -> Source:
    """The kind that was asked for, else the first one of which something was found."""
    asked = next((one for one in open_to if one.kind == kind), None)
    return asked or next((one for one in open_to if counts[one.kind]), open_to[0])


def _found(request: HttpRequest, source: Source, query: Query, filters: Filters, case: Complaint | None) -> Results:
    if not query:
        return NOTHING
    besides = [case.pk] if case and source.kind == case_documents.KIND else []
    number = known_id(request.GET.get("page", "")) or 1
    return searching.search(source, query, request.user, filters=filters, page=number, besides=besides)


def _tab(source: Source, count: int, chosen: Source, asked: QueryDict) -> Tab:
    address = asked.copy()
    address.pop("page", None)
    address["kind"] = source.kind
    return Tab(source, count, f"{reverse('admin:search')}?{address.urlencode()}", source is chosen)


def _types() -> list[tuple[IssueType, list[IssueType]]]:
    """First-level types with those below them."""
    rows = list(IssueType.objects.filter(active=True).order_by("position", "code"))
    return [(root, [one for one in rows if one.parent_id == root.pk]) for root in rows if root.parent_id is None]


def _name(hit: Hit, shops: dict[int, str]) -> str:
    return shops.get(hit.shop_id, "") if hit.shop_id else ""


admin.site.own_pages.append(path("search/", admin.site.admin_view(search_page), name="search"))
