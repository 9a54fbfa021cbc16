from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints import sla
from complaints.sla import Kind, Target
from knowledge.models import IssueType

from .complaint import Channel, Priority, Severity
from .deadline import Deadline
from .shop import Platform, Shop

YEAR_OF_MINUTES = 366 * 24 * 60


def valid_levels(levels) -> None:
    try:
        known = sla.checked_levels([(int(level), list(audience)) for level, audience in levels])
    except (TypeError, ValueError) as bad:
        raise ValidationError(
            _("Each warn level is a percentage from 1 to 1000, once, with at least one audience.")
        ) from bad
    if sla.BREACH not in dict(known):
        raise ValidationError(_("Somebody has to hear of it when the time is up: name an audience for 100 %."))


def default_levels() -> list[list]:
    return [[level, list(audience)] for level, audience in sla.LEVELS]


class SlaPolicy(models.Model):
    """One line of the ordered list of policies: the first whose conditions fit gives priority and clocks.

    A condition that is empty fits everything. An issue type stands for those below it too.
    """

    name = models.CharField(_("name"), max_length=60, unique=True)
    position = models.PositiveIntegerField(_("position"), default=0, db_index=True)
    active = models.BooleanField(_("active"), default=True)
    shops = models.ManyToManyField(Shop, verbose_name=_("shops"), blank=True, related_name="policies")
    platforms = models.JSONField(_("platforms"), default=list, blank=True)
    channels = models.JSONField(_("channels"), default=list, blank=True)
    issue_types = models.ManyToManyField(IssueType, verbose_name=_("issue types"), blank=True, related_name="+")
    severities = models.JSONField(_("severities"), default=list, blank=True)
    amount_from = models.DecimalField(_("paid amount from"), max_digits=12, decimal_places=2, null=True, blank=True)
    amount_below = models.DecimalField(_("paid amount below"), max_digits=12, decimal_places=2, null=True, blank=True)
    platform_case = models.BooleanField(
        _("platform case"), null=True, blank=True, help_text=_("Whether the platform has intervened; empty: either.")
    )
    priority = models.CharField(_("gives priority"), max_length=2, choices=Priority, default=Priority.P3)

    recompute_requested_at = models.DateTimeField(null=True, editable=False)
    """Since when open complaints have to be put under the policies anew; none: they have been."""
    recomputed_up_to = models.PositiveBigIntegerField(default=0, editable=False)
    """Id of the last complaint that has been put under them since then."""

    CONDITION_CHOICES = {"platforms": Platform, "channels": Channel, "severities": Severity}

    class Meta:
        verbose_name = _("time policy")
        verbose_name_plural = _("time policies")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        for name, choices in self.CONDITION_CHOICES.items():
            if unknown := set(getattr(self, name) or []) - set(choices.values):
                raise ValidationError({name: _("Unknown: %(values)s.") % {"values": ", ".join(sorted(unknown))}})
        if self.amount_from is not None and self.amount_below is not None and self.amount_from >= self.amount_below:
            raise ValidationError({"amount_below": _("The upper amount must be above the lower one.")})


class SlaTarget(models.Model):
    """What a policy says of one kind of clock; promise and platform clocks have levels only, their time is named."""

    policy = models.ForeignKey(SlaPolicy, on_delete=models.CASCADE, related_name="targets")
    kind = models.CharField(_("clock"), max_length=16, choices=Deadline.Kind)
    budget_minutes = models.PositiveIntegerField(
        _("budget"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(YEAR_OF_MINUTES)]
    )
    working = models.BooleanField(_("working time"), default=False)
    pausable = models.BooleanField(_("paused by a hold"), default=True)
    levels = models.JSONField(_("warn levels"), default=default_levels, validators=[valid_levels])

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        ordering = ["policy", "pk"]
        constraints = [models.UniqueConstraint(fields=["policy", "kind"], name="target_once_per_kind")]

    def __str__(self) -> str:
        return str(self.get_kind_display())

    def clean(self) -> None:
        if self.kind in sla.BUDGETED and not self.budget_minutes:
            raise ValidationError({"budget_minutes": _("Give a budget.")})

    def as_target(self) -> Target:
        """The line as the arithmetic takes it."""
        unset = sla.PLATFORM_MARGIN if self.kind == Kind.PLATFORM else timedelta(0)
        budget = timedelta(minutes=self.budget_minutes) if self.budget_minutes else unset
        pausable = self.pausable and self.kind != Kind.PLATFORM
        levels = sla.checked_levels([(level, audience) for level, audience in self.levels])
        return Target(budget=budget, working=self.working, pausable=pausable, levels=levels)
