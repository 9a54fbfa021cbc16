"""The work list page: reads what is asked for, asks the query, shows rows."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.lifecycle import OPEN, STAGES, State
from complaints.models import Complaint, Priority, Shop, WebSubmission
from complaints.queries import worklist
from complaints.queries.case import held_back
from complaints.queries.worklist import Wanted

from .displays import staff_name, stage_number

LONGEST_TOKEN = 120


def work_list(request: HttpRequest, *, site: Any) -> HttpResponse:
    """GET only. Unknown values in the address are ignored: an old bookmark shows the list without that filter."""
    if not request.user.has_perm("complaints.view_complaint"):
        raise PermissionDenied
    now = timezone.now()
    shops = list(Shop.objects.visible_to(request.user))
    wanted = _wanted(request, shops)
    page = worklist.page(request.user, wanted, now=now)
    counts = worklist.counts(request.user, now=now)
    context = site.each_context(request) | {
        "title": worklist.TABS[wanted.tab].label,
        "tabs": _tabs(wanted, counts),
        "wanted": wanted,
        "tab": wanted.tab,
        "filters": _filters(wanted, shops),
        "narrowed": bool(wanted.shop or wanted.stage or wanted.priority),
        "unnarrowed": _address(Wanted(tab=wanted.tab, text=wanted.text)),
        "counts": counts,
        "rows": _rows(page.rows, request.user),
        "next": _address(wanted, after=_pack(worklist.position(page.rows[-1], wanted)))
        if page.has_next and page.rows
        else "",
        "previous": _address(wanted, before=_pack(worklist.position(page.rows[0], wanted)))
        if page.has_previous and page.rows
        else "",
        "first": _address(wanted),
        "may_select": request.user.has_perm("complaints.assign_complaint") and not worklist.TABS[wanted.tab].ended,
        "stages": len(STAGES),
        "count_limit": worklist.COUNT_LIMIT,
        "now": now,
        "held_back": held_back(request.user),
        "sent_by_form": _sent_by_form(request.user, wanted) if not page.rows else None,
    }
    return render(request, "admin/complaints/complaint/change_list.html", context)


def _sent_by_form(user: Any, wanted: Wanted) -> WebSubmission | None:
    """What somebody sent by the web form and names by its receipt, which has become no complaint."""
    may_see = wanted.text and user.has_perm("complaints.view_websubmission")
    return WebSubmission.objects.visible_to(user).named(wanted.text) if may_see else None


def _first_tab(user: Any) -> str:
    """Who hands work out sees all of it first, the most urgent on top; who does it sees the own."""
    own = user.has_perm("complaints.claim_complaint") and not user.has_perm("complaints.assign_complaint")
    return "mine" if own else "open"


def _wanted(request: HttpRequest, shops: list[Shop]) -> Wanted:
    asked = request.GET
    tab = asked.get("tab", "")
    if tab not in worklist.TABS:
        tab = _first_tab(request.user)
    shop = next((shop.pk for shop in shops if str(shop.pk) == asked.get("shop")), None)
    return Wanted(
        tab=tab,
        shop=shop,
        stage=asked.get("stage", "") if asked.get("stage") in State.values else "",
        priority=asked.get("priority", "") if asked.get("priority") in Priority.values else "",
        text=asked.get("q", "").strip()[:200],
        after=_unpack(asked.get("after", "")),
        before=_unpack(asked.get("before", "")),
    )


def _rows(complaints: list[Complaint], user: Any) -> list[dict[str, Any]]:
    """A merged one names the complaint in which it goes on, where that stands in the list as well."""
    numbers = {complaint.pk: complaint.number for complaint in complaints}
    return [
        _row(complaint, user) | {"goes_on_as": numbers.get(complaint.merged_into_id or 0, "")}
        for complaint in complaints
    ]


def _row(complaint: Complaint, user: Any) -> dict[str, Any]:
    return {
        "complaint": complaint,
        "stage": stage_number(complaint),
        "assignee": staff_name(complaint.assignee),
        "mine": complaint.assignee_id == user.pk,
    }


def _tabs(wanted: Wanted, counts: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "code": tab.code,
            "label": tab.label,
            "count": counts.get(tab.code),
            "active": tab.code == wanted.tab and not wanted.text,
            "url": _address(Wanted(tab=tab.code, shop=wanted.shop, stage="", priority=wanted.priority)),
        }
        for tab in worklist.TABS.values()
    ]


def _filters(wanted: Wanted, shops: list[Shop]) -> list[dict[str, Any]]:
    """The filters above the list: each option is a link, and so is the way to drop the chosen one."""
    return [
        _filter(wanted, "shop", _("Shop"), [(shop.pk, shop.name) for shop in shops]),
        _filter(wanted, "stage", _("Stage"), _stages_of(wanted)),
        _filter(wanted, "priority", _("Priority"), list(Priority.choices)),
    ]


def _stages_of(wanted: Wanted) -> list[tuple[Any, Any]]:
    """The stages that the tab can show."""
    if wanted.text:
        return list(State.choices)
    ended = worklist.TABS[wanted.tab].ended
    return [(state.value, state.label) for state in State if (state in OPEN) != ended]


def _filter(wanted: Wanted, name: str, label: Any, options: list[tuple[Any, Any]]) -> dict[str, Any]:
    chosen = getattr(wanted, name)
    nothing: dict[str, Any] = {name: None}
    return {
        "name": name,
        "label": label,
        "chosen": next((text for value, text in options if value == chosen), chosen or ""),
        "clear": _address(replace(wanted, **nothing)),
        "options": [
            {"label": text, "chosen": value == chosen, "url": _address(replace(wanted, **{name: value}))}
            for value, text in options
        ],
    }


def _address(wanted: Wanted, **position: str) -> str:
    values = {
        "tab": wanted.tab, "shop": wanted.shop, "stage": wanted.stage, "priority": wanted.priority, "q": wanted.text,
    }  # fmt: skip
    return "?" + urlencode({name: value for name, value in (values | position).items() if value})


def _pack(position: tuple[datetime | None, int]) -> str:
    moment, pk = position
    return urlsafe_b64encode(json.dumps([moment.isoformat() if moment else None, pk]).encode()).decode()


def _unpack(token: str) -> tuple[datetime, int] | None:
    """The position that a link carries; None for anything that is not one."""
    if len(token) > LONGEST_TOKEN:
        return None
    try:
        moment, pk = json.loads(urlsafe_b64decode(token))
        at = datetime.fromisoformat(moment)
        return (at.astimezone(UTC), int(pk)) if at.tzinfo else None
    except (ValueError, TypeError, OverflowError, binascii.Error):
        return None
