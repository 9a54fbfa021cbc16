from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from .complaint import Complaint


class Department(models.Model):
    """Who is asked when the desk does not know: the warehouse, the couriers' contact, the buyers (R4.5)."""

    code = models.SlugField(_("code"), max_length=16, unique=True)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name=_("members"), blank=True, related_name="departments",
        help_text=_("Who reads and answers what the department is asked. Only staff with the role “Department” can."),
    )  # fmt: skip
    lead = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("head of department"), null=True, blank=True,
        on_delete=models.PROTECT, related_name="+",
        help_text=_("Hears of an inquiry that is late; without a head, a member does."),
    )  # fmt: skip
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        if self.name_en and (get_language() or "").startswith("en"):
            return self.name_en
        return self.name


class InquiryQuerySet(models.QuerySet["Inquiry"]):
    def visible_to(self, user) -> "InquiryQuerySet":
        """What was sent to the person's departments, and what is asked about cases that the person sees."""
        if not user.is_active or not user.is_staff or not user.has_perm("complaints.view_inquiry"):
            return self.none()
        if user.has_perms(("complaints.view_complaint", "complaints.view_all_shops")):
            return self.all()
        sent = Q(department__in=user.departments.values("pk"))
        if not user.has_perm("complaints.view_complaint"):
            return self.filter(sent)
        return self.filter(sent | Q(complaint__in=Complaint.objects.visible_to(user)))

    def open(self) -> "InquiryQuerySet":
        return self.filter(status=Inquiry.Status.OPEN)


class Inquiry(models.Model):
    """A question to a department about one complaint, with a due time of its own (R4.5); never shown to customers."""

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("inquiry", "open")
        ANSWERED = "answered", _("answered")
        WITHDRAWN = "withdrawn", _("withdrawn")

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="inquiries")
    origin = models.ForeignKey(
        Complaint, verbose_name=_("came with"), null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    department = models.ForeignKey(
        Department, verbose_name=_("department"), on_delete=models.PROTECT, related_name="inquiries"
    )
    question = models.TextField(_("question"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("asked by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(_("asked at"))
    due_at = models.DateTimeField(_("due"))
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.OPEN)
    expected_at = models.DateTimeField(_("answer expected"), null=True)
    """Until when the department wants time. The due time stays: what was asked for was asked for."""
    expected_reason = models.CharField(_("needs time because"), max_length=300, blank=True)
    answer = models.TextField(_("answer"), blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("answered by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    told_by = models.CharField(_("told by"), max_length=60, blank=True)
    """Who said it, where the answer came by phone and somebody on the case wrote it down."""
    answered_at = models.DateTimeField(_("answered at"), null=True)
    reason = models.CharField(_("withdrawn because"), max_length=300, blank=True)

    objects = InquiryQuerySet.as_manager()

    class Meta:
        verbose_name = _("inquiry")
        verbose_name_plural = _("inquiries")
        ordering = ["asked_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(due_at__gte=F("asked_at")), name="inquiry_due_after_asked"),
            models.CheckConstraint(
                condition=(Q(status="answered", answered_at__isnull=False) & ~Q(answer=""))
                | (~Q(status="answered") & Q(answered_at__isnull=True, answer="")),
                name="inquiry_answered_has_answer",
            ),
        ]
        indexes = [
            models.Index(fields=["department", "due_at", "id"], condition=Q(status="open"), name="inquiry_open_due"),
            models.Index(
                fields=["department", "-asked_at", "-id"],
                condition=Q(status__in=["answered", "withdrawn"]),
                name="inquiry_over",
            ),
        ]
        permissions = [("answer_inquiry", "Can answer what the own department is asked")]

    def __str__(self) -> str:
        return self.question

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN
