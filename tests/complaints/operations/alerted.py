"""Alerts as the sweep writes them, each of a clock that still runs."""

from datetime import datetime, timedelta
from typing import Any

from complaints import notifications
from complaints.models import Alert, Complaint, Deadline
from tests.factories.complaints import NOW, ComplaintFactory, DeadlineFactory


def clock(case: Complaint, **values: Any) -> Deadline:
    """A running clock of the case that ran out an hour ago."""
    late = {"started_at": NOW - timedelta(hours=3), "due_at": NOW - timedelta(hours=1), "budget": timedelta(hours=2)}
    return DeadlineFactory(complaint=case, **late | {"next_alert_at": None} | values)


def alert(deadline: Deadline, *people: Any, level: int = 100, now: datetime = NOW) -> list[Alert]:
    """What the sweep writes of a clock for these people."""
    return [
        Alert.objects.create(
            recipient=person,
            complaint=deadline.complaint,
            kind=deadline.kind,
            subject=deadline.subject,
            level=level,
            due_at=deadline.due_at,
            dedup_key=f"{notifications.happening(deadline, level)}:{person.pk}",
            created_at=now,
        )
        for person in people
    ]


def alerted(shop: Any, *people: Any, number: int = 1, level: int = 100, **values: Any) -> list[Alert]:
    """So many complaints of the shop, each with an alert for each of these people."""
    cases = [ComplaintFactory(shop=shop, **values) for _ in range(number)]
    return [one for case in cases for one in alert(clock(case), *people, level=level)]
