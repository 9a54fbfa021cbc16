"""What the expectation knows of complaints, clocks, promises, policies and people; and the table of domain.md."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.faults.simulation.hours import HOUR, MINUTE, Span

Levels = tuple[tuple[int, tuple[str, ...]], ...]

LEVELS: Levels = (
    (50, ("assignee",)),
    (80, ("assignee",)),
    (100, ("assignee", "team_lead")),
    (150, ("supervisor",)),
    (200, ("shop_manager",)),
)
CHAIN = ("assignee", "team_lead", "supervisor", "shop_manager")
RESPONSE = {"P1": 15 * MINUTE, "P2": 30 * MINUTE, "P3": 2 * HOUR, "P4": 8 * HOUR}
STAGES = {
    "P1": (4, 12, 24),
    "P2": (12, 24, 48),
    "P3": (24, 36, 72),
    "P4": (48, 72, 120),
}
CALLBACK = 24 * HOUR
MARGIN = 6 * HOUR
STAGE_OF = {
    "new": "first_response",
    "accepted": "verification",
    "verifying": "verification",
    "proposing": "proposal",
    "negotiating": "execution",
    "executing": "execution",
    "awaiting_followup": "callback",
}
STAGE_KINDS = set(STAGE_OF.values())
PAUSED = {"verification", "proposal", "execution"}
"""Where no policy says otherwise."""
BEFORE_RESOLUTION = STAGE_KINDS - {"callback"}


@dataclass(frozen=True)
class Line:
    """What a policy says of a kind of clock; without a budget, levels only."""

    budget: int | None
    working: bool = False
    pausable: bool = True
    levels: Levels = LEVELS


@dataclass
class Policy:
    pk: int
    position: int
    priority: str
    active: bool = True
    shops: frozenset[int] = frozenset()
    channels: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    amount_from: int | None = None
    platform_case: bool | None = None
    lines: dict[str, Line] = field(default_factory=dict)


@dataclass
class Person:
    pk: int
    role: str
    shops: frozenset[int] = frozenset()


@dataclass(eq=False)
class Clock:
    case: Case
    kind: str
    subject: int
    round: int
    started: int
    budget: int = 0
    calendar: int | None = None
    pausable: bool = False
    latest: int | None = None
    pauses: list[Span] = field(default_factory=list)
    paused: int | None = None
    due: int = -1
    moments: list[tuple[int, int, tuple[str, ...]]] = field(default_factory=list)
    told: int = 0
    met: int | None = None
    stopped: int | None = None
    breached: int | None = None
    stamp: int = 0

    @property
    def runs(self) -> bool:
        return self.met is None and self.stopped is None


@dataclass
class Owed:
    """A promise; `home` is the complaint in whose reply it was given."""

    due: int
    home: int
    status: str = "open"
    settled: int | None = None


@dataclass(eq=False)
class Case:
    pk: int
    shop: int
    channel: str
    severity: str
    amount: int | None
    assignee: int | None
    round_start: int
    priority: str = ""
    by_hand: bool = False
    policy: int | None = None
    state: str = "new"
    round: int = 1
    resolved: int | None = None
    closed: int | None = None
    held: int | None = None
    hold_until: int | None = None
    holds: list[Span] = field(default_factory=list)
    platform_since: int | None = None
    platform_due: int | None = None
    replies: list[tuple[int, int]] = field(default_factory=list)
    """When a person answered the customer, and with which complaint the reply came."""
    clocks: list[Clock] = field(default_factory=list)
    promises: dict[int, Owed] = field(default_factory=dict)
    merged_into: int | None = None
    merged_at: int = 0
    since: int | None = None
    """The earlier start that one brought which was merged into this round."""
    state_before: str = ""
    history: list[str] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.state in STAGE_OF

    def hold_end(self, now: int) -> int:
        """A hold is over at its time, whenever anybody looks."""
        return now if self.hold_until is None else min(now, self.hold_until)

    @property
    def start(self) -> int:
        """From when the clocks of the round run."""
        return self.round_start if self.since is None else self.since

    def stage(self) -> Clock | None:
        return next((one for one in self.clocks if one.runs and one.kind in STAGE_KINDS), None)

    def running(self) -> list[Clock]:
        return [one for one in self.clocks if one.runs]
