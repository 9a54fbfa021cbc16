"""Deliver the outbox: claim, send, finish (reliability.md, section 1).

The database's clock decides about leases and attempts, so that workers with wrong clocks do no harm. A claim is a
conditional update; whoever changes zero rows has lost. Finishing names owner and attempt, so that a worker that was
thought dead cannot finish a message that another one has taken over.
"""

import logging
import re
import smtplib
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.mail import get_connection
from django.db import transaction
from django.db.models import Case, DateTimeField, ExpressionWrapper, F, Q, Value, When
from django.db.models.functions import Now

from complaints.models import OutboxMessage

from . import channels, enqueue

log = logging.getLogger(__name__)

Status = OutboxMessage.Status
LEASE = timedelta(minutes=3)
"""Longer than the hard time limit of the task that sends (settings.CELERY_TASK_TIME_LIMIT)."""

BACKOFF = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240)]
BATCH = 200
RUN_SECONDS = 15
"""A run begins no message after that: a server that hangs must not keep the workers from the clocks."""


class ClaimLost(Exception):
    """Another worker has taken the message over; nothing may be sent."""


def deliver(limit: int = BATCH, *, asked_to_stop: Callable[[], bool] = lambda: False) -> int:
    """Send what is due, oldest first; returns how many messages were tried.

    A run ends after `limit` messages or RUN_SECONDS, when it is asked to stop, and when the server cannot be reached:
    the others would only wait for the same silence, and lose an attempt by it.
    """
    recover()
    owner = uuid.uuid4().hex
    connection = get_connection()
    tried, until = 0, time.monotonic() + RUN_SECONDS
    try:
        while tried < limit and time.monotonic() < until and not asked_to_stop() and (message := claim(owner)):
            tried += 1
            if not _attempt(message, connection):
                break
    finally:
        channels.hang_up(connection)
    if tried == limit:
        enqueue.wake()
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

    Before transmission began they simply wait again, unless they have brought down a worker as often as they may be
    tried. After it nobody knows: staff alerts are sent again, mails to customers are held for a person to decide.
    One statement decides for each row at one moment, for a transmission may begin while this runs.
    """
    unsure = Q(data_started_at__isnull=False, audience=OutboxMessage.Audience.CUSTOMER)
    OutboxMessage.objects.abandoned(Now()).update(
        status=Case(
            When(unsure, then=Value(Status.UNCERTAIN)),
            When(attempt__gt=len(BACKOFF), then=Value(Status.DEAD)),
            default=Value(Status.PENDING),
        ),
        next_attempt_at=Now(),
        owner="",
        lease_until=None,
        last_error="the worker did not return",
    )


def _attempt(message: OutboxMessage, connection: Any) -> bool:
    """Send one message; returns whether the server could be reached at all."""
    reached = started = False

    def before_data() -> None:
        nonlocal started
        _transmission_starts(message)
        started = True

    try:
        channels.connect(connection)
        reached = True
        channels.send(message, connection, before_data)
    except ClaimLost:
        log.warning("message %s was taken over, not sent", message.pk)
        channels.hang_up(connection)
    except Exception as error:  # one message that cannot be sent must not stop the others
        log.warning("message %s attempt %s: %s", message.pk, message.attempt, type(error).__name__)
        channels.hang_up(connection)
        _failed(message, error, started=started)
    else:
        _finish(message, status=Status.SENT, sent_at=Now(), last_error="")
    return reached


def _transmission_starts(message: OutboxMessage) -> None:
    """Commit the point of no return right before the message goes over the wire."""
    held = OutboxMessage.objects.filter(pk=message.pk, owner=message.owner, attempt=message.attempt)
    if not held.filter(lease_until__gt=Now()).update(data_started_at=Now()):
        raise ClaimLost


def _failed(message: OutboxMessage, error: Exception, *, started: bool) -> None:
    """Decide by what is known: nobody knows whether it was sent, refused for good or too often, certainly not sent."""
    reason = _reason(error, message.address)
    if started and not _is_refusal(error) and message.audience == OutboxMessage.Audience.CUSTOMER:
        _finish(message, status=Status.UNCERTAIN, last_error=reason)
    elif _is_permanent(error, started=started) or message.attempt > len(BACKOFF):
        _finish(message, status=Status.DEAD, last_error=reason)
    else:
        later = _from_now(BACKOFF[message.attempt - 1])
        _finish(message, status=Status.PENDING, next_attempt_at=later, last_error=reason)


def _is_refusal(error: Exception) -> bool:
    """Whether the server has said that it did not take the message; a garbled answer says nothing."""
    return isinstance(error, smtplib.SMTPResponseException) and 400 <= error.smtp_code < 600


def _is_permanent(error: Exception, *, started: bool) -> bool:
    """Whether another attempt cannot help: a 5xx for the recipient or the text, or no mail can be made of the row."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    if isinstance(error, smtplib.SMTPDataError):
        return 500 <= error.smtp_code < 600
    return isinstance(error, ValueError | channels.NotTaken) and not started


def _reason(error: Exception, address: str) -> str:
    """What went wrong, without the address, which servers like to repeat: it is stored encrypted elsewhere."""
    text = f"{type(error).__name__}: {error}"
    return re.sub(re.escape(address), "***", text, flags=re.IGNORECASE)[:500] if address else text[:500]


def _finish(message: OutboxMessage, **fields: object) -> None:
    held = OutboxMessage.objects.filter(pk=message.pk, owner=message.owner, attempt=message.attempt)
    if not held.update(owner="", lease_until=None, **fields):
        log.warning("message %s was finished by somebody else", message.pk)


def _from_now(delta: timedelta) -> ExpressionWrapper:
    return ExpressionWrapper(Now() + delta, output_field=DateTimeField())
