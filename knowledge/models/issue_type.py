from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class IssueTypeQuerySet(models.QuerySet["IssueType"]):
    def selectable(self, *, besides: int | None = None) -> "IssueTypeQuerySet":
        """Active second-level types with their parent: what a clerk may choose, and what was chosen before."""
        active = Q(active=True, parent__isnull=False, parent__active=True)
        return self.filter(active | Q(pk=besides) if besides else active).select_related("parent")


class IssueType(models.Model):
    """What a complaint is about, on two levels (R3.2): the code of the first drives rules, names are for people."""

    code = models.CharField(_("code"), max_length=16, unique=True)
    parent = models.ForeignKey(
        "self", verbose_name=_("parent"), null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = IssueTypeQuerySet.as_manager()

    class Meta:
        verbose_name = _("issue type")
        verbose_name_plural = _("issue types")
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        if self.name_en and (get_language() or "").startswith("en"):
            return self.name_en
        return self.name

    @property
    def root_code(self) -> str:
        """Code of the first level; one extra query unless `parent` was selected along."""
        return self.parent.code if self.parent else self.code
