from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SearchDocument(models.Model):
    """What search finds of a script, a case, ...: made of its source, never edited; its words are in the index
    (knowledge/fulltext.py)."""

    kind = models.CharField(max_length=12)
    object_id = models.BigIntegerField()
    shop_id = models.BigIntegerField(null=True)
    """Plain, for shops belong to the storey above; empty for what is for all shops."""
    language = models.CharField(max_length=10, blank=True)
    title = models.CharField(max_length=200)
    body = models.TextField()
    at = models.DateTimeField()
    """Of equals, the newer one comes first."""
    stamp = models.CharField(max_length=80)
    """The state of the source that was read; another one there means that this is out of date."""
    edition = models.PositiveSmallIntegerField()
    """The way in which it was made; see `operations.indexing.EDITION`."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="searchdocument_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.title}"


class SearchProgress(models.Model):
    """How far the walk over all sources of a kind has come; a worker that was killed goes on from here."""

    kind = models.CharField(max_length=12, unique=True)
    after = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.kind} > {self.after}"


class SynonymGroup(models.Model):
    """Words that mean the same to whoever searches: who types one finds all."""

    words = models.JSONField(_("words"), default=list)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("group of synonyms")
        verbose_name_plural = _("synonyms")
        ordering = ["id"]

    def __str__(self) -> str:
        return " = ".join(self.words)


class SynonymChange(models.Model):
    """Who changed a group of synonyms, when, from what to what; the latest id says whether words are up to date."""

    group = models.ForeignKey(SynonymGroup, on_delete=models.PROTECT, related_name="changes")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"), null=True)
    """Unknown of what came with the product."""
    before = models.JSONField(default=list)
    after = models.JSONField(default=list)
    active = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("change of synonyms")
        verbose_name_plural = _("changes of synonyms")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.group_id} {self.at}"
