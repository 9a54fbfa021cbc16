"""Complaints that may be about the same matter, shown while one registers and on the case page, with their reasons."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from complaints.models import Complaint, Order, Shop
from complaints.operations import matters
from complaints.operations.customers import Person
from complaints.operations.joining import can_join
from complaints.queries import duplicates
from complaints.queries.duplicates import Match, Typed
from knowledge.models import IssueType

from .asked import known_id
from .registration_forms import RegistrationForm
from .registration_lookup import behind
from .transitions import visible_or_404

PERSONAL = ("name", "phone", "email", "buyer")


def near_typed(request: HttpRequest) -> HttpResponse:
    """For what stands in the registration form; nothing is written."""
    if not request.user.has_perm("complaints.add_complaint"):
        raise PermissionDenied
    now, typed = timezone.now(), RegistrationForm.typed_in(request.POST)
    order, follows = behind(request.user, typed)
    matches = matches_typed(request.user, typed, order=order, follows=follows, now=now)
    return render(request, "admin/complaints/complaint/_near.html", {"matches": matches, "now": now})


def near_case(request: HttpRequest, object_id: str) -> HttpResponse:
    """For a complaint: other open ones, each with the way to merge where that is possible."""
    complaint, now = visible_or_404(request, object_id), timezone.now()
    matches: list[Match] = []
    if complaint.is_open:
        subject = matters.subject_of_complaint(complaint)
        matches = duplicates.near_to(request.user, complaint, subject=subject, now=now)
    rows = [{"match": match, "mergeable": _mergeable(complaint, match.complaint)} for match in matches]
    context = {"complaint": complaint, "rows": rows, "now": now}
    return render(request, "admin/complaints/complaint/_near_case.html", context)


def matches_typed(
    user: Any, typed: Mapping[str, str], *, order: Order | None, follows: Complaint | None, now: datetime
) -> list[dict[str, Any]]:
    """Rows for the template: each match, and whether the contact can join it."""
    shop = order.shop if order else Shop.objects.visible_to(user).filter(pk=known_id(typed.get("shop", ""))).first()
    if shop is None:
        return []
    issue_type = known_id(typed.get("issue_type", ""))
    subject = matters.subject_of(
        shop,
        person=Person(**{name: typed.get(name, "") for name in PERSONAL}),
        customer=(order and order.customer) or (follows and follows.customer) or None,
        order=order,
        order_number=typed.get("order_number", "").strip(),
        product=typed.get("typed_product", ""),
        issue_type=IssueType.objects.filter(pk=issue_type).first() if issue_type else None,
    )
    known = Typed(subject=subject, platform=shop.platform, title=typed.get("title", ""))
    exact = matters.holder(subject, now=now)
    found = duplicates.near(user, known, now=now, exact=exact, besides=follows.pk if follows else 0)
    return [{"match": match, "joinable": can_join(match.complaint, now=now)} for match in found]


def _mergeable(complaint: Complaint, other: Complaint) -> bool:
    """As the guard of merging asks: the same shop, and the same customer or order."""
    same_customer = complaint.customer_id and complaint.customer_id == other.customer_id
    same_order = complaint.order_id and complaint.order_id == other.order_id
    return bool(other.is_open and complaint.shop_id == other.shop_id and (same_customer or same_order))
