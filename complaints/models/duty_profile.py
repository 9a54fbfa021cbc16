from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints import duty_roster
from complaints.duty_roster import LARGEST_LIMIT, USUAL_LIMIT
from complaints.working_time import BadHours, EmptyInterval, OutsideDay
from knowledge.models import IssueType

from .calendar import hours_text
from .duty import colleagues_of
from .staff import staff_name


def valid_shifts(week) -> None:
    """Seven days of shifts that one person can work."""
    try:
        duty_roster.checked_week(week)
    except EmptyInterval as bad:
        raise ValidationError(_("%(interval)s has no length.") % _named(bad)) from bad
    except OutsideDay as bad:
        raise ValidationError(_("%(interval)s is not within one day.") % _named(bad)) from bad
    except BadHours as bad:
        raise ValidationError(_("%(interval)s begins before the shift before it has ended.") % _named(bad)) from bad
    except (TypeError, ValueError) as bad:
        raise ValidationError(_("A week has seven days.")) from bad


def _named(bad: BadHours) -> dict[str, str]:
    return {"interval": hours_text([bad.interval])}


def no_shifts() -> list[list[list[int]]]:
    return [[] for _day in range(7)]


class DutyProfileQuerySet(models.QuerySet["DutyProfile"]):
    def visible_to(self, user) -> "DutyProfileQuerySet":
        """Those of the people with whom one shares a shop."""
        if not user.is_active or not user.is_staff or not user.has_perm("complaints.view_dutyprofile"):
            return self.none()
        return self if user.has_perm("complaints.view_all_shops") else self.filter(user__in=colleagues_of(user))


class DutyProfile(models.Model):
    """What the rule that gives out new cases knows of a person (R7.3).

    The shifts stand in the row itself, as the week of a work calendar does: a registration reads all candidates of its
    shop in one query.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="duty"
    )
    takes_new_cases = models.BooleanField(_("is given new cases"), default=True)
    limit = models.PositiveSmallIntegerField(
        _("most open cases"), default=USUAL_LIMIT,
        validators=[MinValueValidator(1), MaxValueValidator(LARGEST_LIMIT)],
    )  # fmt: skip
    skills = models.ManyToManyField(
        IssueType, verbose_name=_("handles"), blank=True, related_name="+", limit_choices_to={"parent": None}
    )
    """First-level types; none: all."""
    week = models.JSONField(_("weekly shifts"), default=no_shifts, validators=[valid_shifts])
    last_given_at = models.DateTimeField(_("was last given a case"), null=True, editable=False)
    given = models.PositiveBigIntegerField(default=0, editable=False)
    """How many cases the rule has given to this person. Who gives one compares it: of two at once one looks again."""

    objects = DutyProfileQuerySet.as_manager()

    class Meta:
        verbose_name = _("duty of a person")
        verbose_name_plural = _("duty and assignment")
        constraints = [
            models.CheckConstraint(condition=Q(limit__gte=1, limit__lte=LARGEST_LIMIT), name="duty_limit_is_countable")
        ]

    def __str__(self) -> str:
        return staff_name(self.user)
