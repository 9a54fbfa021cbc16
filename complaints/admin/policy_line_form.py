"""One line of a policy's form: what it says of one kind of clock."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import sla
from complaints.models import Deadline
from complaints.models.policy import YEAR_OF_MINUTES
from complaints.queries.policy_drafts import Line
from complaints.sla import BREACH, CHAIN, Kind, Levels

from . import budgets
from .policy_words import AUDIENCES

HIGHEST_LEVEL = 1000
MOST_DIGITS = 4
MOST_LEVELS = 12

UNTIMED = (Kind.PROMISE, Kind.PLATFORM)
"""Clocks whose time somebody names: they run in calendar time, and no hold pauses them."""


class PercentField(forms.CharField):
    """Percentages as one writes them one after another: 50 80 100."""

    widget = forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric", "class": "percents"})

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else " ".join(str(level) for level in value)

    def to_python(self, value: Any) -> Any:
        found = [one for one in re.split(r"[\s,，、;；%％]+", value or "") if one]
        if any(not one.isdecimal() or len(one) > MOST_DIGITS or not 1 <= int(one) <= HIGHEST_LEVEL for one in found):
            raise ValidationError(_("Write percentages from 1 to 1000, like 50 80 100."))
        return sorted({int(one) for one in found})


class LineForm(forms.Form):
    """What the policy says of one kind of clock."""

    fields: dict[str, Any]

    budget = forms.CharField(
        label=gettext_lazy("Time allowed"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"class": "span"}),
    )
    working = forms.BooleanField(label=gettext_lazy("Working time"), required=False)
    pausable = forms.BooleanField(label=gettext_lazy("Paused by a hold"), required=False)

    def __init__(self, *args: Any, kind: Kind, line: Line, **kwargs: Any) -> None:
        super().__init__(*args, prefix=kind.value, initial=_as_typed(line), **kwargs)
        self.kind = kind
        self.label = Deadline.Kind(kind).label
        for role in CHAIN:
            self.fields[role] = PercentField(label=AUDIENCES[role], required=False, max_length=60)
        if kind is Kind.PROMISE:
            del self.fields["budget"]
        if kind in UNTIMED:
            del self.fields["working"], self.fields["pausable"]
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = f"{self.label} · {field.label}"
            field.widget.attrs["id"] = f"id_{kind.value}-{name}"

    @property
    def audiences(self) -> list[Any]:
        """The cells of who hears at which percentage."""
        return [self[role] for role in CHAIN]

    @property
    def has_errors(self) -> bool:
        return self.is_bound and bool(self.errors)

    def cell(self, name: str) -> Any:
        return self[name] if name in self.fields else None

    @property
    def budget_cell(self) -> Any:
        return self.cell("budget")

    @property
    def working_cell(self) -> Any:
        return self.cell("working")

    @property
    def pausable_cell(self) -> Any:
        return self.cell("pausable")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not any(role in self.errors for role in CHAIN):
            data["levels"] = self._levels(data)
        if "budget" in self.fields and "budget" not in self.errors:
            data["minutes"] = self._minutes(data)
        return data

    def _levels(self, data: dict[str, Any]) -> Levels:
        percents = sorted({level for role in CHAIN for level in data[role]})
        levels = tuple((level, tuple(role for role in CHAIN if level in data[role])) for level in percents)
        if BREACH not in percents:
            self.add_error(sla.ASSIGNEE, _("At 100 % somebody must hear of it: write 100 in at least one column."))
        elif len(percents) > MOST_LEVELS:
            self.add_error(sla.ASSIGNEE, _("At most %(number)s warn levels.") % {"number": MOST_LEVELS})
        return levels

    def _minutes(self, data: dict[str, Any]) -> int | None:
        text = data["budget"].strip()
        if not text:
            self.add_error("budget", _("Give a time, like 2 h, 90 min or 1 d."))
            return None
        try:
            typed = budgets.read(text)
        except budgets.NotABudget:
            self.add_error("budget", _("“%(text)s” is no time. Write it like 2 h, 90 min or 1 d.") % {"text": text})
            return None
        if typed.working and self.kind is Kind.PLATFORM:
            self.add_error("budget", _("The platform counts calendar time. Write it like 6 h."))
        data["working"] = typed.working or data.get("working", False)
        minutes = typed.in_minutes(working=data["working"])
        if not 1 <= minutes <= YEAR_OF_MINUTES:
            self.add_error("budget", _("From one minute to one year."))
        return minutes

    def line(self) -> Line:
        data = self.cleaned_data
        return Line(
            budget_minutes=data.get("minutes"),
            working=data.get("working", False),
            pausable=data.get("pausable", False),
            levels=data["levels"],
        )


def _as_typed(line: Line) -> dict[str, Any]:
    """The stored line as one would type it; that it is working time is said by the box."""
    values: dict[str, Any] = {role: [level for level, to in line.levels if role in to] for role in CHAIN}
    text = budgets.write(line.budget_minutes, days=not line.working)
    return values | {"budget": text, "working": line.working, "pausable": line.pausable}
