"""Template tags of the product's own pages: icons, words for times, people and what happened."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, pgettext

from complaints.admin import displays
from complaints.lifecycle import State
from complaints.models import Channel
from complaints.models.calendar import hours_text
from knowledge import rendering

register = template.Library()

_ICON_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@register.simple_tag
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """Draw one icon of the sprite; without a label it is decoration, and a word stands beside it."""
    if not _ICON_NAME.fullmatch(name):
        raise ValueError(f"Not an icon name: {name!r}")
    classes = f"icon {css}".strip()
    href = f"{static('amends/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"></use></svg>', classes, label, href
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"></use></svg>', classes, href)


def time_patterns() -> dict[str, str]:
    """The words for a span, by the units that it has; clock.js reads the same ones from the page."""
    return {
        "dh": pgettext("time span", "{d}d {h}h"),
        "d": pgettext("time span", "{d}d"),
        "hm": pgettext("time span", "{h}h {m}m"),
        "h": pgettext("time span", "{h}h"),
        "m": pgettext("time span", "{m}m"),
        "zero": pgettext("time span", "under 1m"),
        "left": pgettext("clock", "{t} left"),
        "over": pgettext("clock", "{t} over"),
    }


@register.filter
def time_words(span: timedelta) -> str:
    """Say a span in at most two units, rounded down: 3h 5m, 1d 4h, 42m."""
    minutes = int(abs(span).total_seconds()) // 60
    units = {"d": minutes // 1440, "h": minutes // 60 % 24, "m": minutes % 60}
    if units["d"]:
        key = "dh" if units["h"] else "d"
    elif units["h"]:
        key = "hm" if units["m"] else "h"
    else:
        key = "m" if units["m"] else "zero"
    return time_patterns()[key].format(**units)


@register.simple_tag
def clock_texts() -> dict[str, str]:
    """The patterns of the clock, for the element that clock.js reads."""
    return time_patterns()


@register.inclusion_tag("amends/clock.html")
def clock(
    due: datetime | None,
    *,
    now: datetime,
    warn: datetime | None = None,
    met: datetime | None = None,
    stopped: datetime | None = None,
    paused: datetime | None = None,
) -> dict[str, object]:
    """One clock chip: met, stopped, paused, over, close, or simply the time left. An empty due time draws nothing."""
    if due is None:
        return {"due": None}
    if met is not None:
        late = met > due
        tone, mark = ("breached", "circle-x") if late else ("done", "circle-check")
        text = gettext("met late") if late else gettext("met")
    elif stopped is not None:
        late = stopped > due
        tone, mark = ("breached", "circle-x") if late else ("neutral", "ban")
        text = gettext("stopped late") if late else gettext("stopped")
    elif paused is not None:
        tone, mark, text = "waiting", "circle-pause", gettext("paused")
    elif now > due:
        tone, mark, text = "breached", "triangle-alert", time_patterns()["over"].format(t=time_words(now - due))
    else:
        close = warn is not None and warn <= now
        tone, mark = ("risk", "timer") if close else ("neutral", "clock")
        text = time_patterns()["left"].format(t=time_words(due - now))
    return {
        "due": due,
        "warn": warn,
        "met": met,
        "stopped": stopped or paused,
        "tone": tone,
        "icon_name": mark,
        "text": text,
    }


@register.filter
def span(length: timedelta) -> str:
    """A length of time in at most two units: 3h 5m."""
    return time_words(length)


@register.filter
def ago(then: datetime | None, now: datetime) -> str:
    """How long ago something was, in one unit: 5m ago, 2d ago."""
    if then is None:
        return ""
    minutes = max(int((now - then).total_seconds()) // 60, 0)
    if minutes < 1:
        return gettext("just now")
    if minutes >= 1440:
        span = time_patterns()["d"].format(d=minutes // 1440)
    elif minutes >= 60:
        span = time_patterns()["h"].format(h=minutes // 60)
    else:
        span = time_patterns()["m"].format(m=minutes)
    return gettext("{t} ago").format(t=span)


@register.simple_tag
def moment(at: datetime | None, now: datetime | None = None) -> SafeString | str:
    """A point in time as one says it: today 18:00, 11-20 18:42, 2025-11-20; the exact one is the title."""
    if at is None:
        return "—"
    local, today = timezone.localtime(at), timezone.localdate(now)
    days = (local.date() - today).days
    near = {-1: gettext("yesterday"), 0: gettext("today"), 1: gettext("tomorrow")}.get(days)
    if near:
        words = f"{near} {local:%H:%M}"
    else:
        words = f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(), f"{local:%Y-%m-%d %H:%M:%S}", words
    )


@register.filter
def day_words(at: datetime, now: datetime) -> str:
    """The heading of a day in the timeline."""
    local, today = timezone.localtime(at), timezone.localdate(now)
    date = date_format(local, "MONTH_DAY_FORMAT" if local.year == today.year else "DATE_FORMAT")
    days = (local.date() - today).days
    if days == 0:
        return pgettext("day heading", "Today, {date}").format(date=date)
    return pgettext("day heading", "Yesterday, {date}").format(date=date) if days == -1 else date


@register.filter
def money(amount: Decimal | None, currency: str = "CNY") -> str:
    """An amount with its sign; a dash for an unknown one."""
    if amount is None:
        return "—"
    sign = "¥" if currency == "CNY" else f"{currency} "
    return f"{sign}{amount:,.2f}"


@register.filter
def staff(user: Any) -> str:
    """A colleague's name; the system where nobody acted."""
    return displays.staff_name(user) or gettext("System")


