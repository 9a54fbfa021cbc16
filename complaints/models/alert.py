from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .complaint import Complaint, about_visible
from .deadline import Deadline


class AlertQuerySet(models.QuerySet["Alert"]):
    def visible_to(self, user) -> "AlertQuerySet":
        """The person's own alerts, as long as the person may see what they are about."""
        return about_visible(self.filter(recipient=user), user)


class Alert(models.Model):
    """An alert shown to one person in the admin; `dedup_key` makes it happen once (reliability.md, section 1)."""

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alerts")
    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="alerts")
    kind = models.CharField(_("clock"), max_length=16, choices=Deadline.Kind)
    subject = models.PositiveBigIntegerField(default=0, editable=False)
    level = models.PositiveSmallIntegerField(_("level"))
    due_at = models.DateTimeField(_("due"))
    dedup_key = models.CharField(max_length=200, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"))
    seen_at = models.DateTimeField(_("seen"), null=True)
    told_at = models.DateTimeField(null=True, editable=False)
    """When it was handed to the person's other channels (or to none, if that is what they want)."""

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["recipient", "-created_at", "-id"], name="alert_of_person"),
            models.Index(fields=["recipient"], condition=Q(seen_at__isnull=True), name="alert_unseen"),
            models.Index(fields=["recipient", "id"], condition=Q(told_at__isnull=True), name="alert_untold"),
        ]

    def __str__(self) -> str:
        return self.dedup_key
