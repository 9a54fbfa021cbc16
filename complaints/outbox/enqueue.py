"""The only entrance to the outbox."""

import hashlib
import logging
from collections.abc import Sequence
from email.utils import parseaddr

from celery import current_app
from django.conf import settings
from django.db import transaction

from complaints.models import OutboxMessage

log = logging.getLogger(__name__)

DELIVER = "complaints.tasks.deliver"


def enqueue(messages: Sequence[OutboxMessage]) -> None:
    """Write messages to be delivered, and wake a worker once the transaction is through.

    A message whose `dedup_key` is there already is dropped silently: that is what makes repeating safe.
    """
    if not messages:
        return
    for message in messages:
        message.message_id = _message_id(message.dedup_key)
        message.next_attempt_at = message.created_at
    OutboxMessage.objects.bulk_create(messages, ignore_conflicts=True)
    transaction.on_commit(wake, robust=True)


def wake() -> None:
    """Ask a worker to deliver now. A silent broker costs a delay, never a request: the next tick delivers anyway."""
    try:
        current_app.send_task(DELIVER, retry=False, expires=settings.AMENDS_TICK_SECONDS)
    except Exception as error:  # whatever the broker does, the request that caused the mail has succeeded
        log.warning("broker not reachable, the next tick will deliver: %s", error)


def _message_id(dedup_key: str) -> str:
    """Deterministic, so that a mail sent twice after a crash is recognised as one."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    digest = hashlib.sha256(dedup_key.encode()).hexdigest()[:40]
    return f"<{digest}@{domain}>"
