"""Set up mailboxes, and let one worker at a time read each."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q
from django.db.models.functions import Now

from complaints.models import Mailbox

from .changelog import record_change

LEASE = timedelta(minutes=4)
"""Longer than the hard time limit of the task that reads (settings.CELERY_TASK_TIME_LIMIT)."""

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30))
"""After so many failures in a row a mailbox is left alone for so long."""

PLAIN = (
    "address", "host", "port", "security", "user", "folder", "move_to", "since", "reply_mark", "receipts", "active",
)  # fmt: skip


def save(mailbox: Mailbox, *, actor: Any, now: datetime) -> Mailbox:
    """Write the mailbox, and what that changes; the password by name only. A new one has no id yet."""
    with transaction.atomic():
        old = Mailbox.objects.select_for_update().get(pk=mailbox.pk) if mailbox.pk else None
        before = _values(old) if old else {}
        if old and _elsewhere(old, mailbox):
            # Another folder counts its mails anew; what was taken is known by its content.
            mailbox.uidvalidity, mailbox.last_uid = None, 0
        mailbox.failures, mailbox.last_error, mailbox.next_poll_at = 0, "", None
        mailbox.save()
        changes = {
            name: [before.get(name), value] for name, value in _values(mailbox).items() if before.get(name) != value
        }
        if "password" in changes:
            changes["password"] = ["***" if value else "" for value in changes["password"]]
        if changes:
            record_change(mailbox, changes, actor=actor, now=now)
    return mailbox


def _elsewhere(old: Mailbox, new: Mailbox) -> bool:
    where = ("host", "port", "user", "folder", "since")
    return any(getattr(old, name) != getattr(new, name) for name in where)


def _values(mailbox: Mailbox) -> dict[str, Any]:
    values = {name: getattr(mailbox, name) for name in (*PLAIN, "password")}
    return values | {"since": mailbox.since.isoformat(), "shop": mailbox.shop.name}


# ---------------------------------------------------------------- who reads


def claim(*, only: int | None = None) -> Mailbox | None:
    """Take the mailbox that has waited longest, for as long as the lease; None where none is due and free.

    The database's clock decides. `only` names one, which need not be due.
    """
    free = Q(lease_until=None) | Q(lease_until__lte=Now())
    due = Q(pk=only) if only else Q(next_poll_at=None) | Q(next_poll_at__lte=Now())
    owner = uuid.uuid4().hex
    while True:
        rows = Mailbox.objects.polled().filter(free, due).order_by(F("next_poll_at").asc(nulls_first=True), "pk")
        first = rows.values_list("pk", flat=True).first()
        if first is None:
            return None
        until = ExpressionWrapper(Now() + LEASE, output_field=DateTimeField())
        if Mailbox.objects.filter(free, pk=first).update(owner=owner, lease_until=until):
            return Mailbox.objects.select_related("shop").get(pk=first)


def advance(mailbox: Mailbox, *, uidvalidity: int, last_uid: int) -> bool:
    """Remember how far it has been read; False where the lease is lost, and nobody may go on."""
    mailbox.uidvalidity, mailbox.last_uid = uidvalidity, last_uid
    held = Mailbox.objects.filter(pk=mailbox.pk, owner=mailbox.owner, lease_until__gt=Now())
    return bool(held.update(uidvalidity=uidvalidity, last_uid=last_uid))


def release(mailbox: Mailbox, *, error: str = "", again_after: timedelta, now: datetime) -> None:
    """Give the mailbox back, with what went wrong; after failures in a row it waits longer."""
    failures = mailbox.failures + 1 if error else 0
    wait = WAITS[min(failures, len(WAITS)) - 1] if error else again_after
    Mailbox.objects.filter(pk=mailbox.pk, owner=mailbox.owner).update(
        owner="", lease_until=None, last_error=error[:500], failures=failures, last_polled_at=now,
        # At once, but after those that have waited. What SQLite adds up is another text than its Now().
        next_poll_at=ExpressionWrapper(Now() + wait, output_field=DateTimeField()) if wait else Now(),
    )  # fmt: skip
