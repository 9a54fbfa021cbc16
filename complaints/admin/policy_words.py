"""Policies put into words: conditions, budgets, warn levels, what is odd about them, and what was changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from complaints import sla
from complaints.models import Channel, Deadline, Platform, Priority, Severity, Shop, SlaPolicy
from complaints.policy_rules import Facts, Rule
from complaints.sla import Kind, Levels
from knowledge.models import IssueType

from . import budgets
from .displays import listed

AUDIENCES: dict[str, Any] = {
    sla.ASSIGNEE: gettext_lazy("Assignee"),
    sla.TEAM_LEAD: gettext_lazy("Team lead"),
    sla.SUPERVISOR: gettext_lazy("Supervisor"),
    sla.SHOP_MANAGER: gettext_lazy("Shop manager"),
}
CHOICES: dict[str, Any] = {"platforms": Platform, "channels": Channel, "severities": Severity}
CASE_WORDS = {True: gettext_lazy("the platform has intervened"), False: gettext_lazy("the platform has not intervened")}


def labelled(choices: Any, values: Iterable[str]) -> list[str]:
    """Labels in the order of the choices; severities by their code alone, which everybody knows."""
    chosen = set(values)
    if choices is Severity:
        return sorted(chosen)
    return [str(label) for value, label in choices.choices if value in chosen]


def amounts(lowest: Decimal | None, below: Decimal | None) -> str:
    """Paid at least so much, and less than that."""
    parts = [f"≥ ¥{_money(lowest)}"] if lowest is not None else []
    return " ".join([*parts, f"< ¥{_money(below)}"] if below is not None else parts)


def _money(amount: Decimal) -> str:
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"


def conditions(policy: SlaPolicy) -> list[tuple[str, str]]:
    """(what, which) for each condition that the policy has."""
    found = [
        (_("Shop"), listed(shop.name for shop in policy.shops.all())),
        (_("Platform"), listed(labelled(Platform, policy.platforms))),
        (_("Channel"), listed(labelled(Channel, policy.channels))),
        (_("Issue type"), listed(issue.label for issue in policy.issue_types.all())),
        (_("Severity"), listed(labelled(Severity, policy.severities))),
        (_("Paid"), amounts(policy.amount_from, policy.amount_below)),
        (_("Platform case"), "" if policy.platform_case is None else str(CASE_WORDS[policy.platform_case])),
    ]
    return [(label, text) for label, text in found if text]


def budget_of(kind: str, minutes: int | None, working: bool) -> str:
    """What a line of a policy gives, at a glance."""
    if kind == Kind.PROMISE:
        return pgettext("budget", "as promised")
    if kind == Kind.PLATFORM:
        return pgettext("budget", "{t} before").format(t=budgets.write(minutes) or "0")
    return budgets.write(minutes, working=working) or "—"


def levels_words(levels: Levels | Sequence[Sequence[Any]]) -> str:
    """50% assignee · 100% assignee, team lead."""
    return " · ".join(f"{level}% {listed(AUDIENCES[one] for one in audience)}" for level, audience in levels)


class Names:
    """What codes of shops and issue types stand for, each read once, at its first use."""

    @cached_property
    def shops(self) -> dict[str, str]:
        return dict(Shop.objects.values_list("code", "name"))

    @cached_property
    def issue_types(self) -> dict[str, IssueType]:
        return {issue.code: issue for issue in IssueType.objects.all()}


@dataclass(frozen=True, slots=True)
class Difference:
    label: str
    old: str
    new: str


def differences(changes: Mapping[str, Sequence[Any]], names: Names) -> list[Difference]:
    """A recorded change of a policy, value by value, in words."""
    return [
        Difference(value_label(name), value_words(name, old, names), value_words(name, new, names))
        for name, (old, new) in changes.items()
    ]


_LINE_LABELS = {
    "budget_minutes": gettext_lazy("budget"),
    "working": gettext_lazy("working time"),
    "pausable": gettext_lazy("paused by a hold"),
    "levels": gettext_lazy("warn levels"),
}


def value_label(name: str) -> str:
    kind, dot, part = name.partition(".")
    if dot and kind in Deadline.Kind.values and part in _LINE_LABELS:
        return f"{Deadline.Kind(kind).label} · {_LINE_LABELS[part]}"
    if name == "copied_from":
        return _("copied from")
    if name == "position":
        return _("place in the list")
    return str(SlaPolicy._meta.get_field(name).verbose_name) if name in _COLUMNS else name


_COLUMNS = {field.name for field in (*SlaPolicy._meta.fields, *SlaPolicy._meta.many_to_many)}


def value_words(name: str, value: Any, names: Names) -> str:
    """A recorded value in words; a dash for none."""
    part = name.rpartition(".")[2]
    if value is None or value == []:
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if part == "levels":
        return levels_words(value)
    if isinstance(value, list):
        return _listed(name, value, names)
    if part == "budget_minutes":
        return budgets.write(value)
    return str(Priority(value).label) if name == "priority" and value in Priority.values else str(value)


def _listed(name: str, values: list[str], names: Names) -> str:
    if name in CHOICES:
        return listed(labelled(CHOICES[name], values))
    known = getattr(names, name, {}) if name in ("shops", "issue_types") else {}
    return listed(known.get(value, value) for value in values)


def example(facts: Facts, rules: Sequence[Rule], names: Mapping[str, Mapping[int, str]]) -> str:
    """A complaint that fits all these rules, as far as their conditions speak of it."""
    found = []
    if any(rule.shops for rule in rules):
        found.append(names["shops"].get(facts.shop, ""))
    elif any(rule.platforms for rule in rules):
        found += labelled(Platform, [facts.platform])
    if any(rule.channels for rule in rules):
        found += labelled(Channel, [facts.channel])
    if any(rule.issue_types for rule in rules):
        found += _narrowest(facts.issue_types, names["issue_types"])
    if any(rule.severities for rule in rules):
        found.append(facts.severity)
    if facts.amount is not None and any(rule.amount_from or rule.amount_below for rule in rules):
        found.append(f"{_('paid')} ¥{_money(facts.amount)}")
    if any(rule.platform_case is not None for rule in rules):
        found.append(str(CASE_WORDS[facts.platform_case]))
    return " · ".join(one for one in found if one)


def _narrowest(types: Iterable[int], names: Mapping[int, str]) -> list[str]:
    return [names[pk] for pk in sorted(types, reverse=True) if pk in names][:1]
