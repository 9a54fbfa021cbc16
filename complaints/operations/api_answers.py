"""Answer the same request of a program the same way: what was answered under an `Idempotency-Key` is kept.

The answer is written in the transaction of what it tells, so that either both are there or neither. Who is being served
holds a lock of the database that ends with its connection: a process that is killed leaves nothing behind.
"""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from complaints.models import ApiAnswer, ApiKey
from complaints.refusals import Refused
from knowledge.operations.turns import lock_number

KEPT = timedelta(hours=48)
BATCH = 2000


_LOCK_AND_LOOK = f"""
SELECT pg_try_advisory_xact_lock(%s),
    EXISTS (SELECT 1 FROM {ApiAnswer._meta.db_table} WHERE key_id = %s AND name = %s)
"""  # noqa: S608


class BeingServed(Refused):
    message = _("A request with this Idempotency-Key is being worked on. Ask again in a moment.")


class OtherRequest(Refused):
    message = _("This Idempotency-Key was used for another request. Use a new one for each request.")


def recall(key: ApiKey, name: str, fingerprint: str) -> ApiAnswer | None:
    """Within the transaction that will do the work: what was answered before; None, and it is ours to do, if nothing.

    Raises BeingServed while another one does it, and OtherRequest. On SQLite, which has one writer at a time, the other
    one has been waited for by now.
    """
    before = _locked(key, name) if connection.vendor == "postgresql" else _answers(key, name).first()
    if before and before.fingerprint != fingerprint:
        raise OtherRequest
    return before


def _locked(key: ApiKey, name: str) -> ApiAnswer | None:
    """Lock and look in one statement. It may look a moment before it locks; then the unique name refuses the second."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_AND_LOOK, [lock_number(f"api:{key.pk}:{name}"), key.pk, name])
        free, found = cursor.fetchone()
    if not free:
        raise BeingServed
    return _answers(key, name).first() if found else None


def _answers(key: ApiKey, name: str) -> QuerySet[ApiAnswer]:
    return ApiAnswer.objects.filter(key=key, name=name)


def remember(answer: ApiAnswer) -> None:
    """Keep the answer, in the transaction of what it tells."""
    answer.save(force_insert=True)


def forget_old(*, now: datetime) -> int:
    """Delete answers that nobody asks for again, in small transactions; returns how many."""
    old = ApiAnswer.objects.filter(at__lt=now - KEPT).order_by("at")
    deleted = 0
    while ids := list(old.values_list("pk", flat=True)[:BATCH]):
        deleted += ApiAnswer.objects.filter(pk__in=ids).delete()[0]
    return deleted
