from datetime import timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Platform(models.TextChoices):
    TAOBAO = "taobao", _("Taobao / Tmall")
    JD = "jd", _("JD.com")
    PDD = "pdd", _("Pinduoduo")
    DOUYIN = "douyin", _("Douyin")
    WECHAT = "wechat", _("WeChat shop")
    OWN = "own", _("Own site")


class ShopQuerySet(models.QuerySet["Shop"]):
    def visible_to(self, user) -> "ShopQuerySet":
        """The shops whose complaints this person works on."""
        if not user.is_active or not user.is_staff:
            return self.none()
        if user.has_perm("complaints.view_all_shops"):
            return self.all()
        return self.filter(members=user)


class Shop(models.Model):
    """One of the company's shops; it belongs to one platform."""

    code = models.SlugField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=60)
    platform = models.CharField(_("platform"), max_length=12, choices=Platform)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name=_("staff"), blank=True, related_name="shops"
    )
    active = models.BooleanField(_("active"), default=True)
    allots_cases = models.BooleanField(
        _("gives out new cases by itself"), default=False,
        help_text=_("New cases that nobody has taken go to whoever is on duty and has the least to do."),
    )  # fmt: skip
    calendar = models.ForeignKey(
        "complaints.WorkCalendar", verbose_name=_("work calendar"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="shops", help_text=_("Empty: the default calendar."),
    )  # fmt: skip

    match_days = models.PositiveSmallIntegerField(
        _("same matter within (days)"), default=30, validators=[MaxValueValidator(365)],
        help_text=_("A contact of the same customer about the same product or issue joins the open complaint."),
    )  # fmt: skip
    reopen_days = models.PositiveSmallIntegerField(
        _("can be reopened within (days)"), default=15, validators=[MaxValueValidator(365)],
        help_text=_("Counted from closing. Later contacts become a new complaint, linked to the old one."),
    )  # fmt: skip
    web_form = models.BooleanField(
        _("web form"), default=True, help_text=_("Whether customers can complain by a page of this shop.")
    )
    greeting_zh = models.CharField(_("greeting in Chinese"), max_length=200, blank=True)
    greeting_en = models.CharField(
        _("greeting in English"), max_length=200, blank=True, help_text=_("Stands above the web form.")
    )

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("shop")
        verbose_name_plural = _("shops")
        ordering = ["code"]
        permissions = [("view_all_shops", "Can see the complaints of all shops")]

    def __str__(self) -> str:
        return self.name

    @property
    def match_within(self) -> timedelta:
        return timedelta(days=self.match_days)

    @property
    def reopen_within(self) -> timedelta:
        return timedelta(days=self.reopen_days)


def shop_ids_of(user) -> list[int]:
    """Ids of the person's shops, read once per user object.

    Plain ids instead of a subquery: with them the planner can walk the (shop, next due) index in order.
    """
    if not hasattr(user, "_shop_ids"):
        user._shop_ids = list(user.shops.values_list("pk", flat=True))
    return user._shop_ids
