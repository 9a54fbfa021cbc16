"""The search box of the registration form: what is found while one types, and what choosing it fills in.

Sent as POST though nothing is written: a phone number has no place in an address, which every proxy logs.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint, Order, Shop
from complaints.operations.joining import can_join
from complaints.queries import lookup
from complaints.queries.case import ended, rivals
from complaints.queries.lookup import Asked, Found

from .asked import known_id

TYPED_AS = {
    "phone": _("Fill in as phone"),
    "order_number": _("Fill in as order number"),
    "email": _("Fill in as e-mail"),
    "buyer": _("Fill in as buyer id"),
}
MOBILE_DIGITS = 11


def look_up(request: HttpRequest) -> HttpResponse:
    """What was found for the text in the box, as the list under it."""
    if not request.user.has_perm("complaints.add_complaint"):
        raise PermissionDenied
    text, now = request.POST.get("q", ""), timezone.now()
    found = lookup.look_up(request.user, text)
    return render(
        request, "admin/complaints/complaint/_found.html", shown(request.user, text, found, now=now) | {"now": now}
    )


def order_lookup(request: HttpRequest) -> HttpResponse:
    """The order behind a typed number, for the form to show: what was bought, and open complaints about it."""
    if not request.user.has_perm("complaints.add_complaint"):
        raise PermissionDenied
    number, shop = request.GET.get("order_number", "").strip(), known_id(request.GET.get("shop", ""))
    order = find_order(request.user, number, shop)
    context = _order_card(request.user, order, number=number, shop=shop)
    context["separate"] = bool(request.GET.get("separate"))
    return render(request, "admin/complaints/complaint/_order.html", context)


def find_order(user: Any, number: str, shop: int | None = None) -> Order | None:
    """The order with exactly this number in a shop of the person: in the given one, or else in any."""
    if not number:
        return None
    orders = Order.objects.filter(number=number, shop__in=Shop.objects.visible_to(user))
    orders = orders.select_related("customer", "shop").prefetch_related("lines")
    return (orders.filter(shop_id=shop).first() if shop else None) or orders.first()


def behind(user: Any, typed: Mapping[str, str]) -> tuple[Order | None, Complaint | None]:
    """The order and the ended complaint that the form names."""
    previous = known_id(typed.get("previous", ""))
    order = find_order(user, typed.get("order_number", "").strip(), known_id(typed.get("shop", "")))
    return order, ended(user, previous) if previous else None


def picked(user: Any, pick: str, typed: dict[str, str], text: str) -> dict[str, str]:
    """What was typed, with the choice filled in: an order, a complaint to follow, or the text as one of the facts."""
    kind, _colon, value = pick.partition(":")
    if kind == "use" and value in TYPED_AS:
        return typed | {value: text.strip()}
    pk = known_id(value)
    if kind == "order" and pk and (order := Order.objects.visible_to(user).filter(pk=pk).first()):
        return _about(typed, order.shop_id, order.number)
    if kind == "earlier" and pk and (complaint := ended(user, pk)):
        number = complaint.order.number if complaint.order else ""
        return _about(typed, complaint.shop_id, number) | {"previous": str(complaint.pk)}
    return typed


def _about(typed: dict[str, str], shop: int, number: str) -> dict[str, str]:
    """Another order than what was named before: what belonged to that one goes."""
    kept = {name: value for name, value in typed.items() if name not in ("previous", "separate")}
    if number:
        kept = {name: value for name, value in kept.items() if name not in ("no_order_reason", "typed_product")}
    return kept | {"shop": str(shop), "order_number": number}


def shown(
    user: Any, text: str, found: Found, *, now: datetime, order: Order | None = None, number: str = ""
) -> dict[str, Any]:
    """For the templates: the list of what was found, and the card of the order that the form names."""
    return {
        "q": text,
        "found": found,
        "joinable": {one.pk for one in found.earlier if can_join(one, now=now)},
        "uses": [(name, TYPED_AS[name]) for name in _uses(Asked.of(text))],
        **_order_card(user, order, number=number),
    }


def _order_card(user: Any, order: Order | None, *, number: str, shop: int | None = None) -> dict[str, Any]:
    return {
        "number": number,
        "order": order,
        "rivals": rivals(order.pk, user) if order else [],
        "elsewhere": bool(order and shop and order.shop_id != shop),
    }


def _uses(asked: Asked) -> list[str]:
    """As what the text may be filled in, the likeliest first."""
    if "@" in asked.text:
        return ["email", "buyer"]
    phone = ["phone"] if len(asked.digits) in lookup.PHONE_DIGITS else []
    number = ["order_number"] if len(asked.number) >= lookup.ENDING else []
    if asked.digits:
        return phone + number if len(asked.digits) <= MOBILE_DIGITS else number + phone
    return number + (["buyer"] if len(asked.text) >= lookup.SHORTEST else [])
