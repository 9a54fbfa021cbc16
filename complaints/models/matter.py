from django.db import models
from django.utils.translation import gettext_lazy as _

from .complaint import Complaint


class Matter(models.Model):
    """One key of one matter and the complaint that holds it; the unique key decides which of two channels was first."""

    key = models.CharField(max_length=200, primary_key=True)
    complaint = models.ForeignKey(Complaint, null=True, on_delete=models.PROTECT, related_name="matters")
    origin = models.ForeignKey(Complaint, null=True, on_delete=models.PROTECT, related_name="+")
    """The complaint with which it came by a merge, and with which it leaves again."""
    seen_at = models.DateTimeField(_("last contact"))

    class Meta:
        verbose_name = _("matter")
        verbose_name_plural = _("matters")

    def __str__(self) -> str:
        return self.key
