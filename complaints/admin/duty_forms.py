"""What a lead enters about a person: skills, limit, and the shifts of a week as people write them."""

from typing import Any

from django import forms
from django.utils import dates
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from complaints.duty_roster import LARGEST_LIMIT
from complaints.models import DutyProfile
from complaints.models.calendar import WEEKDAYS, hours_text
from complaints.models.duty_profile import valid_shifts
from knowledge.models import IssueType

from .calendar_forms import HoursField, read_intervals
from .forms import ManyRowsField


def week_words(week: list[Any]) -> str:
    """The shifts of a week as one line; empty where there are none."""
    days = [f"{dates.WEEKDAYS_ABBR[day]} {hours_text(hours)}" for day, hours in enumerate(week) if hours]
    return pgettext("enumeration of changes", "; ").join(days)


class ShiftsField(HoursField):
    """The shifts of one day; one that ends when it begins or before goes on after midnight."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.widget.attrs["placeholder"] = pgettext_lazy("shifts", "none")

    def clean(self, value: Any) -> Any:
        """Whether they fit into a week is looked at together."""
        return read_intervals(forms.CharField.clean(self, value))


class SkillsField(ManyRowsField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.label)


class DutyForm(forms.Form):
    fields: dict[str, Any]

    takes_new_cases = forms.BooleanField(label=_("Is given new cases"), required=False)
    limit = forms.IntegerField(
        label=_("Most open cases"), min_value=1, max_value=LARGEST_LIMIT,
        help_text=_("Who has so many is given no more until one is closed."),
    )  # fmt: skip
    skills = SkillsField(
        label=_("Handles"), queryset=IssueType.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("None chosen: everything."),
    )  # fmt: skip

    def __init__(self, *args: Any, profile: DutyProfile, takes: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = list(profile.skills.values_list("pk", flat=True)) if profile.pk else []
        roots = IssueType.objects.filter(parent=None)
        self.fields["skills"].queryset = roots.filter(active=True) | roots.filter(pk__in=chosen)
        self.initial.update({"takes_new_cases": takes, "limit": profile.limit, "skills": chosen})
        for day in WEEKDAYS:
            week = profile.week[day]
            self.fields[f"day_{day}"] = ShiftsField(label=dates.WEEKDAYS[day], initial=week)

    @property
    def weekday_fields(self) -> list[Any]:
        return [self[f"day_{day}"] for day in WEEKDAYS]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        week = [cleaned.get(f"day_{day}") for day in WEEKDAYS]
        if None not in week:
            valid_shifts(week)
        return cleaned

    def values(self) -> dict[str, Any]:
        """What the operation takes."""
        plain = {name: self.cleaned_data[name] for name in ("takes_new_cases", "limit", "skills")}
        return plain | {"week": [self.cleaned_data[f"day_{day}"] for day in WEEKDAYS]}
