"""Public holidays and make-up workdays, as two libraries know them.

Both are imported when asked: they are large, and nothing but a calendar's page and the seeding needs them. No year and
no region makes anything here fail: what nobody knows has no days and counts as not announced.
"""

from datetime import date
from typing import NamedTuple

CHINA = "CN"
LANGUAGES = ("zh_CN", "en_US")


class PublicDay(NamedTuple):
    """A day that differs for everybody: off, or worked to make up for days off."""

    day: date
    works: bool
    name: str


class PublicYear(NamedTuple):
    """What is known of a year; before the announcement these are the days that the law names, without make-up days."""

    announced: bool
    days: tuple[PublicDay, ...] = ()


def known_region(region: str) -> bool:
    """Whether holidays of this country code can be looked up."""
    import holidays

    return region in holidays.list_supported_countries(include_aliases=False)


def public_year(region: str, year: int) -> PublicYear:
    """The days of one year in order. A region without a code has none, and nothing to wait for."""
    if not region:
        return PublicYear(announced=True)
    if region == CHINA:
        return _announced_in_china(year) or PublicYear(announced=False, days=_statutory(region, year))
    days = _statutory(region, year)
    return PublicYear(announced=bool(days), days=days)


def _announced_in_china(year: int) -> PublicYear | None:
    """The arrangement of the State Council; None while the library does not hold it."""
    from chinese_calendar import Holiday
    from chinese_calendar.constants import holidays, workdays

    # An announcement reaches to the national holidays; some days of January may come with that of the year before.
    if not any(day.year == year and day.month == 10 for day in holidays):
        return None
    names = {holiday.value: holiday.chinese for holiday in Holiday}
    days = [
        PublicDay(day, works, names.get(name, name))
        for works, table in ((False, holidays), (True, workdays))
        for day, name in table.items()
        if day.year == year
    ]
    return PublicYear(announced=True, days=tuple(sorted(days)))


def _statutory(region: str, year: int) -> tuple[PublicDay, ...]:
    from holidays import country_holidays

    if not known_region(region):
        return ()
    spoken = country_holidays(region).supported_languages
    language = next((language for language in LANGUAGES if language in spoken), None)
    found = country_holidays(region, years=year, language=language, expand=False)
    return tuple(PublicDay(day, False, name) for day, name in sorted(found.items()) if day.year == year)
