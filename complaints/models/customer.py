from collections.abc import Collection, Mapping

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from encrypted_fields.fields import EncryptedCharField

from complaints import identity
from complaints.identity import Fact

from .shop import Platform, shop_ids_of


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, user) -> "CustomerQuerySet":
        """Customers with a complaint or an order in a shop that the person works for."""
        if not user.is_active or not user.is_staff:
            return self.none()
        if user.has_perm("complaints.view_all_shops"):
            return self.all()
        of_shops = [
            apps.get_model("complaints", name).objects.filter(shop_id__in=shop_ids_of(user)).values("customer_id")
            for name in ("Complaint", "Order")
        ]
        return self.filter(Q(pk__in=of_shops[0]) | Q(pk__in=of_shops[1]))

    def matching(self, text: str) -> "CustomerQuerySet":
        """Customers whose name, phone, e-mail or buyer id is exactly this text, found by fingerprint."""
        return self.marked({kind: fingerprint(kind, text) for kind in Fact})

    def marked(self, marks: Mapping[Fact, str]) -> "CustomerQuerySet":
        """Customers who have one of these fingerprints, on any platform; empty ones are nobody's."""
        found = Q()
        for kind, mark in marks.items():
            if mark:
                found |= having(kind, [mark])
        return self.filter(found) if found else self.none()

    def with_phone_tail(self, digits: str) -> "CustomerQuerySet":
        """Customers whose phone number ends with the last four of these digits."""
        mark = identity.tail_fingerprint(digits[-identity.TAIL :], settings.AMENDS_HASH_KEY)
        return self.filter(phone_tail_hash=mark).exclude(phone_tail_hash="")


class Customer(models.Model):
    """One person per (platform, buyer id) or per contact; personal data is encrypted, look-up goes by keyed hash.

    `full_clean()` must not be called on this model: the encrypted fields switch decryption off for the whole
    process while they clean. Forms validate before they get here.
    """

    platform = models.CharField(_("platform"), max_length=12, choices=Platform)
    name = EncryptedCharField(_("name"), max_length=80, blank=True, null=True)
    phone = EncryptedCharField(_("phone"), max_length=40, blank=True, null=True)
    email = EncryptedCharField(_("e-mail"), max_length=254, blank=True, null=True)
    buyer = EncryptedCharField(_("buyer id"), max_length=120, blank=True, null=True)
    name_hash = models.CharField(max_length=64, blank=True, editable=False)
    phone_hash = models.CharField(max_length=64, blank=True, editable=False)
    email_hash = models.CharField(max_length=64, blank=True, editable=False)
    buyer_hash = models.CharField(max_length=64, blank=True, editable=False)
    phone_tail_hash = models.CharField(max_length=64, blank=True, editable=False)
    bounced_hash = models.CharField(max_length=64, blank=True, editable=False)
    """Fingerprint of the address at which our mail was returned; another address is another matter."""
    email_bounced_at = models.DateTimeField(_("mail returned"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"))

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.UniqueConstraint(
                fields=["buyer_hash", "platform"], condition=~Q(buyer_hash=""), name="customer_buyer_once"
            )
        ]
        indexes = [
            models.Index(fields=["name_hash"], condition=~Q(name_hash=""), name="customer_name"),
            models.Index(fields=["phone_hash"], condition=~Q(phone_hash=""), name="customer_phone"),
            models.Index(fields=["email_hash"], condition=~Q(email_hash=""), name="customer_email"),
            models.Index(fields=["phone_tail_hash"], condition=~Q(phone_tail_hash=""), name="customer_phone_tail"),
        ]

    def __str__(self) -> str:
        return self.masked_name

    def save(self, *args, **kwargs) -> None:
        for kind in Fact:
            setattr(self, f"{kind}_hash", fingerprint(kind, getattr(self, kind) or ""))
        self.phone_tail_hash = tail_fingerprint(self.phone or "")
        super().save(*args, **kwargs)

    @property
    def masked_name(self) -> str:
        return identity.mask_name(self.name or "") or identity.mask_buyer(self.buyer or "")

    @property
    def masked_phone(self) -> str:
        return identity.mask_phone(self.phone or "")

    @property
    def masked_email(self) -> str:
        return identity.mask_email(self.email or "")

    @property
    def masked_buyer(self) -> str:
        return identity.mask_buyer(self.buyer or "")

    @property
    def email_bounced(self) -> bool:
        """Whether mail to the address that is known now came back."""
        return bool(self.bounced_hash) and self.bounced_hash == self.email_hash

    @property
    def reachable(self) -> bool:
        """Whether there is any way to contact this person."""
        return bool(self.phone or self.email or self.buyer)


def fingerprint(kind: Fact, value: str) -> str:
    """The keyed hash of a personal fact under this installation's key."""
    return identity.fingerprint(kind, value, settings.AMENDS_HASH_KEY)


def tail_fingerprint(phone: str) -> str:
    """The keyed hash of the last digits of a phone number."""
    return identity.tail_fingerprint(identity.phone_tail(phone), settings.AMENDS_HASH_KEY)


def having(kind: Fact, marks: Collection[str]) -> Q:
    """Customers with one of these fingerprints. That none is empty is said again, or SQLite would not use the index."""
    found = Q(**{f"{kind}_hash__in": marks}) & ~Q(**{f"{kind}_hash": ""})
    # Named with every platform, the way its index begins.
    return found & Q(platform__in=Platform.values) if kind == Fact.BUYER else found
