"""Work calendars as pages ask for them: years that need a look, clocks that still follow a change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.models import CalendarYear, Deadline, SettingChange, Shop, WorkCalendar

WARN_FROM = 11
"""Month from which on the next year is asked for; China announces it in November."""


@dataclass(frozen=True, slots=True)
class YearWarning:
    """A year of a calendar in use whose holidays are not there; reads as the sentence that tells so."""

    calendar_id: int
    calendar: str
    year: int
    missing: bool
    """Nothing is known of it at all; else the statutory days are."""

    def __str__(self) -> str:
        if self.missing:
            text = _("“%(calendar)s” knows no public holidays for %(year)s yet. Load or enter them.")
        else:
            text = _("“%(calendar)s”: the holidays of %(year)s are not announced yet, only the statutory days count.")
        return text % {"calendar": self.calendar, "year": self.year}


def year_warnings(user: Any, *, now: datetime) -> list[YearWarning]:
    """What somebody who keeps the calendars should know; one query, for those with the permission only.

    This year is missing or not announced; or, from 1 November on, the next one.
    """
    if not user.has_perm("complaints.change_workcalendar"):
        return []
    today = timezone.localdate(now)
    next_wanted = today.month >= WARN_FROM
    years = CalendarYear.objects.filter(calendar=OuterRef("pk"))
    in_use = WorkCalendar.objects.exclude(region="").filter(
        Q(is_default=True) | Exists(Shop.objects.filter(calendar=OuterRef("pk"), active=True))
    )
    wanting = in_use.annotate(
        this_year=Subquery(years.filter(year=today.year).values("announced")),
        next_year=Subquery(years.filter(year=today.year + 1).values("announced")),
    ).values_list("pk", "name", "this_year", "next_year")
    warnings = []
    for pk, name, this_year, next_year in wanting:
        if not this_year:
            warnings.append(YearWarning(pk, name, today.year, missing=this_year is None))
        if next_wanted and not next_year:
            warnings.append(YearWarning(pk, name, today.year + 1, missing=next_year is None))
    return warnings


def clocks_following(calendar: WorkCalendar) -> int:
    """How many running clocks have not followed the last change of their calendar yet."""
    if calendar.recompute_requested_at is None:
        return 0
    rest = Deadline.objects.running().filter(calendar=calendar, complaint__gt=calendar.recompute_after)
    return rest.count()


def latest_changes(calendar: WorkCalendar, number: int = 10) -> Any:
    """The last changes of this calendar, newest first."""
    of_it = SettingChange.objects.filter(subject="workcalendar", subject_id=calendar.pk)
    return of_it.select_related("actor").order_by("-id")[:number]
