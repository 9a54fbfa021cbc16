"""A policy as plain values: to be written, compared, copied, and tried out before any of that."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from complaints import sla
from complaints.models import Shop, SlaPolicy
from complaints.policy_effect import Policies
from complaints.policy_rules import Rule
from complaints.sla import Kind, Levels, Target
from knowledge.models import IssueType

from .policies import rule_of

DRAFTED = 0
"""The id of a policy that is not stored yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a policy says of one kind of clock; no budget for clocks whose time is named."""

    budget_minutes: int | None = None
    working: bool = False
    pausable: bool = False
    levels: Levels = sla.LEVELS

    def target(self) -> Target:
        budget = timedelta(minutes=self.budget_minutes or 0)
        return Target(budget=budget, working=self.working, pausable=self.pausable, levels=self.levels)

    def plain(self) -> dict[str, Any]:
        levels = [[level, list(audience)] for level, audience in self.levels]
        return {
            "budget_minutes": self.budget_minutes, "working": self.working, "pausable": self.pausable, "levels": levels,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything that a manager decides about one policy, except its place in the list."""

    name: str
    priority: str
    active: bool = True
    shops: tuple[Shop, ...] = ()
    platforms: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    issue_types: tuple[IssueType, ...] = ()
    severities: tuple[str, ...] = ()
    amount_from: Decimal | None = None
    amount_below: Decimal | None = None
    platform_case: bool | None = None
    lines: Mapping[str, Line] = field(default_factory=dict)

    COLUMNS = (
        "name", "priority", "active", "platforms", "channels", "severities", "amount_from", "amount_below",
        "platform_case",
    )  # fmt: skip

    def columns(self) -> dict[str, Any]:
        """Name -> value of what stands in the policy's own row."""
        values = {name: getattr(self, name) for name in self.COLUMNS}
        return values | {name: list(values[name]) for name in SlaPolicy.CONDITION_CHOICES}

    def rule(self, pk: int) -> Rule:
        return Rule(
            pk=pk,
            priority=self.priority,
            shops=frozenset(shop.pk for shop in self.shops),
            platforms=frozenset(self.platforms),
            channels=frozenset(self.channels),
            issue_types=frozenset(issue.pk for issue in self.issue_types),
            severities=frozenset(self.severities),
            amount_from=self.amount_from,
            amount_below=self.amount_below,
            platform_case=self.platform_case,
        )

    def targets(self) -> dict[str, Target]:
        return {kind: line.target() for kind, line in self.lines.items()}

    def plain(self) -> dict[str, Any]:
        """Name -> value as the record of changes keeps it: things by their codes, in an order of their own."""
        values = self.columns()
        values |= {name: sorted(values[name]) for name in SlaPolicy.CONDITION_CHOICES}
        values |= {name: _money(values[name]) for name in ("amount_from", "amount_below")}
        values |= {name: sorted(one.code for one in getattr(self, name)) for name in ("shops", "issue_types")}
        for kind in Kind:
            if line := self.lines.get(kind):
                values |= {f"{kind}.{name}": value for name, value in line.plain().items()}
        return values

    def fingerprint(self) -> str:
        """Another one as soon as anything is changed."""
        return hashlib.sha256(json.dumps(self.plain(), sort_keys=True).encode()).hexdigest()[:32]


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def draft_of(policy: SlaPolicy) -> Draft:
    """A stored policy as a draft of itself; reads the three relations, unless they were fetched along."""
    columns = {name: getattr(policy, name) for name in Draft.COLUMNS}
    return Draft(
        **columns | {name: tuple(columns[name]) for name in SlaPolicy.CONDITION_CHOICES},
        shops=tuple(policy.shops.all()),
        issue_types=tuple(policy.issue_types.all()),
        lines={line.kind: _line(line) for line in policy.targets.all()},
    )


def _line(line: Any) -> Line:
    levels = sla.checked_levels([(level, audience) for level, audience in line.levels])
    return Line(budget_minutes=line.budget_minutes, working=line.working, pausable=line.pausable, levels=levels)


def usual_lines(priority: str) -> dict[str, Line]:
    """What a new policy starts with: what holds where none says anything."""
    targets = {kind: sla.default_target(priority, kind) for kind in Kind}
    return {
        kind: Line(
            budget_minutes=int(target.budget.total_seconds()) // 60 or None,
            pausable=target.pausable,
            levels=target.levels,
        )
        for kind, target in targets.items()
    }


def listed() -> list[SlaPolicy]:
    """All policies in order, with everything that belongs to them; four queries."""
    return list(
        SlaPolicy.objects.order_by("position", "pk").prefetch_related("shops", "issue_types__parent", "targets")
    )


def policies_of(policies: Sequence[SlaPolicy]) -> Policies:
    """The active ones as the clocks take them."""
    active = [policy for policy in policies if policy.active]
    targets = {policy.pk: {line.kind: line.as_target() for line in policy.targets.all()} for policy in active}
    return Policies([rule_of(policy) for policy in active], targets)


def drafted(draft: Draft, policies: Sequence[SlaPolicy], *, instead_of: int | None, before: int | None) -> Policies:
    """The list as it would be with this draft at that place, instead of the policy that it changes."""
    rules, targets = [], {}
    for pk, one in in_place(policies, moved=instead_of, before=before):
        if one is None and draft.active:
            rules.append(draft.rule(pk))
            targets[pk] = draft.targets()
        elif one and one.active:
            rules.append(rule_of(one))
            targets[pk] = {line.kind: line.as_target() for line in one.targets.all()}
    return Policies(rules, targets)


def in_place(
    policies: Sequence[SlaPolicy], *, moved: int | None, before: int | None
) -> Iterator[tuple[int, SlaPolicy | None]]:
    """The ids in their new order, with None for the policy that was moved; last where `before` is not in the list."""
    placed = False
    for policy in policies:
        if policy.pk == before and not placed:
            placed = True
            yield moved or DRAFTED, None
        if policy.pk != moved:
            yield policy.pk, policy
    if not placed:
        yield moved or DRAFTED, None
