"""What a list of policies makes of a complaint: its policy, its priority, and when its running clocks are due. Pure.

The dry-run of the policies' page works by it; what is written later is compared with it in tests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from complaints import sla
from complaints.policy_rules import Facts, Rule, by_hand, first_match
from complaints.sla import Kind, Target, Terms
from complaints.working_time import Schedule, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A running clock; `pauses` are over."""

    kind: Kind
    started_at: datetime
    due_at: datetime
    pauses: tuple[Span, ...] = ()
    latest_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An open complaint as the policies see it, with the schedule of its shop."""

    facts: Facts
    priority: str
    by_hand: bool = False
    schedule: Schedule | None = None
    clocks: tuple[Clock, ...] = ()


@dataclass(frozen=True, slots=True)
class Effect:
    """`due` holds one moment for each clock of the case, in their order."""

    policy: int | None
    priority: str
    due: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Policies:
    """The active policies in order, and what each says of each kind of clock."""

    rules: Sequence[Rule]
    targets: Mapping[int, Mapping[str, Target]]

    def effect_on(self, case: Case) -> Effect:
        rule = self._rule_for(case)
        priority = rule.priority if rule and not case.by_hand else case.priority
        targets = self.targets.get(rule.pk, {}) if rule else {}
        due = tuple(due_under(clock, priority, targets, case.schedule) for clock in case.clocks)
        return Effect(rule.pk if rule else None, priority, due)

    def _rule_for(self, case: Case) -> Rule | None:
        if case.by_hand:
            return by_hand(self.rules, case.facts, case.priority)
        return first_match(self.rules, case.facts)


def due_under(clock: Clock, priority: str, targets: Mapping[str, Target], schedule: Schedule | None) -> datetime:
    """When the clock is due under these targets; one whose time was named stays due at it."""
    if clock.kind not in sla.BUDGETED:
        return clock.due_at
    target = targets.get(clock.kind) or sla.default_target(priority, clock.kind)
    terms = Terms(
        started_at=clock.started_at,
        budget=target.budget,
        schedule=schedule if target.working else None,
        pauses=clock.pauses,
        latest_at=clock.latest_at,
    )
    return sla.due(terms)
