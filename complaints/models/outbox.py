from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from encrypted_fields.fields import EncryptedCharField, EncryptedTextField

from .complaint import Complaint
from .hook import Subscription
from .robot import Robot

REPLY_KEY = "reply:"
RECEIPT_KEY = "receipt:"


class OutboxQuerySet(models.QuerySet["OutboxMessage"]):
    def visible_to(self, user) -> "OutboxQuerySet":
        """Messages about complaints that the person may see, to the person, and by ways that the person sees."""
        if not user.is_active or not user.is_staff:
            return self.none()
        if user.has_perms(("complaints.view_complaint", "complaints.view_all_shops")):
            return self.all()
        own = Q(complaint=None, recipient=user) | Q(robot__in=Robot.objects.visible_to(user))
        own |= Q(complaint=None, subscription__in=Subscription.objects.visible_to(user))
        return self.filter(own | Q(complaint__in=Complaint.objects.visible_to(user)))

    def due(self, now) -> "OutboxQuerySet":
        return self.filter(status=OutboxMessage.Status.PENDING, next_attempt_at__lte=now).order_by(
            "next_attempt_at", "pk"
        )

    def abandoned(self, now) -> "OutboxQuerySet":
        """Claimed by a worker that did not come back before its lease ran out."""
        return self.filter(status=OutboxMessage.Status.SENDING, lease_until__lte=now)


class OutboxMessage(models.Model):
    """A message to be delivered, written in the transaction that caused it and sent afterwards."""

    class Status(models.TextChoices):
        PENDING = "pending", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        UNCERTAIN = "uncertain", _("maybe sent")
        DEAD = "dead", _("failed")
        HELD = "held", _("held back")
        CANCELLED = "cancelled", _("cancelled")

    class Audience(models.TextChoices):
        STAFF = "staff", _("staff")
        CUSTOMER = "customer", _("customer")

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        ROBOT = "robot", _("chat robot")
        WEBHOOK = "webhook", _("Webhook")

    complaint = models.ForeignKey(
        Complaint, verbose_name=_("complaint"), null=True, on_delete=models.PROTECT, related_name="outbox"
    )
    """None: the message is about several, as a digest is."""
    audience = models.CharField(_("audience"), max_length=8, choices=Audience)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel, default=Channel.EMAIL)
    robot = models.ForeignKey(
        Robot, verbose_name=_("chat robot"), null=True, on_delete=models.PROTECT, related_name="messages"
    )
    subscription = models.ForeignKey(
        Subscription, verbose_name=_("outgoing webhook"), null=True, on_delete=models.PROTECT, related_name="messages"
    )
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    address = EncryptedCharField(_("address"), max_length=254)
    reply_to = models.CharField(_("replies to"), max_length=400, blank=True)
    subject = models.CharField(_("subject"), max_length=200)
    body = EncryptedTextField(_("text"))
    html = EncryptedTextField(_("text with layout"), blank=True, null=True)
    dedup_key = models.CharField(max_length=200, unique=True, editable=False)
    message_id = models.CharField(_("Message-ID"), max_length=120, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    attempt = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    owner = models.CharField(max_length=40, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    data_started_at = models.DateTimeField(_("transmission started"), null=True, editable=False)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    answer = models.CharField(_("answer"), max_length=80, blank=True)
    """What the other side of a webhook answered last."""
    created_at = models.DateTimeField(_("created"))

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("outbox")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], condition=Q(status="pending"), name="outbox_due"),
            models.Index(fields=["lease_until"], condition=Q(status="sending"), name="outbox_leased"),
            models.Index(fields=["-created_at", "-id"], name="outbox_recent"),
            models.Index(fields=["message_id"], condition=Q(audience="customer"), name="outbox_answered"),
            models.Index(
                fields=["robot", "data_started_at"], condition=Q(robot__isnull=False), name="outbox_robot_pace"
            ),
            models.Index(
                fields=["subscription", "-id"], condition=Q(subscription__isnull=False), name="outbox_of_subscription"
            ),
            models.Index(
                fields=["robot", "subscription"], condition=Q(status__in=["pending", "held"]), name="outbox_unsent"
            ),
            models.Index(
                fields=["-created_at", "-id"], condition=Q(status__in=["dead", "uncertain"]), name="outbox_troubled"
            ),
        ]
        permissions = [("resend_message", "Can send a failed or uncertain message again")]

    def __str__(self) -> str:
        return self.subject

    @property
    def by_hand(self) -> bool:
        """Whether a person wrote the text; the identity of a message says what it is."""
        return self.dedup_key.startswith(REPLY_KEY)

    @property
    def answers(self) -> bool:
        """Whether it goes out because a mail came in, without a person."""
        return self.dedup_key.startswith(RECEIPT_KEY)
