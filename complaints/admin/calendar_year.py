"""A year of a work calendar at a glance: twelve grids of days, each with its meaning in a letter and in words."""

import calendar as months
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from complaints.models import CalendarDay, WorkCalendar
from complaints.models.calendar import hours_text

Kind = CalendarDay.Kind

MARKS = {
    Kind.HOLIDAY: pgettext_lazy("mark in a calendar", "H"),
    Kind.MAKEUP: pgettext_lazy("mark in a calendar", "W"),
    Kind.CLOSING: pgettext_lazy("mark in a calendar", "C"),
    Kind.SPECIAL: pgettext_lazy("mark in a calendar", "T"),
}
LEGEND = [(kind, mark, kind.label) for kind, mark in MARKS.items()]

_SHORT = (
    pgettext_lazy("column of a calendar", "Mo"),
    pgettext_lazy("column of a calendar", "Tu"),
    pgettext_lazy("column of a calendar", "We"),
    pgettext_lazy("column of a calendar", "Th"),
    pgettext_lazy("column of a calendar", "Fr"),
    pgettext_lazy("column of a calendar", "Sa"),
    pgettext_lazy("column of a calendar", "Su"),
)
COLUMNS = [(_SHORT[day], WEEKDAYS[day]) for day in range(7)]


@dataclass(frozen=True, slots=True)
class Cell:
    """One day: `kind` is that of the day, else "open" or "closed" as its weekday is."""

    day: date
    kind: str
    mark: str
    words: str
    statutory: bool
    today: bool

    @property
    def iso(self) -> str:
        return self.day.isoformat()


@dataclass(frozen=True, slots=True)
class Month:
    name: str
    workdays: int
    weeks: list[list[Cell | None]]


def months_of(calendar: WorkCalendar, year: int, *, today: date) -> list[Month]:
    """The twelve months; reads the days of the year in one query."""
    stored = {row.day: row for row in calendar.days.filter(day__year=year)}
    return [_month(calendar, stored, year, month, today) for month in range(1, 13)]


def _month(calendar: WorkCalendar, stored: Mapping[date, CalendarDay], year: int, month: int, today: date) -> Month:
    weeks: list[list[Cell | None]] = []
    workdays = 0
    for week in months.Calendar().monthdatescalendar(year, month):
        days = [day if day.month == month else None for day in week]
        workdays += sum(bool(hours_on(calendar, stored.get(day), day)) for day in days if day)
        weeks.append([_cell(calendar, stored.get(day), day, today) if day else None for day in days])
    return Month(date_format(date(year, month, 1), "F"), workdays, weeks)


def hours_on(calendar: WorkCalendar, row: CalendarDay | None, day: date) -> list[list[int]]:
    """The opening hours of a day: its own, else those of its weekday."""
    return calendar.week[day.weekday()] if row is None or row.kind == Kind.PLAIN else row.hours


def _cell(calendar: WorkCalendar, row: CalendarDay | None, day: date, today: date) -> Cell:
    hours = hours_on(calendar, row, day)
    differs = row is not None and row.kind != Kind.PLAIN
    kind = row.kind if row and differs else ("open" if hours else "closed")
    return Cell(
        day=day,
        kind=kind,
        mark=str(MARKS[Kind(kind)]) if differs else "",
        words=words_of(row if differs else None, hours),
        statutory=row is not None and row.source == CalendarDay.Source.STATUTORY,
        today=day == today,
    )


def words_of(row: CalendarDay | None, hours: list[list[int]]) -> str:
    """What a day is, as one says it: public holiday National Day; make-up workday 09:00-18:00."""
    if row is None:
        return _("open %(hours)s") % {"hours": hours_text(hours)} if hours else pgettext("work calendar", "closed")
    return " ".join(filter(None, (str(row.get_kind_display()), row.name, hours_text(hours))))
