from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from knowledge.versioning import OPEN, WAS_IN_FORCE, Status

from .versioned import Event, Version


class ServicePolicyQuerySet(models.QuerySet["ServicePolicy"]):
    def of_shops(self, shop_ids: Any) -> "ServicePolicyQuerySet":
        """What holds for all shops, and the own policies of these."""
        return self.filter(Q(shop_ref__isnull=True) | Q(shop_ref__in=shop_ids))


class ServicePolicy(models.Model):
    """What a shop assures its customers of, on one matter (R2.3); its words are in its versions.

    The shop is held by its id: this storey does not know shops. Without one it holds for every shop that has no own.
    """

    class Kind(models.TextChoices):
        RETURNS = "returns", _("returns and exchanges")
        WARRANTY = "warranty", _("warranty")
        SHIPPING = "shipping", _("shipping and delivery")
        DISPUTES = "disputes", _("complaints and disputes")

    kind = models.CharField(_("matter"), max_length=12, choices=Kind)
    shop_ref = models.PositiveBigIntegerField(pgettext_lazy("field", "shop"), null=True, blank=True, editable=False)

    objects = ServicePolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("service policy")
        verbose_name_plural = _("service policies")
        ordering = ["kind", "pk"]
        permissions = [("publish_servicepolicy", "Can publish service policies")]
        constraints = [
            models.UniqueConstraint(fields=["kind", "shop_ref"], name="servicepolicy_once_per_shop"),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(shop_ref__isnull=True), name="servicepolicy_once_for_all"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return str(self.get_kind_display())


class ServicePolicyVersionQuerySet(models.QuerySet["ServicePolicyVersion"]):
    def announced(self, shop_id: int | None) -> Self:
        """Every version ever published for this shop or for all, with its policy; few enough to choose in memory."""
        rows = self.filter(status__in=WAS_IN_FORCE).select_related("policy")
        return rows.filter(Q(policy__shop_ref__isnull=True) | Q(policy__shop_ref=shop_id))

    def without_text(self) -> Self:
        return self.defer("text", "text_en", "sources")


class ServicePolicyVersion(Version):
    """The terms from one day on. Once it leaves its draft its words never change (knowledge/policy_triggers.py)."""

    policy = models.ForeignKey(ServicePolicy, on_delete=models.PROTECT, related_name="versions")
    text = models.TextField(_("Chinese text"))
    text_en = models.TextField(_("English text"), blank=True)
    sources = models.CharField(_("legal basis"), max_length=500, blank=True)
    reviewed_on = models.DateField(_("checked against the law on"), null=True, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    effective_from = models.DateTimeField(_("in force from"), null=True)
    ended_at = models.DateTimeField(_("withdrawn on"), null=True)

    objects = ServicePolicyVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a service policy")
        verbose_name_plural = _("versions of service policies")
        ordering = ["policy", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="servicepolicyversion_number"),
            models.UniqueConstraint(
                fields=["policy"], condition=Q(status__in=OPEN), name="servicepolicyversion_one_open"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=WAS_IN_FORCE) | Q(effective_from__isnull=False),
                name="servicepolicyversion_effective_when_published",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.RETIRED) | Q(ended_at__isnull=False),
                name="servicepolicyversion_ended_when_retired",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy_id} / {self.number}"

    @property
    def own(self) -> bool:
        """Whether it is of one shop, and so goes before what holds for all."""
        return self.policy.shop_ref is not None

    @property
    def was_in_force(self) -> bool:
        """Whether it ever held or may yet: one that was taken back before its day never did."""
        if self.status not in WAS_IN_FORCE or self.effective_from is None:
            return False
        return self.ended_at is None or self.ended_at > self.effective_from

    def waits(self, now: datetime) -> bool:
        """Published, for a day to come."""
        return self.status == Status.PUBLISHED and self.effective_from is not None and self.effective_from > now

    @property
    def words(self) -> str:
        """The text in the reader's language, else the Chinese one."""
        return self.text_en if self.text_en and (get_language() or "").startswith("en") else self.text


class ServicePolicyEvent(Event):
    """Who did what to a policy, when and why; append-only (knowledge/policy_triggers.py)."""

    policy = models.ForeignKey(ServicePolicy, on_delete=models.PROTECT, related_name="events")
    version = models.ForeignKey(ServicePolicyVersion, null=True, on_delete=models.PROTECT, related_name="events")

    class Meta:
        verbose_name = _("change of a service policy")
        verbose_name_plural = _("changes of service policies")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["policy", "-at", "-id"], name="servicepolicyevent_of")]

    def __str__(self) -> str:
        return f"{self.policy_id} {self.kind}"
