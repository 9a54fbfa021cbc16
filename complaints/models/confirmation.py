from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from knowledge.models import ConfirmationText

from .complaint import Channel
from .product import Product
from .shop import Shop, shop_ids_of


class ConfirmationRecordQuerySet(models.QuerySet["ConfirmationRecord"]):
    def visible_to(self, user) -> "ConfirmationRecordQuerySet":
        """Records of the shops that the person works for."""
        if not user.is_active or not user.is_staff or not user.has_perm("complaints.view_confirmationrecord"):
            return self.none()
        if user.has_perm("complaints.view_all_shops"):
            return self.all()
        return self.filter(shop_id__in=shop_ids_of(user))


class ConfirmationRecord(models.Model):
    """That a buyer confirmed a text about a product, when and by which channel (R2.2); never changes.

    The order is known by its number, for it may not have been placed; the buyer by a fingerprint, so that nothing
    personal is kept here.
    """

    shop = models.ForeignKey(Shop, verbose_name=_("shop"), on_delete=models.PROTECT, related_name="confirmations")
    product = models.ForeignKey(
        Product, verbose_name=_("product"), on_delete=models.PROTECT, related_name="confirmations"
    )
    order_number = models.CharField(_("order number"), max_length=40, blank=True)
    buyer_hash = models.CharField(max_length=64, blank=True, editable=False)
    text = models.ForeignKey(ConfirmationText, verbose_name=_("text"), on_delete=models.PROTECT, related_name="records")
    confirmed_at = models.DateTimeField(_("confirmed at"))
    channel = models.CharField(_("channel"), max_length=16, choices=Channel)
    recorded_at = models.DateTimeField(_("recorded at"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("recorded by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    via = models.CharField(_("by program"), max_length=60, blank=True)
    """Name of the API key that sent it."""
    source = models.CharField(max_length=120, blank=True)
    """Names the delivery, so that none is recorded twice; empty for what was typed."""

    objects = ConfirmationRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("buyer's confirmation")
        verbose_name_plural = _("buyers' confirmations")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(order_number="", buyer_hash=""), name="confirmation_of_somebody"
            ),
            models.UniqueConstraint(fields=["source"], condition=~models.Q(source=""), name="confirmation_once"),
        ]
        indexes = [
            models.Index(fields=["product", "order_number"], name="confirmation_order"),
            models.Index(fields=["product", "buyer_hash"], name="confirmation_buyer"),
            models.Index(fields=["shop", "-id"], name="confirmation_shop"),
            models.Index(fields=["order_number"], name="confirmation_of_order"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.order_number}"
