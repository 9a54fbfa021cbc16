from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from complaints import sla

from .complaint import Complaint


class DeadlineQuerySet(models.QuerySet["Deadline"]):
    def running(self) -> "DeadlineQuerySet":
        return self.filter(met_at__isnull=True, stopped_at__isnull=True)

    def alert_due(self, now) -> "DeadlineQuerySet":
        """Running clocks whose next level has been reached, the longest waiting first."""
        return self.running().filter(next_alert_at__lte=now).order_by("next_alert_at", "pk")


IS_RUNNING = Q(met_at__isnull=True, stopped_at__isnull=True)


class Deadline(models.Model):
    """One clock of one complaint: a stored row, with the moment at which it must next be looked at."""

    class Kind(models.TextChoices):
        FIRST_RESPONSE = sla.Kind.FIRST_RESPONSE, _("first response")
        VERIFICATION = sla.Kind.VERIFICATION, _("verification")
        PROPOSAL = sla.Kind.PROPOSAL, _("proposal")
        EXECUTION = sla.Kind.EXECUTION, _("execution")
        CALLBACK = sla.Kind.CALLBACK, _("call-back")

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="deadlines")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    priority = models.CharField(_("priority"), max_length=2)
    started_at = models.DateTimeField(_("started"))
    due_at = models.DateTimeField(_("due"))
    met_at = models.DateTimeField(_("met"), null=True)
    breached_at = models.DateTimeField(_("breached"), null=True)
    stopped_at = models.DateTimeField(_("stopped"), null=True)
    level = models.PositiveSmallIntegerField(_("last level alerted"), default=0)
    next_alert_at = models.DateTimeField(_("next alert"), null=True)
    failures = models.PositiveSmallIntegerField(default=0)

    objects = DeadlineQuerySet.as_manager()

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        ordering = ["started_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(due_at__gt=F("started_at")), name="deadline_due_after_start"),
            models.CheckConstraint(
                condition=Q(met_at__isnull=True) | Q(met_at__gte=F("started_at")), name="deadline_met_after_start"
            ),
            models.CheckConstraint(
                condition=Q(breached_at__isnull=True) | Q(breached_at__gte=F("started_at")),
                name="deadline_breached_after_start",
            ),
            models.CheckConstraint(
                condition=Q(met_at__isnull=True) | Q(next_alert_at__isnull=True), name="deadline_met_is_silent"
            ),
            models.UniqueConstraint(fields=["complaint", "kind"], condition=IS_RUNNING, name="deadline_running_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_alert_at", "id"],
                condition=IS_RUNNING & Q(next_alert_at__isnull=False),
                name="deadline_alert_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.due_at:%Y-%m-%d %H:%M}"

    @property
    def is_running(self) -> bool:
        return self.met_at is None and self.stopped_at is None

    @property
    def warn_at(self):
        """When the last warning before the deadline is given."""
        return sla.level_time(self.started_at, self.due_at, sla.WARN_LEVELS[-1])
