"""What the pages about products and their listings show."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet

from complaints.models import ListingCheck, Product, SettingChange, Shop
from complaints.operations.listings import judged
from complaints.queries import listings
from complaints.queries.measure import measure
from knowledge.listing import Kind, whole
from knowledge.models import ListingItem, PhraseRule
from knowledge.models.listing import in_language
from knowledge.wording import Piece, difference

from .asked import known_id
from .listing_forms import BANDS, ORDERS
from .listing_words import LEVEL_WORDS, Shown, marked, of_check, shown
from .records import CappedPaginator

PER_PAGE = 50
MOST_COUNTED = 10_000
CHECKS_SHOWN, COMPARED = 30, 3
"""Checks that are listed, and those whose words are compared unasked; of another one they are on demand."""

FILTERS = ("shop", "kind", "score", "finding", "order", "q")
_BANDS = {
    "low": Q(score__lt=60),
    "middle": Q(score__gte=60, score__lt=85),
    "high": Q(score__gte=85),
    "none": Q(score=None),
}


@dataclass(frozen=True, slots=True)
class Row:
    product: Product
    complaints: int


def asked_for(values: Any) -> dict[str, str]:
    """What the address asks for; a NUL is no character that a database would look for."""
    return {name: values.get(name, "")[:60].replace("\0", "") for name in FILTERS}


def address(asked: dict[str, str]) -> str:
    """The filters as they stand in a link to another page of the list."""
    return urlencode({name: value for name, value in asked.items() if value})


def finding_named(asked: str) -> str:
    """The name of the finding that the list is filtered by; empty for none."""
    source, _colon, code = asked.partition(":")
    return finding_names([(source, code)]).get((source, code), (code, ""))[0] if asked else ""


def filtered(asked: dict[str, str], user: Any) -> QuerySet[Product]:
    """The person's products that fit; values that mean nothing are ignored."""
    rows = Product.objects.visible_to(user)
    if shop := known_id(asked["shop"]):
        rows = rows.filter(shop=shop)
    if asked["kind"] in Kind.values:
        rows = rows.filter(kind=asked["kind"])
    if asked["score"] in _BANDS:
        rows = rows.filter(_BANDS[asked["score"]])
    if asked["finding"]:
        source, _colon, code = asked["finding"].partition(":")
        rows = rows.filter(open__source=source, open__code=code)
    if asked["q"]:
        rows = rows.filter(Q(title__icontains=asked["q"]) | Q(product_id=asked["q"]))
    return rows


def page(asked: dict[str, str], number: str, user: Any, *, now: datetime) -> tuple[list[Row], Any]:
    """One page of products with their complaints; the same few queries however many there are."""
    found = listings.complained(now=now)
    chosen = _pages(filtered(asked, user), asked["order"], found).get_page(number)
    keys = list(chosen.object_list)
    products = Product.objects.select_related("shop").in_bulk(keys)
    counts = found.by_product(products.values())
    return [Row(products[key], counts.get(key, 0)) for key in keys], chosen


def _pages(rows: QuerySet[Product], order: str, found: listings.Complained) -> Any:
    """Ids of the products, in the order that was asked for."""
    if order != "complaints":
        return CappedPaginator(listings.ordered(rows).values_list("pk", flat=True), PER_PAGE)
    counts = found.blamed(rows)
    return Paginator(_Ordered(sorted(counts, key=lambda pk: (-counts[pk], pk)), rows.order_by("pk")), PER_PAGE)  # type: ignore[arg-type]  # it is cut, never counted through


class _Ordered:
    """Ids of some rows first, in their order, then those of all others."""

    def __init__(self, first: list[int], rows: QuerySet[Product]) -> None:
        self._first = first
        self._rest = rows.exclude(pk__in=first).values_list("pk", flat=True)

    def __len__(self) -> int:
        return len(self._first) + self._rest[:MOST_COUNTED].count()

    def __getitem__(self, part: slice) -> Any:
        found = self._first[part]
        begin = max(part.start - len(self._first), 0)
        return [*found, *self._rest[begin : begin + part.stop - part.start - len(found)]]


