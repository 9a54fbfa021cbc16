"""Promises: how many were kept, per agent and shop, and which ones."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models import Promise, Shop
from complaints.queries import promises
from complaints.queries.promises import Line, Numbers, Period, Wanted

from .asked import known_id
from .displays import staff_name
from .records import ReadOnlyAdmin

LONGEST_PERIOD = 366
CUSTOM = "custom"
PERIODS = (
    ("this_week", _("This week")),
    ("last_week", _("Last week")),
    ("this_month", _("This month")),
    ("last_month", _("Last month")),
    (CUSTOM, pgettext_lazy("period", "From … to …")),
)
AGENT = pgettext_lazy("who promised", "Agent")
TONES = {"kept": "done", "broken": "breached", "renewed": "waiting", "open": "neutral"}


class PeriodForm(forms.Form):
    """A period of its own; the usual ones are links."""

    first = forms.DateField(label=_("From day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label=_("To day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        first, last = values.get("first"), values.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day lies before the first."))
        elif first and last and (last - first).days >= LONGEST_PERIOD:
            self.add_error("last", _("Choose a year at most."))
        elif first and first.year < 2000 or last and last.year > 2200:
            self.add_error("first", _("Choose days of this century."))
        return values


@admin.register(Promise)
class PromiseAdmin(ReadOnlyAdmin):
    fields = ("text", "made_at", "due_at", "status", "settled_at", "reason")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return promises.promises_of(request.user)

    def get_urls(self) -> list[Any]:
        listed = path("list/", self.admin_site.admin_view(self.listed), name="complaints_promise_list")
        return [listed, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """GET only: the numbers of a period beside those of the period before."""
        self._refuse_strangers(request)
        chosen = _chosen(request)
        form = PeriodForm(request.GET if chosen == CUSTOM and "first" in request.GET else None, initial=_shown_days())
        period = _period(chosen, form)
        found = promises.statistics(request.user, period) if period else None
        context = self.admin_site.each_context(request) | {
            "title": self.opts.verbose_name_plural,
            "periods": [{"code": code, "label": label, "active": code == chosen} for code, label in PERIODS],
            "form": form if chosen == CUSTOM else None,
            "period": period,
            "before": period.before() if period else None,
            "total": _row(found.total, period) if found and period else None,
            "tables": _tables(found, period) if found and period else [],
            "others": promises.sees_others(request.user),
        }
        return render(request, "admin/complaints/promise/change_list.html", context, status=422 if form.errors else 200)

    def listed(self, request: HttpRequest) -> HttpResponse:
        """GET only. Unknown values in the address are ignored, as in the work list."""
        self._refuse_strangers(request)
        wanted = _wanted(request)
        page = promises.page(request.user, wanted)
        context = self.admin_site.each_context(request) | {
            "title": self.opts.verbose_name_plural,
            "period": wanted.period,
            "filters": _filters(request, wanted),
            "rows": page.rows,
            "tones": TONES,
            "next": _address(wanted, after=page.rows[-1].pk) if page.has_next else "",
            "first": _address(wanted) if wanted.after else "",
            "back": _back(wanted.period),
            "now": timezone.now(),
        }
        return render(request, "admin/complaints/promise/list.html", context)

    def _refuse_strangers(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


def _chosen(request: HttpRequest) -> str:
    asked = request.GET.get("period", "")
    return asked if asked in dict(PERIODS) else "this_month"


def _shown_days() -> dict[str, date]:
    month = promises.this_month(timezone.localdate())
    return {"first": month.first, "last": month.last}


def _period(chosen: str, form: PeriodForm) -> Period | None:
    """None: days of one's own that are not given yet, or wrongly."""
    today = timezone.localdate()
    if chosen == CUSTOM:
        return Period(form.cleaned_data["first"], form.cleaned_data["last"]) if form.is_valid() else None
    period = promises.this_week(today) if chosen.endswith("week") else promises.this_month(today)
    return period.before() if chosen.startswith("last") else period


# ---------------------------------------------------------------- the numbers


