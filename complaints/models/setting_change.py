from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SettingChange(models.Model):
    """Who changed a setting that decides about clocks and alerts, when, from what to what; never changed itself."""

    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("who"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    subject = models.CharField(_("setting"), max_length=40)
    subject_id = models.BigIntegerField()
    name = models.CharField(_("name"), max_length=120)
    changes = models.JSONField(_("changes"), default=dict)
    """Name of the value -> [old, new], plain values; a secret by name only."""

    class Meta:
        verbose_name = _("change of a setting")
        verbose_name_plural = _("changes of settings")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["subject", "subject_id", "-id"], name="settingchange_of"),
            models.Index(fields=["-at", "-id"], name="settingchange_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.name}"
