"""What every document in versions has: of each version its number, author and status, and a history."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from knowledge.versioning import OPEN, Versioned


class Version(Versioned):
    """One version of a document; its words, and whose they are, are the heir's."""

    number = models.PositiveSmallIntegerField(_("number"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("author"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    """Who changed the text last; nobody for what came with the product."""
    edition = models.PositiveIntegerField(default=1, editable=False)
    """Counts the changes of a draft, so that two people do not overwrite each other."""
    created_at = models.DateTimeField(_("created"), null=True)
    published_at = models.DateTimeField(_("published on"), null=True)

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def mark(self) -> str:
        """Which draft in which edition a form was shown."""
        return f"{self.pk}.{self.edition}"


class Event(models.Model):
    """Who did what to a document, when and why; append-only."""

    kind = models.CharField(max_length=16)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))
    comment = models.CharField(_("comment"), max_length=500, blank=True)
    changes = models.JSONField(default=dict)
    """Name of what changed -> plain values, such as [old, new]."""

    class Meta:
        abstract = True
