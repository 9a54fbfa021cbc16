"""Budgets as people write and read them: 2小时, 90 分钟, 1天4小时, 8 工作小时; 2 h, 90 min."""

import re
import unicodedata
from dataclasses import dataclass

from django.utils.translation import pgettext

HOUR, DAY = 60, 24 * 60
WORKING_DAY = 8 * HOUR
"""What “1 day” of working time is: a policy is written before anybody knows whose calendar it will run in."""

_MINUTES = r"分钟|分|minutes?|mins?|m"
_HOURS = r"个?小时|个?钟头|时|hours?|hrs?|h"
_DAYS = r"个?天|个?日|days?|d"
_PART = re.compile(rf"(\d+(?:\.\d+)?)(?:({_MINUTES})|({_HOURS})|({_DAYS}))")
_WORKING = re.compile(r"工作时间|工作|working|work")
_BETWEEN = re.compile(r"[\s,、]+|and(?=\s*\d)|零(?=\d)")


class NotABudget(ValueError):
    """The text names no span of time."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A span as it was typed; `working` says that the text itself asks for working time."""

    minutes: float
    days: float
    working: bool

    def in_minutes(self, *, working: bool) -> int:
        return round(self.minutes + self.days * (WORKING_DAY if working else DAY))


def read(text: str) -> Typed:
    """Read a span in Chinese or English. Raises NotABudget."""
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", text).casefold())
    bare = _WORKING.sub("", plain)
    parts = list(_PART.finditer(bare))
    if not parts or "".join(part.group() for part in parts) != bare or len(bare) > 40:
        raise NotABudget(text)
    minutes = days = 0.0
    for part in parts:
        number = float(part.group(1))
        minutes += number if part.group(2) else number * HOUR if part.group(3) else 0
        days += number if part.group(4) else 0
    return Typed(minutes, days, working=bare != plain)


def write(minutes: int | None, *, working: bool = False, days: bool = True) -> str:
    """Say a span in words; in hours up to three days, as such budgets are spoken of. Working time has no `days`."""
    if not minutes:
        return ""
    if days and not working and minutes > 3 * DAY and minutes % DAY == 0:
        return pgettext("budget", "{n} d").format(n=minutes // DAY)
    hours, rest = divmod(minutes, HOUR)
    if not hours or (rest and hours < 3):
        text = pgettext("budget", "{n} working min") if working else pgettext("budget", "{n} min")
        return text.format(n=minutes)
    text = pgettext("budget", "{n} working h") if working else pgettext("budget", "{n} h")
    text = text.format(n=hours)
    return text + " " + pgettext("budget", "{n} min").format(n=rest) if rest else text
