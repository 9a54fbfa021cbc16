"""Who works on a complaint."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint
from complaints.models.staff import staff_name
from complaints.refusals import Refused

from . import alerting
from .ended import refuse_ended
from .locking import locked, record, save_change


class AlreadyTaken(Refused):
    message = _("%(name)s has taken this complaint already.")


class NotOnThisShop(Refused):
    message = _("%(name)s does not work for this shop. Add them to the shop or choose somebody else.")


def claim(complaint_id: int, *, actor: Any, now: datetime) -> Complaint:
    """Take an unassigned complaint. Raises AlreadyTaken when somebody was faster."""
    with locked(complaint_id) as complaint:
        if complaint.assignee_id not in (None, actor.pk):
            raise AlreadyTaken(name=staff_name(complaint.assignee))
        if complaint.assignee_id is None:
            _hand_over(complaint, actor, actor=actor, now=now, reason="")
    return complaint


def assign(complaint_id: int, assignee: Any, *, reason: str, actor: Any, version: int, now: datetime) -> Complaint:
    """Give the complaint to somebody who may see it. Raises NotOnThisShop, StaleVersion."""
    with locked(complaint_id, version=version) as complaint:
        if not Complaint.objects.visible_to(assignee).filter(pk=complaint.pk).exists():
            raise NotOnThisShop(name=staff_name(assignee))
        _hand_over(complaint, assignee, actor=actor, now=now, reason=reason)
    return complaint


def _hand_over(complaint: Complaint, assignee: Any, *, actor: Any, now: datetime, reason: str) -> None:
    refuse_ended(complaint)
    before = complaint.assignee_id
    complaint.assignee = assignee
    save_change(complaint, "assignee")
    alerting.hand_over(complaint, now=now)
    record(complaint, "assigned", actor=actor, now=now, reason=reason, before=before, after=assignee.pk)
