import re
import uuid
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from encrypted_fields.fields import EncryptedCharField

from complaints.identity import Fact, mask_email, mask_name, mask_phone

from .contact import Contact
from .customer import Customer, fingerprint
from .shop import Shop, shop_ids_of

_REFERENCE = re.compile(r"W\d{8}-(\d{4,18})", re.ASCII)


class WebSubmissionQuerySet(models.QuerySet["WebSubmission"]):
    def visible_to(self, user) -> "WebSubmissionQuerySet":
        """What was sent to the shops that this person works for."""
        if not user.is_active or not user.is_staff:
            return self.none()
        if user.has_perm("complaints.view_all_shops"):
            return self.all()
        return self.filter(shop_id__in=shop_ids_of(user))

    def held(self) -> "WebSubmissionQuerySet":
        return self.filter(status=WebSubmission.Status.HELD)

    def named(self, text: str) -> "WebSubmission | None":
        """The one with this reference, as its sender reads it out."""
        reference = text.strip().upper()
        match = _REFERENCE.fullmatch(reference)
        found = self.filter(pk=int(match[1])).select_related("contact").first() if match else None
        return found if found and found.reference == reference else None


class WebSubmission(models.Model):
    """What somebody sent by a shop's web form, as typed; nobody has shown that they are who they say."""

    class Status(models.TextChoices):
        RECEIVED = "received", _("received")
        TAKEN = "taken", _("taken in")
        HELD = "held", _("held back")
        DISCARDED = "discarded", _("discarded")

    shop = models.ForeignKey(Shop, verbose_name=_("shop"), on_delete=models.PROTECT, related_name="submissions")
    token = models.UUIDField(unique=True, editable=False)
    """Of the form that was sent: sent again, it is the same submission."""
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.RECEIVED)
    text = models.TextField(_("what happened"))
    demand = models.TextField(_("demand"), blank=True)
    order_number = models.CharField(_("order number"), max_length=60, blank=True)
    name = EncryptedCharField(_("name"), max_length=80, blank=True, null=True)
    phone = EncryptedCharField(_("phone"), max_length=40, blank=True, null=True)
    email = EncryptedCharField(_("e-mail"), max_length=254, blank=True, null=True)
    phone_hash = models.CharField(max_length=64, blank=True, editable=False)
    email_hash = models.CharField(max_length=64, blank=True, editable=False)
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    doubts = models.JSONField(_("held back because"), default=list)
    """Codes of what looked like spam."""
    contact = models.OneToOneField(
        Contact, verbose_name=_("contact"), null=True, on_delete=models.PROTECT, related_name="submission"
    )
    received_at = models.DateTimeField(_("received at"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("decided by"), null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = WebSubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("web form submission")
        verbose_name_plural = _("web form submissions")
        ordering = ["-received_at", "-id"]
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="submission_recent"),
            models.Index(fields=["shop", "-received_at"], condition=Q(status="held"), name="submission_held"),
            models.Index(fields=["received_at"], condition=Q(status="received"), name="submission_unfinished"),
        ]
        permissions = [("decide_websubmission", "Can take in or discard web form submissions that are held back")]

    def __str__(self) -> str:
        return self.reference

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.phone_hash = fingerprint(Fact.PHONE, self.phone or "")
        self.email_hash = fingerprint(Fact.EMAIL, self.email or "")
        super().save(*args, **kwargs)

    @property
    def reference(self) -> str:
        """By what sender and staff name it; it says nothing about any complaint."""
        return f"W{timezone.localdate(self.received_at):%Y%m%d}-{self.pk:04d}"

    @property
    def source(self) -> str:
        """Names the delivery for ever."""
        return f"form:{self.token.hex}"

    def is_from(self, customer: Customer | None) -> bool:
        """Whether the contact data given is what is on file of the customer."""
        if customer is None:
            return False
        pairs = ((self.phone_hash, customer.phone_hash), (self.email_hash, customer.email_hash))
        return any(given and given == known for given, known in pairs)

    @property
    def masked_name(self) -> str:
        return mask_name(self.name or "")

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone or "")

    @property
    def masked_email(self) -> str:
        return mask_email(self.email or "")


def staged_name(upload: "StagedUpload", original: str) -> str:
    return f"staged/{uuid.uuid4().hex}{PurePosixPath(original).suffix}"


class StagedUpload(models.Model):
    """A file that a customer chose, made harmless already, until what it belongs to is sent; a day at most."""

    key = models.CharField(max_length=32, unique=True)
    form = models.UUIDField(db_index=True)
    """The form that it was chosen in; nobody else's."""
    submission = models.ForeignKey(WebSubmission, null=True, on_delete=models.PROTECT, related_name="files")
    """Kept with a submission that is held back."""
    file = models.FileField(_("file"), upload_to=staged_name, max_length=200)
    original_name = models.CharField(_("file name"), max_length=200, blank=True)
    content_type = models.CharField(_("type"), max_length=60)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("staged file")
        verbose_name_plural = _("staged files")
        ordering = ["id"]
        indexes = [models.Index(fields=["created_at"], condition=Q(submission=None), name="staged_waiting")]

    def __str__(self) -> str:
        return self.original_name
