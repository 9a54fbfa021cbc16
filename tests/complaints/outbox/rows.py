"""Looking at the outbox, and letting time pass in it."""

from datetime import UTC, datetime
from typing import Any

from complaints.models import OutboxMessage

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def fresh(message: OutboxMessage) -> OutboxMessage:
    """The row as it stands."""
    return OutboxMessage.objects.get(pk=message.pk)


def expire(**lookup: Any) -> None:
    """Let the leases run out: the workers that hold them did not come back."""
    OutboxMessage.objects.filter(status="sending", **lookup).update(lease_until=LONG_AGO)


def make_due(**lookup: Any) -> None:
    """Let the waiting time of the backoff be over."""
    OutboxMessage.objects.filter(status="pending", **lookup).update(next_attempt_at=LONG_AGO)
