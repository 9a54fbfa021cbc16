"""Public holidays of a work calendar, year by year: loaded, and loaded again once they are announced.

Days that somebody edited or took from a file are never overwritten, and no year makes anything here fail.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from complaints.models import CalendarDay, CalendarYear, WorkCalendar
from complaints.public_holidays import PublicDay, PublicYear, public_year

from . import calendar_days
from .calendar_days import LOADED, Source, locked_calendar, plans_for, write

FIRST_YEARS = (2025, 2027)
"""Loaded into every new calendar, as well as this year and the next one."""


def load(calendar_id: int, year: int, *, actor: Any, now: datetime) -> PublicYear:
    """The holidays of one year as far as they are known now, which is returned."""
    with transaction.atomic():
        return _load(locked_calendar(calendar_id), year, actor=actor, now=now)


def load_first_years(calendar: WorkCalendar, *, actor: Any, now: datetime) -> None:
    first, last = FIRST_YEARS
    this_year = year_of(calendar, now)
    for year in range(min(first, this_year), max(last, this_year + 1) + 1):
        _load(calendar, year, actor=actor, now=now)


def reload_from(calendar: WorkCalendar, *, actor: Any, now: datetime) -> None:
    """The region is another one: this year and those to come have its holidays; what was, stays."""
    this_year = year_of(calendar, now)
    loaded = calendar.years.filter(year__gte=this_year)
    years = {this_year, this_year + 1, *loaded.values_list("year", flat=True)}
    loaded.delete()
    for year in sorted(years):
        _load(calendar, year, actor=actor, now=now)


def refresh(*, now: datetime) -> int:
    """Load this year and the next one where they are missing or have been announced since; returns how many years.

    Runs at every start and every hour, and writes nothing when there is nothing new.
    """
    loaded = 0
    for calendar in WorkCalendar.objects.exclude(region="").prefetch_related("years"):
        known = {year.year: year.announced for year in calendar.years.all()}
        for year in (year_of(calendar, now), year_of(calendar, now) + 1):
            if not known.get(year) and (year not in known or public_year(calendar.region, year).announced):
                load(calendar.pk, year, actor=None, now=now)
                loaded += 1
    return loaded


def confirm(calendar_id: int, year: int, *, actor: Any, now: datetime) -> None:
    """Somebody says that the days of this year are complete: it counts as announced, nobody is warned of it."""
    with transaction.atomic():
        calendar = locked_calendar(calendar_id)
        known, created = CalendarYear.objects.get_or_create(calendar=calendar, year=year)
        if not known.announced:
            known.announced = True
            known.save(update_fields=["announced"])
            write(calendar, {}, actor=actor, now=now, **{f"announced_{year}": [False, True]})


def take_over(calendar_id: int, days: Sequence[PublicDay], *, complete: bool, actor: Any, now: datetime) -> int:
    """Take days over from a file; if these are `complete`, their years count as announced. Returns how many changed."""
    with transaction.atomic():
        number = calendar_days.take_over(calendar_id, days, actor=actor, now=now)
        for year in sorted({found.day.year for found in days}) if complete else ():
            confirm(calendar_id, year, actor=actor, now=now)
    return number


def year_of(calendar: WorkCalendar, now: datetime) -> int:
    """The year that it is there."""
    return now.astimezone(ZoneInfo(calendar.time_zone)).year


def _load(calendar: WorkCalendar, year: int, *, actor: Any, now: datetime) -> PublicYear:
    """1. What was loaded before goes, edited days stay. 2. The days that are known now come. 3. The year is noted.

    A year that counts as announced keeps its days when less is known now.
    """
    public = public_year(calendar.region, year)
    known = calendar.years.filter(year=year).first()
    if known and known.announced and not public.announced:
        return public
    source = Source.SEED if public.announced else Source.STATUTORY
    keep = [source for source in CalendarDay.Source.values if source not in LOADED]
    before = calendar.days.filter(day__year=year, source__in=LOADED).values_list("day", flat=True)
    plans = dict.fromkeys(before) | plans_for(calendar, public.days, source=source, keep=keep)
    was = known.announced if known else None
    more = {f"announced_{year}": [was, public.announced]} if was != public.announced else {}
    write(calendar, plans, actor=actor, now=now, **more)
    CalendarYear.objects.update_or_create(calendar=calendar, year=year, defaults={"announced": public.announced})
    return public
