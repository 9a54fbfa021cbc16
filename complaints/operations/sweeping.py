"""Fire what is due: the one sweep over all clocks (reliability.md, section 1).

Beat and `on_commit` only wake it; everything it needs stands in the database, so that any number of sweeps may run at
once and none need ever have run before. It writes alerts for the bell; `telling` makes messages of them.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import transaction

from complaints import notifications, sla
from complaints.models import Complaint, ComplaintEvent, Deadline, Promise
from complaints.models.deadline import plan_of
from complaints.queries.people import People, escalation
from complaints.sla import Kind

from . import alerting, holding, in_bulk, telling

log = logging.getLogger(__name__)

BATCH = 1000
BATCHES = 10
"""Of one sweep; what is left waits for the next tick, so that the other writers of an SQLite file get their turn."""

RETRY_AFTER = timedelta(minutes=1)
BREACHED = "breached"


def sweep(*, now: datetime) -> int:
    """Resume what has waited long enough, then fire clocks whose next level has been reached, oldest first.

    Returns the number of clocks looked at.
    """
    holding.end_over_holds(now=now)
    seen = 0
    for _turn in range(BATCHES):
        batch = _fire_batch(now=now)
        seen += batch
        if batch < BATCH:
            break
    return seen


class Clock(NamedTuple):
    """What a sweep reads of a clock: no model, for of those a thousand take longer than their alerts."""

    pk: int
    complaint_id: int
    kind: str
    subject: int
    responsible_id: int | None
    due_at: datetime
    breached_at: datetime | None
    level: int
    levels: list[Any]
    failures: int


class Case(NamedTuple):
    """What a sweep asks of a complaint."""

    shop: int
    assignee: int | None
    version: int


@dataclass(slots=True)
class Told:
    """What the clocks of a batch have to say, as rows."""

    alerts: list[tuple[Any, ...]] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    clocks: list[tuple[Any, ...]] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """Clocks that this sweep has locked, with what is needed to fire them."""

    clocks: list[Clock]
    cases: dict[int, Case]
    audiences: "_Audiences"


def _fire_batch(*, now: datetime) -> int:
    """1 claim, 2 work out and write all alerts of the batch, 3 move the clocks on: one transaction.

    When the batch fails as a whole, each clock is tried alone, so that a poisoned one never holds up the others. That
    takes a second claim: a savepoint after the first one would make PostgreSQL keep two owners of each row.
    """
    try:
        with transaction.atomic():
            batch = _claim(now=now)
            _fire(batch, batch.clocks, now=now)
    except Exception:
        log.exception("sweep: batch failed, trying its clocks one by one")
        with transaction.atomic():
            batch = _claim(now=now)
            for clock in batch.clocks:
                _fire_alone(batch, clock, now=now)
    return len(batch.clocks)


def _claim(*, now: datetime) -> Batch:
    due = Deadline.objects.alert_due(now).select_for_update(skip_locked=True)
    clocks = [Clock(*row) for row in due.values_list(*Clock._fields)[:BATCH]]
    if not clocks:
        return Batch([], {}, _Audiences({}, {}))
    cases = _cases({clock.complaint_id for clock in clocks})
    people = escalation({case.shop for case in cases.values()}, now=now)
    return Batch(clocks, cases, _Audiences(people, _persons(clocks, cases)))


def _cases(ids: set[int]) -> dict[int, Case]:
    rows = in_bulk.read(Complaint, Case._fields, ids)
    return {pk: Case(*row) for pk, row in rows.items()}


def _persons(clocks: Iterable[Clock], cases: dict[int, Case]) -> dict[int, Any]:
    """Who is in charge of the clocks: those responsible for one, and the assignees of the cases."""
    ids = {clock.responsible_id for clock in clocks} | {case.assignee for case in cases.values()}
    return get_user_model().objects.in_bulk([pk for pk in ids if pk])


def _fire_alone(batch: Batch, clock: Clock, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            _fire(batch, [clock], now=now)
    except Exception:
        log.exception("sweep: clock %s cannot be fired, put off", clock.pk)
        Deadline.objects.filter(pk=clock.pk).update(
            failures=clock.failures + 1, next_alert_at=now + RETRY_AFTER * 2 ** min(clock.failures, 8)
        )


def _fire(batch: Batch, clocks: Sequence[Clock], *, now: datetime) -> None:
    """Write what these clocks of the batch have to say."""
    told = Told()
    known = _known_breaches(clocks)
    for clock in clocks:
        case, ahead = batch.cases[clock.complaint_id], plan_of(clock.levels, after=clock.level)
        reached = sla.reached(ahead, after=clock.level, now=now)
        for warn in reached:
            recipients = batch.audiences.of(warn.audience, clock.responsible_id or case.assignee, case.shop)
            told.alerts += alerting.rows(clock, warn.level, recipients, now=now)
            if not recipients:
                log.error("sweep: nobody is there to hear of clock %s at %s %%", clock.pk, warn.level)
        level = reached[-1].level if reached else clock.level
        if any(warn.level == sla.BREACH for warn in reached):
            _breach(clock, case, told, known, now=now)
        breached_at = clock.breached_at or (clock.due_at if level >= sla.BREACH else None)
        told.clocks.append((level, breached_at, sla.next_alert(ahead, after=level), 0, clock.pk))
    _write(told)


def _write(told: Told) -> None:
    alerting.write(told.alerts)
    if told.alerts:
        transaction.on_commit(telling.wake, robust=True)
    in_bulk.insert(ComplaintEvent, _EVENT, told.events)
    in_bulk.update(Deadline, ("level", "breached_at", "next_alert_at", "failures"), told.clocks)
    if told.broken:
        Promise.objects.filter(pk__in=told.broken, status=Promise.Status.OPEN).update(status=Promise.Status.BROKEN)


_EVENT = ("complaint", "at", "kind", "version", "data", "from_state", "to_state", "reason")


def _breach(clock: Clock, case: Case, told: Told, known: set[Any], *, now: datetime) -> None:
    """One event per clock and due time: a clock that was moved away and back has told its breach already."""
    if clock.kind == Kind.PROMISE:
        told.broken.append(clock.subject)
    data: dict[str, Any] = {"clock": clock.kind, "due_at": clock.due_at.isoformat()}
    if clock.subject:
        data["subject"] = clock.subject
    if _identity(clock.complaint_id, data) not in known:
        told.events.append((clock.complaint_id, now, BREACHED, case.version, data, "", "", ""))


def _known_breaches(clocks: Iterable[Clock]) -> set[Any]:
    """Breaches that history tells already, of clocks that were overdue before at another due time."""
    again = {clock.complaint_id for clock in clocks if clock.breached_at and clock.level < sla.BREACH}
    if not again:
        return set()
    events = ComplaintEvent.objects.filter(complaint__in=again, kind=BREACHED).values_list("complaint_id", "data")
    return {_identity(complaint, data) for complaint, data in events}


def _identity(complaint_id: int, data: dict[str, Any]) -> tuple[int, str, str, int]:
    return complaint_id, data["clock"], data["due_at"], data.get("subject", 0)


class _Audiences:
    """Who hears of a level, by the ids of the persons; asked once for the same roles, person and shop."""

    def __init__(self, people: dict[int, People], persons: dict[int, Any]) -> None:
        self._people, self._persons = people, persons
        self._known: dict[tuple[Any, ...], list[int]] = {}

    def of(self, roles: tuple[str, ...], in_charge: int | None, shop: int) -> list[int]:
        asked = roles, in_charge, shop
        if asked not in self._known:
            person = self._persons.get(in_charge or 0)
            heard = notifications.audience(roles, person, self._people[shop])
            self._known[asked] = [one.pk for one in heard]
        return self._known[asked]
