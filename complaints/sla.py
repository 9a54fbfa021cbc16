"""Clock arithmetic: when a clock is due, its warn levels, and which clock a stage needs (domain.md, section 4).

Pure, standard library only. All times are aware datetimes. A budget runs in calendar time, or in the working time of a
schedule; pauses do not count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from complaints import working_time
from complaints.working_time import Schedule, Span


class Kind(StrEnum):
    FIRST_RESPONSE = "first_response"
    VERIFICATION = "verification"
    PROPOSAL = "proposal"
    EXECUTION = "execution"
    CALLBACK = "callback"
    PROMISE = "promise"
    INQUIRY = "inquiry"
    RECOVERY = "recovery"
    PLATFORM = "platform"


CAPPED = (Kind.FIRST_RESPONSE, Kind.VERIFICATION, Kind.PROPOSAL, Kind.EXECUTION)
"""Clocks that the platform's deadline overrides: after the resolution it has nothing to wait for."""

STAGE_KINDS = (Kind.FIRST_RESPONSE, Kind.VERIFICATION, Kind.PROPOSAL, Kind.EXECUTION, Kind.CALLBACK)
"""Clocks that belong to a stage: one of them runs while a complaint is open."""

BUDGETED = (*STAGE_KINDS, Kind.INQUIRY, Kind.RECOVERY)
"""Clocks whose budget a policy gives; the others are due at a time that somebody named."""

PAUSABLE = (Kind.VERIFICATION, Kind.PROPOSAL, Kind.EXECUTION)
"""Clocks that a hold pauses where no policy says otherwise: those whose work may wait for the customer."""

ASSIGNEE, TEAM_LEAD, SUPERVISOR, SHOP_MANAGER = "assignee", "team_lead", "supervisor", "shop_manager"
CHAIN = (ASSIGNEE, TEAM_LEAD, SUPERVISOR, SHOP_MANAGER)
"""Whom an alert reaches when those below are absent."""

BREACH = 100

Levels = tuple[tuple[int, tuple[str, ...]], ...]
"""Percent of the budget -> who hears of it, in order."""

LEVELS: Levels = (
    (50, (ASSIGNEE,)),
    (80, (ASSIGNEE,)),
    (BREACH, (ASSIGNEE, TEAM_LEAD)),
    (150, (SUPERVISOR,)),
    (200, (SHOP_MANAGER,)),
)

PLATFORM_MARGIN = timedelta(hours=6)
"""So long before the platform's own deadline ours is due; a policy writes it as the budget of the platform clock."""


def _budgets(response: timedelta, *hours: int) -> dict[Kind, timedelta]:
    verification, proposal, execution, callback = (timedelta(hours=h) for h in hours)
    return {
        Kind.FIRST_RESPONSE: response,
        Kind.VERIFICATION: verification,
        Kind.PROPOSAL: proposal,
        Kind.EXECUTION: execution,
        Kind.CALLBACK: callback,
        Kind.INQUIRY: timedelta(hours=24),
        Kind.RECOVERY: timedelta(days=7),
    }


BUDGETS: dict[str, dict[Kind, timedelta]] = {
    "P1": _budgets(timedelta(minutes=15), 4, 12, 24, 24),
    "P2": _budgets(timedelta(minutes=30), 12, 24, 48, 24),
    "P3": _budgets(timedelta(hours=2), 24, 36, 72, 24),
    "P4": _budgets(timedelta(hours=8), 48, 72, 120, 24),
}
"""What holds, in calendar time, where no policy does. The courier's 7 days: 快递暂行条例 28."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a policy says of one kind of clock."""

    budget: timedelta
    working: bool = False
    pausable: bool = True
    levels: Levels = LEVELS


