"""Decide about messages that the outbox could not deliver by itself."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from complaints.models import OutboxMessage
from complaints.outbox import enqueue
from complaints.refusals import Refused

from .locking import record

RESENDABLE = (OutboxMessage.Status.DEAD, OutboxMessage.Status.UNCERTAIN)


class NotResendable(Refused):
    message = _("Only a failed or uncertain message can be sent again.")


def resend(message_id: int, *, actor: Any, now: datetime) -> OutboxMessage:
    """Send a failed or uncertain message again, with a fresh count of attempts. Raises NotResendable."""
    with transaction.atomic():
        changed = OutboxMessage.objects.filter(pk=message_id, status__in=RESENDABLE).update(
            status=OutboxMessage.Status.PENDING, attempt=0, next_attempt_at=Now(), last_error="", data_started_at=None
        )
        if not changed:
            raise NotResendable
        message = OutboxMessage.objects.select_related("complaint").get(pk=message_id)
        if message.complaint and not message.subscription_id:  # what other systems hear is no part of the history
            record(message.complaint, "mail_resent", actor=actor, now=now, message=message.pk)
        transaction.on_commit(enqueue.wake, robust=True)
    return message
