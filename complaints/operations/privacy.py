"""Access to personal data, written down (R7.6)."""

from datetime import datetime
from typing import Any

from complaints.models import Customer

from .locking import locked, record


def reveal(complaint_id: int, *, actor: Any, now: datetime) -> Customer | None:
    """The customer's data in clear, with a row in the history that says who looked."""
    with locked(complaint_id) as complaint:
        record(complaint, "contact_revealed", actor=actor, now=now)
    return complaint.customer
