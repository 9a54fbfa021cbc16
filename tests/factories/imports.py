"""Imports as the pages make them, without the pages."""

from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from complaints.intake import reading, running
from complaints.models import ImportJob, Shop
from complaints.operations import import_jobs


def upload(content: bytes, name: str = "export.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def handed_in(content: bytes, shop: Shop, *, user: Any = None, now: datetime, name: str = "export.csv") -> ImportJob:
    """A file as it stands after its upload."""
    return import_jobs.add(reading.take(upload(content, name), shop, user=user), now=now)


def worked(job: ImportJob, *, now: datetime) -> ImportJob:
    """The job once a worker has nothing more to do with it."""
    for _slice in range(1000):
        job.refresh_from_db()
        if job.state not in ImportJob.WORKED_ON:
            return job
        running.go_on(now=now)
    raise AssertionError("it does not come to an end")


def imported(content: bytes, shop: Shop, *, user: Any = None, now: datetime, **options: bool) -> ImportJob:
    """A file that went all the way."""
    job = worked(handed_in(content, shop, user=user, now=now), now=now)
    assert job.state == ImportJob.State.READY, job.problem
    import_jobs.start(job.pk, now=now, **options)
    return worked(job, now=now)
