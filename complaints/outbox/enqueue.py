"""The only entrance to the outbox."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, Value
from django.db.models.functions import Greatest, Now

from complaints import waking
from complaints.models import OutboxMessage

DELIVER = "complaints.tasks.deliver"

_past: ContextVar[bool] = ContextVar("past", default=False)


@contextmanager
def as_past() -> Iterator[None]:
    """What is enqueued within belongs to the past: it is recorded as sent at its time, and nothing leaves the house."""
    token = _past.set(True)
    try:
        yield
    finally:
        _past.reset(token)


def enqueue(messages: Sequence[OutboxMessage]) -> None:
    """Write messages to be delivered, and wake a worker once the transaction is through.

    A message whose `dedup_key` is there already is dropped silently: that is what makes repeating safe.
    """
    if not messages:
        return
    messages = list({message.dedup_key: message for message in messages}.values())
    for message in messages:
        message.message_id = _message_id(message.dedup_key)
        message.next_attempt_at = _not_before(message.next_attempt_at)
        if message.robot:  # its address is a secret, and stands at the robot
            message.channel, message.address = OutboxMessage.Channel.ROBOT, message.robot.name
        if message.subscription:
            message.channel, message.address = OutboxMessage.Channel.WEBHOOK, message.subscription.name
        if _past.get():
            message.status, message.attempt, message.sent_at = OutboxMessage.Status.SENT, 1, message.created_at
    # Only a known key may be passed over: "ignore" on SQLite would swallow a row that lacks a value as well.
    OutboxMessage.objects.bulk_create(
        messages, update_conflicts=True, unique_fields=["dedup_key"], update_fields=["dedup_key"]
    )
    if not _past.get():
        transaction.on_commit(wake, robust=True)


def wake() -> None:
    """Ask a worker to deliver now."""
    waking.wake(DELIVER)


def _not_before(moment: datetime | None) -> Any:
    """Now, or the later moment to which the message is put off.

    By the database's clock, as delivery reads it: a web server whose clock is fast would hold its mails back.
    """
    return Greatest(Now(), Value(moment, DateTimeField())) if moment else Now()


def _message_id(dedup_key: str) -> str:
    """Deterministic, so that a mail sent twice after a crash is recognised as one."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    digest = hashlib.sha256(dedup_key.encode()).hexdigest()[:40]
    return f"<{digest}@{domain}>"
