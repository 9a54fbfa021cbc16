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

NORMAL = "P3"
"""The priority where no policy fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A running clock; `pauses` are over, `paused_at` is not. Of a `named` one somebody has named the time."""

    kind: Kind
    started_at: datetime
    due_at: datetime
    named: bool = False
    pauses: tuple[Span, ...] = ()
    paused_at: datetime | None = None


def is_named(kind: Kind, policy: int | None) -> bool:
    """Whether somebody has named the time of such a clock; an inquiry's is named where no policy gave it."""
    return kind not in sla.BUDGETED or (kind not in sla.STAGE_KINDS and policy is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An open complaint as the policies see it, with the schedule of its shop."""

    facts: Facts
    priority: str
    by_hand: bool = False
    held: bool = False
    platform_opened_at: datetime | None = None
    platform_due_at: datetime | None = None
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

    def effect_on(self, case: Case, *, now: datetime) -> Effect:
        rule = self._rule_for(case)
        priority = case.priority if case.by_hand else rule.priority if rule else NORMAL
        holding = Holding(priority, self.targets.get(rule.pk, {}) if rule else {})
        return Effect(
            rule.pk if rule else None,
            priority,
            tuple(due_under(clock, case, holding, now=now) for clock in case.clocks),
        )

    def _rule_for(self, case: Case) -> Rule | None:
        if case.by_hand:
            return by_hand(self.rules, case.facts, case.priority)
        return first_match(self.rules, case.facts)


@dataclass(frozen=True, slots=True)
class Holding:
    """What holds for a complaint: its priority, and what its policy says of each kind of clock."""

    priority: str
    targets: Mapping[str, Target]

    def target(self, kind: Kind) -> Target:
        return self.targets.get(kind) or sla.default_target(self.priority, kind)


def due_under(clock: Clock, case: Case, holding: Holding, *, now: datetime) -> datetime:
    """When the clock is due under what holds; one whose time was named stays due at it.

    The platform has named its deadline, but the policy says how long before it we are due. A pause that the policy
    allows no more ends now.
    """
    before_platform = None
    if case.platform_opened_at and case.platform_due_at:
        margin = holding.target(Kind.PLATFORM).budget
        before_platform = sla.before_platform(case.platform_opened_at, case.platform_due_at, margin)
    if clock.kind is Kind.PLATFORM and before_platform:
        return before_platform
    if clock.named:
        return clock.due_at
    target, pauses = holding.target(clock.kind), clock.pauses
    if clock.paused_at and not (case.held and target.pausable):
        pauses = (*pauses, (clock.paused_at, max(now, clock.paused_at)))
    terms = Terms(
        started_at=clock.started_at,
        budget=target.budget,
        schedule=case.schedule if target.working else None,
        pauses=pauses,
        latest_at=before_platform if clock.kind in sla.CAPPED else None,
    )
    return sla.due(terms)
