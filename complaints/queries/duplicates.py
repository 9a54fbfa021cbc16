"""Complaints that may be about the same matter, each with its reasons in words: near matches are for a person to judge.

What `operations.matters` calls the same matter comes in as `exact`. A constant number of queries, each over a bounded
number of rows.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from django.db.models import Prefetch, Q
from django.utils.translation import gettext_lazy as _
from rapidfuzz import fuzz, process

from complaints.identity import Fact
from complaints.lifecycle import State
from complaints.matter_keys import WITHIN, Subject, product_mark, products_of
from complaints.models import Complaint, Customer, Order, OrderLine
from complaints.models.customer import having

SHOWN = 6
SAME_PERSON = 50
CANDIDATES = 200
SIMILAR_TITLES = 40
SIMILAR = 60
"""From 0 to 100: how much of two titles is the same, letter by letter in this order."""

RECENT = timedelta(days=90)
"""After that an ended complaint of the same person is history; one about the same order is not."""

BY_CONTACT = (Fact.PHONE, Fact.EMAIL, Fact.BUYER)


class Strength(IntEnum):
    WEAK = 1
    STRONG = 2
    EXACT = 3


@dataclass(frozen=True, slots=True)
class Reason:
    text: Any
    strength: Strength


SAME_MATTER = Reason(_("the same matter by the rules"), Strength.EXACT)
SAME_ORDER = Reason(_("the same order"), Strength.STRONG)
ENDED_ORDER = Reason(_("the same order, ended"), Strength.STRONG)
ORDER_ELSEWHERE = Reason(_("the same order number in another shop"), Strength.STRONG)
OTHER_PLATFORM = Reason(_("the same phone or e-mail on another platform"), Strength.STRONG)
OTHER_ISSUE = Reason(_("the same customer, another issue"), Strength.STRONG)
OTHER_ORDER = Reason(_("the same customer, another order"), Strength.WEAK)
SAME_PRODUCT = Reason(_("the same product, a similar title"), Strength.WEAK)


@dataclass(slots=True)
class Match:
    complaint: Complaint
    reasons: list[Reason] = field(default_factory=list)

    @property
    def strength(self) -> Strength:
        return max(reason.strength for reason in self.reasons)

    @property
    def is_exact(self) -> bool:
        return self.strength == Strength.EXACT


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What is known of the matter so far."""

    subject: Subject
    platform: str = ""
    title: str = ""


def near(
    user: Any, typed: Typed, *, now: datetime, exact: Complaint | None = None, besides: int = 0, limit: int = SHOWN
) -> list[Match]:
    """The strongest first; those still open before those that are over."""
    rows = _visible(user, besides)
    matches: dict[int, Match] = {}
    if exact and exact.pk != besides:
        found = rows.filter(pk=exact.pk).first()
        _add(matches, [found] if found else [], lambda one: SAME_MATTER)
    if typed.subject.order_number:
        _add(matches, _about_order(rows, typed.subject), lambda one: _reason_of_order(one, typed.subject))
    if people := _people(typed.subject):
        theirs = rows.filter(customer__in=people).order_by()[:CANDIDATES]
        _add(matches, theirs, lambda one: _reason_of_person(one, typed, now=now))
    if typed.title and typed.subject.products:
        # The same order or person says more than the same product.
        _add(matches, _alike(rows, typed, now=now), lambda one: None if one.pk in matches else SAME_PRODUCT)
    ranked = sorted(
        matches.values(), key=lambda one: (one.strength, one.complaint.is_open, one.complaint.received_at), reverse=True
    )
    return ranked[:limit]


def near_to(user: Any, complaint: Complaint, *, subject: Subject, now: datetime, limit: int = SHOWN) -> list[Match]:
    """For a complaint that is registered: others that are still open, into which it could be merged or they into it."""
    typed = Typed(subject=subject, platform=complaint.shop.platform, title=complaint.title)
    found = near(user, typed, now=now, besides=complaint.pk, limit=CANDIDATES)
    return [match for match in found if match.complaint.is_open][:limit]


def _visible(user: Any, besides: int) -> Any:
    rows = Complaint.objects.visible_to(user).exclude(state=State.MERGED).exclude(pk=besides)
    return rows.select_related("shop", "customer", "order").defer(
        "customer__phone", "customer__email", "description", "demand"
    )


def _add(matches: dict[int, Match], complaints: Iterable[Complaint], reason: Any) -> None:
    """The first reason of each kind of look stays; an exact one needs no other."""
    for complaint in complaints:
        because = reason(complaint)
        if because is None:
            continue
        match = matches.setdefault(complaint.pk, Match(complaint))
        if SAME_MATTER not in match.reasons and because not in match.reasons:
            match.reasons.append(because)


def _about_order(rows: Any, subject: Subject) -> Any:
    orders = list(Order.objects.filter(number=subject.order_number).values_list("pk", flat=True)[:SAME_PERSON])
    return rows.filter(order__in=orders).order_by()[:CANDIDATES] if orders else []


def _reason_of_order(complaint: Complaint, subject: Subject) -> Reason:
    if complaint.shop_id != subject.shop:
        return ORDER_ELSEWHERE
    return SAME_ORDER if complaint.is_open else ENDED_ORDER


def _people(subject: Subject) -> list[int]:
    """Customers of any platform with one of the fingerprints; which kind it is of is known to the fingerprint alone."""
    marks = {mark for mark in subject.marks if mark}
    if not marks:
        return []
    found = Q()
    for kind in BY_CONTACT:
        found |= having(kind, marks)
    return list(Customer.objects.filter(found).values_list("pk", flat=True)[:SAME_PERSON])


def _reason_of_person(complaint: Complaint, typed: Typed, *, now: datetime) -> Reason | None:
    if not complaint.is_open and complaint.received_at < now - RECENT:
        return None
    if complaint.shop.platform != typed.platform:
        return OTHER_PLATFORM
    number = complaint.order.number if complaint.order else ""
    if number and number == typed.subject.order_number:
        return None  # said already, of the order
    return OTHER_ORDER if number and typed.subject.order_number else OTHER_ISSUE


def _alike(rows: Any, typed: Typed, *, now: datetime) -> list[Complaint]:
    """Of the shop's latest open complaints those about the same product whose titles are alike."""
    latest = rows.open().filter(shop=typed.subject.shop, received_at__gte=now - WITHIN).order_by("-received_at", "-id")
    titles = {pk: _letters(title) for pk, title in latest.values_list("pk", "title")[:CANDIDATES]}
    found = process.extract(
        _letters(typed.title), titles, scorer=fuzz.ratio, score_cutoff=SIMILAR, limit=SIMILAR_TITLES
    )
    lines = Prefetch("order__lines", OrderLine.objects.only("order", "position", "product_id", "title"))
    alike = rows.filter(pk__in=[pk for _title, _score, pk in found]).order_by().prefetch_related(lines)
    wanted = {product_mark(product) for product in typed.subject.products}
    return [one for one in alike if wanted & _products(one)] if found else []


def _products(complaint: Complaint) -> set[str]:
    lines = complaint.order.lines.all() if complaint.order else []
    return {product_mark(product) for product in products_of((line.product_id, line.title) for line in lines)}


def _letters(text: str) -> str:
    """Letters and digits only: how a title is spaced and punctuated says nothing."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())
