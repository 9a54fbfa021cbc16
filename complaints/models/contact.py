from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .complaint import Channel, Complaint


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
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("author"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    automatic = models.BooleanField(_("automatic"), default=False)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["complaint", "at", "id"], name="contact_of_complaint")]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.body[:40]}"


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