@register.filter
def initial(name: str) -> str:
    """The first letter, for a round mark."""
    return name[:1].upper() or "·"


@register.filter
def listed(names: Iterable[Any]) -> str:
    return displays.listed(names)


@register.filter
def channels(codes: Iterable[str]) -> list[Any]:
    """Channels by their names; a code that we know nothing of stays a code."""
    names = dict(Channel.choices)
    return [names.get(code, code) for code in codes]


@register.simple_tag
def gap_names() -> str:
    """The placeholders of scripts; one that is left in a reply is a gap."""
    return " ".join(sorted(rendering.ALLOWED))


@register.filter
def hours(intervals: list[list[int]]) -> str:
    """Opening hours as people write them."""
    return hours_text(intervals)


@register.filter
def any_hours(week: Iterable[Any]) -> bool:
    """Whether anything is entered for any day of a week."""
    return any(week)


@register.filter
def event_words(event: Any) -> str:
    return displays.event_label(event)


@register.filter
def event_details(event: Any, sees_liability: bool) -> str:
    return displays.event_details(event, sees_liability)


@register.filter
def event_reason(event: Any, sees_liability: bool) -> str:
    return displays.event_reason(event, sees_liability)


_STATE_LABELS = dict(State.choices)


@register.filter
def stage_words(value: str) -> str:
    """The label of a stored stage."""
    return str(_STATE_LABELS.get(value, value))


_EVENT_ICONS = {
    "registered": "plus",
    "corrected": "pencil",
    "assigned": "user-plus",
    "passed_on": "arrow-right",
    "evidence_added": "paperclip",
    "evidence_waived": "ban",
    "liability_settled": "scale",
    "option_prepared": "gift",
    "option_discarded": "trash-2",
    "option_approved": "circle-check",
    "cost_raised": "pencil",
    "remedy_progress": "truck",
    "remedy_done": "circle-check",
    "breached": "triangle-alert",
    "held": "circle-pause",
    "resumed": "play",
    "platform_case": "shield-alert",
    "platform_case_over": "shield-alert",
    "promise_kept": "handshake",
    "promise_renewed": "handshake",
    "contact_revealed": "eye",
    "mail_resent": "mail",
    "link_issued": "link",
    "link_revoked": "ban",
    "merge": "git-merge",
    "merged_in": "git-merge",
    "split_off": "external-link",
    "split_from": "external-link",
    "callback_attempt": "phone",
    "inquiry_asked": "clipboard-list",
    "inquiry_answered": "message-square",
    "inquiry_delayed": "hourglass",
    "inquiry_withdrawn": "ban",
    "recovery_filed": "banknote",
    "recovery_answered": "message-square",
    "recovery_recovered": "circle-check",
    "recovery_lost": "circle-x",
    "recovery_withdrawn": "ban",
}
_CHANNEL_ICONS = {
    "phone": "phone",
    "email": "mail",
    "service_tool": "headphones",
    "social": "users",
    "web_form": "file-text",
    "api": "link",
    "file": "upload",
}


@register.filter
def event_icon(event: Any) -> str:
    return _EVENT_ICONS.get(event.kind, "arrow-right" if event.to_state else "circle-dot")


@register.filter
def channel_icon(channel: str) -> str:
    return _CHANNEL_ICONS.get(channel, "message-square")


_SIGNERS = {
    "approve_l1": gettext_lazy("team lead"),
    "approve_l2": gettext_lazy("supervisor"),
    "approve_l3": gettext_lazy("shop manager"),
    "approve_finance": gettext_lazy("finance"),
    "approve_legal": gettext_lazy("legal"),
}


@register.filter
def signer(permission: str) -> str:
    """Who signs with this permission."""
    return str(_SIGNERS.get(permission, permission))


@register.filter
def alert_words(level: int) -> str:
    """What an alert of this level says."""
    words = gettext("%(level)s %% of the time used") if level < 100 else gettext("Overdue, at %(level)s %%")
    return words % {"level": level}
