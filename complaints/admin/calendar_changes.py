"""The record of a calendar's changes in words."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from complaints.models import CalendarDay, SettingChange

_NAMES = {
    "name": gettext_lazy("name"),
    "time_zone": gettext_lazy("time zone"),
    "region": gettext_lazy("public holidays of"),
    "week": gettext_lazy("weekly hours"),
    "is_default": gettext_lazy("default"),
    "copied_from": gettext_lazy("copied from"),
}
_ANNOUNCED = "announced_"

SHOWN_DAYS = 3


def change_words(change: SettingChange) -> str:
    """What was changed, in one line; of many days the first ones and their number."""
    days = [name for name in change.changes if _is_day(name)]
    parts = list(_settings(change.changes))
    parts += [_day_words(day, *change.changes[day]) for day in days[:SHOWN_DAYS]]
    if more := len(days) - SHOWN_DAYS if len(days) > SHOWN_DAYS else 0:
        parts.append(ngettext("and %(n)s day more", "and %(n)s days more", more) % {"n": more})
    return _("; ").join(parts)


def _is_day(name: str) -> bool:
    try:
        return bool(date.fromisoformat(name))
    except ValueError:
        return False


def _settings(changes: dict[str, Any]) -> Iterator[str]:
    if changes.get("week", [""])[0] is None:
        yield pgettext("setting", "created")
        return
    for name, (old, new) in changes.items():
        if name.startswith(_ANNOUNCED):
            year = name.removeprefix(_ANNOUNCED)
            yield (_("%(year)s announced") if new else _("%(year)s: statutory days")) % {"year": year}
        elif name in _NAMES:
            yield f"{_NAMES[name]}: {_value(old)} → {_value(new)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return " | ".join(str(part) or pgettext("work calendar", "closed") for part in value)
    return str(value) if value else "—"


def _day_words(day: str, old: Any, new: Any) -> str:
    return f"{day} {day_value(old)} → {day_value(new)}"


def day_value(value: dict[str, str] | None) -> str:
    """A recorded day in words."""
    if value is None:
        return _("ordinary weekday")
    kind = CalendarDay.Kind(value["kind"]).label
    return " ".join(filter(None, (str(kind), value["name"], value["hours"])))
