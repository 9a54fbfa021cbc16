from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from knowledge.linting import check_pattern
from knowledge.listing import Item, Kind
from knowledge.refusals import Refused

from .phrase import lines_of

CODE = RegexValidator(r"^[A-Z0-9][A-Z0-9-]*\Z", _("Use capital letters, digits and hyphens, such as OPEN-01."))


def check_expressions(text: str) -> None:
    """Raise ValidationError that names each line which is no pattern."""
    broken = []
    for line in lines_of(text):
        try:
            check_pattern(line)
        except Refused as refusal:
            broken.append(refusal.text)
    if broken:
        raise ValidationError(broken)


class ListingItem(models.Model):
    """Something that a listing must say (R2.1), and the words by which it is known to say it."""

    code = models.CharField(_("code"), max_length=24, unique=True, validators=[CODE])
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    kinds = models.JSONField(_("kinds of listing"), default=list, blank=True)
    """None means all."""
    phrases = models.TextField(
        _("phrases"), blank=True, help_text=_("One a line. The item is there when the listing has one of them.")
    )
    expressions = models.TextField(
        _("patterns"), blank=True, validators=[check_expressions],
        help_text=_("One a line, in RE2. For what no list of phrases holds, such as a date or a measure."),
    )  # fmt: skip
    reason = models.CharField(_("what its absence leads to"), max_length=200)
    reason_en = models.CharField(_("the same in English"), max_length=300, blank=True)
    mend = models.CharField(_("how to mend it"), max_length=300)
    mend_en = models.CharField(_("how to mend it, in English"), max_length=400, blank=True)
    active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("required item of a listing")
        verbose_name_plural = _("required items of listings")
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return in_language(self.name, self.name_en)

    @property
    def as_item(self) -> Item:
        """As the finder reads it."""
        return Item(
            code=self.code, phrases=lines_of(self.phrases), expressions=lines_of(self.expressions),
            kinds=frozenset(self.kinds),
        )  # fmt: skip

    def clean(self) -> None:
        if not lines_of(self.phrases) and not lines_of(self.expressions):
            raise ValidationError({"phrases": _("Name at least one phrase or pattern by which it is known.")})
        if unknown := set(self.kinds) - set(Kind.values):
            raise ValidationError({"kinds": _("Unknown kind: %(names)s.") % {"names": ", ".join(sorted(unknown))}})


class ConfirmationTextQuerySet(models.QuerySet["ConfirmationText"]):
    def in_force(self) -> "ConfirmationTextQuerySet":
        """Of each text the latest version."""
        later = ConfirmationText.objects.filter(code=models.OuterRef("code"), number__gt=models.OuterRef("number"))
        return self.filter(~models.Exists(later))


class ConfirmationText(models.Model):
    """What a buyer confirms before ordering (R2.2). Each change is another version; none ever changes or goes
    (knowledge/triggers.py).
    """

    code = models.CharField(_("code"), max_length=24, validators=[CODE])
    number = models.PositiveSmallIntegerField(_("version"), editable=False)
    name = models.CharField(_("name"), max_length=60)
    text = models.TextField(_("text"), max_length=2000)
    text_en = models.TextField(_("text in English"), max_length=3000, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("author"), null=True, editable=False, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    published_at = models.DateTimeField(_("published on"), null=True, editable=False)

    objects = ConfirmationTextQuerySet.as_manager()

    class Meta:
        verbose_name = _("confirmation text")
        verbose_name_plural = _("confirmation texts")
        ordering = ["code", "-number"]
        constraints = [models.UniqueConstraint(fields=["code", "number"], name="confirmationtext_number")]

    def __str__(self) -> str:
        return f"{self.name} ({self.code} / {self.number})"


def in_language(chinese: Any, english: Any) -> str:
    """The one that the reader reads, the Chinese one where there is no other."""
    return str(english if english and (get_language() or "").startswith("en") else chinese)
