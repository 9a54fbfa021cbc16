"""The identity of alerts."""

from complaints.models import Alert, Deadline


def happening(clock: Deadline | Alert, level: int) -> str:
    """What happened to which clock, whoever hears of it: never a day. The clock of a case itself needs no subject."""
    kind = f"{clock.kind}.{clock.subject}" if clock.subject else clock.kind
    return f"{clock.complaint_id}:{kind}:{level}:{clock.due_at.isoformat()}"
