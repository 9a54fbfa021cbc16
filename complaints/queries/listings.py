"""What listings have to do with complaints: how many a product has, and what its listing leaves open."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from complaints.lifecycle import State
from complaints.matter_keys import product_mark
from complaints.models import Complaint, ConfirmationRecord, OpenFinding, Order, OrderLine, Product

WINDOW = timedelta(days=90)
REMEMBERED_SECONDS = 300
RELATED = 20
MOST_SPELLINGS = 30
MOST_BLAMED = 1_000
"""Names of products that are looked at: those with most complaints."""

Spelling = tuple[int, str, str]
"""Shop, id and title as lines of orders name a product."""


@dataclass(frozen=True, slots=True)
class Complained:
    """How many complaints of the last 90 days were about which products, as lines of orders name them."""

    counts: dict[Spelling, int] = field(default_factory=dict)

    def by_product(self, products: Iterable[Product]) -> dict[int, int]:
        """Id of the product -> complaints; a product without any is left out."""
        by_id: Counter[tuple[int, str]] = Counter()
        by_title: Counter[tuple[int, str]] = Counter()
        unnumbered: Counter[tuple[int, str]] = Counter()
        for (shop, number, title), n in self.counts.items():
            mark = shop, product_mark(title)
            by_title[mark] += n
            if number:
                by_id[shop, number] += n
            else:
                unnumbered[mark] += n
        found = {}
        for one in products:
            mark = one.shop_id, one.title_mark
            n = by_id[one.shop_id, one.product_id] + unnumbered[mark] if one.product_id else by_title[mark]
            if n:
                found[one.pk] = n
        return found

    def blamed(self, products: QuerySet[Product]) -> dict[int, int]:
        """Id of the product -> complaints, of those with most complaints; only these products are read."""
        most = sorted(self.counts, key=lambda one: (-self.counts[one], one))[:MOST_BLAMED]
        named = Q(product_id__in={number for _shop, number, _title in most if number})
        named |= Q(title_mark__in={product_mark(title) for _shop, _number, title in most})
        shops = {shop for shop, _number, _title in most}
        return self.by_product(products.filter(named, shop__in=shops).only("shop_id", "product_id", "title_mark"))

    def spellings(self, product: Product) -> list[Spelling]:
        """The names under which lines of orders mean the product."""
        return [one for one in self.counts if one[0] == product.shop_id and is_of(product, one[1], one[2])]


def is_of(product: Product, number: str, title: str) -> bool:
    """Whether a line with this id and title is of the product: by the id, by the title where one has no id."""
    if product.product_id and number:
        return product.product_id == number
    return product.title_mark == product_mark(title)


def complained(*, now: datetime) -> Complained:
    """One query over the last 90 days, a few minutes old at most."""
    return cache.get_or_set("listings:complained", lambda: _complained(now), REMEMBERED_SECONDS) or Complained()


def _complained(now: datetime) -> Complained:
    recent = Complaint.objects.filter(received_at__gte=now - WINDOW, order__lines__isnull=False).order_by()
    named = recent.exclude(state=State.MERGED).values_list("shop", "order__lines__product_id", "order__lines__title")
    rows = named.annotate(n=Count("pk", distinct=True))
    return Complained({(shop, number, title): n for shop, number, title, n in rows})


def related(product: Product, user: Any, *, now: datetime) -> list[Complaint]:
    """Complaints of the last 90 days about the product that the reader may see, the latest first."""
    spellings = complained(now=now).spellings(product)[:MOST_SPELLINGS]
    if not spellings:
        return []
    lines = Q()
    for _shop, number, title in spellings:
        lines |= Q(product_id=number, title=title)
    orders = OrderLine.objects.filter(lines, order__shop=product.shop_id).values("order")
    rows = Complaint.objects.visible_to(user).filter(shop=product.shop_id, received_at__gte=now - WINDOW)
    return list(rows.filter(order__in=orders).order_by("-received_at", "-pk")[:RELATED])


# ---------------------------------------------------------------- a case


@dataclass(frozen=True, slots=True)
class Concern:
    """A product of the order: what its listing leaves open, and whether a confirmation is missing."""

    product: Product
    unconfirmed: bool


def concerns(complaint: Complaint, lines: Sequence[OrderLine], user: Any) -> list[Concern]:
    """Products of the order with something to know, in one query; nothing for who may not see products."""
    order = complaint.order
    if order is None or not lines or not user.has_perm("complaints.view_product"):
        return []
    marks = [product_mark(line.product_id) for line in lines if line.product_id]
    title_marks = [product_mark(line.title) for line in lines]
    rows = Product.objects.filter(Q(mark__in=marks) | Q(title_mark__in=title_marks), shop=order.shop_id)
    rows = rows.select_related("latest").annotate(confirmed=Exists(_confirmations(order)))
    found = [one for one in rows if any(is_of(one, line.product_id, line.title) for line in lines)]
    told = [Concern(one, one.needs_confirmation and not one.confirmed) for one in found]
    return [one for one in told if one.unconfirmed or one.product.open_findings]


def _confirmations(order: Order) -> QuerySet[ConfirmationRecord]:
    """What the buyer had confirmed about a product before the order was placed."""
    whose = Q(order_number=order.number)
    if order.customer and order.customer.buyer_hash:
        whose |= Q(buyer_hash=order.customer.buyer_hash)
    rows = ConfirmationRecord.objects.filter(whose, product=OuterRef("pk"))
    return rows.filter(confirmed_at__lte=order.placed_at) if order.placed_at else rows


def doubts(record: ConfirmationRecord) -> list[str]:
    """Why a record will not show that the buyer knew before: what its order, as far as we know it, tells against it."""
    if not record.order_number:
        return []
    orders = Order.objects.filter(shop=record.shop_id, number=record.order_number)
    rows = list(orders.values_list("placed_at", "lines__product_id", "lines__title"))
    found = []
    if any(placed_at and placed_at < record.confirmed_at for placed_at, _number, _title in rows):
        found.append(_("This was confirmed after the order was placed; it will not show that the buyer knew before."))
    # An order without lines is one row that names nothing.
    lines = [(number or "", title or "") for _placed_at, number, title in rows if number or title]
    if lines and not any(is_of(record.product, number, title) for number, title in lines):
        found.append(_("The order as we know it has no such product."))
    return found


# ---------------------------------------------------------------- what to mend first


@dataclass(frozen=True, slots=True)
class FindingCount:
    """An item or a rule: how many products have it open, and how many complaints these products have."""

    source: str
    code: str
    level: str
    products: int
    complaints: int


def finding_counts(user: Any, *, now: datetime) -> list[FindingCount]:
    """What to mend first: most complaints on top. Three queries."""
    mine = Product.objects.visible_to(user)
    blamed = complained(now=now).blamed(mine)
    open_ones = OpenFinding.objects.filter(product__in=mine).order_by()
    hit: Counter[tuple[str, str]] = Counter()
    for source, code, product in open_ones.filter(product__in=list(blamed)).values_list("source", "code", "product_id"):
        hit[source, code] += blamed[product]
    rows = open_ones.values_list("source", "code", "level").annotate(n=Count("pk"))
    counts = [FindingCount(source, code, level, n, hit[source, code]) for source, code, level, n in rows]
    return sorted(counts, key=lambda one: (-one.complaints, -one.products, one.source, one.code))


def ordered(rows: Any) -> Any:
    """The worst listing first; what was never checked comes last."""
    return rows.order_by(F("score").asc(nulls_last=True), "pk")
