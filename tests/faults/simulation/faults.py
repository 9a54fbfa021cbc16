"""Faults put in on purpose: a simulation that does not find them proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

from complaints import notifications, sla, working_time
from complaints.models import Deadline
from complaints.operations import clocks


def late_by_a_minute() -> Any:
    """Budgets in working time end a minute too late."""
    add = working_time.add

    def wrong(start: Any, budget: timedelta, schedule: Any = None, pauses: Any = ()) -> Any:
        return add(start, budget + timedelta(minutes=1) if schedule and budget else budget, schedule, pauses)

    return mock.patch.object(working_time, "add", wrong)


def forgotten_pause() -> Any:
    """The first of several holds counts after all."""
    spans = Deadline.paused_spans.fget
    assert spans
    return mock.patch.object(Deadline, "paused_spans", property(lambda self: spans(self)[-1:]))


def once_per_day() -> Any:
    """An alert is known by its day, as reminders often are."""

    def daily(clock: Any, level: int) -> str:
        return f"{clock.complaint_id}:{clock.kind}:{clock.subject}:{level}:{clock.due_at:%Y-%m-%d}"

    return mock.patch.object(notifications, "happening", daily)


def every_warning() -> Any:
    """After a standstill all warnings are given, even those that a later one has overtaken."""

    def all_of_them(levels: Any, *, after: int, now: Any) -> list[Any]:
        return [warn for warn in levels if warn.level > after and warn.at <= now]

    return mock.patch.object(sla, "reached", all_of_them)


def levels_kept() -> Any:
    """A clock that was moved goes on with the levels that it has told."""
    recompute = clocks.recompute

    def wrong(complaint: Any, **how: Any) -> bool:
        told = {one.pk: one.level for one in complaint.deadlines.running()}
        moved = recompute(complaint, **how)
        for one in complaint.deadlines.running():
            one.level = told.get(one.pk, one.level)
            clocks._save(one)
        return moved

    return mock.patch.object(clocks, "recompute", wrong)


FAULTS: dict[str, Callable[[], Any]] = {
    fault.__name__: fault for fault in (late_by_a_minute, forgotten_pause, once_per_day, every_warning, levels_kept)
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Run with this fault, or with none."""
    if not name:
        yield
        return
    with FAULTS[name]():
        yield
