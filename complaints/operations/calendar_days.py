"""Single days of a work calendar: set, give back to their weekday, take over from a file."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.models import CalendarDay, WorkCalendar
from complaints.models.calendar import hours_text
from complaints.public_holidays import PublicDay
from complaints.refusals import Refused

from .changelog import record_change
from .recomputing import calendar_changed

Kind, Source = CalendarDay.Kind, CalendarDay.Source

OPENED = (Kind.MAKEUP, Kind.SPECIAL)
"""Days of these kinds have hours of their own; the others are closed, or as their weekday is."""

LOADED = (Source.SEED, Source.STATUTORY)
"""Days that nobody but the calendar itself has put there: more is known some day, and they are loaded anew."""


class HoursMissing(Refused):
    message = _("Give the opening hours of this day.")


class Plan(NamedTuple):
    """What a day shall be."""

    kind: str
    hours: list[list[int]]
    name: str
    source: str


def locked_calendar(calendar_id: int) -> WorkCalendar:
    """The calendar, locked until the transaction ends; foreign keys to it stay free. Raises DoesNotExist."""
    return WorkCalendar.objects.select_for_update(no_key=True).get(pk=calendar_id)


def set_day(
    calendar_id: int, day: date, *, kind: str, hours: list[list[int]], name: str, actor: Any, now: datetime
) -> int:
    """A day as somebody wants it; returns how many open clocks follow. Raises HoursMissing."""
    if kind in OPENED and not hours:
        raise HoursMissing
    with transaction.atomic():
        plan = Plan(kind, hours if kind in OPENED else [], name, Source.HAND)
        return write(locked_calendar(calendar_id), {day: plan}, actor=actor, now=now)


def clear_day(calendar_id: int, day: date, *, actor: Any, now: datetime) -> int:
    """Back to the hours of its weekday; returns how many open clocks follow.

    Of a day that was loaded it is kept that somebody wants it so: loading the year again must not bring it back.
    """
    with transaction.atomic():
        calendar = locked_calendar(calendar_id)
        stored = calendar.days.filter(day=day).first()
        loaded = stored is not None and stored.source in LOADED
        plan = Plan(Kind.PLAIN, [], stored.name, Source.HAND) if stored and loaded else None
        return write(calendar, {day: plan}, actor=actor, now=now)


def take_over(calendar_id: int, days: Iterable[PublicDay], *, actor: Any, now: datetime) -> int:
    """The days of a file; those that were edited by hand stay. Returns how many days are others now."""
    with transaction.atomic():
        calendar = locked_calendar(calendar_id)
        plans = plans_for(calendar, days, source=Source.FILE, keep=(Source.HAND,))
        changed = len(differences(calendar, plans))
        write(calendar, plans, actor=actor, now=now)
        return changed


def plans_for(
    calendar: WorkCalendar, days: Iterable[PublicDay], *, source: str, keep: Iterable[str]
) -> dict[date, Plan | None]:
    """Public days as days of this calendar, but for those that come from a source to keep."""
    kept = set(calendar.days.filter(source__in=keep).values_list("day", flat=True))
    return {
        found.day: Plan(
            Kind.MAKEUP if found.works else Kind.HOLIDAY,
            calendar.ordinary_hours if found.works else [],
            found.name,
            source,
        )
        for found in days
        if found.day not in kept
    }


def differences(calendar: WorkCalendar, plans: Mapping[date, Plan | None]) -> dict[date, list[Any]]:
    """Day -> [what it is, what it shall be], in plain values; only days that somebody would see change."""
    stored = _stored(calendar, plans)
    pairs = {day: [_plain(stored.get(day)), _plain(plan)] for day, plan in sorted(plans.items())}
    return {day: pair for day, pair in pairs.items() if pair[0] != pair[1]}


def write(
    calendar: WorkCalendar, plans: Mapping[date, Plan | None], *, actor: Any, now: datetime, **more: list[Any]
) -> int:
    """Make the days so (none: as the weekday), record the change with `more`; returns how many open clocks follow."""
    stored = _stored(calendar, plans)
    changes = differences(calendar, plans)
    calendar.days.filter(day__in=[day for day, plan in plans.items() if plan is None and day in stored]).delete()
    rows = [CalendarDay(calendar=calendar, day=day, **plan._asdict()) for day, plan in plans.items() if plan]
    CalendarDay.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["calendar", "day"],
        update_fields=["kind", "hours", "name", "source"],
    )
    recorded = {day.isoformat(): pair for day, pair in changes.items()} | more
    if recorded:
        record_change(calendar, recorded, actor=actor, now=now)
    return calendar_changed(calendar.pk, now=now) if any(map(_hours_differ, changes.values())) else 0


def _stored(calendar: WorkCalendar, plans: Mapping[date, Plan | None]) -> dict[date, CalendarDay]:
    if not plans:
        return {}
    return {row.day: row for row in calendar.days.filter(day__range=(min(plans), max(plans)))}


def _plain(day: CalendarDay | Plan | None) -> dict[str, str] | None:
    if day is None:
        return None
    return {"kind": str(day.kind), "hours": hours_text(day.hours), "name": day.name}


def _hours_differ(pair: list[Any]) -> bool:
    old, new = (side and (side["kind"] == Kind.PLAIN, side["hours"]) for side in pair)
    return bool(old != new)
