"""Deliver the outbox: claim, send, finish (reliability.md, section 1).

The database's clock decides about leases and attempts, so that workers with wrong clocks do no harm. A claim is a
conditional update; whoever changes zero rows has lost. Finishing names owner and attempt, so that a worker that was
thought dead cannot finish a message that another one has taken over.
"""

import logging
import smtplib
import uuid
from datetime import timedelta

from django.core.mail import get_connection
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F
from django.db.models.functions import Now

from complaints.models import OutboxMessage

from . import channels

log = logging.getLogger(__name__)

Status = OutboxMessage.Status
LEASE = timedelta(minutes=3)
"""Longer than the hard time limit of the task that sends (settings.CELERY_TASK_TIME_LIMIT)."""

BACKOFF = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240)]
BATCH = 200


class ClaimLost(Exception):
    """Another worker has taken the message over; nothing may be sent."""


def deliver(limit: int = BATCH) -> int:
    """Send what is due, oldest first, at most `limit` messages; returns how many were tried."""
    recover()
    owner = uuid.uuid4().hex
    connection = get_connection()
    tried = 0
    try:
        while tried < limit and (message := claim(owner)):
            tried += 1
            _attempt(message, connection)
    finally:
        connection.close()
    return tried


def claim(owner: str) -> OutboxMessage | None:
    """Take the oldest due message for `owner`, or None when nothing is due."""
    while True:
        with transaction.atomic():
            due = OutboxMessage.objects.due(Now()).select_for_update(skip_locked=True).only("pk").first()
            if due is None:
                return None
            taken = OutboxMessage.objects.filter(pk=due.pk, status=Status.PENDING).update(
                status=Status.SENDING,
                owner=owner,
                attempt=F("attempt") + 1,
                lease_until=_from_now(LEASE),
                data_started_at=None,
            )
        if taken:
            return OutboxMessage.objects.get(pk=due.pk)


def recover() -> None:
    """Take back messages whose worker did not return.

    Before transmission began they simply wait again. After it nobody knows: staff alerts are sent again, mails to
    customers are held for a person to decide.
    """
    abandoned = OutboxMessage.objects.abandoned(Now())
    unsure = abandoned.filter(data_started_at__isnull=False, audience=OutboxMessage.Audience.CUSTOMER)
    unsure.update(status=Status.UNCERTAIN, owner="", lease_until=None)
    abandoned.update(status=Status.PENDING, owner="", lease_until=None, next_attempt_at=Now())


def _attempt(message: OutboxMessage, connection: object) -> None:
    try:
        channels.send(message, connection, lambda: _transmission_starts(message))
    except ClaimLost:
        log.warning("message %s was taken over, not sent", message.pk)
        connection.close()  # type: ignore[attr-defined]
    except Exception as error:  # one message that cannot be sent must not stop the others
        log.warning("message %s attempt %s: %s", message.pk, message.attempt, type(error).__name__)
        connection.close()  # type: ignore[attr-defined]
        _failed(message, error)
    else:
        _finish(message, status=Status.SENT, sent_at=Now(), last_error="")


def _transmission_starts(message: OutboxMessage) -> None:
    """Commit the point of no return right before the message goes over the wire."""
    held = OutboxMessage.objects.filter(pk=message.pk, owner=message.owner, attempt=message.attempt)
    if not held.filter(lease_until__gt=Now()).update(data_started_at=Now()):
        raise ClaimLost
    message.refresh_from_db(fields=["data_started_at"])


def _failed(message: OutboxMessage, error: Exception) -> None:
    """Decide by what is known: refused for good, certainly not sent, or nobody knows."""
    reason = f"{type(error).__name__}: {error}"[:500]
    refused = isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused)
    if _is_permanent(error) or message.attempt > len(BACKOFF):
        _finish(message, status=Status.DEAD, last_error=reason)
    elif message.data_started_at and not refused and message.audience == OutboxMessage.Audience.CUSTOMER:
        _finish(message, status=Status.UNCERTAIN, last_error=reason)
    else:
        later = _from_now(BACKOFF[message.attempt - 1])
        _finish(message, status=Status.PENDING, next_attempt_at=later, last_error=reason)


def _is_permanent(error: Exception) -> bool:
    """Whether the server has refused this message for good (5xx for the recipient or the text)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500


def _finish(message: OutboxMessage, **fields: object) -> None:
    held = OutboxMessage.objects.filter(pk=message.pk, owner=message.owner, attempt=message.attempt)
    if not held.update(owner="", lease_until=None, **fields):
        log.warning("message %s was finished by somebody else", message.pk)


def _from_now(delta: timedelta) -> ExpressionWrapper:
    return ExpressionWrapper(Now() + delta, output_field=DateTimeField())
