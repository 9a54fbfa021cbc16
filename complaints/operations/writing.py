"""Who writes a reply just now, and whether somebody else was faster (R3.3)."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint, Contact, Writing
from complaints.models.staff import staff_name

from .locking import StaleVersion

EVERY = timedelta(seconds=20)
"""Keystrokes within this time write nothing again."""

FORGOTTEN = timedelta(hours=1)


SHOWN = 200


class RepliedMeanwhile(StaleVersion):
    message = _("%(who)s has replied to this customer meanwhile: “%(text)s” If yours is still needed, send it again.")


def note(complaint_id: int, *, user: Any, now: datetime) -> None:
    """Let the others know that this person writes; what is long over goes along with it."""
    rows = Writing.objects.filter(complaint=complaint_id)
    # Looked at outside the transaction: on SQLite that waits for whoever writes, and most keystrokes write nothing.
    if rows.filter(user=user, at__gt=now - EVERY).exists():
        return
    with transaction.atomic():
        Writing.objects.update_or_create(complaint_id=complaint_id, user=user, defaults={"at": now})
        rows.filter(at__lt=now - FORGOTTEN).delete()


def over(complaint: Complaint, *, user: Any) -> None:
    """The reply has gone out."""
    Writing.objects.filter(complaint=complaint, user=user).delete()


def last_told(complaint: Any) -> Any:
    """Id of what we told the customer last; for the complaint itself, or as `OuterRef`."""
    told = Contact.objects.filter(complaint=complaint, direction=Contact.Direction.OUT, automatic=False)
    return told.order_by("-pk").values_list("pk", flat=True)[:1]


def last_reply(complaint: Complaint) -> int:
    """The same, 0 for nothing; without a query where it was read along as `last_told`."""
    known = complaint.__dict__
    return (known["last_told"] if "last_told" in known else last_told(complaint).first()) or 0


def refuse_overtaken(complaint: Complaint, *, seen: int, actor: Any) -> None:
    """For a caller that holds the lock. Raises RepliedMeanwhile if another person replied after the reply `seen`."""
    told = complaint.contacts.filter(direction=Contact.Direction.OUT, automatic=False, pk__gt=seen)
    newest = told.exclude(author=actor).exclude(author=None).select_related("author").order_by("-pk").first()
    if newest:
        raise RepliedMeanwhile(who=staff_name(newest.author), text=newest.body[:SHOWN])
