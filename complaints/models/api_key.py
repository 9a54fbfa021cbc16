from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from .complaint import Channel
from .shop import Shop


class Scope(models.TextChoices):
    """What a key may do; each endpoint of the API asks for one of them."""

    WRITE = "complaints:write", _("send complaints and messages")
    EVIDENCE = "evidence:write", _("send evidence")
    CONFIRM = "confirmations:write", _("send buyers' confirmations")
    READ = "complaints:read", _("read status and history")


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def visible_to(self, user) -> "ApiKeyQuerySet":
        """Keys of the shops that the person works for."""
        return self.filter(shop__in=Shop.objects.visible_to(user))


class ApiKey(models.Model):
    """What a program of one shop comes with, by one channel; the secret is stored as a hash and shown once.

    While a new secret is being brought out, the old one works until `previous_until`.
    """

    shop = models.ForeignKey(Shop, verbose_name=_("shop"), on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(_("name"), max_length=60, help_text=_("Who uses it; the history of a complaint shows it."))
    channel = models.CharField(
        _("channel"), max_length=16, choices=Channel, default=Channel.API,
        help_text=_("What its messages count as. Clocks and assignment may depend on it."),
    )  # fmt: skip
    scopes = models.JSONField(_("scopes"), default=list)
    per_minute = models.PositiveIntegerField(
        _("requests per minute"), default=300, validators=[MinValueValidator(1), MaxValueValidator(60_000)]
    )
    prefix = models.CharField(_("begins with"), max_length=16, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    previous_hash = models.CharField(max_length=64, blank=True, editable=False)
    previous_until = models.DateTimeField(_("old secret works until"), null=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True, help_text=_("Empty: it does not expire."))
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("issued by"), null=True, on_delete=models.PROTECT, related_name="+",
        editable=False,
    )  # fmt: skip
    created_at = models.DateTimeField(_("issued"), editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["shop", "name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(previous_hash="", previous_until__isnull=True)
                | models.Q(~models.Q(previous_hash=""), previous_until__isnull=False),
                name="apikey_old_secret_ends",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def works_at(self, now) -> bool:
        """Whether it has neither been revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class ApiAnswer(models.Model):
    """What a key was answered under an `Idempotency-Key`, to be said again word by word; for some days."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="answers")
    name = models.CharField(max_length=200)
    """The `Idempotency-Key`."""
    fingerprint = models.CharField(max_length=64)
    """Of the request: another one under the same name is refused."""
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    headers = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("answer of the API")
        verbose_name_plural = _("answers of the API")
        constraints = [models.UniqueConstraint(fields=["key", "name"], name="apianswer_once")]
        indexes = [models.Index(fields=["at"], name="apianswer_at")]

    def __str__(self) -> str:
        return f"{self.key_id} {self.name}"
