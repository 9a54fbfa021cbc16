"""The rules of the clocks in plain Python, from domain.md (section 4) and the issue alone; told only who did what when.

Shares no code with the desk. Slow and simple: every clock is an object, every alert is a line in a dictionary.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.faults.simulation.hours import HOUR, MINUTE, Always, Calendar, Span, after, used

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
    state_before: str = ""
    history: list[str] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.state in STAGE_OF

    def hold_end(self, now: int) -> int:
        """A hold is over at its time, whenever anybody looks."""
        return now if self.hold_until is None else min(now, self.hold_until)

    def stage(self) -> Clock | None:
        return next((one for one in self.clocks if one.runs and one.kind in STAGE_KINDS), None)

    def running(self) -> list[Clock]:
        return [one for one in self.clocks if one.runs]


class World:
    """Everything that should be, and the acts that change it. All moments are whole numbers, see `hours`."""

    def __init__(self) -> None:
        self.cases: dict[int, Case] = {}
        self.policies: list[Policy] = []
        self.calendars: dict[int | None, Calendar] = {None: Always()}
        self.calendar_of_shop: dict[int, int] = {}
        self.people: list[Person] = []
        self.owners: list[int] = []
        self.absences: list[tuple[int, int, int]] = []
        self.given: dict[tuple[Any, ...], int] = {}
        """(complaint, kind, subject, level, due, person) -> when."""
        self.new: dict[tuple[Any, ...], int] = {}
        """Those that nobody has compared yet."""
        self.held: set[Case] = set()
        self.touched: set[int] = set()
        self._queue: list[tuple[int, int, int, Clock]] = []
        self._count = count()

    # -------------------------------------------------------------- policies

    def classify(self, case: Case) -> None:
        rules = sorted((one for one in self.policies if one.active), key=lambda one: (one.position, one.pk))
        if case.by_hand:
            rules = [one for one in rules if one.priority == case.priority]
        fitting = [one for one in rules if self._fits(one, case)]
        chosen = fitting[0] if fitting else rules[-1] if rules and case.by_hand else None
        case.policy = chosen.pk if chosen else None
        if not case.by_hand:
            case.priority = chosen.priority if chosen else "P3"

    def _fits(self, policy: Policy, case: Case) -> bool:
        if policy.shops and case.shop not in policy.shops:
            return False
        if policy.channels and case.channel not in policy.channels:
            return False
        if policy.severities and case.severity not in policy.severities:
            return False
        if policy.amount_from is not None and (case.amount is None or case.amount < policy.amount_from):
            return False
        return policy.platform_case is None or policy.platform_case == (case.platform_due is not None)

    def line(self, case: Case, kind: str) -> Line:
        policy = next((one for one in self.policies if one.pk == case.policy), None)
        line = policy.lines.get(kind) if policy else None
        if kind == "platform":
            budget = line.budget if line and line.budget else MARGIN
            return Line(budget, pausable=False, levels=line.levels if line else LEVELS)
        return line or Line(self._usual(case.priority, kind), pausable=kind in PAUSED)

    def _usual(self, priority: str, kind: str) -> int:
        verification, proposal, execution = (hours * HOUR for hours in STAGES[priority])
        return {
            "first_response": RESPONSE[priority],
            "verification": verification,
            "proposal": proposal,
            "execution": execution,
            "callback": CALLBACK,
        }.get(kind, 0)

    # -------------------------------------------------------------- single clocks

    def _plan(self, clock: Clock, levels: Levels) -> None:
        """Due time and moments; a clock that is due at another time tells all its levels anew."""
        calendar, before = self.calendars[clock.calendar], clock.due
        due = after(calendar, clock.started, clock.budget, clock.pauses)
        if clock.latest is not None and clock.latest < due:
            due = max(clock.latest, clock.started)
        whole = used(calendar, clock.started, due, clock.pauses)
        clock.moments = []
        for level, audience in sorted(levels):
            if level > 100:
                at = after(calendar, due, clock.budget * (level - 100) // 100, clock.pauses)
            elif level == 100 or whole == 0:
                at = due
            else:
                at = min(after(calendar, clock.started, whole * level // 100, clock.pauses), due)
            clock.moments.append((level, at, audience))
        clock.due = due
        if due != before:
            clock.told = 0

    def _levels(self, clock: Clock) -> Levels:
        return tuple((level, audience) for level, _at, audience in clock.moments)

    def _wait(self, clock: Clock) -> None:
        """Let the next sweep after its next level look at it."""
        clock.stamp += 1
        self.touched.add(clock.case.pk)
        if clock.runs and clock.paused is None:
            at = next((at for level, at, _to in clock.moments if level > clock.told), None)
            if at is not None:
                heapq.heappush(self._queue, (at, next(self._count), clock.stamp, clock))

    def _terms(self, clock: Clock, case: Case, line: Line) -> None:
        """What the policy says now of a clock of the stage."""
        clock.budget, clock.pausable = line.budget or 0, line.pausable
        clock.calendar = self.calendar_of_shop[case.shop] if line.working else None
        clock.latest = None
        if case.platform_due is not None and clock.kind in BEFORE_RESOLUTION:
            clock.latest = case.platform_due - (self.line(case, "platform").budget or 0)

    def _start(self, case: Case, kind: str, started: int) -> Clock:
        """A clock of the stage; time on hold since its start never counted."""
        clock = Clock(case, kind, 0, case.round, started)
        line = self.line(case, kind)
        self._terms(clock, case, line)
        if clock.pausable:
            clock.pauses = [(max(a, started), b) for a, b in case.holds if b > started and b > a]
        self._plan(clock, line.levels)
        if case.held is not None and clock.pausable:
            clock.paused = max(case.held, started)
        case.clocks.append(clock)
        self._wait(clock)
        return clock

    def _named(self, case: Case, kind: str, subject: int, started: int, due: int) -> Clock:
        clock = Clock(case, kind, subject, case.round, started, budget=max(due - started, 0))
        self._plan(clock, self.line(case, kind).levels)
        case.clocks.append(clock)
        self._wait(clock)
        return clock

    def _end(self, clock: Clock, now: int, *, met: bool) -> None:
        if clock.paused is not None:
            self._unpause(clock, clock.case.hold_end(now))
            self._plan(clock, self._levels(clock))
        if met:
            clock.met = max(now, clock.started)
        else:
            clock.stopped = now
        if now > clock.due and clock.breached is None:
            clock.breached = clock.due
        self._wait(clock)

    def _unpause(self, clock: Clock, at: int) -> None:
        assert clock.paused is not None
        clock.pauses.append((clock.paused, max(at, clock.paused)))
        clock.paused = None

    # -------------------------------------------------------------- the stage

    def _settle(self, case: Case, now: int, *, back: bool = False, given_up: bool = False, undone: bool = False) -> None:
        """One clock of the stage runs while the case is open: end the one before, start or take up the next."""
        wanted = STAGE_OF.get(case.state)
        if wanted == "first_response" and case.replies:
            wanted = "verification"
        present = case.stage()
        if present and present.kind == wanted:
            return
        if present and undone:
            present.stopped = now
            case.clocks.remove(present)
        elif present:
            self._end(present, now, met=not (given_up or back) or (back and present.kind == "callback"))
        if wanted is None:
            for clock in case.running():
                if clock.kind == "platform":
                    self._end(clock, now, met=not given_up)
            return
        if undone and (earlier := self._left_off(case, wanted)):
            earlier.met = earlier.stopped = None
            self._wait(earlier)
        else:
            been_here = back or any(one.kind == wanted and one.round == case.round for one in case.clocks)
            started = now if been_here else case.round_start
            self._start(case, wanted, case.resolved or now if wanted == "callback" else started)

    def _left_off(self, case: Case, kind: str) -> Clock | None:
        ended = [one for one in case.clocks if one.kind == kind and one.round == case.round and not one.runs]
        if kind != "first_response":
            ended = [one for one in ended if one.stopped is not None]
        return ended[-1] if ended else None

    def _to(self, case: Case, state: str, now: int, **how: bool) -> None:
        case.state = state
        if not case.open:
            self._release(case, case.hold_end(now))
            if state != "merged":
                case.platform_since = case.platform_due = None
        if state in ("closed", "withdrawn", "unfounded"):
            self._answer(case, now)
        self._settle(case, now, **how)

    def _release(self, case: Case, at: int) -> None:
        if case.held is None:
            return
        case.holds.append((case.held, at))
        case.held = case.hold_until = None
        self.held.discard(case)
        self.touched.add(case.pk)
        for clock in case.running():
            if clock.paused is not None:
                self._unpause(clock, at)
                self._plan(clock, self._levels(clock))
                self._wait(clock)

    # -------------------------------------------------------------- acts

    def register(self, case: Case, now: int, priority: str) -> None:
        self.cases[case.pk] = case
        case.priority, case.by_hand = priority, bool(priority)
        self.classify(case)
        self._settle(case, now)

    def reply(self, case: Case, now: int, *, still_open: Iterable[int] = ()) -> None:
        case.replies.append((now, case.pk))
        self._answer(case, now, still_open)
        self._settle(case, now)

    def promise(self, case: Case, pk: int, now: int, due: int, *, home: int | None = None) -> None:
        case.promises[pk] = Owed(due, home or case.pk)
        self._named(case, "promise", pk, now, due)

    def beyond(self, case: Case, now: int, due: int) -> bool:
        """Whether a promise given now, with a reply, is later than the clock of the stage allows."""
        clock = case.stage()
        if clock and clock.kind == "first_response":
            clock = Clock(case, "verification", 0, case.round, case.round_start)
            self._terms(clock, case, self.line(case, "verification"))
            self._plan(clock, ())
        return clock is not None and clock.paused is None and now <= clock.due < due

    def _answer(self, case: Case, now: int, still_open: Iterable[int] = ()) -> None:
        for pk, owed in case.promises.items():
            if owed.settled is None and pk not in still_open:
                self._settle_promise(case, pk, now, "kept")

    def _settle_promise(self, case: Case, pk: int, now: int, status: str) -> None:
        owed = case.promises[pk]
        owed.status = "broken" if owed.status == "broken" or owed.due < now else status
        owed.settled = now
        for clock in case.running():
            if clock.kind == "promise" and clock.subject == pk:
                self._end(clock, now, met=status == "kept")

    def keep(self, case: Case, pk: int, now: int) -> None:
        self._settle_promise(case, pk, now, "kept")

    def renew(self, case: Case, pk: int, now: int, renewal: int, due: int) -> None:
        self._settle_promise(case, pk, now, "renewed")
        self.promise(case, renewal, now, due, home=case.promises[pk].home)

    def hear(self, case: Case, now: int) -> None:
        self._release(case, case.hold_end(now))

    def hold(self, case: Case, now: int, until: int) -> None:
        case.held, case.hold_until = now, until
        self.held.add(case)
        self.touched.add(case.pk)
        for clock in case.running():
            if clock.pausable:
                clock.paused = max(now, clock.started)
                self._wait(clock)

    resume = hear

    def step(self, case: Case, state: str, now: int, *, back: bool = False, given_up: bool = False) -> None:
        self._to(case, state, now, back=back, given_up=given_up)

    def resolve(self, case: Case, now: int) -> None:
        case.resolved = now
        self._to(case, "awaiting_followup", now)

    def end(self, case: Case, state: str, now: int, *, given_up: bool) -> None:
        case.closed = now
        self._to(case, state, now, given_up=given_up)

    def new_round(self, case: Case, now: int) -> None:
        case.round += 1
        case.round_start = now
        case.resolved = case.closed = None
        self._to(case, "proposing", now, back=True)

    def prioritise(self, case: Case, now: int, priority: str) -> None:
        case.by_hand = bool(priority)
        case.priority = priority or case.priority
        self.reapply(case, now)

    def reapply(self, case: Case, now: int) -> None:
        """Policy, then running clocks; what was met or breached stays."""
        self.classify(case)
        for clock in case.running():
            line = self.line(case, clock.kind)
            if clock.kind == "platform":
                assert case.platform_due is not None
                assert case.platform_since is not None
                due = max(case.platform_due - (line.budget or 0), case.platform_since)
                clock.budget = max(due - clock.started, 0)
            elif clock.kind != "promise":
                self._terms(clock, case, line)
                if clock.paused is not None and not clock.pausable:
                    self._unpause(clock, case.hold_end(now))
            self._plan(clock, line.levels)
            if case.held is not None and clock.pausable and clock.paused is None:
                clock.paused = max(now, clock.started)
            self._wait(clock)

    def platform(self, case: Case, now: int, due: int) -> None:
        """The platform has named a deadline, or another one."""
        case.platform_since = case.platform_since or now
        case.platform_due = due
        self.classify(case)
        self._watch_platform(case, now)
        self.reapply(case, now)

    def platform_over(self, case: Case, now: int) -> None:
        self._end_platform(case, now, met=True)
        case.platform_since = case.platform_due = None
        self.reapply(case, now)

    def _end_platform(self, case: Case, now: int, *, met: bool) -> None:
        for clock in case.running():
            if clock.kind == "platform":
                self._end(clock, now, met=met)

    def _watch_platform(self, case: Case, now: int) -> None:
        self._end_platform(case, now, met=False)
        if case.platform_due is not None and case.platform_since is not None:
            due = max(case.platform_due - (self.line(case, "platform").budget or 0), case.platform_since)
            self._named(case, "platform", 0, case.platform_since, due)

    def assign(self, case: Case, now: int, person: int) -> None:
        """Who takes a case over hears the last level of each clock that was told to its assignee."""
        case.assignee = person
        for clock in case.running():
            told = [level for level, _at, to in clock.moments if level <= clock.told and "assignee" in to]
            if told:
                self._tell(clock, told[-1], person, now)

    def merge(self, source: Case, target: Case, now: int) -> None:
        source.state_before, source.merged_into = source.state, target.pk
        self._to(source, "merged", now, given_up=True)
        target.replies = sorted(target.replies + source.replies)
        source.replies = []
        self._move_promises(source, target, list(source.promises))
        first = target.replies[0][0] if target.replies else now
        self._settle(target, min(first, now))

    def unmerge(self, source: Case, target: Case, now: int) -> None:
        source.merged_into = None
        source.replies = [one for one in target.replies if one[1] == source.pk]
        target.replies = [one for one in target.replies if one[1] != source.pk]
        self._move_promises(target, source, [pk for pk, owed in target.promises.items() if owed.home == source.pk])
        source.state = source.state_before
        self._settle(source, now, undone=True)
        self._settle(target, now, undone=True)

    def _move_promises(self, source: Case, target: Case, pks: Iterable[int]) -> None:
        for pk in pks:
            target.promises[pk] = source.promises.pop(pk)
            for clock in [one for one in source.clocks if one.kind == "promise" and one.subject == pk]:
                source.clocks.remove(clock)
                target.clocks.append(clock)
                clock.case = target
        self.touched |= {source.pk, target.pk}

    # -------------------------------------------------------------- sweeps

    def sweep(self, now: int) -> None:
        for case in [one for one in self.held if one.hold_until is not None and one.hold_until <= now]:
            self._release(case, case.hold_end(now))
        due: list[Clock] = []
        while self._queue and self._queue[0][0] <= now:
            _at, _number, stamp, clock = heapq.heappop(self._queue)
            if stamp == clock.stamp:
                due.append(clock)
        for clock in due:
            self._fire(clock, now)

    def next_due(self) -> int | None:
        """When the next level is reached, roughly: what has changed since may still stand in the queue."""
        return self._queue[0][0] if self._queue else None

    def _fire(self, clock: Clock, now: int) -> None:
        reached = [one for one in clock.moments if one[0] > clock.told and one[1] <= now]
        if not reached:
            return
        for level, _at, audience in reached:
            if level >= 100 or level == reached[-1][0]:
                for person in self.heard_by(audience, clock.case, now):
                    self._tell(clock, level, person, now)
        clock.told = reached[-1][0]
        if clock.told >= 100 and clock.breached is None:
            clock.breached = clock.due
        if clock.kind == "promise" and any(level == 100 for level, _at, _to in reached):
            owed = clock.case.promises[clock.subject]
            owed.status = "broken" if owed.status == "open" else owed.status
        self._wait(clock)

    def _tell(self, clock: Clock, level: int, person: int, now: int) -> None:
        alert = clock.case.pk, clock.kind, clock.subject, level, clock.due, person
        if alert not in self.given:
            self.given[alert] = self.new[alert] = now

    def heard_by(self, audience: Iterable[str], case: Case, now: int) -> set[int]:
        """Up the chain past the absent; the nearest when all are absent; the owners when there is nobody at all."""
        absent = {person for person, begin, end in self.absences if begin <= now < end}
        found: set[int] = set()
        for role in audience:
            above = [self._of_role(one, case) for one in CHAIN[CHAIN.index(role) :]]
            there = [persons - absent for persons in above if persons - absent]
            found |= there[0] if there else next(filter(None, above), set())
        return found or set(self.owners)

    def _of_role(self, role: str, case: Case) -> set[int]:
        if role == "assignee":
            return {case.assignee} if case.assignee else set()
        everywhere = role != "team_lead"
        return {one.pk for one in self.people if one.role == role and (everywhere or case.shop in one.shops)}

    # -------------------------------------------------------------- what pages show

    def next_due_of(self, case: Case) -> int | None:
        if not case.open:
            return None
        moments = [one.due for one in case.running() if one.paused is None]
        return min([*moments, *([case.hold_until] if case.hold_until is not None else [])], default=None)
