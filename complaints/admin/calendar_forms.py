"""Forms of the work calendar: hours as people write them, in Chinese or Latin punctuation."""

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils import dates
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models import CalendarDay, WorkCalendar
from complaints.models.calendar import WEEKDAYS, hours_text, known_zone, valid_hours, valid_week
from complaints.operations.calendar_days import OPENED
from complaints.operations.calendars import fingerprint
from complaints.public_holidays import known_region

EXAMPLE = "09:00-12:00 13:00-18:00"

_SEPARATORS = re.compile(r"[\s,;、。和]+")
_DASHES = re.compile(r"\s*(?:[-‐‑‒–—―−~～〜]+|至|到|to)\s*")
_INTERVAL = re.compile(r"(\d{1,2})(?::(\d{2}))?-(\d{1,2})(?::(\d{2}))?", re.ASCII)
_CLOSED = {"", "-", "休", "休息", "不营业", "closed"}


def read_hours(text: str) -> list[list[int]]:
    """Opening hours out of what somebody typed; nothing typed means closed. Raises ValidationError."""
    hours = read_intervals(text)
    valid_hours(hours)
    return hours


def read_intervals(text: str) -> list[list[int]]:
    """The intervals that somebody typed, in order, whether or not a day can have them. Raises ValidationError."""
    # NFKC makes full-width digits, colons and commas plain ones.
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", text).strip().lower())
    if plain in _CLOSED:
        return []
    return sorted(_interval(part) for part in _SEPARATORS.split(plain) if part)


def _interval(text: str) -> list[int]:
    found = _INTERVAL.fullmatch(text)
    numbers = [int(number or 0) for number in found.groups()] if found else [0, 99]
    if any(minute > 59 for minute in numbers[1::2]):
        raise ValidationError(
            _("“%(text)s” is no interval. Write opening hours like %(example)s.") % {"text": text, "example": EXAMPLE}
        )
    begin_hour, begin_minute, end_hour, end_minute = numbers
    return [begin_hour * 60 + begin_minute, end_hour * 60 + end_minute]


class HoursField(forms.CharField):
    """Opening hours of one day; the value is a list of [from, until] in minutes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, "max_length": 200} | options)
        self.widget.attrs |= {
            "placeholder": pgettext_lazy("work calendar", "closed"),
            "autocomplete": "off",
            "spellcheck": "false",
        }

    def clean(self, value: Any) -> Any:
        return read_hours(super().clean(value))

    def prepare_value(self, value: Any) -> Any:
        return hours_text(value) if isinstance(value, list) else value


class CalendarForm(forms.Form):
    """Name, zone, region, the default, and the hours of each weekday."""

    name = forms.CharField(label=_("Name of the calendar"), max_length=60)
    time_zone = forms.CharField(
        label=_("Time zone"), max_length=40, validators=[known_zone], initial="Asia/Shanghai",
        help_text=_("For example Asia/Shanghai or Europe/Berlin."),
    )  # fmt: skip
    region = forms.CharField(
        label=_("Public holidays of"), max_length=2, required=False, initial="CN",
        help_text=_("Country code of two letters, for example CN or DE; empty: none are loaded."),
        validators=[RegexValidator(r"^[A-Za-z]{2}$", _("A country code has two letters, for example CN."))],
    )  # fmt: skip
    is_default = forms.BooleanField(
        label=_("Default: shops that name no calendar of their own work by it"), required=False
    )

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=32)

    def __init__(self, *args: Any, calendar: WorkCalendar, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calendar = calendar
        self.fields["seen"].initial = fingerprint(calendar) if calendar.pk else ""
        for day in WEEKDAYS:
            self.fields[f"day_{day}"] = HoursField(label=dates.WEEKDAYS[day], initial=calendar.week[day])
        if calendar.pk:
            for name in ("name", "time_zone", "region", "is_default"):
                self.fields[name].initial = getattr(calendar, name)
        self.fields["is_default"].disabled = calendar.is_default

    @property
    def weekday_fields(self) -> list[Any]:
        return [self[f"day_{day}"] for day in WEEKDAYS]

    def clean_region(self) -> str:
        region = self.cleaned_data["region"].upper()
        if region and not known_region(region):
            raise ValidationError(_("Nobody knows public holidays of “%(region)s”.") % {"region": region})
        return region

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        week = [cleaned.get(f"day_{day}") for day in WEEKDAYS]
        if None not in week:
            valid_week(week)
        return cleaned

    def show_stored(self, calendar: WorkCalendar) -> None:
        """Beside each field that says something else, what is stored now; what was typed stays, to be sent again."""
        typed = self.values()
        stored = {name: getattr(calendar, name) for name in ("name", "time_zone", "region")}
        said = {name: (typed[name], value) for name, value in stored.items()}
        said |= {f"day_{day}": (typed["week"][day], calendar.week[day]) for day in WEEKDAYS}
        for name, (here, there) in said.items():
            if here != there:
                value = hours_text(there) if isinstance(there, list) else there
                self.fields[name].help_text = _("Stored now: %(value)s") % {"value": value or "—"}
        self.data = dict(self.data.items()) | {"seen": fingerprint(calendar)}

    def values(self) -> dict[str, Any]:
        """What the operations take."""
        plain = {name: self.cleaned_data[name] for name in ("name", "time_zone", "region", "is_default")}
        return plain | {"week": [self.cleaned_data[f"day_{day}"] for day in WEEKDAYS]}


class DayForm(forms.Form):
    """How one day differs from its weekday."""

    KINDS = [choice for choice in CalendarDay.Kind.choices if choice[0] != CalendarDay.Kind.PLAIN]

    kind = forms.ChoiceField(label=_("This day is"), choices=KINDS, widget=forms.RadioSelect)
    hours = HoursField(label=_("Opening hours"))
    name = forms.CharField(label=_("Name of the day"), max_length=80, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """The example is put in here: a text formatted at import is in one language for everybody."""
        super().__init__(*args, **kwargs)
        help_text = _("For make-up workdays and own hours, like %(example)s.")
        self.fields["hours"].help_text = help_text % {"example": EXAMPLE}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") in OPENED and cleaned.get("hours") == []:
            self.add_error("hours", _("Give the opening hours of this day."))
        return cleaned


class CopyForm(forms.Form):
    name = forms.CharField(label=_("Name of the copy"), max_length=60)


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("Calendar file (.ics)"), widget=forms.ClearableFileInput(attrs={"accept": ".ics,text/calendar"})
    )
