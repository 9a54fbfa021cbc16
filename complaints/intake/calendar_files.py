"""Holidays out of an .ics file: whole days, and the make-up workdays among them by what they are called."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.public_holidays import PublicDay

from .problem import Problem

MAX_BYTES = 1024 * 1024
MAX_DAYS = 1000
MAX_LINES = 20_000
"""Far more than so many days need; each line costs the reader time."""

LONGEST = timedelta(days=60)
"""Of one event; a longer one is no holiday."""

YEARS = range(2000, 2101)
NAME_LENGTH = 80

WORKED = ("班",)
"""What a make-up workday is called: 班, 补班, 调休上班."""

DAMAGE = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
"""How a damaged file shows itself while it is read."""


class FileTooLarge(Problem):
    message = _("The file is larger than 1 MB. Export the holidays alone.")


class NoCalendarFile(Problem):
    message = _("This is no calendar file. Export the holidays as .ics (iCalendar) and choose that file.")


class DamagedFile(Problem):
    message = _("The calendar file is damaged or cut off. Export it again.")


class NothingInFile(Problem):
    message = _("The file holds no all-day events.")


class TooManyDays(Problem):
    message = _("The file holds more than %(most)s days. Export fewer years.")


class EventWithTimes(Problem):
    message = _("“%(name)s” (%(day)s) has times of day. Only all-day events can be read; set own hours by hand.")


class EventRepeats(Problem):
    message = _("“%(name)s” (%(day)s) repeats itself. Export each day as an event of its own.")


class EventTooLong(Problem):
    message = _("“%(name)s” (%(day)s) ends before it begins, or lasts more than %(most)s days.")


class YearOutOfRange(Problem):
    message = _("“%(name)s” (%(day)s): check the year.")


class DayIsBoth(Problem):
    message = _("%(day)s is a holiday and a workday in this file. Delete one of the two.")


def days_of(content: bytes) -> list[PublicDay]:
    """The days of the file, in order, each once. Raises the problems above."""
    if len(content) > MAX_BYTES:
        raise FileTooLarge
    text = _text(content)
    if text.count("\n") > MAX_LINES:
        raise TooManyDays(most=MAX_DAYS)
    found: dict[date, PublicDay] = {}
    for event in _events(text):
        for day in _days(event):
            other = found.setdefault(day.day, day)
            if other.works != day.works:
                raise DayIsBoth(day=day.day.isoformat())
            if len(found) > MAX_DAYS:
                raise TooManyDays(most=MAX_DAYS)
    if not found:
        raise NothingInFile
    return [found[day] for day in sorted(found)]


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.lstrip()[:15].upper() == "BEGIN:VCALENDAR":
            return text
    raise NoCalendarFile


def _events(text: str) -> Iterator[Any]:
    from icalendar import Calendar

    try:
        calendars = Calendar.from_ical(text, multiple=True)
        if not calendars:
            raise DamagedFile
        for calendar in calendars:
            yield from calendar.walk("VEVENT")
    except DAMAGE as error:
        raise DamagedFile from error


def _days(event: Any) -> list[PublicDay]:
    try:
        name = _name(event)
        first, after = _span(event)
    except DAMAGE as error:
        raise DamagedFile from error
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return []
    about = {"name": name, "day": f"{first:%Y-%m-%d}"}
    if isinstance(first, datetime) or isinstance(after, datetime):
        raise EventWithTimes(**about)
    if "RRULE" in event or "RDATE" in event:
        raise EventRepeats(**about)
    if not timedelta(0) < after - first <= LONGEST:
        raise EventTooLong(**about, most=LONGEST.days)
    if first.year not in YEARS or after.year not in YEARS:
        raise YearOutOfRange(**about)
    works = any(word in name for word in WORKED)
    return [PublicDay(first + timedelta(days=n), works, name) for n in range((after - first).days)]


def _name(event: Any) -> str:
    """In one line, without the characters that a database refuses; of several names the first."""
    named = event.get("SUMMARY", "")
    shown = str(named[0] if isinstance(named, list) else named).replace("\0", " ")
    return " ".join(shown.split())[:NAME_LENGTH]


def _span(event: Any) -> tuple[date, date]:
    """First day, and the day after the last one (RFC 5545: an end is exclusive, none means one day)."""
    first = event["DTSTART"].dt
    if "DTEND" in event:
        after = event["DTEND"].dt
    else:
        after = first + (event["DURATION"].dt if "DURATION" in event else timedelta(days=1))
    if not (isinstance(first, date) and isinstance(after, date)):
        raise ValueError("a period, a duration or a time of day is no day")
    return first, after
