"""One simulation from its first day to its last: complaints, acts, changes, sweeps and comparisons in order of time."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from random import Random

from complaints.operations import sweeping
from complaints.refusals import Refused
from tests.faults.simulation.company import Company
from tests.faults.simulation.comparing import Comparison
from tests.faults.simulation.hours import DAY, HOUR, MINUTE, SECOND, moment, ticks
from tests.faults.simulation.life import Life
from tests.faults.simulation.records import Case

WINTER = datetime(2026, 1, 12, tzinfo=UTC)
SPRING = datetime(2026, 3, 24, tzinfo=UTC)
"""Clocks are put forward in Berlin five days later."""

MOST = 14
"""Acts on one complaint, before it is left to its clocks."""


@dataclass
class Result:
    days: int
    seed: int
    seconds: float
    sweeps: int
    standstills: int
    changes: int
    acts: dict[str, int]
    comparison: Comparison


class Simulation:
    def __init__(self, *, days: int, complaints: int, seed: int) -> None:
        self.days, self.seed, self.dice = days, seed, Random(seed)
        self.begin = ticks(SPRING if days < 60 else WINTER)
        self.end = self.begin + days * DAY
        self.company = Company(self.dice, self.begin, self.end)
        self.life = Life(self.company, self.dice)
        self.world = self.company.world
        self.comparison = Comparison(self.world)
        self.sweeps = self.standstills = self.changes = 0
        self._agenda: list[tuple[int, int, Callable[[int], None]]] = []
        self._count = count()
        self._changes: list[str] = []
        for _ in range(complaints):
            self._at(self._moment(self.end), self._register)
        for _ in range(max(days // 12, 2)):
            self._at(self._moment(self.end), self._change)
        self._at(self.begin + MINUTE, self._sweep)

    def _moment(self, until: int) -> int:
        return self.begin + self.dice.randrange((until - self.begin) // SECOND) * SECOND

    def _at(self, when: int, what: Callable[[int], None]) -> None:
        heapq.heappush(self._agenda, (when, next(self._count), what))

    def run(self, patience: int = 20, progress: Callable[[str], None] | None = None) -> Result:
        """Until the last day, or until so many complaints differ."""
        begun, told = time.monotonic(), self.begin
        while self._agenda and len(self.comparison.differences) < patience:
            now, _number, what = heapq.heappop(self._agenda)
            if now > self.end:
                break
            what(now)
            if progress and now - told > 10 * DAY:
                told = now
                seen, seconds = self.comparison, time.monotonic() - begun
                progress(
                    f"day {(now - self.begin) // DAY}: {len(self.world.cases):,} complaints, {self.sweeps:,} sweeps, "
                    f"{seen.complaints:,} looks, {len(seen.differences)} differ, {seconds:.0f} s"
                )
        self._look(self.end)
        self.comparison.everything(self.end)
        return Result(
            self.days, self.seed, time.monotonic() - begun, self.sweeps, self.standstills, self.changes,
            dict(sorted(self.life.done.items())), self.comparison,
        )  # fmt: skip

    def _register(self, now: int) -> None:
        case = self.life.register(now)
        left = self.dice.randrange(2, MOST)
        self._at(now + self._pace(), lambda then: self._live(case, left, then))

    def _live(self, case: Case, left: int, now: int) -> None:
        try:
            goes_on = self.life.act(case, now)
        except (Refused, AssertionError) as refusal:
            self.comparison.differ(case.pk, now, [f"refused, against all expectation: {refusal!r} {refusal}"])
            return
        if not goes_on:
            return
        if left:
            self._at(now + self._pace(), lambda then: self._live(case, left - 1, then))
        elif self.dice.random() < 0.97:
            self._at(now + int(self.dice.expovariate(1) * 4 * DAY), lambda then: self._leave(case, then))

    def _leave(self, case: Case, now: int) -> None:
        """Most are withdrawn in the end; the others stay open, overdue beyond all levels."""
        if case.open:
            self.life.leave(case, now // SECOND * SECOND)

    def _pace(self) -> int:
        """Mostly the same day, sometimes after a weekend, now and then after weeks."""
        typical = self.dice.choice([5 * MINUTE, 40 * MINUTE, 3 * HOUR, 9 * HOUR, DAY, 2 * DAY, 5 * DAY])
        return int(self.dice.expovariate(1) * typical) // SECOND * SECOND + SECOND

    def _change(self, now: int) -> None:
        said = self.company.change(now)
        self.changes += 1
        for case in self.world.cases.values():
            if case.open:
                case.history.append(f"{moment(now):%m-%d %H:%M:%S} everybody: {said}")

    def _sweep(self, now: int) -> None:
        self._look(now)
        self._at(self._next_sweep(now), self._sweep)

    def _look(self, now: int) -> None:
        sweeping.sweep(now=moment(now))
        self.world.sweep(now)
        self.sweeps += 1
        self.comparison.touched(now)

    def _next_sweep(self, now: int) -> int:
        """Soon after something is due, some time, or after a standstill of hours or days."""
        chance = self.dice.random()
        if chance < 0.01:
            self.standstills += 1
            return now + self.dice.randrange(4 * HOUR, 3 * DAY, SECOND)
        if chance < 0.5:
            return now + self.dice.randrange(10 * SECOND, 90 * MINUTE, SECOND)
        due = min(max(self.world.next_due() or now, now), now + 3 * HOUR)
        exactly = self.dice.random() < 0.3 and due > now and due % SECOND == 0
        return due if exactly else due // SECOND * SECOND + self.dice.randrange(SECOND, 20 * MINUTE, SECOND)


def simulate(
    *, days: int, complaints: int, seed: int, patience: int = 20, progress: Callable[[str], None] | None = None
) -> Result:
    return Simulation(days=days, complaints=complaints, seed=seed).run(patience, progress)
