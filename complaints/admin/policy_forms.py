"""The form of a policy: its conditions, what it gives, and a line for each kind of clock."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints.models import Channel, Platform, Priority, Severity, Shop, SlaPolicy
from complaints.queries.policies import rule_of
from complaints.queries.policy_drafts import Draft, draft_of, usual_lines
from complaints.sla import Kind
from knowledge.models import IssueType

from .issue_trees import issue_tree
from .policy_line_form import LineForm

LAST = "last"


class ManyField(forms.MultipleChoiceField):
    """Several of a few choices, each with a box to tick; none means all."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)


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
        return issue_tree(self["issue_types"], self._types)

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
