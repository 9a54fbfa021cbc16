from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AlertPreference(models.Model):
    """How one person wants to be told; whoever has none is told by the defaults. The bell rings for everybody."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="alert_preference"
    )
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="zh-hans")
    email = models.BooleanField(_("alerts by e-mail"), default=True)
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    bundle_over = models.PositiveSmallIntegerField(
        _("bundle more than"), default=5, validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text=_("More alerts than that at once come as one message."),
    )  # fmt: skip
    morning_digest = models.BooleanField(_("morning digest"), default=True)
    weekly_digest = models.BooleanField(_("weekly digest"), default=True)

    class Meta:
        verbose_name = _("alert preference")
        verbose_name_plural = _("alert preferences")

    def __str__(self) -> str:
        return str(self.user)

    def clean(self) -> None:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValidationError({"quiet_until": _("Give both ends of the quiet hours, or neither.")})
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise ValidationError({"quiet_until": _("The quiet hours must not fill the whole day.")})

    def is_quiet(self, moment: datetime) -> bool:
        """Whether the quiet hours, in the desk's time zone, hold at that moment; they may go over midnight."""
        if self.quiet_from is None or self.quiet_until is None:
            return False
        at = timezone.localtime(moment).time()
        if self.quiet_from < self.quiet_until:
            return self.quiet_from <= at < self.quiet_until
        return at >= self.quiet_from or at < self.quiet_until
