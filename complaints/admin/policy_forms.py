"""The form of a policy: its conditions, what it gives, and a line for each kind of clock."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints import sla
from complaints.models import Channel, Deadline, Platform, Priority, Severity, Shop, SlaPolicy
from complaints.models.policy import YEAR_OF_MINUTES
from complaints.queries.policies import rule_of
from complaints.queries.policy_drafts import Draft, Line, draft_of, usual_lines
from complaints.sla import BREACH, CHAIN, Kind, Levels
from knowledge.models import IssueType

from . import budgets
from .policy_words import AUDIENCES

LAST = "last"
HIGHEST_LEVEL = 1000
MOST_LEVELS = 12

UNTIMED = (Kind.PROMISE, Kind.PLATFORM)
"""Clocks whose time somebody names: they run in calendar time, and no hold pauses them."""


class ManyField(forms.MultipleChoiceField):
    """Several of a few choices, each with a box to tick; none means all."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)


class PercentField(forms.CharField):
    """Percentages as one writes them one after another: 50 80 100."""

    widget = forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric", "class": "percents"})

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else " ".join(str(level) for level in value)

    def to_python(self, value: Any) -> Any:
        found = [one for one in re.split(r"[\s,，、;；%％]+", value or "") if one]
        if any(not one.isdecimal() or not 1 <= int(one[:5]) <= HIGHEST_LEVEL for one in found):
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


class PolicyForm(forms.Form):
    """One policy. `policies` is the list that it stands in, or will; what is typed wrong stays as it was typed."""

    fields: dict[str, Any]

    name = forms.CharField(label=pgettext_lazy("policy", "Name"), max_length=60)
    active = forms.BooleanField(label=gettext_lazy("Active"), required=False, initial=True)
    priority = forms.ChoiceField(label=gettext_lazy("Gives priority"), choices=Priority.choices, initial=Priority.P3)
    before = forms.ChoiceField(label=gettext_lazy("Place in the list"))
    shops = ManyField(label=gettext_lazy("Shops"))
    platforms = ManyField(label=gettext_lazy("Platforms"), choices=Platform.choices)
    channels = ManyField(label=gettext_lazy("Channels"), choices=Channel.choices)
    issue_types = ManyField(label=gettext_lazy("Issue types"))
    severities = ManyField(label=gettext_lazy("Severities"), choices=Severity.choices)
    amount_from = forms.DecimalField(
        label=gettext_lazy("Paid at least (CNY)"), required=False, min_value=0, max_digits=12, decimal_places=2
    )
    amount_below = forms.DecimalField(
        label=gettext_lazy("and less than (CNY)"), required=False, min_value=0, max_digits=12, decimal_places=2
    )
    platform_case = forms.TypedChoiceField(
        label=gettext_lazy("Platform case"), required=False, coerce={"yes": True, "no": False}.get,
        empty_value=None,
        choices=[
            ("", pgettext_lazy("platform case", "either")),
            ("yes", gettext_lazy("the platform has intervened")),
            ("no", gettext_lazy("the platform has not intervened")),
        ],
    )  # fmt: skip
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=32)

    def __init__(
        self, data: Any = None, *, policies: Sequence[SlaPolicy], policy: SlaPolicy | None = None, **kwargs: Any
    ) -> None:
        stored = draft_of(policy) if policy else None
        super().__init__(data, initial=_initial(stored, policies, policy), **kwargs)
        self.policy = policy
        self._shops = {str(shop.pk): shop for shop in Shop.objects.order_by("code")}
        self._types = {str(issue.pk): issue for issue in _tree()}
        self.fields["shops"].choices = [(pk, shop.name) for pk, shop in self._shops.items()]
        self.fields["issue_types"].choices = [(pk, issue.label) for pk, issue in self._types.items()]
        self.fields["before"].choices = _places(policies, policy)
        lines = usual_lines(Priority.P3) | dict(stored.lines if stored else {})
        self.lines = [LineForm(data, kind=kind, line=lines[kind]) for kind in Kind]

    @property
    def issue_tree(self) -> list[tuple[Any, list[Any], bool]]:
        """Each first-level type with those below it, and whether any of these is chosen."""
        boxes = {str(box.data["value"]): box for box in self["issue_types"]}
        found = []
        for pk, issue in self._types.items():
            if issue.parent_id is None:
                below = [boxes[one] for one, child in self._types.items() if child.parent_id == issue.pk]
                found.append((boxes[pk], below, any(box.data["selected"] for box in below)))
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        lowest, below = data.get("amount_from"), data.get("amount_below")
        if lowest is not None and below is not None and lowest >= below:
            self.add_error("amount_below", _("The upper amount must be above the lower one."))
        return data

    def is_valid(self) -> bool:
        lines = [line.is_valid() for line in self.lines]
        return super().is_valid() and all(lines)

    @property
    def wrong(self) -> int:
        """How many fields need another look."""
        return len(self.errors) + sum(len(line.errors) for line in self.lines)

    @property
    def before_pk(self) -> int | None:
        before = self.cleaned_data["before"]
        return None if before == LAST else int(before)

    def draft(self) -> Draft:
        """What was typed; call after `is_valid()`."""
        data = self.cleaned_data
        columns = {name: data[name] for name in Draft.COLUMNS}
        return Draft(
            **columns | {name: tuple(data[name]) for name in SlaPolicy.CONDITION_CHOICES},
            shops=tuple(self._shops[pk] for pk in data["shops"]),
            issue_types=tuple(self._types[pk] for pk in data["issue_types"]),
            lines={line.kind.value: line.line() for line in self.lines},
        )


def _initial(stored: Draft | None, policies: Sequence[SlaPolicy], policy: SlaPolicy | None) -> dict[str, Any]:
    if stored is None or policy is None:
        return {"before": _before_the_rest(policies)}
    cases = {None: "", True: "yes", False: "no"}
    return stored.columns() | {
        "shops": [str(shop.pk) for shop in stored.shops],
        "issue_types": [str(issue.pk) for issue in stored.issue_types],
        "platform_case": cases[stored.platform_case],
        "before": str(policy.pk),
        "seen": stored.fingerprint(),
    }


def _before_the_rest(policies: Sequence[SlaPolicy]) -> str:
    """A new policy belongs before the one that takes everything else."""
    for policy in policies:
        rule = rule_of(policy)
        bare = not (rule.shops or rule.platforms or rule.channels or rule.issue_types or rule.severities)
        if bare and rule.amount_from is rule.amount_below is rule.platform_case is None:
            return str(policy.pk)
    return LAST


def _places(policies: Sequence[SlaPolicy], policy: SlaPolicy | None) -> list[tuple[str, str]]:
    """Where the policy may stand; its own place is named by itself."""
    places = []
    for number, one in enumerate(policies, start=1):
        if policy and one.pk == policy.pk:
            places.append((str(one.pk), _("%(number)s, as now") % {"number": number}))
        else:
            places.append((str(one.pk), _("%(number)s, before “%(name)s”") % {"number": number, "name": one.name}))
    return [*places, (LAST, _("at the end"))]


def _tree() -> Iterable[IssueType]:
    return IssueType.objects.order_by("position", "code").select_related("parent")
