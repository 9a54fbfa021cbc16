from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from knowledge import rendering
from knowledge.versioning import WAS_IN_FORCE, Status

from .versioned import Event, Version


def check_placeholders(text: str) -> None:
    """Raise ValidationError when the text names a placeholder that is not in the catalogue."""
    if unknown := rendering.unknown(text):
        names = ", ".join(f"{{{name}}}" for name in unknown)
        raise ValidationError(
            _("Unknown placeholder: %(names)s. Use one from the list."), "unknown", params={"names": names}
        )


class ReplyScript(models.Model):
    """What an agent sends after filling it with the facts of one complaint (R3.3); its words are in its versions."""

    class Stage(models.TextChoices):
        ACCEPT = "accept", _("acceptance")
        VERIFY = "verify", _("verification")
        PROPOSE = "propose", _("proposal")
        EXECUTE = "execute", _("execution")
        FOLLOWUP = "followup", _("call-back")
        CLOSE = "close", _("closing")

    class Step(models.TextChoices):
        LISTEN = "listen", _("listen")
        SOOTHE = "soothe", _("soothe")
        NEXT = "next", _("next step")

    class Tone(models.TextChoices):
        WARM = "warm", _("warm")
        PLAIN = "plain", _("matter-of-fact")
        FORMAL = "formal", _("formal")

    code = models.CharField(_("code"), max_length=24, unique=True)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    stage = models.CharField(_("stage"), max_length=12, choices=Stage)
    step = models.CharField(_("order in the conversation"), max_length=8, choices=Step, default=Step.NEXT)
    issue_types = models.ManyToManyField(
        "knowledge.IssueType", verbose_name=_("issue types"), blank=True, related_name="scripts"
    )
    """Which complaints it is meant for, a first-level type with all below it; none means all."""
    channels = models.JSONField(_("channels"), default=list, blank=True)
    """Codes of the channels it is meant for; none means all."""
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    tone = models.CharField(_("tone"), max_length=8, choices=Tone, default=Tone.WARM)
    active = models.BooleanField(_("active"), default=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("reply script")
        verbose_name_plural = _("reply scripts")
        ordering = ["stage", "step", "code"]
        permissions = [("publish_replyscript", "Can publish reply scripts")]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        if self.name_en and (get_language() or "").startswith("en"):
            return self.name_en
        return self.name


class ScriptVersionQuerySet(models.QuerySet["ScriptVersion"]):
    def in_force(self) -> "ScriptVersionQuerySet":
        """The published texts of scripts that are switched on, with their script."""
        return self.filter(status=Status.PUBLISHED, script__active=True).select_related("script")

    def once_in_force(self) -> "ScriptVersionQuerySet":
        """What a reply may have been made of."""
        return self.filter(status__in=WAS_IN_FORCE)


class ScriptVersion(Version):
    """One text of a script. Once it leaves its draft it never changes (knowledge/triggers.py)."""

    script = models.ForeignKey(ReplyScript, on_delete=models.PROTECT, related_name="versions")
    text = models.TextField(_("text"), validators=[check_placeholders])

    objects = ScriptVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a script")
        verbose_name_plural = _("versions of scripts")
        ordering = ["script", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["script", "number"], name="scriptversion_number"),
            models.UniqueConstraint(
                fields=["script"], condition=Q(status=Status.PUBLISHED), name="scriptversion_one_published"
            ),
            models.UniqueConstraint(
                fields=["script"],
                condition=Q(status__in=[Status.DRAFT, Status.IN_REVIEW]),
                name="scriptversion_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.script_id} / {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """No new text with an unknown placeholder is stored, whatever wrote it; older ones may still be retired."""
        if self._state.adding or self.status == Status.DRAFT:
            check_placeholders(self.text)
        super().save(*args, **kwargs)


class ScriptEvent(Event):
    """Who did what to a script, when and why; append-only (knowledge/triggers.py)."""

    script = models.ForeignKey(ReplyScript, on_delete=models.PROTECT, related_name="events")
    version = models.ForeignKey(ScriptVersion, null=True, on_delete=models.PROTECT, related_name="events")

    class Meta:
        verbose_name = _("change of a script")
        verbose_name_plural = _("changes of scripts")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["script", "-at", "-id"], name="scriptevent_of")]

    def __str__(self) -> str:
        return f"{self.script_id} {self.kind}"
