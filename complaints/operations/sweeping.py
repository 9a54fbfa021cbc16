"""Fire what is due: the one sweep over all clocks (reliability.md, section 1).

Beat and `on_commit` only wake it; everything it needs stands in the database, so that any number of sweeps may run at
once and none need ever have run before. It writes alerts for the bell; `telling` makes messages of them.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from complaints import notifications, sla
from complaints.models import Complaint, ComplaintEvent, Deadline, Promise
from complaints.queries.people import People, escalation
from complaints.sla import Kind

from . import alerting, holding, in_bulk, telling

log = logging.getLogger(__name__)

BATCH = 500
BATCHES = 20
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


@dataclass(slots=True)
class Case:
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


def _fire_batch(*, now: datetime) -> int:
    """1 claim, 2 work out and write all alerts of the batch, 3 move the clocks on: one transaction.

    When the batch fails as a whole, each clock is tried alone, so that a poisoned one never holds up the others.
    """
    with transaction.atomic():
        rows = Deadline.objects.alert_due(now).select_for_update(skip_locked=True)
        deadlines = list(rows.only(*_READ)[:BATCH])
        if not deadlines:
            return 0
        cases = _cases({deadline.complaint_id for deadline in deadlines})
        people = escalation({case.shop for case in cases.values()}, now=now)
        persons = _persons(deadlines, cases)
        try:
            with transaction.atomic():
                _fire(deadlines, cases, people, persons, now=now)
        except Exception:
            log.exception("sweep: batch failed, trying %s clocks one by one", len(deadlines))
            for deadline in deadlines:
                _fire_alone(deadline, cases, people, persons, now=now)
    return len(deadlines)


_READ = ("complaint_id", "kind", "subject", "responsible_id", "due_at", "breached_at", "level", "levels", "failures")


def _cases(ids: set[int]) -> dict[int, Case]:
    rows = Complaint.objects.filter(pk__in=ids).values_list("pk", "shop_id", "assignee_id", "version")
    return {pk: Case(shop, assignee, version) for pk, shop, assignee, version in rows}


def _persons(deadlines: Iterable[Deadline], cases: dict[int, Case]) -> dict[int, Any]:
    """Who is in charge of the clocks: those responsible for one, and the assignees of the cases."""
    ids = {deadline.responsible_id for deadline in deadlines} | {case.assignee for case in cases.values()}
    return get_user_model().objects.in_bulk([pk for pk in ids if pk])


def _fire_alone(
    deadline: Deadline, cases: dict[int, Case], people: dict[int, People], persons: dict[int, Any], *, now: datetime
) -> None:
    try:
        with transaction.atomic():
            _fire([deadline], cases, people, persons, now=now)
    except Exception:
        log.exception("sweep: clock %s cannot be fired, put off", deadline.pk)
        Deadline.objects.filter(pk=deadline.pk).update(
            failures=deadline.failures + 1, next_alert_at=now + RETRY_AFTER * 2 ** min(deadline.failures, 8)
        )


def _fire(
    deadlines: Sequence[Deadline],
    cases: dict[int, Case],
    people: dict[int, People],
    persons: dict[int, Any],
    *,
    now: datetime,
) -> None:
    """Write what these clocks have to say. Leaves `deadlines` as they are: they may be tried again one by one."""
    told, audiences = Told(), _Audiences(people, persons)
    known = _known_breaches(deadlines)
    for deadline in deadlines:
        case, plan = cases[deadline.complaint_id], deadline.plan
        reached = sla.reached(plan, after=deadline.level, now=now)
        for warn in reached:
            recipients = audiences.of(warn.audience, deadline.responsible_id or case.assignee, case.shop)
            happening = notifications.happening(deadline, warn.level)
            told.alerts += [alerting.row(deadline, warn.level, happening, person, now=now) for person in recipients]
            if not recipients:
                log.error("sweep: nobody is there to hear of clock %s at %s %%", deadline.pk, warn.level)
        level = max(deadline.level, *(warn.level for warn in reached)) if reached else deadline.level
        if any(warn.level == sla.BREACH for warn in reached):
            _breach(deadline, case, told, known, now=now)
        breached_at = deadline.breached_at or (deadline.due_at if level >= sla.BREACH else None)
        told.clocks.append((deadline.pk, level, breached_at, sla.next_alert(plan, after=level), 0))
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


def _breach(deadline: Deadline, case: Case, told: Told, known: set[Any], *, now: datetime) -> None:
    """One event per clock and due time: a clock that was moved away and back has told its breach already."""
    if deadline.kind == Kind.PROMISE:
        told.broken.append(deadline.subject)
    data: dict[str, Any] = {"clock": deadline.kind, "due_at": deadline.due_at.isoformat()}
    if deadline.subject:
        data["subject"] = deadline.subject
    if _identity(deadline.complaint_id, data) not in known:
        told.events.append((deadline.complaint_id, now, BREACHED, case.version, data, "", "", ""))


def _known_breaches(deadlines: Iterable[Deadline]) -> set[Any]:
    """Breaches that history tells already, of clocks that were overdue before at another due time."""
    again = {deadline.complaint_id for deadline in deadlines if deadline.breached_at and deadline.level < sla.BREACH}
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
