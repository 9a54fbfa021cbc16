"""The one way to write on a complaint: lock it, compare the version, record what happened."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint, ComplaintEvent
from complaints.models.moment import Moment
from complaints.queries import merged
from complaints.refusals import Refused

from . import announcing


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


@contextmanager
def locked_survivor(complaint_id: int) -> Iterator[Complaint]:
    """`locked`; of a merged complaint the one in which the case goes on, and only that: merges lock in their order."""
    while True:
        survivor_id = merged.way(complaint_id)[-1]
        with locked(survivor_id) as complaint:
            # To merge it on, or to undo a merge into it, takes this lock.
            if merged.way(complaint_id)[-1] == survivor_id:
                yield complaint
                return


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
    """Append one row to the history of the complaint; `data` holds plain values and no personal data.

    Other systems that subscribe to such events are told with it.
    """
    if not complaint.touched:
        Complaint.objects.filter(pk=complaint.pk).update(changed_at=Moment())
        complaint.touched = True
    event = ComplaintEvent.objects.create(
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
    announcing.announce(complaint, event)
    return event


def save_change(complaint: Complaint, *fields: str) -> None:
    """Save the named fields under a new version; all of them when none is named, but for what the database sets."""
    complaint.version += 1
    stored = [one.name for one in Complaint._meta.concrete_fields if one.name not in ("id", "changed_at")]
    complaint.save(update_fields=[*fields, "version"] if fields else stored)
