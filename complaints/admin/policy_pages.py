"""What the pages about policies show of each: conditions, budgets, and what is odd about its place in the list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from complaints.models import Channel, Deadline, Platform, Severity, Shop, SlaPolicy, SlaTarget
from complaints.policy_analysis import Findings, Overlap, Universe, Unreachable, findings
from complaints.policy_rules import Rule
from complaints.queries.policies import rule_of
from complaints.sla import Kind
from knowledge.models import IssueType

from .policy_words import budget_of, conditions, example, levels_words

KINDS = [(kind.value, Deadline.Kind(kind).label) for kind in Kind]


@dataclass(frozen=True, slots=True)
class Shared:
    """Complaints that fit an earlier policy as well, which has them."""

    name: str
    example: str


@dataclass(slots=True)
class Row:
    policy: SlaPolicy
    number: int
    conditions: list[tuple[str, str]]
    budgets: list[tuple[str, str]]
    is_last: bool
    covered_by: list[str] | None = None
    shared: list[Shared] = field(default_factory=list)

    @property
    def is_unreachable(self) -> bool:
        return self.covered_by is not None


@dataclass(frozen=True, slots=True)
class LineWords:
    """One kind of clock of a policy, for those who read it."""

    label: str
    budget: str
    pausable: bool
    levels: str


def rows(policies: Sequence[SlaPolicy], *, only: int | None = None) -> list[Row]:
    """The list as it is shown, or one line of it; two queries besides what `listed` has read."""
    shops = {shop.pk: shop for shop in Shop.objects.all()}
    types = {issue.pk: issue for issue in IssueType.objects.all()}
    rules = {policy.pk: rule_of(policy) for policy in policies if policy.active}
    found = findings(list(rules.values()), _universe(shops, types))
    names = {"shops": {pk: shop.name for pk, shop in shops.items()}, "issue_types": _labels(types)}
    known = {policy.pk: policy for policy in policies}
    made = []
    for number, policy in enumerate(policies, start=1):
        if only in (None, policy.pk):
            row = Row(policy, number, conditions(policy), _budgets(policy), number == len(policies))
            _judge(row, found, rules, known, names)
            made.append(row)
    return made


def lines(policy: SlaPolicy) -> list[LineWords]:
    by_kind = {line.kind: line for line in policy.targets.all()}
    return [
        LineWords(
            label=str(label),
            budget=budget_of(kind, line.budget_minutes, line.working),
            pausable=line.pausable,
            levels=levels_words(line.as_target().levels),
        )
        for kind, label in KINDS
        if (line := by_kind.get(kind))
    ]


def _budgets(policy: SlaPolicy) -> list[tuple[str, str]]:
    """(label, budget) of every kind of clock."""
    by_kind: dict[str, SlaTarget] = {line.kind: line for line in policy.targets.all()}
    return [
        (str(label), budget_of(kind, line.budget_minutes, line.working) if (line := by_kind.get(kind)) else "—")
        for kind, label in KINDS
    ]


def _judge(
    row: Row,
    found: Findings,
    rules: Mapping[int, Rule],
    known: Mapping[int, SlaPolicy],
    names: Mapping[str, Mapping[int, str]],
) -> None:
    pk = row.policy.pk
    row.covered_by = next((_names(line, known) for line in found.unreachable if line.rule == pk), None)
    row.shared = [
        Shared(known[one.earlier].name, example(one.example, [rules[one.earlier], rules[pk]], names))
        for one in found.overlaps
        if one.later == pk and _matters(one, known)
    ]


def _names(line: Unreachable, known: Mapping[int, SlaPolicy]) -> list[str]:
    return [known[pk].name for pk in line.by]


def _matters(overlap: Overlap, known: Mapping[int, SlaPolicy]) -> bool:
    """An exception before its rule is how such lists are written; and where both give the same, nobody need ask."""
    earlier, later = known[overlap.earlier], known[overlap.later]
    return not overlap.exception and (earlier.priority != later.priority or _gives(earlier) != _gives(later))


def _gives(policy: SlaPolicy) -> dict[str, Any]:
    return {line.kind: line.as_target() for line in policy.targets.all()}


def _universe(shops: Mapping[int, Shop], types: Mapping[int, IssueType]) -> Universe:
    return Universe(
        shops={pk: shop.platform for pk, shop in shops.items()},
        issue_types={pk: issue.parent_id for pk, issue in types.items()},
        platforms=Platform.values,
        channels=Channel.values,
        severities=Severity.values,
    )


def _labels(types: Mapping[int, IssueType]) -> dict[int, str]:
    return {pk: issue.label for pk, issue in types.items()}
