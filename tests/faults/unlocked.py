"""The desk's web without the lock on the complaint: compares the version and writes, as most programs do."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import django

django.setup()

from complaints.models import Complaint  # noqa: E402
from complaints.operations import correcting  # noqa: E402
from complaints.operations.locking import StaleVersion  # noqa: E402
from config.wsgi import application  # noqa: E402

__all__ = ["application"]

WORK = 0.02
"""Seconds between reading and writing, which in other programs a mail server or a slow query takes."""


@contextmanager
def unlocked(complaint_id: int, *, version: int | None = None) -> Iterator[Complaint]:
    complaint = Complaint.objects.get(pk=complaint_id)
    if version is not None and complaint.version != version:
        raise StaleVersion
    time.sleep(WORK)
    yield complaint


correcting.locked = unlocked
