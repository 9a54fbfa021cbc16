from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .complaint import Complaint


class LiabilityShare(models.Model):
    """One party's share of the fault, in whole percent; a database trigger keeps the sum at 100 or less (R4.6)."""

    class Party(models.TextChoices):
        CUSTOMER_SERVICE = "customer_service", _("customer service")
        WAREHOUSE = "warehouse", _("warehouse")
        CARRIER = "carrier", _("courier")
        SUPPLIER = "supplier", _("supplier")
        OPERATIONS = "operations", _("shop operations")
        PLATFORM = "platform", _("platform")
        CUSTOMER = "customer", _("customer")
        OTHER = "other", _("other")

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="liability")
    party = models.CharField(_("party"), max_length=20, choices=Party)
    percent = models.PositiveSmallIntegerField(_("percent"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("liability share")
        verbose_name_plural = _("liability shares")
        ordering = ["-percent", "party"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "party"], name="liability_party_once"),
            models.CheckConstraint(condition=Q(percent__gte=1, percent__lte=100), name="liability_percent_range"),
        ]

    def __str__(self) -> str:
        return f"{self.get_party_display()} {self.percent} %"