def default_target(priority: str, kind: Kind) -> Target:
    """What holds where no policy says anything; of clocks whose time is named, the levels."""
    budget = PLATFORM_MARGIN if kind is Kind.PLATFORM else BUDGETS[priority].get(kind, timedelta(0))
    return Target(budget=budget, pausable=kind in PAUSABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What decides when a clock is due. `latest_at` (the platform's deadline less the margin) caps the budget."""

    started_at: datetime
    budget: timedelta
    schedule: Schedule | None = None
    pauses: tuple[Span, ...] = ()
    latest_at: datetime | None = None

    def after(self, start: datetime, budget: timedelta) -> datetime:
        return working_time.add(start, budget, self.schedule, self.pauses)


class Warn(NamedTuple):
    """One level of one clock: when it is reached and who hears of it."""

    level: int
    at: datetime
    audience: tuple[str, ...]


Plan = tuple[Warn, ...]

_CLOCK_OF_STATE = {
    "new": Kind.FIRST_RESPONSE,
    "accepted": Kind.VERIFICATION,
    "verifying": Kind.VERIFICATION,
    "proposing": Kind.PROPOSAL,
    "negotiating": Kind.EXECUTION,
    "executing": Kind.EXECUTION,
    "awaiting_followup": Kind.CALLBACK,
}


def clock_for(state: str, *, answered: bool) -> Kind | None:
    """The one clock that a stage needs; None once the complaint is over.

    A new complaint that was answered but still lacks registration fields is already being verified.
    """
    kind = _CLOCK_OF_STATE.get(state)
    if kind is Kind.FIRST_RESPONSE and answered:
        return Kind.VERIFICATION
    return kind


def due(terms: Terms) -> datetime:
    """When the clock runs out: at the end of its budget, or at the cap where that comes first."""
    own = terms.after(terms.started_at, terms.budget)
    if terms.latest_at is None or terms.latest_at >= own:
        return own
    return max(terms.latest_at, terms.started_at).astimezone(UTC)


def before_platform(opened_at: datetime, deadline: datetime, margin: timedelta) -> datetime:
    """When we are due for a platform case with this deadline, which we know since `opened_at`.

    The margin before it; where less than twice the margin is left, in the middle of what is (in whole minutes), so that
    there is time to act in before and after.
    """
    half = (deadline - opened_at) / 2
    return deadline - min(margin, half - half % timedelta(minutes=1))


def level_time(terms: Terms, level: int) -> datetime:
    """The moment at which `level` percent of the budget is used.

    Up to the due time the budget counts that is left under the cap; beyond it lateness is measured by the whole budget.
    """
    if level > BREACH:
        return terms.after(due(terms), terms.budget * (level - BREACH) / 100)
    due_at = due(terms)
    if level == BREACH:
        return due_at
    real = working_time.between(terms.started_at, due_at, terms.schedule, terms.pauses)
    return min(terms.after(terms.started_at, real * level / 100), due_at)


def plan(terms: Terms, levels: Levels) -> Plan:
    """The levels with their moments, in order."""
    return tuple(Warn(level, level_time(terms, level), tuple(audience)) for level, audience in sorted(levels))


def reached(levels: Plan, *, after: int, now: datetime) -> list[Warn]:
    """Levels above `after` that are due at `now` and still mean something, lowest first.

    A warning is dropped when a higher level has been reached as well: after a standstill nobody needs to hear that
    half the time is used of a clock that ran out yesterday.
    """
    passed = [warn for warn in levels if warn.level > after and warn.at <= now]
    return [warn for warn in passed if warn.level >= BREACH or warn is passed[-1]]


def next_alert(levels: Plan, *, after: int) -> datetime | None:
    """When the sweep must look at this clock again; None after the last level."""
    return next((warn.at for warn in levels if warn.level > after), None)


def critical_from(levels: Plan) -> datetime | None:
    """When the last warning before the due time is given: from then on the clock is shown as at risk."""
    return max((warn.at for warn in levels if warn.level < BREACH), default=None)


def used(terms: Terms, until: datetime) -> timedelta:
    """How much of the budget is used at `until`; more than it when the clock is overdue."""
    return working_time.between(terms.started_at, until, terms.schedule, terms.pauses)


def left(terms: Terms, at: datetime) -> timedelta:
    """How much is left at `at`; negative when overdue. In working time where the budget is."""
    due_at = due(terms)
    if at <= due_at:
        return working_time.between(at, due_at, terms.schedule, terms.pauses)
    return -working_time.between(due_at, at, terms.schedule, terms.pauses)


def earliest(moments: Iterable[datetime | None]) -> datetime | None:
    """The first of the moments that exist."""
    return min((moment for moment in moments if moment), default=None)


def checked_levels(levels: Sequence[tuple[int, Sequence[str]]]) -> Levels:
    """Levels as stored and edited, in order, each once. Raises ValueError for what cannot be one."""
    found: dict[int, tuple[str, ...]] = {}
    for level, audience in levels:
        if not 1 <= level <= 1000 or level in found:
            raise ValueError(f"level {level}")
        if not audience or set(audience) - set(CHAIN):
            raise ValueError(f"audience {audience}")
        found[level] = tuple(role for role in CHAIN if role in audience)
    return tuple(sorted(found.items()))
