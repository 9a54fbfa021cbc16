"""The desk's web without the lock on the complaint: compares the version and writes, as most programs do."""

from collections.abc import Iterator
from contextlib import contextmanager

from config.wsgi import application  # sets Django up, hence first

from complaints.models import Complaint
from complaints.operations import intake
from complaints.operations.locking import StaleVersion

__all__ = ["application"]


@contextmanager
def unlocked(complaint_id: int, *, version: int | None = None) -> Iterator[Complaint]:
    complaint = Complaint.objects.get(pk=complaint_id)
    if version is not None and complaint.version != version:
        raise StaleVersion
    yield complaint


intake.locked = unlocked
