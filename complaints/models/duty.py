from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .shop import Shop


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def at(self, moment) -> "AbsenceQuerySet":
        return self.filter(starts_at__lte=moment, ends_at__gt=moment)

    def visible_to(self, user) -> "AbsenceQuerySet":
        """The own ones, and those of the people of one's shops."""
        if not user.is_active or not user.is_staff:
            return self.none()
        if user.has_perm("complaints.view_all_shops"):
            return self.all()
        return self.filter(Q(user=user) | Q(user__in=colleagues_of(user)))


def colleagues_of(user) -> models.QuerySet:
    """The person, and those who work for a shop for which this person works; who serves all shops knows everybody."""
    people: models.QuerySet = get_user_model().objects.filter(is_active=True, is_staff=True)
    if user.has_perm("complaints.view_all_shops"):
        return people
    members = Shop.members.through.objects.filter(shop__in=Shop.objects.visible_to(user))
    return people.filter(Q(pk=user.pk) | Q(pk__in=members.values("user")))


class Absence(models.Model):
    """Somebody is not there: alerts pass them by, up the chain (R7.3)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="absences"
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    note = models.CharField(_("note"), max_length=120, blank=True)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering = ["-starts_at"]
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="absence_ends_after_start")]
        indexes = [models.Index(fields=["ends_at", "starts_at"], name="absence_by_end")]

    def __str__(self) -> str:
        return f"{self.user} {self.starts_at:%Y-%m-%d} - {self.ends_at:%Y-%m-%d}"

    def clean(self) -> None:
        if None in (self.starts_at, self.ends_at):
            return
        if self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": _("The absence must end after it begins.")})
        others = Absence.objects.filter(user=self.user_id, starts_at__lt=self.ends_at, ends_at__gt=self.starts_at)
        if self.user_id and others.exclude(pk=self.pk).exists():
            raise ValidationError({"starts_at": _("There is an absence in this time already.")})
