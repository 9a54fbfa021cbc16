"""Work calendars: create, configure, copy. Every change is recorded, and open clocks follow it."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.models import CalendarDay, CalendarYear, Shop, WorkCalendar
from complaints.models.calendar import hours_text
from complaints.refusals import Refused

from . import calendar_years
from .calendar_days import locked_calendar
from .changelog import record_change
from .recomputing import calendar_changed

SETTINGS = ("name", "time_zone", "region", "week", "is_default")
DEFAULT_NAME = "标准工作日历"


class DefaultNeeded(Refused):
    message = _("There is always one default calendar. Make another one the default instead.")


class NameTaken(Refused):
    message = _("There is a calendar “%(name)s” already. Choose another name.")


class CalendarChanged(Refused):
    message = _("Somebody else has changed this calendar meanwhile. Compare with what is stored now, then send again.")


def fingerprint(calendar: WorkCalendar) -> str:
    """Another one as soon as a setting is changed; a form carries that of what it was made from."""
    stored = [getattr(calendar, name) for name in SETTINGS]
    return hashlib.sha256(json.dumps(stored).encode()).hexdigest()[:32]


def create_default(*, now: datetime) -> WorkCalendar | None:
    """The calendar of shops that name none; None when there is a default already."""
    if WorkCalendar.objects.filter(is_default=True).exists():
        return None
    with transaction.atomic():
        # A manager may have given this name to another one.
        number = WorkCalendar.objects.filter(name__startswith=DEFAULT_NAME).count()
        name = f"{DEFAULT_NAME} {number + 1}" if number else DEFAULT_NAME
        return create({"name": name, "is_default": True}, actor=None, now=now)


def create(values: dict[str, Any], *, actor: Any, now: datetime) -> WorkCalendar:
    """A new calendar with the public holidays of its region. Raises NameTaken."""
    with transaction.atomic():
        calendar = WorkCalendar(**values)
        _refuse_taken_name(calendar)
        if calendar.is_default:
            _take_default_from_another(calendar, actor=actor, now=now)
        calendar.save()
        changes = {name: [None, shown(name, getattr(calendar, name))] for name in SETTINGS}
        record_change(calendar, changes, actor=actor, now=now)
        calendar_years.load_first_years(calendar, actor=actor, now=now)
    return calendar


def configure(calendar_id: int, values: dict[str, Any], *, seen: str = "", actor: Any, now: datetime) -> WorkCalendar:
    """Change name, zone, region, weekly hours or make it the default.

    `seen` is the fingerprint of what the form was made from. Raises CalendarChanged, DefaultNeeded, NameTaken.
    """
    with transaction.atomic():
        calendar = locked_calendar(calendar_id)
        if seen and seen != fingerprint(calendar):
            raise CalendarChanged
        before = {name: getattr(calendar, name) for name in SETTINGS}
        ordinary = calendar.ordinary_hours
        changed = [name for name in SETTINGS if name in values and values[name] != before[name]]
        if not changed:
            return calendar
        if before["is_default"] and "is_default" in changed:
            raise DefaultNeeded
        for name in changed:
            setattr(calendar, name, values[name])
        _refuse_taken_name(calendar)
        if "is_default" in changed:
            _take_default_from_another(calendar, actor=actor, now=now)
        calendar.save(update_fields=changed)
        changes = {name: [shown(name, before[name]), shown(name, values[name])] for name in changed}
        record_change(calendar, changes, actor=actor, now=now)
        _days_follow(calendar, changed, ordinary, actor=actor, now=now)
        if {"time_zone", "week", "region"} & set(changed):
            calendar_changed(calendar.pk, now=now)
    return calendar


def copy(calendar_id: int, *, name: str, actor: Any, now: datetime) -> WorkCalendar:
    """The same calendar with all its days and years under another name; never the default. Raises NameTaken."""
    with transaction.atomic():
        origin = locked_calendar(calendar_id)
        same = {field: getattr(origin, field) for field in ("time_zone", "region", "week")}
        calendar = WorkCalendar(name=name, **same)
        _refuse_taken_name(calendar)
        calendar.save()
        CalendarDay.objects.bulk_create(
            CalendarDay(
                calendar=calendar, day=row.day, kind=row.kind, hours=row.hours, name=row.name, source=row.source
            )
            for row in origin.days.all()
        )
        CalendarYear.objects.bulk_create(
            CalendarYear(calendar=calendar, year=row.year, announced=row.announced) for row in origin.years.all()
        )
        record_change(calendar, {"copied_from": [None, origin.name]}, actor=actor, now=now)
    return calendar


def shop_changed_calendar(shop: Shop, *, before: int | None, actor: Any, now: datetime) -> None:
    """Record that the shop works by another calendar; its open clocks leave the one that they run in now."""
    names = dict(WorkCalendar.objects.filter(pk__in=[before, shop.calendar_id]).values_list("pk", "name"))
    old, new = (names.get(pk) if pk else None for pk in (before, shop.calendar_id))
    record_change(shop, {"calendar": [old, new]}, actor=actor, now=now)
    left = before or WorkCalendar.objects.filter(is_default=True).values_list("pk", flat=True).first()
    if left:
        calendar_changed(left, now=now)


def shown(name: str, value: Any) -> Any:
    """A value as the record of changes keeps it: hours as people write them."""
    return [hours_text(hours) for hours in value] if name == "week" else value


def _refuse_taken_name(calendar: WorkCalendar) -> None:
    if WorkCalendar.objects.filter(name=calendar.name).exclude(pk=calendar.pk).exists():
        raise NameTaken(name=calendar.name)


def _take_default_from_another(calendar: WorkCalendar, *, actor: Any, now: datetime) -> None:
    """There is one default. Clocks of shops that name no calendar leave the one that was it."""
    for other in WorkCalendar.objects.select_for_update(no_key=True).filter(is_default=True).exclude(pk=calendar.pk):
        other.is_default = False
        other.save(update_fields=["is_default"])
        record_change(other, {"is_default": [True, False]}, actor=actor, now=now)
        calendar_changed(other.pk, now=now)


def _days_follow(calendar: WorkCalendar, changed: list[str], ordinary: Any, *, actor: Any, now: datetime) -> None:
    """Make-up workdays that nobody edited have the new ordinary hours; another region has other holidays."""
    if "week" in changed and calendar.ordinary_hours != ordinary:
        untouched = calendar.days.filter(kind=CalendarDay.Kind.MAKEUP).exclude(source=CalendarDay.Source.HAND)
        for day in untouched:
            if day.hours == ordinary:
                day.hours = calendar.ordinary_hours
                day.save(update_fields=["hours"])
    if "region" in changed:
        calendar_years.reload_from(calendar, actor=actor, now=now)
