from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .complaint import Complaint, about_visible


class RecoveryClaimQuerySet(models.QuerySet["RecoveryClaim"]):
    def visible_to(self, user) -> "RecoveryClaimQuerySet":
        """Claims about the cases that this person sees."""
        return about_visible(self, user) if user.has_perm("complaints.view_recoveryclaim") else self.none()

    def open(self) -> "RecoveryClaimQuerySet":
        return self.filter(status__in=RecoveryClaim.OPEN)


class RecoveryClaim(models.Model):
    """What we want back from the courier or the supplier at fault (R5.5); it may outlive the case."""

    class Against(models.TextChoices):
        COURIER = "courier", _("courier")
        SUPPLIER = "supplier", _("supplier")
        OTHER = "other", _("other")

    class Status(models.TextChoices):
        FILED = "filed", _("filed")
        ANSWERED = "answered", _("answered")
        RECOVERED = "recovered", _("recovered")
        LOST = "lost", _("lost")
        WITHDRAWN = "withdrawn", _("withdrawn")

    OPEN = (Status.FILED, Status.ANSWERED)
    """Statuses of a claim about which somebody must still do something."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="claims")
    origin = models.ForeignKey(
        Complaint, verbose_name=_("came with"), null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    against = models.CharField(_("against"), max_length=8, choices=Against, default=Against.COURIER)
    name = models.CharField(_("company"), max_length=60)
    amount = models.DecimalField(_("amount claimed"), max_digits=12, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    reference = models.CharField(_("claim number"), max_length=80, blank=True)
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("filed by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    filed_at = models.DateTimeField(_("filed at"))
    due_at = models.DateTimeField(_("answer due"))
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.FILED)
    answered_at = models.DateTimeField(_("answered at"), null=True)
    recovered_amount = models.DecimalField(_("amount recovered"), max_digits=12, decimal_places=2, null=True)
    settled_at = models.DateTimeField(_("settled at"), null=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    """The last word on it: what was answered, or why it was lost or withdrawn."""

    objects = RecoveryClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("recovery claim")
        verbose_name_plural = _("recovery claims")
        ordering = ["filed_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="claim_amount_positive"),
            models.CheckConstraint(condition=Q(due_at__gte=F("filed_at")), name="claim_due_after_filed"),
            models.CheckConstraint(
                condition=Q(status="recovered", recovered_amount__gt=0, recovered_amount__lte=F("amount"))
                | (~Q(status="recovered") & Q(recovered_amount__isnull=True)),
                name="claim_recovered_has_amount",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["filed", "answered"], settled_at__isnull=True)
                | (~Q(status__in=["filed", "answered"]) & Q(settled_at__isnull=False)),
                name="claim_settled_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["complaint"], condition=Q(status__in=["filed", "answered"]), name="claim_open"),
        ]

    def __str__(self) -> str:
        return f"{self.get_against_display()} {self.name}"

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN
