"""What people do with an import: hand a file in, say what its columns mean, start it, cancel it."""

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints import waking
from complaints.models import ImportJob, ImportMapping
from complaints.refusals import Refused

State = ImportJob.State
TASK = "complaints.tasks.import_files"

KEPT = timedelta(days=30)
"""So long a file and its refused rows are kept: they hold what the platform's export holds."""

READING = ("kind", "encoding", "delimiter", "header_row", "columns", "several_rows")
UNREAD: dict[str, Any] = {
    "rows_read": 0, "rows_total": None, "rows_done": 0, "position": 0, "digits_lost": False, "shop_names": [],
    "expected": {}, "refused": 0, "tries": 0, "owner": "", "lease_until": None,
}  # fmt: skip


class NotNow(Refused):
    message = _("The import is in another state by now. Look at it again.")


def add(job: ImportJob, *, now: datetime) -> ImportJob:
    """Store a file's job; one whose columns are known is looked through at once."""
    job.created_at = job.turn_at = now
    job.state = State.PREVIEWING if job.layout or job.columns else State.NEW
    job.save(force_insert=True)
    transaction.on_commit(wake, robust=True)
    return job


@transaction.atomic
def read_as(
    job_id: int, reading: Mapping[str, Any], *, table: int, header: Sequence[str], signature: str, now: datetime
) -> ImportJob:
    """Read the file in this way, look it through anew, and remember it for files with these columns in the shop.

    What was read otherwise is thrown away. Raises NotNow.
    """
    job = _locked(job_id, State.NEW, State.READY, State.PREVIEWING)
    for name in READING:
        setattr(job, name, reading[name])
    for name, value in UNREAD.items():
        setattr(job, name, value)
    # Whoever reads the file the old way now writes nothing more, and what it wrote is not looked at.
    job.attempt += 1
    job.spool.unlink(missing_ok=True)
    job.generation += 1
    job.layout, job.table, job.header = "", table, list(header)
    job.state, job.turn_at = State.PREVIEWING, now
    job.save()
    ImportMapping.objects.update_or_create(
        shop=job.shop, signature=signature, defaults={name: reading[name] for name in READING} | {"used_at": now}
    )
    transaction.on_commit(wake, robust=True)
    return job


@transaction.atomic
def start(job_id: int, *, take_ended: bool = False, take_old: bool = False, now: datetime) -> ImportJob:
    """Begin to write what the preview has shown. Raises NotNow."""
    job = _locked(job_id, State.READY)
    job.take_ended, job.take_old = take_ended, take_old
    job.state, job.started_at, job.turn_at = State.RUNNING, now, now
    job.position = job.rows_done = 0
    job.save()
    transaction.on_commit(wake, robust=True)
    return job


@transaction.atomic
def cancel(job_id: int, *, now: datetime) -> ImportJob:
    """End it where it stands; what was written stays. Raises NotNow."""
    job = _locked(job_id, *ImportJob.OPEN)
    job.state, job.finished_at, job.owner, job.lease_until = State.CANCELLED, now, "", None
    job.save(update_fields=["state", "finished_at", "owner", "lease_until"])
    return job


def forget(*, now: datetime) -> int:
    """Delete files that were kept long enough; what nobody has started until then is cancelled."""
    done = 0
    old = ImportJob.objects.filter(forgotten_at=None, created_at__lte=now - KEPT)
    for pk in list(old.exclude(state__in=ImportJob.WORKED_ON).order_by("created_at").values_list("pk", flat=True)):
        with transaction.atomic():
            job = ImportJob.objects.select_for_update().get(pk=pk)
            if job.state in ImportJob.WORKED_ON:
                continue
            if job.is_open:
                job.state, job.finished_at = State.CANCELLED, now
            job.forgotten_at = now
            job.save(update_fields=["state", "finished_at", "forgotten_at"])
        shutil.rmtree(job.place, ignore_errors=True)
        done += 1
    return done


def wake() -> None:
    waking.wake(TASK)


def _locked(job_id: int, *states: str) -> ImportJob:
    job = ImportJob.objects.select_for_update(of=("self",)).select_related("shop").get(pk=job_id)
    if job.state not in states:
        raise NotNow
    return job
