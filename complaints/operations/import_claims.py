"""Whose an import is: claimed for a slice of work, kept while it comes forward, given back (reliability.md, section 1).

As with the outbox the database's clock decides about leases, a claim is a conditional update, and what is written names
owner and attempt: a worker that was thought dead can neither write a row nor finish what another one has taken over.
"""

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q
from django.db.models.functions import Now

from complaints.models import ImportJob

log = logging.getLogger(__name__)

State = ImportJob.State
LEASE = timedelta(minutes=3)
"""Longer than the hard time limit of the task that works on it (settings.CELERY_TASK_TIME_LIMIT)."""

TRIES = 5
"""Claims without coming forward after which a file is given up: something in it brings the worker down."""


class ClaimLost(Exception):
    """The import was cancelled, or another worker has taken it over; nothing may be written."""


def claim(owner: str) -> ImportJob | None:
    """The import that has waited longest, for `owner`, whose name is good for one claim; None where none waits."""
    while True:
        with transaction.atomic():
            free = ImportJob.objects.waiting().filter(Q(lease_until=None) | Q(lease_until__lte=Now()))
            pk = free.select_for_update(skip_locked=True).order_by("turn_at").values_list("pk", flat=True).first()
            if pk is None:
                return None
            taken = free.filter(pk=pk).update(
                owner=owner, attempt=F("attempt") + 1, tries=F("tries") + 1, lease_until=_end_of_lease()
            )
        if taken:
            return ImportJob.objects.select_related("shop", "requested_by").get(pk=pk)


def keep(job: ImportJob, **fields: Any) -> None:
    """Write how far the import is, and lease it anew. Raises ClaimLost, which must undo what was written with it.

    The row stays locked until the transaction ends: who takes it over or cancels it waits for what is written in it.
    """
    held = _held(job).filter(lease_until__gt=Now()).update(lease_until=_end_of_lease(), tries=0, **fields)
    if not held:
        raise ClaimLost
    for name, value in fields.items():
        setattr(job, name, value)


def finish(job: ImportJob, state: str, **fields: Any) -> None:
    """The slice has come to the end of its state. Raises ClaimLost."""
    keep(job, state=state, owner="", turn_at=Now(), **fields)
    ImportJob.objects.filter(pk=job.pk, owner="").update(lease_until=None)


def give_back(job: ImportJob) -> None:
    """Let it wait for its next slice, behind the others."""
    _held(job).update(owner="", lease_until=None, turn_at=Now())


def _held(job: ImportJob) -> Any:
    """The row, as long as this claim on it holds and nobody has cancelled it."""
    return ImportJob.objects.waiting().filter(pk=job.pk, owner=job.owner, attempt=job.attempt)


def _end_of_lease() -> ExpressionWrapper:
    return ExpressionWrapper(Now() + LEASE, output_field=DateTimeField())
