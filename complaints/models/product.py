from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from knowledge.listing import Kind

from .shop import Shop, shop_ids_of


class ProductQuerySet(models.QuerySet["Product"]):
    def visible_to(self, user) -> "ProductQuerySet":
        """Products of the shops that the person works for."""
        if not user.is_active or not user.is_staff or not user.has_perm("complaints.view_product"):
            return self.none()
        if user.has_perm("complaints.view_all_shops"):
            return self.all()
        return self.filter(shop_id__in=shop_ids_of(user))


class Product(models.Model):
    """Something that a shop sells, as far as it was checked or confirmed; known by its id, else by its title."""

    shop = models.ForeignKey(Shop, verbose_name=_("shop"), on_delete=models.PROTECT, related_name="products")
    product_id = models.CharField(_("product id"), max_length=40, blank=True)
    title = models.CharField(_("title"), max_length=300)
    mark = models.CharField(max_length=16, editable=False)
    """`matter_keys.product_mark` of the id, of the title where there is no id."""
    title_mark = models.CharField(max_length=16, editable=False)
    kind = models.CharField(_("kind of listing"), max_length=16, choices=Kind, default=Kind.NORMAL)
    dispute_prone = models.BooleanField(_("prone to disputes"), default=False)
    """Marked by hand; what is made to order is so anyway."""
    latest = models.ForeignKey("ListingCheck", null=True, editable=False, on_delete=models.PROTECT, related_name="+")
    score = models.PositiveSmallIntegerField(_("score"), null=True, editable=False)
    open_findings = models.PositiveSmallIntegerField(_("open findings"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"), editable=False)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("listing check")
        ordering = ["score", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["shop", "mark"], name="product_once_per_shop"),
            models.CheckConstraint(
                condition=models.Q(score__isnull=True) | models.Q(score__lte=100), name="product_score"
            ),
        ]
        indexes = [
            models.Index(fields=["shop", "title_mark"], name="product_title"),
            models.Index(fields=["score", "id"], name="product_worst"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def needs_confirmation(self) -> bool:
        """Whether its buyers are asked to confirm before they order (R2.2)."""
        return self.dispute_prone or self.kind == Kind.MADE_TO_ORDER


class ListingCheck(models.Model):
    """One text of a listing as it was checked on a day; never changes (complaints/triggers.py)."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="checks")
    number = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("kind of listing"), max_length=16, choices=Kind)
    title = models.CharField(_("title"), max_length=300)
    text = models.TextField(_("detail text"))
    checked_at = models.DateTimeField(_("checked at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("checked by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    score = models.PositiveSmallIntegerField(_("score"))
    findings = models.JSONField(_("findings"), default=list)
    """What was found then, as `operations.listings.Snapshot` writes it: names and advice as they were."""

    class Meta:
        verbose_name = _("check of a listing")
        verbose_name_plural = _("checks of listings")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["product", "number"], name="listingcheck_number"),
            models.CheckConstraint(condition=models.Q(score__lte=100), name="listingcheck_score"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} / {self.number}"


class OpenFinding(models.Model):
    """What the latest check of a product found, a row for each item or rule: for counting over all products."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="open")
    source = models.CharField(max_length=8)
    """item or word."""
    code = models.CharField(max_length=40)
    level = models.CharField(max_length=8)

    class Meta:
        verbose_name = _("open finding")
        verbose_name_plural = _("open findings")
        constraints = [models.UniqueConstraint(fields=["product", "source", "code"], name="openfinding_once")]
        indexes = [models.Index(fields=["source", "code", "product"], name="openfinding_of")]

    def __str__(self) -> str:
        return f"{self.product_id} {self.source} {self.code}"
