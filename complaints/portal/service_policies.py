"""The terms of a shop for its customers: what holds, what held, in both languages, to read and to print (R2.3)."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from complaints.models import Shop
from complaints.queries import service_policies
from knowledge.models import ServicePolicy
from knowledge.policy_terms import Period, blocks

from .pages import customer_page


@customer_page(secret=False, kept=True)
@require_safe
def index(request: HttpRequest, code: str) -> HttpResponse:
    """All matters of which something holds now."""
    shop = _shop(code)
    with timezone.override(service_policies.zone_of(shop)):
        context = {"shop": shop, "matters": service_policies.matters(shop, at=timezone.now())}
        return _page(request, "policies", context)


@customer_page(secret=False, kept=True)
@require_safe
def policy(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """What holds now; with `?version=` one that held or will hold, for this address stays valid."""
    shop, now = _shop(code), timezone.now()
    if kind not in ServicePolicy.Kind.values:
        raise Http404
    known = service_policies.history(shop, kind)
    shown = _asked(known, request.GET["version"]) if "version" in request.GET else _current(known, now)
    version: Any = shown.version
    english = (translation.get_language() or "").startswith("en")
    context = {
        "shop": shop,
        "label": ServicePolicy.Kind(kind).label,
        "version": version,
        "blocks": blocks(version.words),
        "untranslated": english and not version.text_en,
        "shown": shown,
        "state": _state(shown, now),
        "past": [one for one in reversed(known) if one is not shown and _state(one, now) == "past"],
        "coming": [one for one in known if one is not shown and _state(one, now) == "coming"],
        "permanent": "version" in request.GET,
        "holds": any(_state(one, now) == "current" for one in known),
        "address": f"{request.build_absolute_uri(request.path)}?version={version.pk}",
    }
    with timezone.override(service_policies.zone_of(shop)):
        return _page(request, "policy", context)


def _asked(known: list[Period], version: str) -> Period:
    """The last period of the version that the address names. Raises Http404 for one that is not this shop's."""
    found = [one for one in known if str(getattr(one.version, "pk", "")) == version]
    if not found:
        raise Http404
    return found[-1]


def _current(known: list[Period], now: datetime) -> Period:
    """Raises Http404 where nothing holds now."""
    for period in known:
        if _state(period, now) == "current":
            return period
    raise Http404


def _state(period: Period, now: datetime) -> str:
    if period.since > now:
        return "coming"
    return "past" if period.until and period.until <= now else "current"


def _page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    """The page, or word that the reader has it already: its tag is made of all that it says."""
    response = render(request, f"portal/{name}.html", context)
    tag = f'"{sha256(response.content).hexdigest()[:32]}"'
    response["ETag"] = tag
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return get_conditional_response(request, etag=tag, response=response) or response


def _shop(code: str) -> Shop:
    """Raises Http404 alike for a shop that is unknown and one that is closed."""
    shop = Shop.objects.select_related("calendar").filter(code=code, active=True).first()
    if shop is None:
        raise Http404
    return shop
