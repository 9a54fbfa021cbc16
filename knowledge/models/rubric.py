"""By what replies are scored: criteria, each with its points and what each point means."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

MOST_POINTS = 4
MOST_WEIGHT = 10


class Criterion(models.Model):
    """What an inspector looks at in a reply; how it reads and counts is in its versions."""

    code = models.SlugField(_("code"), max_length=24, unique=True)

    class Meta:
        verbose_name = _("scoring criterion")
        verbose_name_plural = _("scoring rubric")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class CriterionVersionQuerySet(models.QuerySet["CriterionVersion"]):
    def as_now(self) -> "CriterionVersionQuerySet":
        """Each criterion as it is now, switched off or not, in the order of the rubric."""
        return self.filter(replaced_at=None).select_related("criterion").order_by("position", "criterion__code")

    def in_force(self) -> "CriterionVersionQuerySet":
        """What a reply is scored by now."""
        return self.as_now().filter(active=True)


class CriterionVersion(models.Model):
    """A criterion as it was from one change to the next. It never changes, so that an old score keeps its meaning."""

    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=40)
    name_en = models.CharField(_("English name"), max_length=60)
    description = models.CharField(_("what to look at"), max_length=300)
    description_en = models.CharField(_("what to look at, in English"), max_length=300)
    anchors = models.JSONField(_("what each point means"))
    """One [Chinese, English] for each number of points, from none to the most."""
    most = models.PositiveSmallIntegerField(_("most points"))
    """As many as the anchors say; a column of its own, for averages."""
    weight = models.PositiveSmallIntegerField(
        _("weight"), default=1, validators=[MinValueValidator(1), MaxValueValidator(MOST_WEIGHT)]
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    active = models.BooleanField(_("active"), default=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("author"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    """Nobody for what came with the product."""
    created_at = models.DateTimeField(_("created"), null=True)
    replaced_at = models.DateTimeField(_("replaced"), null=True)

    objects = CriterionVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a criterion")
        verbose_name_plural = _("versions of criteria")
        ordering = ["criterion", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["criterion", "number"], name="criterionversion_number"),
            models.UniqueConstraint(
                fields=["criterion"], condition=Q(replaced_at=None), name="criterionversion_one_latest"
            ),
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=MOST_WEIGHT), name="criterionversion_weight"),
            models.CheckConstraint(condition=Q(most__gte=1, most__lte=MOST_POINTS), name="criterionversion_most"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return self.name_en if _in_english() else self.name

    @property
    def meaning(self) -> str:
        """What to look at, in the reader's language."""
        return self.description_en if _in_english() else self.description

    @property
    def choices(self) -> list[tuple[int, str]]:
        """Points with what they mean, in the reader's language."""
        return [(points, both[_in_english()]) for points, both in enumerate(self.anchors)]

    def anchor(self, points: int) -> str:
        return str(self.anchors[points][_in_english()]) if 0 <= points <= self.most else ""


def _in_english() -> bool:
    return (get_language() or "").startswith("en")
