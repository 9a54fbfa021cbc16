from django.conf import settings
from django.db import models
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from knowledge.linting import RuleSpec


class PhraseRuleQuerySet(models.QuerySet["PhraseRule"]):
    def active(self) -> "PhraseRuleQuerySet":
        return self.filter(active=True)


class PhraseRule(models.Model):
    """Words that a reply or a listing must not have, or should not, and what to write instead (R1.3, R2.1)."""

    class Category(models.TextChoices):
        MECHANICAL = "mechanical", pgettext_lazy("wording", "mechanical")
        VAGUE_TIME = "vague_time", pgettext_lazy("wording", "vague time")
        VAGUE = "vague", pgettext_lazy("wording", "vague")
        OVER_PROMISE = "over_promise", pgettext_lazy("wording", "over-promising")
        ABSOLUTE = "absolute", pgettext_lazy("wording", "absolute")
        BLAME_SHIFT = "blame_shift", pgettext_lazy("wording", "shifting blame")
        NAMES_PARTY = "names_party", pgettext_lazy("wording", "naming who is at fault")
        BLAME_CUSTOMER = "blame_customer", pgettext_lazy("wording", "blaming the customer")
        OFFENSIVE = "offensive", pgettext_lazy("wording", "offensive")
        CONDESCENDING = "condescending", pgettext_lazy("wording", "condescending")
        REVIEW = "review", pgettext_lazy("wording", "asking for a review")
        WITHDRAWAL = "withdrawal", pgettext_lazy("wording", "withdrawal as a condition")
        OFF_PLATFORM = "off_platform", pgettext_lazy("wording", "leading off the platform")
        PITY = "pity", pgettext_lazy("wording", "asking for pity")
        UNFAIR = "unfair", pgettext_lazy("wording", "unfair term")
        THREAT = "threat", pgettext_lazy("wording", "threatening")
        LABEL = "label", pgettext_lazy("wording", "labelling the customer")

    class Level(models.TextChoices):
        BLOCK = "block", pgettext_lazy("level of a rule", "blocks")
        WARN = "warn", pgettext_lazy("level of a rule", "warns")
        HINT = "hint", pgettext_lazy("level of a rule", "hints")

    class Scope(models.TextChoices):
        REPLY = "reply", _("replies")
        LISTING = "listing", _("listings")
        BOTH = "both", _("replies and listings")

    class Kind(models.TextChoices):
        LITERAL = "literal", _("phrases, word for word")
        PATTERN = "pattern", _("patterns (RE2)")

    code = models.CharField(_("code"), max_length=24, unique=True)
    category = models.CharField(_("category"), max_length=16, choices=Category)
    level = models.CharField(_("level"), max_length=8, choices=Level, default=Level.WARN)
    scope = models.CharField(_("holds for"), max_length=8, choices=Scope, default=Scope.REPLY)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.LITERAL)
    patterns = models.TextField(_("looks for"))
    """One a line."""
    exceptions = models.TextField(_("but not in"), blank=True)
    """Of the same kind, one a line: what lies in such a place is left alone."""
    reason = models.CharField(_("reason"), max_length=200)
    reason_en = models.CharField(_("reason in English"), max_length=300, blank=True)
    suggestion = models.CharField(_("advice"), max_length=200, blank=True)
    suggestion_en = models.CharField(_("advice in English"), max_length=300, blank=True)
    replacement = models.CharField(_("replacement"), max_length=200, blank=True)
    """What one click puts in place of the marked words; may hold placeholders."""
    replacement_en = models.CharField(_("replacement in English"), max_length=300, blank=True)
    script = models.ForeignKey(
        "knowledge.ReplyScript", verbose_name=_("script instead"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    effective_from = models.DateField(_("from"), null=True, blank=True)
    effective_until = models.DateField(_("until"), null=True, blank=True)
    active = models.BooleanField(_("active"), default=True)
    examples_found = models.TextField(_("sentences that it must find"), blank=True)
    examples_innocent = models.TextField(_("sentences that it must leave alone"), blank=True)
    edition = models.PositiveIntegerField(default=1, editable=False)
    """Counts the changes: two people do not overwrite each other, and every process notices a new rule."""
    updated_at = models.DateTimeField(_("updated"))

    objects = PhraseRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("phrase rule")
        verbose_name_plural = _("phrase rules")
        ordering = ["category", "code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(effective_from=None)
                | models.Q(effective_until=None)
                | models.Q(effective_from__lte=models.F("effective_until")),
                name="phraserule_dates_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def sample(self) -> str:
        """A sentence that it finds, or else the first thing that it looks for."""
        return next(iter(lines_of(self.examples_found) or lines_of(self.patterns)), "")

    @property
    def spec(self) -> RuleSpec:
        """As the check takes it, with its texts in the reader's language; `script` should be selected along."""
        english = (get_language() or "").startswith("en")
        return RuleSpec(
            code=self.code,
            category=self.category,
            level=self.level,
            scope=self.scope,
            expressions=self.kind == self.Kind.PATTERN,
            patterns=lines_of(self.patterns),
            exceptions=lines_of(self.exceptions),
            reason=(english and self.reason_en) or self.reason,
            suggestion=(english and self.suggestion_en) or self.suggestion,
            replacement=self.replacement,
            replacement_en=self.replacement_en,
            script=self.script.code if self.script else "",
            since=self.effective_from,
            until=self.effective_until,
        )


class PhraseRuleEvent(models.Model):
    """Who did what to a rule, when; append-only (knowledge/triggers.py)."""

    rule = models.ForeignKey(PhraseRule, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=16)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))
    changes = models.JSONField(default=dict)
    """Name of a field -> [old, new], plain values."""

    class Meta:
        verbose_name = _("change of a phrase rule")
        verbose_name_plural = _("changes of phrase rules")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["rule", "-at", "-id"], name="phraseruleevent_of")]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.kind}"


def lines_of(text: str) -> tuple[str, ...]:
    """The lines that say something, each once."""
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