def choices(user: Any) -> dict[str, Any]:
    """What the filters above the list offer."""
    return {
        "shops": list(Shop.objects.visible_to(user)),
        "kinds": Kind.choices,
        "bands": BANDS,
        "orders": ORDERS,
    }


# ---------------------------------------------------------------- a text that is being checked


@dataclass(frozen=True, slots=True)
class Preview:
    """What a check would find, without keeping it."""

    score: int
    findings: list[Shown]
    pieces: list[Any]


def preview(title: str, text: str, kind: str, *, now: datetime) -> Preview:
    """Two or three queries; nothing is written."""
    whole_text = whole(title, text)
    score, found = judged(whole_text, kind, measure(), now=now)
    return Preview(score, shown(found, whole_text), marked(found, whole_text))


# ---------------------------------------------------------------- one product


@dataclass(frozen=True, slots=True)
class Change:
    """A check beside the one before: what was mended and what is new, whether the words differ, and how if asked."""

    check: ListingCheck
    differs: bool
    pieces: list[Piece]
    mended: list[Shown]
    added: list[Shown]


def history(product: Product, *, asked: int | None) -> list[Change]:
    """The latest checks, each compared with the one before; the words of the latest and of the one asked for, too.

    One query.
    """
    checks = list(product.checks.select_related("by").order_by("-number")[: CHECKS_SHOWN + 1])
    pairs = zip(checks, [*checks[1:], None], strict=True)
    changes = [
        _change(one, before, words=place < COMPARED or one.number == asked) for place, (one, before) in enumerate(pairs)
    ]
    return changes[:CHECKS_SHOWN]


def _change(one: ListingCheck, before: ListingCheck | None, *, words: bool) -> Change:
    if before is None:
        return Change(one, False, [], [], [])
    old, new = of_check(before), of_check(one)
    was, now = {(row.source, row.code) for row in old}, {(row.source, row.code) for row in new}
    differs = (one.title, one.text) != (before.title, before.text)
    return Change(
        one,
        differs,
        difference(whole(before.title, before.text), whole(one.title, one.text)) if differs and words else [],
        [row for row in old if (row.source, row.code) not in now],
        [row for row in new if (row.source, row.code) not in was],
    )


def switches(product: Product) -> list[SettingChange]:
    """When the product was marked as prone to disputes, and by whom."""
    rows = SettingChange.objects.filter(subject="product", subject_id=product.pk).select_related("actor")
    return list(rows.order_by("-id")[:10])


# ---------------------------------------------------------------- what to mend first


@dataclass(frozen=True, slots=True)
class Count:
    """A line of the report: what is open, in words."""

    count: listings.FindingCount
    name: str
    reason: str

    @property
    def asked(self) -> str:
        """How the list of products is asked for those that have it open."""
        return f"{self.count.source}:{self.count.code}"

    @property
    def level_words(self) -> Any:
        return LEVEL_WORDS[self.count.level]


def counts(user: Any, *, now: datetime) -> list[Count]:
    """The report; five queries."""
    found = listings.finding_counts(user, now=now)
    names = finding_names((one.source, one.code) for one in found)
    return [Count(one, *names.get((one.source, one.code), (one.code, ""))) for one in found]


def finding_names(codes: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
    """Name and reason of items and rules, as they are called today; two queries."""
    asked = list(codes)
    items = ListingItem.objects.filter(code__in=[code for source, code in asked if source == "item"])
    rules = PhraseRule.objects.filter(code__in=[code for source, code in asked if source == "word"])
    found = {("item", one.code): (one.label, in_language(one.reason, one.reason_en)) for one in items}
    return found | {
        ("word", one.code): (one.get_category_display(), in_language(one.reason, one.reason_en)) for one in rules
    }
