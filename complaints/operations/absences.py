"""When people are away: alerts pass them by meanwhile (R7.3)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.models import Absence
from complaints.refusals import Refused


class NotYourAbsence(Refused):
    message = _("This absence is over, or is not yours.")


def enter(user: Any, *, starts_at: datetime, ends_at: datetime, note: str = "") -> Absence:
    """A person enters the own absence; the form has checked its times."""
    return Absence.objects.create(user=user, starts_at=starts_at, ends_at=ends_at, note=note)


def end(user: Any, absence_id: int, *, now: datetime) -> None:
    """Take back an own absence that lies ahead, or end one that runs. Raises NotYourAbsence."""
    with transaction.atomic():
        absence = Absence.objects.select_for_update().filter(user=user, pk=absence_id, ends_at__gt=now).first()
        if absence is None:
            raise NotYourAbsence
        if absence.starts_at >= now:
            absence.delete()
        else:
            absence.ends_at = now
            absence.save(update_fields=["ends_at"])
