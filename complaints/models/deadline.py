from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from complaints import sla
from complaints.sla import Plan, Warn

from .calendar import WorkCalendar
from .complaint import Complaint


class DeadlineQuerySet(models.QuerySet["Deadline"]):
    def running(self) -> "DeadlineQuerySet":
        return self.filter(met_at__isnull=True, stopped_at__isnull=True)

    def of_stage(self) -> "DeadlineQuerySet":
        """Clocks of the stages, without those beside them (promises, inquiries, claims, the platform's)."""
        return self.filter(kind__in=sla.STAGE_KINDS)

    def alert_due(self, now) -> "DeadlineQuerySet":
        """Running clocks whose next level has been reached, the longest waiting first."""
        return self.running().filter(next_alert_at__lte=now).order_by("next_alert_at", "pk")


def plan_of(levels: list[Any], *, after: int = 0) -> Plan:
    """Stored warn levels above `after` as the arithmetic takes them."""
    return tuple(Warn(level, datetime.fromisoformat(at), tuple(to)) for level, at, to in levels if level > after)


IS_RUNNING = Q(met_at__isnull=True, stopped_at__isnull=True)


class Deadline(models.Model):
    """One clock of one complaint: a stored row, with the moment at which it must next be looked at."""

    class Kind(models.TextChoices):
        FIRST_RESPONSE = sla.Kind.FIRST_RESPONSE, _("first response")
        VERIFICATION = sla.Kind.VERIFICATION, _("verification")
        PROPOSAL = sla.Kind.PROPOSAL, _("proposal")
        EXECUTION = sla.Kind.EXECUTION, _("execution")
        CALLBACK = sla.Kind.CALLBACK, _("call-back")
        PROMISE = sla.Kind.PROMISE, _("promise")
        INQUIRY = sla.Kind.INQUIRY, _("inquiry")
        RECOVERY = sla.Kind.RECOVERY, _("recovery claim")
        PLATFORM = sla.Kind.PLATFORM, _("platform case")

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="deadlines")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    subject = models.PositiveBigIntegerField(default=0, editable=False)
    """Id of the promise, inquiry or claim that the clock watches; 0 for clocks of the case itself."""
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("responsible"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    """Who hears of it as “assignee”; the assignee of the case where nobody is named."""
    policy = models.ForeignKey(
        "complaints.SlaPolicy", verbose_name=_("policy"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    calendar = models.ForeignKey(
        WorkCalendar, verbose_name=_("work calendar"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    """In whose working time the budget runs; none: calendar time."""
    budget = models.DurationField(_("budget"))
    latest_at = models.DateTimeField(_("due at the latest"), null=True)
    pausable = models.BooleanField(_("paused by a hold"), default=False)
    pauses = models.JSONField(_("pauses"), default=list)
    """[[from, until], ...] that are over, ISO moments."""
    paused_at = models.DateTimeField(_("paused since"), null=True)
    levels = models.JSONField(_("warn levels"), default=list)
    """[[percent, moment, [audience, ...]], ...]: worked out when the clock starts or is recomputed, so that a sweep
    reads a row and knows what to do. While the clock is paused the moments are those of before the pause."""
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
            models.CheckConstraint(condition=Q(due_at__gte=F("started_at")), name="deadline_due_after_start"),
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
            models.CheckConstraint(
                condition=Q(paused_at__isnull=True) | Q(next_alert_at__isnull=True), name="deadline_paused_is_silent"
            ),
            models.UniqueConstraint(
                fields=["complaint", "kind", "subject"], condition=IS_RUNNING, name="deadline_running_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_alert_at", "id"],
                condition=IS_RUNNING & Q(next_alert_at__isnull=False),
                name="deadline_alert_due",
            ),
            # The weekly digest counts what was breached.
            models.Index(fields=["breached_at"], condition=Q(breached_at__isnull=False), name="deadline_breached"),
            models.Index(
                fields=["calendar", "complaint"],
                condition=IS_RUNNING & Q(calendar__isnull=False),
                name="deadline_running_in",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.due_at:%Y-%m-%d %H:%M}"

    @property
    def is_running(self) -> bool:
        return self.met_at is None and self.stopped_at is None

    @property
    def plan(self) -> Plan:
        """The warn levels as the arithmetic takes them."""
        return plan_of(self.levels)

    @plan.setter
    def plan(self, plan: Plan) -> None:
        self.levels = [[warn.level, warn.at.isoformat(), list(warn.audience)] for warn in plan]

    @property
    def paused_spans(self) -> list[tuple[datetime, datetime]]:
        return [(datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in self.pauses]

    @property
    def critical_from(self) -> Any:
        """When the last warning before the due time is given."""
        return sla.critical_from(self.plan)
