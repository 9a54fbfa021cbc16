"""Alerts in the admin, and what the other channels say of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from complaints.models import Alert, Deadline


def alerts(deadline: Deadline, level: int, persons: Iterable[Any], *, now: datetime) -> list[Alert]:
    """In-app alerts; identity is (clock, level, due time, person), never a day."""
    return [
        Alert(
            recipient=person,
            complaint=deadline.complaint,
            kind=deadline.kind,
            subject=deadline.subject,
            level=level,
            due_at=deadline.due_at,
            dedup_key=f"{happening(deadline, level)}:{person.pk}",
            created_at=now,
        )
        for person in persons
    ]


def happening(clock: Deadline | Alert, level: int) -> str:
    """What happened to which clock, whoever hears of it; the clock of a case itself needs no subject."""
    kind = f"{clock.kind}.{clock.subject}" if clock.subject else clock.kind
    return f"{clock.complaint_id}:{kind}:{level}:{clock.due_at.isoformat()}"
