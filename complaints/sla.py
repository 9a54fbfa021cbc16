"""Clock arithmetic: budgets by priority, warn levels, and which clock a stage keeps running (domain.md, section 4).

Pure, standard library only. All times are aware datetimes; all budgets run in calendar time (working time comes with
work calendars, so P4's "8 working hours" and "5 working days" are 8 hours and 5 days until then).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    FIRST_RESPONSE = "first_response"
    VERIFICATION = "verification"
    PROPOSAL = "proposal"
    EXECUTION = "execution"
    CALLBACK = "callback"


def _budgets(response: timedelta, *hours: int) -> dict[Kind, timedelta]:
    verification, proposal, execution, callback = (timedelta(hours=h) for h in hours)
    return {
        Kind.FIRST_RESPONSE: response,
        Kind.VERIFICATION: verification,
        Kind.PROPOSAL: proposal,
        Kind.EXECUTION: execution,
        Kind.CALLBACK: callback,
    }


BUDGETS: dict[str, dict[Kind, timedelta]] = {
    "P1": _budgets(timedelta(minutes=15), 4, 12, 24, 24),
    "P2": _budgets(timedelta(minutes=30), 12, 24, 48, 24),
    "P3": _budgets(timedelta(hours=2), 24, 36, 72, 24),
    "P4": _budgets(timedelta(hours=8), 48, 72, 120, 24),
}

WARN_LEVELS = (50, 80)
"""Percent of the budget at which the assignee is warned; they mean nothing once the clock is overdue."""

BREACH = 100
LEVELS = (*WARN_LEVELS, BREACH, 150, 200)

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
    """The one clock that runs in this state; None once the complaint is over.

    A new complaint that was answered but still lacks registration fields is already being verified.
    """
    kind = _CLOCK_OF_STATE.get(state)
    if kind is Kind.FIRST_RESPONSE and answered:
        return Kind.VERIFICATION
    return kind


def due(started_at: datetime, priority: str, kind: Kind) -> datetime:
    """When a clock of this kind and priority runs out."""
    return started_at + BUDGETS[priority][kind]


def level_time(started_at: datetime, due_at: datetime, level: int) -> datetime:
    """The moment at which `level` percent of the budget is used."""
    return started_at + (due_at - started_at) * level / 100


def reached(started_at: datetime, due_at: datetime, *, after: int, now: datetime) -> list[int]:
    """Levels above `after` that are due at `now` and still mean something, lowest first.

    A warning is dropped when a higher level has been reached as well: after a standstill nobody needs to hear that
    half the time is used of a clock that ran out yesterday.
    """
    passed = [level for level in LEVELS if level > after and level_time(started_at, due_at, level) <= now]
    return [level for level in passed if level >= BREACH or level == passed[-1]]


def next_alert(started_at: datetime, due_at: datetime, *, after: int) -> datetime | None:
    """When the sweep must look at this clock again; None after the last level."""
    following = [level for level in LEVELS if level > after]
    return level_time(started_at, due_at, following[0]) if following else None


def share_used(started_at: datetime, due_at: datetime, now: datetime) -> float:
    """Part of the budget that is used, 0.0 or more; above 1.0 the clock is overdue."""
    return max((now - started_at) / (due_at - started_at), 0.0)


def earliest(moments: Sequence[datetime | None]) -> datetime | None:
    """The first of the moments that exist."""
    return min((moment for moment in moments if moment), default=None)
