"""Whose a message is: claimed for a while, begun, finished or given back (reliability.md, section 1).

The database's clock decides about leases and attempts, so that workers with wrong clocks do no harm. A claim is a
conditional update; whoever changes zero rows has lost. Finishing names owner and attempt, so that a worker that was
thought dead cannot finish a message that another one has taken over.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from itertools import takewhile
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, DateTimeField, ExpressionWrapper, F, Q, Value, When
from django.db.models.functions import Now

from complaints.models import OutboxMessage

log = logging.getLogger(__name__)

Status = OutboxMessage.Status
LEASE = timedelta(minutes=3)
"""Longer than the hard time limit of the task that sends (settings.CELERY_TASK_TIME_LIMIT), with all that it claims."""

BACKOFF = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240)]
PATIENT = [*BACKOFF, *BACKOFF[-1:] * 7]
"""For webhooks: longer than one may fail before it is paused. What waits for it then is held, and not given up."""

_STATEMENT = """
UPDATE complaints_outboxmessage SET
    data_started_at = CASE WHEN id = %(next)s THEN NOW ELSE data_started_at END,
    status = CASE WHEN id = %(last)s THEN 'sent' ELSE status END,
    sent_at = CASE WHEN id = %(last)s THEN NOW ELSE sent_at END,
    last_error = CASE WHEN id = %(last)s THEN '' ELSE last_error END,
    owner = CASE WHEN id = %(last)s THEN '' ELSE owner END,
    lease_until = CASE WHEN id = %(last)s THEN NULL ELSE lease_until END
WHERE (id = %(last)s AND owner = %(last_owner)s AND attempt = %(last_attempt)s)
   OR (id = %(next)s AND owner = %(next_owner)s AND attempt = %(next_attempt)s AND lease_until > NOW)
"""
_HAND_ON = {
    "postgresql": _STATEMENT.replace("NOW", "STATEMENT_TIMESTAMP()"),
    "sqlite": _STATEMENT.replace("NOW", "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')"),
}
"""In SQL, with the moment as `Now` writes it: what the ORM needs to put this together costs as much as the mail."""


def claim(owner: str, most: int = 1, *, without: Q | None = None) -> list[OutboxMessage]:
    """Take up to so many of the oldest due messages for `owner`, except those of `without`.

    An owner's name is good for one claim: what it holds is found by it.
    """
    while True:
        with transaction.atomic():
            rows = OutboxMessage.objects.due(Now()).select_for_update(skip_locked=True)
            due = list((rows.exclude(without) if without else rows).values_list("pk", "attempt")[:most])
            if not due:
                return []
            taken = OutboxMessage.objects.filter(pk__in=_together(due), status=Status.PENDING).update(
                status=Status.SENDING,
                owner=owner,
                attempt=F("attempt") + 1,
                lease_until=from_now(LEASE),
                data_started_at=None,
            )
        if taken:
            held = OutboxMessage.objects.filter(status=Status.SENDING, owner=owner).select_related(
                "robot", "subscription"
            )
            return list(held.order_by("next_attempt_at", "pk"))


def _together(due: list[tuple[int, int]]) -> list[int]:
    """What is claimed at once. A message that was tried before goes alone: if it brings down each worker that touches
    it, the others shall not pay for it with their attempts.
    """
    return [pk for pk, _attempt in takewhile(lambda row: row[1] == 0, due)] or [due[0][0]]


def begin(message: OutboxMessage, *, after: OutboxMessage | None) -> bool:
    """Commit the point of no return right before the message goes over the wire; False if it was taken over.

    The message sent before it is marked by the same statement: each one more takes almost as long as a mail.
    """
    if not after:
        return bool(_held(message).filter(lease_until__gt=Now()).update(data_started_at=Now()))
    with connection.cursor() as cursor:
        names: dict[str, Any] = {"last": after.pk, "next": message.pk}
        for name, row in (("last", after), ("next", message)):
            names |= {f"{name}_owner": row.owner, f"{name}_attempt": row.attempt}
        cursor.execute(_HAND_ON[connection.vendor], names)
        if cursor.rowcount == 2:
            return True
    log.warning("message %s or %s was taken over", after.pk, message.pk)
    return _held(message).filter(data_started_at__isnull=False).exists()


def sent(message: OutboxMessage) -> None:
    finish(message, status=Status.SENT, sent_at=Now(), last_error="")


def finish(message: OutboxMessage, **fields: Any) -> None:
    if not _held(message).update(owner="", lease_until=None, **fields):
        log.warning("message %s was finished by somebody else", message.pk)


def give_back(messages: Iterable[OutboxMessage], **fields: Any) -> None:
    """Let messages wait again that were claimed and not begun; it costs them no attempt."""
    keys = [(message.pk, message.owner) for message in messages]
    for owner in {owner for _pk, owner in keys}:
        held = OutboxMessage.objects.filter(pk__in=[pk for pk, whose in keys if whose == owner], owner=owner)
        held.filter(status=Status.SENDING, data_started_at=None).update(
            status=Status.PENDING, attempt=F("attempt") - 1, owner="", lease_until=None, **fields
        )


def put_off(way: Q, pause: timedelta) -> None:
    """Let all that waits for this way wait a while longer."""
    until = from_now(pause)
    waiting = OutboxMessage.objects.filter(way, status=Status.PENDING, next_attempt_at__lt=until)
    waiting.update(next_attempt_at=until)


def recover() -> None:
    """Take back messages whose worker did not return.

    Before transmission began they simply wait again, unless they have brought down a worker as often as they may be
    tried. After it nobody knows: staff alerts are sent again, mails to customers are held for a person to decide.
    One statement decides for each row at one moment, for a transmission may begin while this runs.
    """
    unsure = Q(data_started_at__isnull=False, audience=OutboxMessage.Audience.CUSTOMER)
    worn_out = Q(attempt__gt=len(BACKOFF), subscription=None) | Q(attempt__gt=len(PATIENT))
    OutboxMessage.objects.abandoned(Now()).update(
        status=Case(
            When(unsure, then=Value(Status.UNCERTAIN)),
            When(worn_out, then=Value(Status.DEAD)),
            default=Value(Status.PENDING),
        ),
        next_attempt_at=Now(),
        owner="",
        lease_until=None,
        last_error="the worker did not return",
    )


def from_now(delta: timedelta) -> ExpressionWrapper:
    return ExpressionWrapper(Now() + delta, output_field=DateTimeField())


def _held(message: OutboxMessage) -> Any:
    """The row, as long as this claim on it holds."""
    return OutboxMessage.objects.filter(pk=message.pk, owner=message.owner, attempt=message.attempt)
