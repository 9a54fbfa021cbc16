from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .complaint import Complaint
from .web_submission import WebSubmission


class CustomerLink(models.Model):
    """A secret address by which a customer comes to one thing without logging in; only the hash of it is stored."""

    class Purpose(models.TextChoices):
        STATUS = "status", _("status page")

    complaint = models.ForeignKey(Complaint, null=True, on_delete=models.PROTECT, related_name="customer_links")
    """None: what it is about is held back."""
    submission = models.ForeignKey(WebSubmission, null=True, on_delete=models.PROTECT, related_name="links")
    """Given to whoever sent this, who need not be the customer; None: given to the customer by us."""
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("created by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField(_("expires at"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True)
    last_seen_at = models.DateTimeField(_("last used at"), null=True)
    """When somebody last sent something by it; looking changes nothing."""

    class Meta:
        verbose_name = _("customer's link")
        verbose_name_plural = _("customers' links")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(complaint__isnull=False) | Q(submission__isnull=False), name="link_leads_somewhere"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.created_at:%Y-%m-%d %H:%M}"

    def is_live(self, now: datetime) -> bool:
        """Neither revoked nor expired; whether its complaint still listens is another question."""
        return self.revoked_at is None and now < self.expires_at
