from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints import remedy_rules

from .complaint import Complaint
from .contact import Contact


class Remedy(models.Model):
    """One option on one complaint (R5.1-R5.6): prepared, offered, chosen or not, carried out."""

    class Kind(models.TextChoices):
        RESHIP = remedy_rules.Kind.RESHIP, _("reship")
        REFUND = remedy_rules.Kind.REFUND, _("full refund")
        PARTIAL_REFUND = remedy_rules.Kind.PARTIAL_REFUND, _("partial refund")
        RETURN_REFUND = remedy_rules.Kind.RETURN_REFUND, _("return and refund")
        EXCHANGE = remedy_rules.Kind.EXCHANGE, _("exchange")
        COUPON = remedy_rules.Kind.COUPON, _("coupon")
        GIFT = remedy_rules.Kind.GIFT, _("gift or spare part")
        COMPENSATION = remedy_rules.Kind.COMPENSATION, _("compensation")
        APOLOGY_CALL = remedy_rules.Kind.APOLOGY_CALL, _("apology")
        OTHER = remedy_rules.Kind.OTHER, _("other remedy")

    class Status(models.TextChoices):
        PREPARED = "prepared", _("prepared")
        OFFERED = "offered", _("offered")
        CHOSEN = "chosen", _("chosen")
        DECLINED = "declined", _("not chosen")
        DONE = "done", _("carried out")

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="remedies")
    round = models.PositiveSmallIntegerField(_("round"))
    label = models.CharField(_("label"), max_length=1)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    text = models.CharField(_("what the customer gets"), max_length=300)
    estimated_cost = models.DecimalField(_("estimated cost"), max_digits=12, decimal_places=2)
    actual_cost = models.DecimalField(_("actual cost"), max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    approval_level = models.CharField(
        _("approval level"), max_length=2, choices=[(str(level), str(level)) for level in remedy_rules.Level]
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PREPARED)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    chosen_at = models.DateTimeField(_("chosen at"), null=True)
    choice_contact = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT, related_name="+")
    courier = models.CharField(_("courier"), max_length=40, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=60, blank=True)
    eta = models.DateField(_("expected arrival"), null=True, blank=True)
    reference = models.CharField(_("payment reference"), max_length=80, blank=True)
    coupon_code = models.CharField(_("coupon code"), max_length=60, blank=True)
    return_tracking = models.CharField(_("return tracking number"), max_length=60, blank=True)
    inspection = models.CharField(_("result of the inspection"), max_length=300, blank=True)
    execution_note = models.CharField(_("what was done"), max_length=300, blank=True)
    executed_at = models.DateTimeField(_("carried out at"), null=True)

    class Meta:
        verbose_name = _("remedy")
        verbose_name_plural = _("remedies")
        ordering = ["round", "label"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "round", "label"], name="remedy_label_once"),
            models.UniqueConstraint(
                fields=["complaint", "round"], condition=Q(status__in=["chosen", "done"]), name="remedy_one_choice"
            ),
            models.CheckConstraint(condition=Q(estimated_cost__gte=0), name="remedy_cost_not_negative"),
            models.CheckConstraint(
                condition=Q(actual_cost__isnull=True) | Q(actual_cost__gte=0), name="remedy_actual_not_negative"
            ),
        ]
        indexes = [
            # Which cases finance may see is asked of the few options of this level.
            models.Index(fields=["complaint", "round"], condition=Q(approval_level="L3"), name="remedy_of_level_l3"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.text}"

    @property
    def missing_facts(self) -> list[str]:
        """Labels of the facts without which this remedy is not carried out."""
        names = remedy_rules.missing_facts(self.kind, vars(self))
        return [str(getattr(Remedy, name).field.verbose_name) for name in names]

    @property
    def required_facts(self) -> tuple[str, ...]:
        return remedy_rules.REQUIRED_FACTS[remedy_rules.Kind(self.kind)]

    @property
    def unsigned(self) -> list[str]:
        """Permissions that still have to sign; reads `approvals`, so prefetch them for a list."""
        given = {approval.permission for approval in self.approvals.all()}
        return [name for name in remedy_rules.SIGNATURES[remedy_rules.Level(self.approval_level)] if name not in given]


class Approval(models.Model):
    """A signature under one option, for one of the permissions that its level asks for (R5.3)."""

    remedy = models.ForeignKey(Remedy, on_delete=models.CASCADE, related_name="approvals")
    permission = models.CharField(_("signed as"), max_length=20)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    cost = models.DecimalField(_("approved cost"), max_digits=12, decimal_places=2)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        constraints = [models.UniqueConstraint(fields=["remedy", "permission"], name="approval_once")]
        permissions = [
            ("approve_l1", "Can approve L1"),
            ("approve_l2", "Can approve L2"),
            ("approve_l3", "Can approve L3 and LX"),
            ("approve_finance", "Can approve for finance"),
            ("approve_legal", "Can approve for legal"),
            ("execute_remedy", "Can carry remedies out"),
        ]

    def __str__(self) -> str:
        return f"{self.permission} {self.by}"
