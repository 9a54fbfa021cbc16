"""What another list of policies would do to the open complaints, without writing anything.

One statement streams the complaints with their running clocks: memory does not grow with their number.
"""

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import FilteredRelation, Q

from complaints.models import Complaint, Deadline, WorkCalendar
from complaints.policy_effect import Case, Clock, Policies, is_named
from complaints.policy_rules import Facts
from complaints.sla import Kind
from complaints.working_time import Schedule

LIMIT = 20_000
"""So many complaints are looked at, those that were registered last: about two seconds' work."""

SHOWN = 50
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Change:
    """One clock of one complaint, now and then."""

    complaint_id: int
    number: str
    kind: str
    old_priority: str
    new_priority: str
    old_due: datetime
    new_due: datetime
    overdue_now: bool

    @property
    def label(self) -> str:
        return str(Deadline.Kind(self.kind).label)


@dataclass(slots=True)
class Preview:
    """`open` complaints there are, `looked_at` of them were asked, `changed` would have another priority or time."""

    open: int
    looked_at: int = 0
    changed: int = 0
    earlier: int = 0
    later: int = 0
    overdue_now: int = 0
    in_time_again: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows: list[Change] = field(default_factory=list)

    @property
    def priorities(self) -> list[tuple[str, str, int]]:
        """(old, new, number), where they differ."""
        return [(old, new, number) for (old, new), number in sorted(self.moves.items()) if old != new]

    @property
    def is_partial(self) -> bool:
        return self.looked_at < self.open


def preview(user: Any, policies: Policies, *, now: datetime, limit: int = LIMIT) -> Preview:
    """What these policies would do to the open complaints that this person may see."""
    complaints = Complaint.objects.visible_to(user).open()
    result = Preview(open=complaints.order_by().count())
    changes = _changes(complaints, policies, result, now=now, limit=limit)
    result.rows = heapq.nsmallest(SHOWN, changes, key=lambda one: (not one.overdue_now, one.new_due, one.complaint_id))
    return result


def _changes(complaints: Any, policies: Policies, result: Preview, *, now: datetime, limit: int) -> Iterator[Change]:
    """Each clock that would change, counted on the way."""
    for pk, number, case in cases(complaints, limit=limit):
        effect = policies.effect_on(case, now=now)
        result.looked_at += 1
        result.moves[case.priority, effect.priority] += 1
        moved = [(clock, due) for clock, due in zip(case.clocks, effect.due, strict=True) if clock.due_at != due]
        result.changed += bool(moved) or effect.priority != case.priority
        for clock, due in moved:
            overdue_now = clock.due_at > now >= due
            result.earlier += due < clock.due_at
            result.later += due > clock.due_at
            result.overdue_now += overdue_now
            result.in_time_again += clock.due_at <= now < due
            yield Change(pk, number, clock.kind, case.priority, effect.priority, clock.due_at, due, overdue_now)


_COMPLAINT = (
    "pk", "number", "priority", "priority_by_hand", "shop_id", "shop__platform", "shop__calendar_id", "channel",
    "issue_type_id", "issue_type__parent_id", "severity", "order__paid_amount", "platform_opened_at",
    "platform_due_at", "held_at",
)  # fmt: skip
_CLOCK = ("clock__kind", "clock__started_at", "clock__due_at", "clock__policy_id", "clock__pauses", "clock__paused_at")


def cases(complaints: Any, *, limit: int) -> Iterator[tuple[int, str, Case]]:
    """Id, number and case of the complaints registered last, at most so many."""
    schedules, default = _schedules()
    running = Q(deadlines__met_at__isnull=True, deadlines__stopped_at__isnull=True)
    rows = complaints.order_by("-pk")
    last = rows.values_list("pk", flat=True)[limit - 1 : limit].first()
    if last is not None:
        rows = rows.filter(pk__gte=last)
    rows = rows.annotate(clock=FilteredRelation("deadlines", condition=running)).values_list(*_COMPLAINT, *_CLOCK)
    for pk, lines in groupby(rows.iterator(chunk_size=CHUNK), key=itemgetter(0)):
        clocks = list(lines)
        values = dict(zip(_COMPLAINT, clocks[0], strict=False))
        schedule = schedules.get(values["shop__calendar_id"] or default)
        yield pk, values["number"], _case(values, [line[len(_COMPLAINT) :] for line in clocks], schedule)


def _case(values: dict[str, Any], clocks: list[tuple[Any, ...]], schedule: Schedule | None) -> Case:
    types = (values["issue_type_id"], values["issue_type__parent_id"])
    amount: Decimal | None = values["order__paid_amount"]
    facts = Facts(
        shop=values["shop_id"],
        platform=values["shop__platform"],
        channel=values["channel"],
        issue_types=frozenset(pk for pk in types if pk),
        severity=values["severity"],
        amount=amount,
        platform_case=values["platform_due_at"] is not None,
    )
    return Case(
        facts=facts,
        priority=values["priority"],
        by_hand=values["priority_by_hand"],
        held=values["held_at"] is not None,
        platform_opened_at=values["platform_opened_at"],
        platform_due_at=values["platform_due_at"],
        schedule=schedule,
        clocks=tuple(_clock(*line) for line in clocks if line[0]),
    )


def _clock(
    kind: str, started_at: datetime, due_at: datetime, policy: int | None, pauses: Any, paused_at: datetime | None
) -> Clock:
    spans = tuple((datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in pauses)
    return Clock(
        kind=Kind(kind),
        started_at=started_at,
        due_at=due_at,
        named=is_named(Kind(kind), policy),
        pauses=spans,
        paused_at=paused_at,
    )


def _schedules() -> tuple[dict[int | None, Schedule], int | None]:
    """Every calendar's schedule, and the id of the default one."""
    calendars = list(WorkCalendar.objects.prefetch_related("days"))
    default = next((calendar.pk for calendar in calendars if calendar.is_default), None)
    return {calendar.pk: calendar.schedule() for calendar in calendars}, default
