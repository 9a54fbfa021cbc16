"""Template tags of the product's own pages: icons, and words for the time left."""

import re
from datetime import datetime, timedelta

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext

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
    paused: bool = False,
) -> dict[str, object]:
    """One clock chip: met, paused, over, close, or simply the time left. An empty due time draws nothing."""
    if due is None:
        return {"due": None}
    if met is not None:
        late = met > due
        tone, mark = ("breached", "circle-x") if late else ("done", "circle-check")
        text = gettext("met late") if late else gettext("met")
    elif paused:
        tone, mark, text = "waiting", "pause", gettext("paused")
    elif now > due:
        tone, mark, text = "breached", "triangle-alert", time_patterns()["over"].format(t=time_words(now - due))
    else:
        close = warn is not None and warn <= now
        tone, mark = ("risk", "timer") if close else ("neutral", "clock")
        text = time_patterns()["left"].format(t=time_words(due - now))
    return {"due": due, "warn": warn, "met": met, "paused": paused, "tone": tone, "icon_name": mark, "text": text}
