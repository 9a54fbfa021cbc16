"""What should be, told only who did what when: every clock is an object, every alert a line in a dictionary.

Written from domain.md (section 4) and the issue alone; shares no code with the desk, and is slow and simple.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from tests.faults.simulation.expected_clocks import Clocks
from tests.faults.simulation.records import CHAIN, Case, Clock, Owed


class World(Clocks):
    """The acts that change it, and the sweeps. All moments are whole numbers, see `hours`."""

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
            clock = Clock(case, "verification", 0, case.round, self._begin(case, "verification", now, back=False))
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
        if case.state == "closed":
            # Policies have gone on without it, and its platform case is over.
            self.classify(case)
        case.round += 1
        case.round_start, case.since = now, None
        case.resolved = case.closed = None
        self._to(case, "proposing", now, back=True)

    def prioritise(self, case: Case, now: int, priority: str) -> None:
        before = case.policy, case.priority, case.by_hand
        case.by_hand = bool(priority)
        case.priority = priority or case.priority
        self._classify_anew(case, now, before)

    def regrade(self, case: Case, now: int, severity: str) -> None:
        case.severity = severity
        self._classify_anew(case, now, (case.policy, case.priority, case.by_hand))

    def _classify_anew(self, case: Case, now: int, before: tuple[int | None, str, bool]) -> None:
        """Nothing is recomputed where neither policy nor priority comes out as another one."""
        self.classify(case)
        if (case.policy, case.priority, case.by_hand) != before:
            self.reapply(case, now)

    def policies_changed(self, now: int) -> None:
        for case in self.cases.values():
            if case.open:
                self.reapply(case, now)

    def calendar_changed(self, now: int, calendar: int) -> None:
        for case in self.cases.values():
            if any(clock.calendar == calendar for clock in case.running()):
                self.reapply(case, now)

    def reapply(self, case: Case, now: int) -> None:
        """Policy, then running clocks; what was met or breached stays."""
        self.classify(case)
        for clock in case.running():
            self._renew(case, clock, now)

    def platform(self, case: Case, now: int, due: int) -> None:
        """The platform has named a deadline, or another one."""
        if due != case.platform_due:
            case.platform_since = now
        case.platform_due = due
        self.classify(case)
        self._watch_platform(case, now)
        self.reapply(case, now)

    def platform_over(self, case: Case, now: int) -> None:
        self._end_platform(case, now, met=True)
        case.platform_since = case.platform_due = None
        self.reapply(case, now)

    def _watch_platform(self, case: Case, now: int) -> None:
        self._end_platform(case, now, met=False)
        if case.platform_due is not None and case.platform_since is not None:
            self._named(case, "platform", 0, case.platform_since, self.before_platform(case))

    def assign(self, case: Case, now: int, person: int) -> None:
        """Who takes a case over hears the last level of each clock that was told to its assignee."""
        case.assignee = person
        for clock in case.running():
            told = [level for level, _at, to in clock.moments if level <= clock.told and "assignee" in to]
            if told:
                self._tell(clock, told[-1], person, now)

    def merge(self, source: Case, target: Case, now: int) -> None:
        """The earliest start of both holds."""
        source.state_before, source.merged_into, source.merged_at = source.state, target.pk, now
        self._to(source, "merged", now, given_up=True)
        target.replies = sorted(target.replies + source.replies)
        source.replies = []
        self._move_promises(source, target, list(source.promises))
        before = target.start
        if source.start < before:
            target.since = source.start
            stage = target.stage()
            if stage and stage.kind != "callback" and stage.started == before:
                self._end(stage, now, met=False)
                self._start(target, stage.kind, target.start)
        first = target.replies[0][0] if target.replies else now
        self._settle(target, min(first, now))
        self._renew_all(target, now)

    def unmerge(self, source: Case, target: Case, now: int, left: Iterable[tuple[int, int]] = ()) -> None:
        """As if it had not been. `left`: replies given to the target since that turned out to be the source's."""
        source.merged_into = None
        source.replies = sorted(one for one in target.replies if one[1] == source.pk or one in left)
        target.replies = [one for one in target.replies if one not in source.replies]
        source.replies = [(at, source.pk) for at, _home in source.replies]
        self._move_promises(target, source, [pk for pk, owed in target.promises.items() if owed.home == source.pk])
        source.state = source.state_before
        self.classify(source)
        self._settle(source, now, undone=True)
        self._start_anew(target, now)
        self._settle(target, now, undone=True)
        self._renew_all(source, now)

    def _renew_all(self, case: Case, now: int) -> None:
        """What came from elsewhere goes by what holds here."""
        for clock in case.running():
            self._renew(case, clock, now)

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
