from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from encrypted_fields.fields import EncryptedCharField

from complaints import identity

from .complaint import Channel, Complaint

HUMAN_REPLY = Q(direction="out", automatic=False, purpose__in=["message", "basis"], author__isnull=False)
"""What a person of ours wrote to a customer: no notice, no call, nothing that went out by itself."""


class Contact(models.Model):
    """Each message, call or note about a complaint, in or out, on a channel."""

    class Direction(models.TextChoices):
        IN = "in", _("from the customer")
        OUT = "out", _("to the customer")
        INTERNAL = "internal", _("internal note")

    class Purpose(models.TextChoices):
        MESSAGE = "message", _("message")
        APOLOGY_CALL = "apology_call", _("apology call")
        CHOICE = "choice", _("customer's choice")
        NOTICE = "notice", _("notice")
        BASIS = "basis", _("basis of a finding")
        CALLBACK = "callback", _("call-back")

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="contacts")
    origin = models.ForeignKey(
        Complaint, verbose_name=_("came with"), null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    direction = models.CharField(_("direction"), max_length=8, choices=Direction)
    channel = models.CharField(_("channel"), max_length=16, choices=Channel, blank=True)
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose, default=Purpose.MESSAGE)
    body = models.TextField(_("text"))
    quoted = models.TextField(_("quoted text"), blank=True, default="")
    """Of a mail: what it quotes of others; shown folded."""
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("author"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    automatic = models.BooleanField(_("automatic"), default=False)
    sender = EncryptedCharField(_("sent by"), max_length=254, null=True, blank=True, editable=False)
    """Who says to have sent it, where the channel proves nothing: the address of a mail, what a form was given."""
    source = models.CharField(max_length=160, null=True, unique=True, editable=False)
    """Which delivery it came by, as its channel names it: what is delivered again is not taken in twice."""
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["at", "id"]
        indexes = [
            models.Index(fields=["complaint", "at", "id"], name="contact_of_complaint"),
            models.Index(fields=["at", "author"], condition=HUMAN_REPLY, name="contact_human_reply"),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.body[:40]}"

    @property
    def masked_sender(self) -> str:
        sender = self.sender or ""
        if "@" in sender:
            return identity.mask_email(sender)
        return identity.mask_phone(sender) if sender.lstrip("+").isdigit() else identity.mask_name(sender)


class Promise(models.Model):
    """What we said we would do, and by when (R3.4)."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        KEPT = "kept", _("kept")
        BROKEN = "broken", _("broken")
        RENEWED = "renewed", _("renewed")

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="promises")
    contact = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT, related_name="promises")
    text = models.CharField(_("promise"), max_length=200)
    made_at = models.DateTimeField(_("made at"))
    due_at = models.DateTimeField(_("due at"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.OPEN)
    settled_at = models.DateTimeField(_("settled at"), null=True)
    """When the customer heard of it: kept, carried out late, renewed; a broken one without it is still owed."""
    renews = models.OneToOneField(
        "self", verbose_name=_("renews"), null=True, on_delete=models.PROTECT, related_name="renewal"
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("promise")
        verbose_name_plural = _("promises")
        ordering = ["due_at"]
        constraints = [
            models.CheckConstraint(condition=Q(due_at__gt=F("made_at")), name="promise_due_after_made"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="open"), name="promise_open_due"),
            # The work list asks of each open case whether it has a promise for today.
            models.Index(fields=["complaint", "due_at"], condition=Q(status="open"), name="promise_of_case"),
            models.Index(fields=["-made_at", "-id"], name="promise_recent"),
            models.Index(fields=["due_at"], condition=Q(status="broken"), name="promise_broken"),
        ]

    def __str__(self) -> str:
        return self.text


class ScriptUse(models.Model):
    """A reply was made of this version of a script, and how much of its words was changed."""

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="script_uses")
    version = models.ForeignKey("knowledge.ScriptVersion", on_delete=models.PROTECT, related_name="uses")
    percent_edited = models.PositiveSmallIntegerField(_("share edited"))

    class Meta:
        verbose_name = _("use of a script")
        verbose_name_plural = _("uses of scripts")
        constraints = [
            models.UniqueConstraint(fields=["contact", "version"], name="scriptuse_once"),
            models.CheckConstraint(condition=Q(percent_edited__lte=100), name="scriptuse_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} / {self.version_id}"
