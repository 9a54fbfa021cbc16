from django.db import models
from django.utils.translation import gettext_lazy as _

from .customer import Customer
from .shop import Shop, shop_ids_of


class OrderQuerySet(models.QuerySet["Order"]):
    def visible_to(self, user) -> "OrderQuerySet":
        """Orders of the shops that the person works for."""
        if not user.is_active or not user.is_staff or not user.has_perm("complaints.view_order"):
            return self.none()
        if user.has_perm("complaints.view_all_shops"):
            return self.all()
        return self.filter(shop_id__in=shop_ids_of(user))


class LastSix(models.Func):
    """The last six characters of a number, written so that each database knows its index for them again."""

    function = "SUBSTR"
    template = "%(function)s(%(expressions)s, -6)"
    arity = 1
    output_field = models.CharField()

    def as_postgresql(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, template="RIGHT(%(expressions)s, 6)", **context)


class Order(models.Model):
    """A snapshot of a platform's order, imported or typed."""

    class Source(models.TextChoices):
        IMPORT = "import", _("imported")
        TYPED = "typed", _("typed")

    shop = models.ForeignKey(Shop, verbose_name=_("shop"), on_delete=models.PROTECT, related_name="orders")
    number = models.CharField(_("order number"), max_length=40)
    customer = models.ForeignKey(
        Customer, verbose_name=_("customer"), null=True, blank=True, on_delete=models.PROTECT, related_name="orders"
    )
    status = models.CharField(_("status on the platform"), max_length=60, blank=True)
    after_sales = models.CharField(_("after-sales status"), max_length=60, blank=True)
    paid_amount = models.DecimalField(_("paid"), max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    placed_at = models.DateTimeField(_("ordered at"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    shipped_at = models.DateTimeField(_("shipped at"), null=True, blank=True)
    received_at = models.DateTimeField(_("received at"), null=True, blank=True)
    courier = models.CharField(_("courier"), max_length=40, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=120, blank=True)
    seller_note = models.CharField(_("seller's note"), max_length=500, blank=True)
    source = models.CharField(_("source"), max_length=8, choices=Source, default=Source.IMPORT)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    updated_at = models.DateTimeField(_("updated"))

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint(fields=["shop", "number"], name="order_once_per_shop"),
            models.CheckConstraint(
                condition=models.Q(paid_amount__isnull=True) | models.Q(paid_amount__gte=0),
                name="order_paid_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["number"], name="order_number"),
            # What a customer reads out on the phone is often the end of the number.
            models.Index(LastSix("number"), name="order_number_end"),
        ]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """One product of an order."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField(_("position"))
    number = models.CharField(_("sub-order number"), max_length=400, blank=True)
    product_id = models.CharField(_("product id"), max_length=40, blank=True)
    title = models.CharField(_("product"), max_length=300)
    variant = models.CharField(_("specification"), max_length=200, blank=True)
    seller_code = models.CharField(_("seller's code"), max_length=80, blank=True)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["order", "position"], name="orderline_position_once")]
        indexes = [models.Index(fields=["product_id", "title"], name="orderline_product")]

    def __str__(self) -> str:
        return self.title
