"""What the list of drawn replies and the averages were asked for, in the address and in words."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models import SampleWeek, Shop
from complaints.operations.sampling import monday_of
from complaints.queries import quality
from complaints.queries.quality import Wanted
from complaints.queries.quality_figures import Line, Weeks
from knowledge.models import CriterionVersion, ReplyScript

from .asked import known_id
from .displays import staff_name
from .review_forms import week_words

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)

LIST = "admin:complaints_replyreview_changelist"
FIGURES = "admin:complaints_replyreview_figures"
TABS = {
    "waiting": _("To be scored"),
    "answers": _("Agents have answered"),
    "scored": _("Scored"),
    "skipped": _("Left out"),
    "mine": _("My scores"),
}
AGENT = pgettext_lazy("who replied", "Agent")
USUAL_WEEKS = 4
WEEKS_OFFERED = 52


def wanted(request: HttpRequest) -> Wanted:
    """Unknown values in the address are ignored, as in the work list."""
    asked, tabs = request.GET, quality.tabs_of(request.user)
    first, last = _day(asked.get("first", "")), _day(asked.get("last", ""))
    return Wanted(
        tab=asked.get("tab", "") if asked.get("tab") in tabs else tabs[0],
        first=min(first, last) if first and last else None,
        last=max(first, last) if first and last else None,
        agent=known_id(asked.get("agent", "")) if request.user.has_perm(quality.TEAM) else None,
        shop=known_id(asked.get("shop", "")),
        script=known_id(asked.get("script", "")),
        criterion=known_id(asked.get("criterion", "")),
        after=known_id(asked.get("after", "")),
    )


def address(found: Wanted, name: str = LIST, /, *args: Any, **other: Any) -> str:
    """The list, or another page about it, with what it was asked for."""
    days = {"first": found.first and found.first.isoformat(), "last": found.last and found.last.isoformat()}
    names = ("tab", "agent", "shop", "script", "criterion")
    values = {name: getattr(found, name) for name in names} | days | other
    asked = {name: value for name, value in values.items() if value}
    return f"{reverse(name, args=args)}?{urlencode(asked)}"


def tabs(request: HttpRequest, found: Wanted) -> list[dict[str, Any]]:
    counts = quality.counts(request.user)
    return [
        {
            "label": TABS[tab], "active": tab == found.tab, "count": counts.get(tab, 0),
            "url": address(found, tab=tab),
        }
        for tab in quality.tabs_of(request.user)
    ]  # fmt: skip


def filters(request: HttpRequest, found: Wanted) -> list[dict[str, Any]]:
    """What narrows the list, in words, each with the way to drop it."""
    drop = {"weeks": ("first", "last")}
    return [
        {"label": label, "chosen": chosen, "clear": address(found, **dict.fromkeys(drop.get(name, (name,))))}
        for name, label, chosen in (
            ("weeks", _("Weeks"), _weeks(found)),
            ("agent", AGENT, staff_name(_one(get_user_model().objects.all(), found.agent))),
            ("shop", _("Shop"), str(_one(Shop.objects.visible_to(request.user), found.shop) or "")),
            ("script", _("Script"), str(_one(ReplyScript.objects.all(), found.script) or "")),
            ("criterion", _("Points lost by"), _criterion(found.criterion)),
        )
        if chosen or getattr(found, name, None)
    ]


def _weeks(found: Wanted) -> str:
    if not found.first or not found.last:
        return ""
    words = week_words(found.first)
    return words if found.first == found.last else f"{words} – {week_words(found.last)}"


def _one(rows: Any, pk: int | None) -> Any:
    return rows.filter(pk=pk).first() if pk else None


def _criterion(pk: int | None) -> str:
    version = CriterionVersion.objects.as_now().filter(criterion=pk).first() if pk else None
    return version.label if version else ""


def _day(text: str) -> date | None:
    """The Monday of the day that the text is, of a year that can be meant."""
    try:
        day = date.fromisoformat(text)
        return monday_of(day) if EARLIEST <= day < LATEST else None
    except (ValueError, OverflowError):
        return None


# ---------------------------------------------------------------- the averages


@dataclass(frozen=True, slots=True)
class Asked:
    """The weeks and the shop of the averages, and what may be chosen instead."""

    weeks: Weeks
    shop: int | None
    mondays: list[date]


def figures_asked(request: HttpRequest) -> Asked | None:
    """The latest weeks with a sample, unless others are asked for; None when nothing was ever drawn."""
    mondays = list(SampleWeek.objects.order_by("-monday").values_list("monday", flat=True)[:WEEKS_OFFERED])
    if not mondays:
        return None
    found = wanted(request)
    usual = Weeks(mondays[min(USUAL_WEEKS, len(mondays)) - 1], mondays[0])
    weeks = Weeks(found.first, found.last) if found.first and found.last else usual
    if weeks.number > WEEKS_OFFERED:
        weeks = usual
    return Asked(weeks, found.shop, mondays)


def tables(request: HttpRequest, asked: Asked, lines: dict[str, list[Line]]) -> list[dict[str, Any]]:
    """The tables of averages; each line leads to the scores that it is made of."""
    tab = "scored" if request.user.has_perm(quality.TEAM) else "mine"
    rows = Wanted(tab=tab, first=asked.weeks.first, last=asked.weeks.last, shop=asked.shop)
    return [
        {
            "label": label, "column": column,
            "rows": [
                {"line": line, "name": _name(key, line), "url": address(rows, **_which(key, line))}
                for line in lines[key]
            ],
        }
        for key, label, column in (
            ("agent", _("Per agent"), AGENT),
            ("criterion", _("Per criterion"), _("Criterion")),
            ("script", _("Per script"), _("Script")),
            ("week", _("Per week"), _("Week")),
        )
        if lines[key]
    ]  # fmt: skip


def _name(key: str, line: Line) -> str:
    return week_words(line.key) if key == "week" else line.name


def _which(key: str, line: Line) -> dict[str, Any]:
    if key == "week":
        return {"first": line.key.isoformat(), "last": line.key.isoformat()}
    return {key: line.key}
