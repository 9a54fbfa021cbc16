"""Files that customers choose before they send: made harmless at once, kept a day, then evidence or gone."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.models import Contact, StagedUpload, WebSubmission
from complaints.refusals import Refused

from . import uploads, verification
from .uploads import CleanFile, CleanUpload

MOST_FILES = 9
MOST_BYTES = 60 * uploads.MEGABYTE
KEPT = timedelta(days=1)
BATCH = 200


class TooManyFiles(Refused):
    message = _("At most %(files)s files with %(megabytes)s MB together. Remove one first.")


class FileDamaged(Refused):
    message = _("The file was damaged in our store.")


def stage(upload: UploadedFile, form: UUID, *, now: datetime) -> StagedUpload:
    """Make the file harmless and keep it for this form. Raises TooManyFiles and what `uploads.clean` raises."""
    waiting = waiting_for(form)
    if len(waiting) >= MOST_FILES or sum(one.size for one in waiting) + (upload.size or 0) > MOST_BYTES:
        raise TooManyFiles(files=MOST_FILES, megabytes=MOST_BYTES // uploads.MEGABYTE)
    cleaned = uploads.clean(upload)
    staged = StagedUpload(
        key=secrets.token_hex(16),
        form=form,
        original_name=cleaned.original_name,
        content_type=cleaned.content_type,
        size=cleaned.size,
        sha256=cleaned.sha256,
        created_at=now,
    )
    try:
        staged.file.save(str(cleaned.content.name), cleaned.content, save=False)
        staged.save(force_insert=True)
    except Exception:
        if staged.file:
            staged.file.storage.delete(str(staged.file.name))
        raise
    return staged


def waiting_for(form: UUID) -> list[StagedUpload]:
    """What was chosen in the form and is not sent yet."""
    return list(StagedUpload.objects.filter(form=form, submission=None))


def keep_with(submission: WebSubmission) -> None:
    """Let the files of the form stay as long as the submission is held back."""
    StagedUpload.objects.filter(form=submission.token, submission=None).update(submission=submission)


def attach(staged: Sequence[StagedUpload], contact: Contact, *, now: datetime) -> int:
    """Make evidence of the files, each once and in a transaction of its own; returns how many were refused."""
    return sum(not _attach(one, contact, now=now) for one in staged)


def _attach(staged: StagedUpload, contact: Contact, *, now: datetime) -> bool:
    try:
        with transaction.atomic():
            # Whoever deletes the row has the file: of two who send the same form at once, one.
            if not StagedUpload.objects.filter(pk=staged.pk).delete()[0]:
                return True
            verification.add_evidence(
                contact.complaint_id,
                kind="photo" if staged.content_type.startswith("image/") else "other",
                upload=CleanUpload(_content(staged)),
                contact=contact,
                actor=None,
                now=now,
            )
            transaction.on_commit(lambda: staged.file.storage.delete(str(staged.file.name)), robust=True)
    except Refused:
        return False
    return True


def _content(staged: StagedUpload) -> CleanFile:
    with staged.file.open("rb") as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != staged.sha256:
        raise FileDamaged
    content = ContentFile(data, name=str(staged.file.name).rpartition("/")[2])
    return CleanFile(content, staged.original_name, staged.content_type, staged.size, staged.sha256)


def remove(form: UUID, key: str) -> bool:
    """Drop one file that was chosen in this form."""
    return bool(drop(StagedUpload.objects.filter(form=form, key=key, submission=None)))


def clear(*, now: datetime) -> int:
    """Drop what was chosen and never sent."""
    return drop(StagedUpload.objects.filter(submission=None, created_at__lt=now - KEPT)[:BATCH])


def drop(rows: Iterable[StagedUpload]) -> int:
    """Delete rows and their files; the row first, for a row without its file would be an error to somebody."""
    dropped = 0
    for row in rows:
        with transaction.atomic():
            dropped += StagedUpload.objects.filter(pk=row.pk).delete()[0]
            transaction.on_commit(_deletion(row), robust=True)
    return dropped


def _deletion(row: StagedUpload) -> Any:
    return lambda: row.file.storage.delete(str(row.file.name))
