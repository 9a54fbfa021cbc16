"""When a clock is due by the rules of domain.md (section 4), in plain Python; shares no code with the desk."""

from __future__ import annotations

import heapq
from itertools import count
from typing import Any

from tests.faults.simulation.hours import HOUR, MINUTE, Always, Calendar, after, used
from tests.faults.simulation.records import (
    BEFORE_RESOLUTION,
    CALLBACK,
    LEVELS,
    MARGIN,
    PAUSED,
    RESPONSE,
    STAGE_OF,
    STAGES,
    Case,
    Clock,
    Levels,
    Line,
    Person,
    Policy,
    Span,
)


class Clocks:
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

    def before_platform(self, case: Case) -> int:
        """So long before the platform as the policy says; half of what is left, in minutes, where that is less."""
        assert case.platform_due is not None
        assert case.platform_since is not None
        half = (case.platform_due - case.platform_since) // 2 // MINUTE * MINUTE
        return case.platform_due - min(self.line(case, "platform").budget or 0, half)

    def _terms(self, clock: Clock, case: Case, line: Line) -> None:
        """What the policy says now of a clock of the stage."""
        clock.budget, clock.pausable = line.budget or 0, line.pausable
        clock.calendar = self.calendar_of_shop[case.shop] if line.working else None
        clock.latest = None
        if case.platform_due is not None and clock.kind in BEFORE_RESOLUTION:
            clock.latest = self.before_platform(case)

    def _start(self, case: Case, kind: str, started: int) -> Clock:
        """A clock of the stage; time on hold since its start never counted."""
        clock = Clock(case, kind, 0, case.round, started)
        line = self.line(case, kind)
        self._terms(clock, case, line)
        if clock.pausable:
            clock.pauses = self._holds(case, started)
        self._plan(clock, line.levels)
        if case.held is not None and clock.pausable:
            clock.paused = max(case.held, started)
        case.clocks.append(clock)
        self._wait(clock)
        return clock

    def _holds(self, case: Case, started: int) -> list[Span]:
        """Before the round only the one waited that was merged into it: then its holds count."""
        if case.since is None or started >= case.round_start:
            return [(max(a, started), b) for a, b in case.holds if b > started and b > a]
        begun = case.round_start
        early = self._holds(self._longest(case), started)  # type: ignore[arg-type]
        return [(a, min(b, begun)) for a, b in early if a < begun] + [
            (max(a, begun), b) for a, b in case.holds if b > begun and b > a
        ]

    def _longest(self, case: Case) -> Case | None:
        """Of those that were merged into this round, the one that has been waiting longest."""
        joined = [
            one for one in self.cases.values() if one.merged_into == case.pk and one.merged_at >= case.round_start
        ]
        return min(joined, key=lambda one: (one.start, one.pk), default=None)

    def _renew(self, case: Case, clock: Clock, now: int) -> None:
        """What holds now of a clock that runs."""
        line = self.line(case, clock.kind)
        if clock.kind == "platform":
            clock.budget = self.before_platform(case) - clock.started
        elif clock.kind != "promise":
            self._terms(clock, case, line)
            if clock.paused is not None and not (clock.pausable and case.held is not None):
                self._unpause(clock, case.hold_end(now))
        self._plan(clock, line.levels)
        if case.held is not None and clock.pausable and clock.paused is None:
            clock.paused = max(now, clock.started)
        self._wait(clock)

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

    def _settle(
        self, case: Case, now: int, *, back: bool = False, given_up: bool = False, undone: bool = False
    ) -> None:
        """One clock of the stage runs while the case is open: end the one before, start or take up the next."""
        wanted = STAGE_OF.get(case.state)
        if wanted == "first_response" and case.replies:
            wanted = "verification"
        present = case.stage()
        if undone and wanted != "first_response":
            self._answered(case)
        if present and present.kind == wanted:
            return
        if present and undone and present.breached is None:
            present.stopped, present.stamp = now, present.stamp + 1
            case.clocks.remove(present)
        elif present:
            self._end(present, now, met=not (given_up or back or undone) or (back and present.kind == "callback"))
        if wanted is None:
            self._end_platform(case, now, met=not given_up)
        elif undone and (earlier := self._left_off(case, wanted)):
            earlier.met = earlier.stopped = None
            self._renew(case, earlier, now)
        else:
            self._enter(case, wanted, now, back=back)

    def _enter(self, case: Case, kind: str, now: int, *, back: bool) -> None:
        self._start(case, kind, case.resolved or now if kind == "callback" else self._begin(case, kind, now, back=back))

    def _begin(self, case: Case, kind: str, now: int, *, back: bool) -> int:
        """The first time from the start of the round, later with the whole budget from now."""
        been_here = back or any(one.kind == kind for one in self._of_round(case))
        return now if been_here else case.start

    def _end_platform(self, case: Case, now: int, *, met: bool) -> None:
        for clock in case.running():
            if clock.kind == "platform":
                self._end(clock, now, met=met)

    def _left_off(self, case: Case, kind: str) -> Clock | None:
        ended = [one for one in self._of_round(case) if one.kind == kind and not one.runs]
        if kind != "first_response":
            ended = [one for one in ended if one.stopped is not None]
        return ended[-1] if ended else None

    def _of_round(self, case: Case) -> list[Clock]:
        """Without those from a start that has left again."""
        return [one for one in case.clocks if one.round == case.round and one.started >= case.start]

    def _answered(self, case: Case) -> None:
        """The first response was met by the first of the replies that are there."""
        response = [one for one in self._of_round(case) if one.kind == "first_response"]
        if response and case.replies:
            self._met(response[-1], case.replies[0][0])

    def _met(self, clock: Clock, at: int) -> None:
        clock.stopped = clock.paused = None
        clock.met = max(at, clock.started)
        if clock.met > clock.due and clock.breached is None:
            clock.breached = clock.due
        self._wait(clock)

    def _start_anew(self, case: Case, now: int) -> None:
        """One that was merged into the case has left: the clocks run from the earliest start that is left."""
        longest = self._longest(case)
        since = longest.start if longest and longest.start < case.round_start else None
        if since == case.since:
            return
        case.since = since
        stage = [one for one in case.clocks if one.round == case.round and one.kind in BEFORE_RESOLUTION]
        for clock in [one for one in stage if one.started < case.start]:
            self._replace(case, clock, now)

    def _replace(self, case: Case, clock: Clock, now: int) -> None:
        """The clock that gave way at the merge takes over; without one, this begins later. A breach stays."""
        ran, met = clock.runs, clock.met
        same = [
            one for one in case.clocks if (one.kind, one.round, one.started) == (clock.kind, clock.round, case.start)
        ]
        own = next((one for one in reversed(same) if one.stopped is not None), None)
        if own is None and clock.breached is None:
            own = clock
            own.started = case.start
            own.pauses = self._holds(case, own.started) if own.pausable else []
            own.paused = None if own.paused is None else max(own.paused, own.started)
        else:
            if ran or met is not None:
                self._take_over(own, clock)
            self._leave(case, clock, now)
        # Where the case had ended before, the one that had given way stays as it was stopped.
        if own is None or (own is not clock and not ran and met is None):
            return
        self._plan(own, self._levels(own))
        if ran:
            own.met = own.stopped = None
            self._renew(case, own, now)
        elif met is not None:
            self._met(own, met)

    def _take_over(self, own: Clock | None, clock: Clock) -> None:
        """While it was stopped, the other one stood still."""
        if own and own.stopped is not None:
            since = own.stopped
            own.pauses += [(max(a, since), b) for a, b in clock.pauses if b > since]
            own.paused = None if clock.paused is None else max(clock.paused, since)

    def _leave(self, case: Case, clock: Clock, now: int) -> None:
        if clock.breached is None:
            clock.stamp += 1
            case.clocks.remove(clock)
        elif clock.runs:
            self._end(clock, now, met=False)

    def _to(self, case: Case, state: str, now: int, **how: bool) -> None:
        case.state = state
        if not case.open or (case.hold_until is not None and case.hold_until <= now):
            self._release(case, case.hold_end(now))
        if not case.open and state != "merged":
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
