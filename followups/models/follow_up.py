from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint


class FollowUp(models.Model):
    """The call-back after one round of resolution (R6.1): exactly one per round."""

    class Status(models.TextChoices):
        OPEN = "open", _("to do")
        DONE = "done", _("done")
        UNREACHABLE = "unreachable", _("not reached")
        DROPPED = "dropped", _("no longer needed")

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="followups")
    round = models.PositiveSmallIntegerField(_("round"))
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.OPEN)
    created_at = models.DateTimeField(_("created"))
    due_at = models.DateTimeField(_("due"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    satisfaction = models.PositiveSmallIntegerField(_("satisfaction"), null=True, blank=True)
    comment = models.TextField(_("anything else?"), blank=True)
    done_at = models.DateTimeField(_("done at"), null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        ordering = ["round"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "round"], name="followup_once_per_round"),
            models.CheckConstraint(
                condition=Q(satisfaction__isnull=True) | Q(satisfaction__gte=1, satisfaction__lte=5),
                name="followup_satisfaction_range",
            ),
            models.CheckConstraint(
                condition=~Q(status="done") | Q(satisfaction__isnull=False, done_at__isnull=False),
                name="followup_done_is_rated",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(status="open"), name="followup_open_due")]

    def __str__(self) -> str:
        return f"{self.complaint_id} / {self.round}"
