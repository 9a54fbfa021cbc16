"""Check listings and keep what was found: each text is another check, and the latest tells what is open (R2.1)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.models import ListingCheck, OpenFinding, Product, Shop
from complaints.queries.measure import Measure, measure
from complaints.refusals import Refused
from knowledge import listing
from knowledge.linting import Finding
from knowledge.models import ListingItem, PhraseRule

from . import products

LONGEST = 20_000
LONGEST_TITLE = 300


class TitleMissing(Refused):
    message = _("Write the title as buyers see it.")


class TextMissing(Refused):
    message = _("Paste the detail text.")


class ListingTooLong(Refused):
    message = _("The detail text has %(n)s characters; %(most)s are checked at once. Leave out what is no text.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A listing as it was pasted or imported."""

    title: str
    text: str
    kind: str = listing.Kind.NORMAL
    product_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A finding as the check keeps it, in both languages; `start` and `end` point into `listing.whole`."""

    source: str
    code: str
    level: str
    points: int
    name: str
    name_en: str = ""
    reason: str = ""
    reason_en: str = ""
    advice: str = ""
    advice_en: str = ""
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """The latest check of the product, and whether it is new."""

    product: Product
    check: ListingCheck
    is_new: bool


def refuse_unfit(one: Listing) -> None:
    """Raises TitleMissing, TextMissing, ListingTooLong."""
    if not one.title.strip():
        raise TitleMissing
    if not one.text.strip():
        raise TextMissing
    if len(one.text) > LONGEST:
        raise ListingTooLong(n=len(one.text), most=LONGEST)


def check(shop: Shop, one: Listing, *, actor: Any, now: datetime) -> Checked:
    """Check a listing. The same text as before changes nothing. Raises as `refuse_unfit`."""
    return check_many(shop, [one], actor=actor, now=now)[0]


def check_many(shop: Shop, several: Sequence[Listing], *, actor: Any, now: datetime) -> list[Checked]:
    """Check them all or none, in a constant number of queries. Raises as `refuse_unfit`."""
    for one in several:
        refuse_unfit(one)
    measured = measure()
    with transaction.atomic():
        named = [products.Named(one.product_id, one.title) for one in several]
        found = products.locked(shop, named, now=now)
        latest = ListingCheck.objects.in_bulk([product.latest_id for product in found if product.latest_id])
        fresh: dict[int, list[ListingCheck]] = {}
        told = []
        for product, one in zip(found, several, strict=True):
            before = fresh[product.pk][-1] if product.pk in fresh else latest.get(product.latest_id or 0)
            if before and (before.kind, before.title, before.text) == (one.kind, one.title, one.text):
                told.append(Checked(product, before, is_new=False))
                continue
            made = _check(product, one, before, measured, actor=actor, now=now)
            fresh.setdefault(product.pk, []).append(made)
            told.append(Checked(product, made, is_new=True))
        _store({product.pk: product for product in found}, fresh)
    return told


def check_again(product_id: int, *, actor: Any, now: datetime) -> Checked:
    """Check the latest text with today's items and rules; what is found as before changes nothing."""
    measured = measure()
    with transaction.atomic():
        product = Product.objects.select_for_update(no_key=True).get(pk=product_id)
        before = ListingCheck.objects.get(pk=product.latest_id or 0)
        text = Listing(title=before.title, text=before.text, kind=before.kind, product_id=product.product_id)
        made = _check(product, text, before, measured, actor=actor, now=now)
        if made.findings == before.findings:
            return Checked(product, before, is_new=False)
        _store({product.pk: product}, {product.pk: [made]})
    return Checked(product, made, is_new=True)


def judged(text: str, kind: str, measured: Measure, *, now: datetime) -> tuple[int, list[dict[str, Any]]]:
    """Score and findings of `listing.whole(title, text)`, as a check keeps them: missing items, then the words."""
    assessed = measured.assess(text, kind=kind, on=timezone.localdate(now))
    items = [_missing(measured.items_by_code[item.code]) for item in assessed.missing]
    words = [_word(measured.rules_by_code[one.rule.code], one) for one in assessed.words]
    return assessed.score, [asdict(one) for one in (*items, *words)]


def _check(
    product: Product, one: Listing, before: ListingCheck | None, measured: Measure, *, actor: Any, now: datetime
) -> ListingCheck:
    score, findings = judged(listing.whole(one.title, one.text), one.kind, measured, now=now)
    return ListingCheck(
        product=product, number=before.number + 1 if before else 1, kind=one.kind, title=one.title, text=one.text,
        checked_at=now, by=actor, score=score, findings=findings,
    )  # fmt: skip


def _missing(item: ListingItem) -> Snapshot:
    return Snapshot(
        source="item", code=item.code, level="missing", points=listing.POINTS["missing"], name=item.name,
        name_en=item.name_en, reason=item.reason, reason_en=item.reason_en, advice=item.mend, advice_en=item.mend_en,
    )  # fmt: skip


def _word(rule: PhraseRule, found: Finding) -> Snapshot:
    return Snapshot(
        source="word", code=rule.code, level=rule.level, points=listing.POINTS[rule.level], name=rule.category,
        reason=rule.reason, reason_en=rule.reason_en, advice=rule.suggestion, advice_en=rule.suggestion_en,
        start=found.start, end=found.end,
    )  # fmt: skip


def _store(known: dict[int, Product], fresh: dict[int, list[ListingCheck]]) -> None:
    """The checks, the products as their latest check tells them, and what is open now."""
    if not fresh:
        return
    ListingCheck.objects.bulk_create(made for several in fresh.values() for made in several)
    changed = []
    for pk, several in fresh.items():
        product, last = known[pk], several[-1]
        product.latest, product.kind, product.title, product.score = last, last.kind, last.title, last.score
        product.title_mark = products.Named("", last.title).mark
        product.open_findings = len(_distinct(last))
        changed.append(product)
    Product.objects.bulk_update(
        changed, ["latest", "kind", "title", "title_mark", "score", "open_findings"], batch_size=100
    )
    OpenFinding.objects.filter(product__in=list(fresh)).delete()
    OpenFinding.objects.bulk_create(
        OpenFinding(product=product, source=source, code=code, level=level)
        for product in changed
        if product.latest
        for (source, code), level in _distinct(product.latest).items()
    )


def _distinct(one: ListingCheck) -> dict[tuple[str, str], str]:
    """Each item and each rule once, with its level."""
    return {(found["source"], found["code"]): found["level"] for found in one.findings}
