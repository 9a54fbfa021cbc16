import uuid
from pathlib import PurePosixPath

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .complaint import Complaint
from .contact import Contact


def stored_name(evidence: "Evidence", original: str) -> str:
    """A generated name: nothing of what the uploader called the file reaches the disk."""
    suffix = PurePosixPath(original).suffix
    return f"evidence/{evidence.complaint_id}/{uuid.uuid4().hex}{suffix}"


class Evidence(models.Model):
    """A file or a reference that shows a fact of the case (R1.2)."""

    class Kind(models.TextChoices):
        PHOTO = "photo", _("photo")
        DOCUMENT = "document", _("document")
        SIGN_OFF = "sign_off", _("courier sign-off")
        TRACKING = "tracking", _("tracking record")
        QC_RECORD = "qc_record", _("QC record")
        CHAT_LOG = "chat_log", _("chat log")
        CALL_RECORDING = "call_recording", _("call recording")
        OTHER = "other", _("other")

    class Status(models.TextChoices):
        SUPPLIED = "supplied", _("supplied")
        CONTRADICTED = "contradicted", _("contradicted")

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="evidence")
    origin = models.ForeignKey(
        Complaint, verbose_name=_("came with"), null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    contact = models.ForeignKey(
        Contact, verbose_name=_("came with the message"), null=True, on_delete=models.PROTECT, related_name="files",
        editable=False,
    )  # fmt: skip
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.PHOTO)
    note = models.CharField(_("what it shows"), max_length=300, blank=True)
    reference = models.CharField(_("reference"), max_length=300, blank=True)
    file = models.FileField(_("file"), upload_to=stored_name, blank=True, max_length=200)
    original_name = models.CharField(_("file name"), max_length=200, blank=True)
    content_type = models.CharField(_("type"), max_length=60, blank=True)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.SUPPLIED)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("added"))

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(file="") | ~Q(reference=""), name="evidence_file_or_reference"),
        ]

    def __str__(self) -> str:
        return self.note or self.reference or self.original_name

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")
