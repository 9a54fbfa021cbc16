from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from encrypted_fields.fields import EncryptedCharField

from .shop import Shop


class RobotQuerySet(models.QuerySet["Robot"]):
    def visible_to(self, user) -> "RobotQuerySet":
        """Robots of the person's shops; one that names no shop is everybody's."""
        if not user.is_active or not user.is_staff:
            return self.none()
        own = models.Q(shops__isnull=True) | models.Q(shops__in=Shop.objects.visible_to(user))
        return self.filter(own).distinct()


class Robot(models.Model):
    """A group robot of a chat, or a plain webhook, that tells alerts of its members."""

    class Kind(models.TextChoices):
        WECOM = "wecom", _("WeCom")
        DINGTALK = "dingtalk", _("DingTalk")
        FEISHU = "feishu", _("Feishu")
        WEBHOOK = "webhook", _("Webhook")

    name = models.CharField(_("name"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    url = EncryptedCharField(_("address"), max_length=500)
    secret = EncryptedCharField(
        _("signing secret"), max_length=200, blank=True, null=True,
        help_text=_("As the platform shows it; WeCom has none."),
    )  # fmt: skip
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="zh-hans")
    shops = models.ManyToManyField(Shop, verbose_name=_("shops"), blank=True, related_name="robots")
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name=_("members"), blank=True, related_name="robots",
        help_text=_("Whose alerts it tells."),
    )  # fmt: skip
    active = models.BooleanField(_("active"), default=True)

    objects = RobotQuerySet.as_manager()

    class Meta:
        verbose_name = _("chat robot")
        verbose_name_plural = _("chat robots")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
