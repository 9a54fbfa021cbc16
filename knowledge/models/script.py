from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from knowledge import rendering


class ReplyScript(models.Model):
    """A text that an agent sends after filling it with the facts of one complaint (R3.3)."""

    class Stage(models.TextChoices):
        ACCEPT = "accept", _("acceptance")
        VERIFY = "verify", _("verification")
        PROPOSE = "propose", _("proposal")
        EXECUTE = "execute", _("execution")
        FOLLOWUP = "followup", _("call-back")
        CLOSE = "close", _("closing")

    class Step(models.TextChoices):
        LISTEN = "listen", _("listen")
        SOOTHE = "soothe", _("soothe")
        NEXT = "next", _("next step")

    code = models.CharField(_("code"), max_length=24, unique=True)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    stage = models.CharField(_("stage"), max_length=12, choices=Stage)
    step = models.CharField(_("order in the conversation"), max_length=8, choices=Step, default=Step.NEXT)
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    text = models.TextField(_("text"))
    active = models.BooleanField(_("active"), default=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("reply script")
        verbose_name_plural = _("reply scripts")
        ordering = ["stage", "step", "code"]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        if self.name_en and (get_language() or "").startswith("en"):
            return self.name_en
        return self.name

    def clean(self) -> None:
        unknown = sorted(rendering.placeholders(self.text) - rendering.ALLOWED)
        if unknown:
            names = ", ".join(f"{{{name}}}" for name in unknown)
            raise ValidationError(
                {"text": _("Unknown placeholder: %(names)s. Use one from the list.") % {"names": names}}
            )
