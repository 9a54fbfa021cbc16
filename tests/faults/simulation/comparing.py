"""What the desk has written beside what was expected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from complaints.models import Alert, Complaint, Deadline, Promise
from tests.faults.simulation.expected import World
from tests.faults.simulation.hours import moment, ticks
from tests.faults.simulation.records import Case, Clock

NAMES = ("kind", "subject", "round", "started", "due", "met", "breached", "stopped", "paused", "pauses", "levels")


@dataclass
class Difference:
    """What was found and what was expected of one complaint, with all that had happened to it."""

    case: Case
    at: int
    what: list[str]

    def __str__(self) -> str:
        lines = [f"complaint {self.case.pk} at {moment(self.at):%Y-%m-%d %H:%M:%S}", *self.what, "history:"]
        return "\n    ".join([*lines, *self.case.history])


@dataclass
class Comparison:
    """Compares complaints that were touched since it last looked; one that differs is left alone from then on."""

    world: World
    clocks: int = 0
    alerts: int = 0
    complaints: int = 0
    differences: list[Difference] = field(default_factory=list)
    _last_alert: int = 0
    _spoilt: set[int] = field(default_factory=set)

    def touched(self, now: int) -> None:
        self._alerts(now)
        pks, self.world.touched = sorted(self.world.touched - self._spoilt), set()
        self._cases(pks, now)

    def everything(self, now: int) -> None:
        self._cases(sorted(self.world.cases.keys() - self._spoilt), now)
        found = {_alert(row): ticks(row[-1]) for row in Alert.objects.values_list(*_ALERT).iterator()}
        self._tell_alerts(found, self.world.given, now)

    def differ(self, pk: int, now: int, what: list[str]) -> None:
        self._spoilt.add(pk)
        self.differences.append(Difference(self.world.cases[pk], now, what))

    # -------------------------------------------------------------- alerts

    def _alerts(self, now: int) -> None:
        """Those given since the last look, on either side."""
        rows = list(Alert.objects.filter(pk__gt=self._last_alert).order_by("pk").values_list("pk", *_ALERT))
        self._last_alert = rows[-1][0] if rows else self._last_alert
        found = {_alert(row[1:]): ticks(row[-1]) for row in rows}
        given, self.world.new = self.world.new, {}
        self.alerts += len(found)
        self._tell_alerts(found, given, now)

    def _tell_alerts(self, found: dict[Any, int], wanted: dict[Any, int], now: int) -> None:
        wrong: dict[int, list[str]] = defaultdict(list)
        for key in found.keys() | wanted.keys():
            if found.get(key) != wanted.get(key) and key[0] not in self._spoilt:
                said = [
                    f"{moment(at):%m-%d %H:%M:%S}" if at is not None else "never"
                    for at in (found.get(key), wanted.get(key))
                ]
                wrong[key[0]].append(f"alert {_readable(key)}: given {said[0]}, expected {said[1]}")
        for pk, what in wrong.items():
            self.differ(pk, now, sorted(what))

    # -------------------------------------------------------------- complaints

    def _cases(self, pks: Sequence[int], now: int) -> None:
        for start in range(0, len(pks), 500):
            some = pks[start : start + 500]
            clocks, promises = _stored_clocks(some), _stored_promises(some)
            fields = ("pk", "state", "round", "priority", "policy_id", "next_due_at", "held_at", "hold_until")
            for row in Complaint.objects.filter(pk__in=some).values_list(*fields):
                self._case(row, clocks[row[0]], promises[row[0]], now)

    def _case(self, row: Any, clocks: list[Any], promises: list[Any], now: int) -> None:
        case = self.world.cases[row[0]]
        wanted = sorted(map(_expected_clock, case.clocks), key=str)
        owed = sorted((pk, one.status, one.due, one.settled) for pk, one in case.promises.items())
        of_case = (
            case.pk, case.state, case.round, case.priority, case.policy,
            self.world.next_due_of(case), case.held, case.hold_until,
        )  # fmt: skip
        found = tuple(ticks(one) if isinstance(one, datetime) else one for one in row)
        what = []
        if found != of_case:
            what.append(f"complaint is {_readable(found)}\n      expected {_readable(of_case)}")
        if promises != owed:
            what.append(f"promises {_readable(promises)}\n      expected {_readable(owed)}")
        clocks.sort(key=str)
        if clocks != wanted:
            what += [f"clock found    {_named(one)}" for one in clocks if one not in wanted]
            what += [f"clock expected {_named(one)}" for one in wanted if one not in clocks]
        self.complaints += 1
        self.clocks += len(wanted)
        if what:
            self.differ(case.pk, now, what)


_ALERT = ("complaint_id", "kind", "subject", "level", "due_at", "recipient_id", "created_at")


def _alert(row: Any) -> tuple[Any, ...]:
    return (*row[:4], ticks(row[4]), row[5])


def _stored_clocks(pks: Iterable[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for one in Deadline.objects.filter(complaint__in=pks):
        found[one.complaint_id].append(
            (
                one.kind, one.subject, one.round, ticks(one.started_at), ticks(one.due_at), *map(
                    _ticks, (one.met_at, one.breached_at, one.stopped_at, one.paused_at)
                ),
                tuple((ticks(begin), ticks(end)) for begin, end in one.paused_spans if begin < end),
                tuple((warn.level, ticks(warn.at), warn.audience) for warn in one.plan) if one.is_running else (),
            )
        )  # fmt: skip
    return found


def _stored_promises(pks: Iterable[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for one in Promise.objects.filter(complaint__in=pks).order_by("pk"):
        found[one.complaint_id].append((one.pk, one.status, ticks(one.due_at), _ticks(one.settled_at)))
    return found


def _expected_clock(one: Clock) -> tuple[Any, ...]:
    return (
        one.kind, one.subject, one.round, one.started, one.due, one.met, one.breached, one.stopped, one.paused,
        tuple((begin, end) for begin, end in one.pauses if begin < end), tuple(one.moments) if one.runs else (),
    )  # fmt: skip


def _ticks(at: datetime | None) -> int | None:
    return None if at is None else ticks(at)


def _named(clock: tuple[Any, ...]) -> str:
    values = (_readable(value) for value in clock)
    return ", ".join(f"{name} {value}" for name, value in zip(NAMES, values, strict=True) if value not in ("-", "()"))


def _readable(value: Any) -> str:
    """Moments as people write them."""
    if isinstance(value, list | tuple):
        return f"({', '.join(map(_readable, value))})"
    if isinstance(value, int) and value > 10**11:
        return f"{moment(value):%m-%d %H:%M:%S}"
    return "-" if value is None else str(value)
