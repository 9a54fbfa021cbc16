"""Alerts as rows: how the sweep writes them, who takes them over, and what people do with them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from complaints import notifications, sla
from complaints.models import Alert, Complaint

from . import in_bulk, telling

_FIELDS = ("recipient", "complaint", "kind", "subject", "level", "due_at", "dedup_key", "created_at")


def rows(clock: Any, level: int, persons: Iterable[int], *, now: datetime) -> list[tuple[Any, ...]]:
    """The alerts to be written when a clock (a Deadline, or what a sweep has read of one) reaches a level."""
    happening = notifications.happening(clock, level)
    return [row(clock, level, happening, person, now=now) for person in persons]


def row(deadline: Any, level: int, happening: str, person: int, *, now: datetime) -> tuple[Any, ...]:
    """One alert to be written; its identity is what happened and who hears of it, never a day."""
    key = f"{happening}:{person}"
    return person, deadline.complaint_id, deadline.kind, deadline.subject, level, deadline.due_at, key, now


def write(alerts: list[tuple[Any, ...]]) -> None:
    """Write alerts; one that was given already is passed over, which is what makes repeating safe."""
    in_bulk.insert(Alert, _FIELDS, alerts, known_by="dedup_key")


def hand_over(complaint: Complaint, *, now: datetime) -> None:
    """Who takes a case over hears where its clocks stand: the last level of each that was told to its assignee.

    The clocks are locked: a sweep that is firing one tells the person of before, and this one must hear of it, too.
    """
    found = []
    clocks = complaint.deadlines.running().filter(responsible=None)
    for deadline in clocks.select_for_update().order_by("pk"):
        told = [warn.level for warn in deadline.plan if warn.level <= deadline.level and sla.ASSIGNEE in warn.audience]
        if told and complaint.assignee_id:
            found += rows(deadline, told[-1], [complaint.assignee_id], now=now)
    write(found)
    if found:
        transaction.on_commit(telling.wake, robust=True)


def mark_seen(user: Any, alert_ids: list[int] | None, *, now: datetime) -> int:
    """Mark the person's own alerts as seen: the given ones, or all. Returns how many were unseen."""
    unseen = Alert.objects.filter(recipient=user, seen_at__isnull=True)
    if alert_ids is not None:
        unseen = unseen.filter(pk__in=alert_ids)
    return unseen.update(seen_at=now)
