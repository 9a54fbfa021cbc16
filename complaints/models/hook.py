from django.db import models
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from encrypted_fields.fields import EncryptedCharField, EncryptedTextField

from .complaint import Channel, Complaint
from .shop import Shop

KEEP_DAYS = 90


class HookChannelQuerySet(models.QuerySet["HookChannel"]):
    def visible_to(self, user) -> "HookChannelQuerySet":
        """Channels of the person's shops."""
        return self.filter(shop__in=Shop.objects.visible_to(user))


class HookChannel(models.Model):
    """An address at which another system tells us of complaints, and how what it says is read."""

    code = models.SlugField(
        _("code"), max_length=32, unique=True, help_text=_("Part of the address that the sender calls.")
    )
    name = models.CharField(_("name"), max_length=60)
    shop = models.ForeignKey(Shop, verbose_name=_("shop"), on_delete=models.PROTECT, related_name="hook_channels")
    kind = models.CharField(_("channel"), max_length=16, choices=Channel, default=Channel.API)
    secret = EncryptedCharField(_("signing secret"), max_length=200)
    previous_secret = EncryptedCharField(_("signing secret before"), max_length=200, blank=True, null=True)
    previous_until = models.DateTimeField(_("valid until"), null=True, editable=False)
    """Until when the secret before is taken as well; nothing is taken with it afterwards."""
    mapping = models.JSONField(_("field mapping"), default=dict)
    """As `intake.hooks.mapping` reads it."""
    keep_days = models.PositiveSmallIntegerField(
        _("days to keep payloads"), default=KEEP_DAYS,
        help_text=_("Then what was sent is deleted. What still waits for repair is kept until somebody decides."),
    )  # fmt: skip
    active = models.BooleanField(_("active"), default=True)

    objects = HookChannelQuerySet.as_manager()

    class Meta:
        verbose_name = _("incoming webhook")
        verbose_name_plural = _("incoming webhooks")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class HookDeliveryQuerySet(models.QuerySet["HookDelivery"]):
    def visible_to(self, user) -> "HookDeliveryQuerySet":
        """What came in by the channels of the person's shops."""
        return self.filter(channel__in=HookChannel.objects.visible_to(user))

    def abandoned(self, now) -> "HookDeliveryQuerySet":
        """Taken in and not worked off: whoever had it in hand did not come back, or nobody ever had."""
        waiting = self.filter(state=HookDelivery.State.WAITING)
        return waiting.filter(Q(lease_until=None) | Q(lease_until__lte=now))


class HookDelivery(models.Model):
    """What was sent to a channel, as it came: written before it is read, so that none is lost."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("delivery", "waiting")
        TAKEN = "taken", _("new complaint")
        JOINED = "joined", _("joined a complaint")
        FAILED = "failed", _("needs repair")
        IGNORED = "ignored", _("set aside")

    channel = models.ForeignKey(
        HookChannel, verbose_name=_("incoming webhook"), on_delete=models.PROTECT, related_name="deliveries"
    )
    delivery_id = models.CharField(_("delivery"), max_length=100)
    """As the sender names it, once for ever."""
    digest = models.CharField(max_length=64, editable=False)
    """Keyed hash of the body: another body under the same name is refused."""
    payload = EncryptedTextField(_("payload"), null=True)
    """None: its time is over."""
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    problems = models.JSONField(_("problems"), default=list)
    """Pairs of field and code, without any value; `intake.hooks.words` puts them into words."""
    complaint = models.ForeignKey(
        Complaint, verbose_name=_("complaint"), null=True, on_delete=models.PROTECT, related_name="hook_deliveries"
    )
    answer = models.JSONField(null=True, editable=False)
    """What the sender was told first, and is told whenever it sends the same again."""
    by_previous_secret = models.BooleanField(_("signed with the secret before"), default=False)
    attempt = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_until = models.DateTimeField(null=True, editable=False)
    received_at = models.DateTimeField(_("received at"))
    settled_at = models.DateTimeField(_("settled at"), null=True)

    objects = HookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("incoming webhook delivery")
        verbose_name_plural = _("incoming webhook deliveries")
        ordering = ["-received_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "delivery_id"], name="hook_delivered_once"),
        ]
        indexes = [
            models.Index(fields=["lease_until", "id"], condition=Q(state="waiting"), name="hook_waiting"),
            models.Index(fields=["channel", "id"], condition=Q(state="failed"), name="hook_failed"),
            models.Index(fields=["-received_at", "-id"], name="hook_recent"),
            models.Index(fields=["channel", "-received_at", "-id"], name="hook_of_channel"),
            models.Index(
                fields=["channel", "received_at"],
                condition=Q(payload__isnull=False) & ~Q(state__in=["waiting", "failed"]),
                name="hook_to_clean",
            ),
        ]

    def __str__(self) -> str:
        return self.delivery_id


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def visible_to(self, user) -> "SubscriptionQuerySet":
        """Those of the person's shops; one that names no shop hears of all, and is for whoever sees all."""
        if not user.is_active or not user.is_staff:
            return self.none()
        if user.has_perm("complaints.view_all_shops"):
            return self.all()
        return self.filter(shops__in=Shop.objects.visible_to(user)).distinct()

    def hearing(self, shop_id: int) -> "SubscriptionQuerySet":
        """All that are switched on; of each it is known whether it `hears` of the shop. Without what is secret."""
        chosen = Subscription.shops.through.objects.filter(subscription=OuterRef("pk"))
        hears = ~Exists(chosen) | Exists(chosen.filter(shop=shop_id))
        known = self.filter(active=True).annotate(hears=ExpressionWrapper(hears, models.BooleanField()))
        return known.defer("url", "secret", "previous_secret")


class Subscription(models.Model):
    """Another system that is told what happens to complaints."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    description = models.CharField(_("description"), max_length=200, blank=True)
    url = EncryptedCharField(_("address"), max_length=500)
    secret = EncryptedCharField(_("signing secret"), max_length=200)
    previous_secret = EncryptedCharField(_("signing secret before"), max_length=200, blank=True, null=True)
    previous_until = models.DateTimeField(_("valid until"), null=True, editable=False)
    """Until when messages bear a second signature, by the secret before."""
    shops = models.ManyToManyField(
        Shop, verbose_name=_("shops"), blank=True, related_name="subscriptions", help_text=_("None chosen: all shops.")
    )
    events = models.JSONField(pgettext_lazy("webhook", "events"), default=list)
    active = models.BooleanField(_("active"), default=True)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    """Since when nothing has arrived of what was sent."""
    paused_at = models.DateTimeField(_("paused since"), null=True, editable=False)
    """Since when it is left alone, because it has failed for too long: what happens is held until it goes on."""

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("outgoing webhook")
        verbose_name_plural = _("outgoing webhooks")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def running(self) -> bool:
        return self.active and self.paused_at is None
