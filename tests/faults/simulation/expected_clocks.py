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

    def _settle(
        self, case: Case, now: int, *, back: bool = False, given_up: bool = False, undone: bool = False
    ) -> None:
        """One clock of the stage runs while the case is open: end the one before, start or take up the next."""
        wanted = STAGE_OF.get(case.state)
        if wanted == "first_response" and case.replies:
            wanted = "verification"
        present = case.stage()
        if present and present.kind == wanted:
            return
        if present and undone:
            present.stopped, present.stamp = now, present.stamp + 1
            case.clocks.remove(present)
        elif present:
            self._end(present, now, met=not (given_up or back) or (back and present.kind == "callback"))
        if wanted is None:
            self._end_platform(case, now, met=not given_up)
        elif undone and (earlier := self._left_off(case, wanted)):
            earlier.met = earlier.stopped = None
            self._wait(earlier)
        else:
            self._enter(case, wanted, now, back=back)

    def _enter(self, case: Case, kind: str, now: int, *, back: bool) -> None:
        """The first time from the start of the round, later with the whole budget from now."""
        been_here = back or any(one.kind == kind and one.round == case.round for one in case.clocks)
        started = now if been_here else case.round_start
        self._start(case, kind, case.resolved or now if kind == "callback" else started)

    def _end_platform(self, case: Case, now: int, *, met: bool) -> None:
        for clock in case.running():
            if clock.kind == "platform":
                self._end(clock, now, met=met)

    def _left_off(self, case: Case, kind: str) -> Clock | None:
        ended = [one for one in case.clocks if one.kind == kind and one.round == case.round and not one.runs]
        if kind != "first_response":
            ended = [one for one in ended if one.stopped is not None]
        return ended[-1] if ended else None

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
