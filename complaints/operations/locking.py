"""The one way to write on a complaint: lock it, compare the version, record what happened."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint, ComplaintEvent
from complaints.refusals import Refused


class StaleVersion(Refused):
    """Somebody else changed the complaint since the form was shown (reliability.md, section 2)."""

    message = _("Somebody else has changed this complaint meanwhile. Look at the changes and send again.")


@contextmanager
def locked(complaint_id: int, *, version: int | None = None) -> Iterator[Complaint]:
    """Yield the complaint, locked until the transaction ends; with `version`, only if nobody changed it since.

    The lock leaves foreign keys to the row free (NO KEY), so that the sweep can write alerts about a complaint
    that somebody is editing. SQLite has one writer at a time (IMMEDIATE) and needs no row lock.

    Raises StaleVersion, and Complaint.DoesNotExist.
    """
    with transaction.atomic():
        rows = Complaint.objects.select_for_update(no_key=True, of=("self",))
        complaint = rows.select_related("shop", "customer", "order", "issue_type__parent", "assignee").get(
            pk=complaint_id
        )
        if version is not None and complaint.version != version:
            raise StaleVersion
        yield complaint


def record(
    complaint: Complaint,
    kind: str,
    *,
    actor: Any,
    now: Any,
    reason: str = "",
    from_state: str = "",
    to_state: str = "",
    **data: Any,
) -> ComplaintEvent:
    """Append one row to the history of the complaint; `data` holds plain values and no personal data."""
    return ComplaintEvent.objects.create(
        complaint=complaint,
        at=now,
        actor=actor,
        kind=kind,
        from_state=from_state,
        to_state=to_state,
        reason=reason,
        version=complaint.version,
        data=data,
    )


def save_change(complaint: Complaint, *fields: str) -> None:
    """Save the named fields under a new version; all of them when none is named."""
    complaint.version += 1
    complaint.save(update_fields=[*fields, "version"] if fields else None)
