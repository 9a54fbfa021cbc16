"""What people do with their alerts."""

from datetime import datetime
from typing import Any

from complaints.models import Alert


def mark_seen(user: Any, alert_ids: list[int] | None, *, now: datetime) -> int:
    """Mark the person's own alerts as seen: the given ones, or all. Returns how many were unseen."""
    unseen = Alert.objects.filter(recipient=user, seen_at__isnull=True)
    if alert_ids is not None:
        unseen = unseen.filter(pk__in=alert_ids)
    return unseen.update(seen_at=now)