def _tables(found: promises.Statistics, period: Period) -> list[dict[str, Any]]:
    return [
        {"label": label, "column": column, "rows": [_row(line, period, key) for line in lines]}
        for label, column, key, lines in (
            (_("Per agent"), AGENT, "agent", found.agents),
            (_("Per shop"), _("Shop"), "shop", found.shops),
        )
        if lines
    ]


def _row(line: Line, period: Period, key: str = "") -> dict[str, Any]:
    """A line with its cells; each number leads to the promises that it counts."""
    which = {key: line.pk} if key and line.pk else {}
    able = bool(which) or not key
    return {
        "name": line.name,
        "cells": [
            _cell("made", _("Made"), line, _address(Wanted(period=period), **which) if able else ""),
            *(
                _cell(status, label, line, _address(Wanted(period=period), status=status, **which) if able else "")
                for status, label in OUTCOME_LABELS
            ),
        ],
        "share": line.now.share,
        "share_before": line.before.share,
        "parts": _parts(line.now),
    }


OUTCOME_LABELS = (
    ("kept", pgettext_lazy("promises", "Kept")),
    ("broken", pgettext_lazy("promises", "Broken")),
    ("renewed", pgettext_lazy("promises", "Renewed")),
    ("open", pgettext_lazy("promises", "Open")),
)


def _cell(name: str, label: Any, line: Line, url: str) -> dict[str, Any]:
    now, before = getattr(line.now, name), getattr(line.before, name)
    return {"name": name, "label": label, "now": now, "before": before, "url": url, "tone": TONES.get(name, "")}


def _parts(numbers: Numbers) -> list[dict[str, Any]]:
    """The bar: where each outcome begins and how wide it is, in percent of all."""
    parts, start = [], 0.0
    for name, tone in TONES.items():
        width = 100 * getattr(numbers, name) / max(numbers.made, 1)
        parts.append({"tone": tone, "start": f"{start:.2f}", "width": f"{width:.2f}"})
        start += width
    return parts


# ---------------------------------------------------------------- the promises behind a number


def _wanted(request: HttpRequest) -> Wanted:
    asked = request.GET
    form = PeriodForm(asked)
    period = Period(form.cleaned_data["first"], form.cleaned_data["last"]) if form.is_valid() else None
    return Wanted(
        period=period or promises.this_month(timezone.localdate()),
        status=asked.get("status", "") if asked.get("status") in Promise.Status.values else "",
        agent=known_id(asked.get("agent", "")) if promises.sees_others(request.user) else None,
        shop=known_id(asked.get("shop", "")),
        after=known_id(asked.get("after", "")),
    )


def _filters(request: HttpRequest, wanted: Wanted) -> list[dict[str, Any]]:
    """What narrows the list, in words, each with the way to drop it."""
    agent = get_user_model().objects.filter(pk=wanted.agent).first() if wanted.agent else None
    shop = Shop.objects.visible_to(request.user).filter(pk=wanted.shop).first() if wanted.shop else None
    statuses = dict(Promise.Status.choices)
    return [
        {"label": label, "chosen": chosen, "clear": _address(wanted, **{name: None})}
        for name, label, value, chosen in (
            ("status", _("Status"), wanted.status, statuses.get(wanted.status, "")),
            ("agent", AGENT, wanted.agent, staff_name(agent) or "—"),
            ("shop", _("Shop"), wanted.shop, shop.name if shop else "—"),
        )
        if value
    ]


def _address(wanted: Wanted, **other: Any) -> str:
    values = {
        "first": wanted.period.first.isoformat(), "last": wanted.period.last.isoformat(), "status": wanted.status,
        "agent": wanted.agent, "shop": wanted.shop,
    }  # fmt: skip
    asked = {name: value for name, value in (values | other).items() if value}
    return f"{reverse('admin:complaints_promise_list')}?{urlencode(asked)}"


def _back(period: Period) -> str:
    """The numbers of the same period."""
    for code in ("this_week", "last_week", "this_month", "last_month"):
        if _period(code, PeriodForm()) == period:
            return f"{reverse('admin:complaints_promise_changelist')}?{urlencode({'period': code})}"
    days = {"period": CUSTOM, "first": period.first.isoformat(), "last": period.last.isoformat()}
    return f"{reverse('admin:complaints_promise_changelist')}?{urlencode(days)}"
