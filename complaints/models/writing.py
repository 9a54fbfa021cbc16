from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .complaint import Complaint

FRESH = timedelta(minutes=2)
"""For so long after the last keystroke somebody counts as writing."""


class Writing(models.Model):
    """Somebody writes a reply to this customer just now: two who answer at once are warned (R3.3)."""

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="writing")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("reply being written")
        verbose_name_plural = _("replies being written")
        constraints = [models.UniqueConstraint(fields=["complaint", "user"], name="writing_once_per_person")]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.user_id}"
