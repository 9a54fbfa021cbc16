from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints import working_time
from complaints.working_time import BadHours, EmptyInterval, Hours, OutsideDay, Schedule

WEEKDAYS = range(7)


def known_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("“%(name)s” is no time zone. Examples: Asia/Shanghai, Europe/Berlin.") % {"name": name})


def valid_hours(hours) -> None:
    """A list of [from, until] in minutes of the day that no day could refuse."""
    try:
        working_time.checked(hours)
    except EmptyInterval as bad:
        raise ValidationError(_("%(interval)s ends when it begins, or before.") % _named(bad)) from bad
    except OutsideDay as bad:
        raise ValidationError(_("%(interval)s is not within one day.") % _named(bad)) from bad
    except BadHours as bad:
        raise ValidationError(_("%(interval)s begins before the interval before it has ended.") % _named(bad)) from bad
    except (TypeError, ValueError) as bad:
        raise ValidationError(_("Write opening hours like 09:00-12:00 13:00-18:00.")) from bad


def _named(bad: BadHours) -> dict[str, str]:
    return {"interval": hours_text([bad.interval])}


def hours_text(hours) -> str:
    """Opening hours as people write them; empty when closed."""
    return " ".join(f"{_clock(begin)}-{_clock(end)}" for begin, end in hours)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def valid_week(week) -> None:
    if not isinstance(week, list) or len(week) != len(WEEKDAYS):
        raise ValidationError(_("A week has seven days."))
    for hours in week:
        valid_hours(hours)
    if not any(week):
        raise ValidationError(_("Give opening hours for at least one weekday."))


def office_week() -> list[list[list[int]]]:
    """Monday to Friday, 9 to 12 and 13 to 18: eight hours a day."""
    return [[[540, 720], [780, 1080]] for _day in range(5)] + [[], []]


class WorkCalendar(models.Model):
    """When a shop works: hours of the week, and days that differ (holidays, make-up workdays, closing days)."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=40, default="Asia/Shanghai", validators=[known_zone])
    region = models.CharField(
        _("public holidays of"), max_length=2, blank=True, default="CN",
        help_text=_("Country code, for example CN or DE; empty: none are loaded."),
    )  # fmt: skip
    week = models.JSONField(_("weekly hours"), default=office_week, validators=[valid_week])
    is_default = models.BooleanField(
        _("default"), default=False, help_text=_("For shops that name no calendar of their own.")
    )
    recompute_requested_at = models.DateTimeField(null=True, editable=False)
    """When something changed that open clocks have not followed yet; none: they have."""
    recompute_after = models.PositiveBigIntegerField(default=0, editable=False)
    """Id of the complaint up to which they have."""

    class Meta:
        verbose_name = _("work calendar")
        verbose_name_plural = _("work calendars")
        ordering = ["-is_default", "name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="calendar_one_default"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ordinary_hours(self) -> list[list[int]]:
        """Opening hours of an ordinary working day: those that most weekdays have, the earlier one's when in doubt."""
        opened = [hours for hours in self.week if hours]
        return max(opened, key=opened.count)

    def schedule(self) -> Schedule:
        """The calendar as the arithmetic takes it; reads all days that differ, some dozens a year."""
        days = {day.day: as_hours(day.hours) for day in self.days.all() if day.kind != CalendarDay.Kind.PLAIN}
        return Schedule(ZoneInfo(self.time_zone), tuple(as_hours(hours) for hours in self.week), days)


def as_hours(stored) -> Hours:
    return working_time.checked(stored)


class CalendarDay(models.Model):
    """A day whose hours are not those of its weekday; none: closed."""

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", _("public holiday")
        MAKEUP = "makeup", _("make-up workday")
        CLOSING = "closing", _("shop closed")
        SPECIAL = "special", _("own hours")
        PLAIN = "plain", _("ordinary weekday")
        """By hand, against what was announced; a day of which nothing was announced has no row instead."""

    class Source(models.TextChoices):
        SEED = "seed", _("announced")
        STATUTORY = "statutory", _("statutory, not yet announced")
        FILE = "file", _("from a file")
        HAND = "hand", _("by hand")

    calendar = models.ForeignKey(WorkCalendar, on_delete=models.CASCADE, related_name="days")
    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    hours = models.JSONField(_("hours"), default=list, blank=True, validators=[valid_hours])
    name = models.CharField(_("name"), max_length=80, blank=True)
    source = models.CharField(_("source"), max_length=10, choices=Source, default=Source.HAND)

    class Meta:
        verbose_name = _("day")
        verbose_name_plural = _("days")
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["calendar", "day"], name="calendar_day_once")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.get_kind_display()}"


class CalendarYear(models.Model):
    """Where the holidays of a year came from; a year that is not announced yet knows the statutory days only."""

    calendar = models.ForeignKey(WorkCalendar, on_delete=models.CASCADE, related_name="years")
    year = models.PositiveSmallIntegerField(_("year"))
    announced = models.BooleanField(_("announced"), default=False)

    class Meta:
        verbose_name = _("year")
        verbose_name_plural = _("years")
        ordering = ["year"]
        constraints = [models.UniqueConstraint(fields=["calendar", "year"], name="calendar_year_once")]

    def __str__(self) -> str:
        return str(self.year)
