from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from encrypted_fields.fields import EncryptedCharField

from complaints import identity, reply_address

from .complaint import Complaint
from .contact import Contact
from .shop import Shop, shop_ids_of


def _of_own_shops(rows, user):
    """Rows of the person's shops; `shop` is where they say which."""
    if not user.is_active or not user.is_staff:
        return rows.none()
    return rows if user.has_perm("complaints.view_all_shops") else rows.filter(shop_id__in=shop_ids_of(user))


UNREADABLE_AFTER = 3
"""Failures in a row; one may be a moment's trouble of the provider."""


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    def visible_to(self, user) -> "MailboxQuerySet":
        return _of_own_shops(self, user)

    def polled(self) -> "MailboxQuerySet":
        """Those that we read ourselves; mail to the others comes through the pipe."""
        return self.filter(active=True, shop__active=True).exclude(host="")

    def unreadable(self) -> "MailboxQuerySet":
        """Those that could not be read for several times in a row: customers write, and nobody hears of it."""
        return self.polled().filter(failures__gte=UNREADABLE_AFTER)


class Mailbox(models.Model):
    """An address at which a shop hears its customers, and how its mail is fetched."""

    class Security(models.TextChoices):
        TLS = "tls", _("TLS (port 993)")
        STARTTLS = "starttls", _("STARTTLS (port 143)")
        NONE = "none", _("unencrypted (own network only)")

    class Mark(models.TextChoices):
        ADDRESS = "address", _("in the address: name+mark@shop.example")
        NAME = "name", _("in the name beside the address")

    shop = models.ForeignKey(Shop, verbose_name=_("shop"), on_delete=models.PROTECT, related_name="mailboxes")
    address = models.EmailField(
        _("address"), unique=True, help_text=_("To which customers write, and to which their replies go.")
    )
    host = models.CharField(
        _("IMAP server"), max_length=200, blank=True,
        help_text=_("Such as imap.qq.com. Empty: nothing is fetched, the mail server hands mails over (receive_mail)."),
    )  # fmt: skip
    port = models.PositiveIntegerField(_("port"), default=993)
    security = models.CharField(_("encryption"), max_length=8, choices=Security, default=Security.TLS)
    user = models.CharField(_("user name"), max_length=200, blank=True)
    password = EncryptedCharField(_("password"), max_length=500, blank=True, null=True)
    folder = models.CharField(_("folder"), max_length=200, default="INBOX")
    move_to = models.CharField(
        _("afterwards move to"), max_length=200, blank=True,
        help_text=_("A folder that exists. Empty: a mail that was taken is marked as read and stays."),
    )  # fmt: skip
    since = models.DateField(
        _("from day"), help_text=_("Mails that came to the mailbox before this day are left alone.")
    )
    reply_mark = models.CharField(
        _("mark for replies"), max_length=8, choices=Mark, default=Mark.ADDRESS,
        help_text=_(
            "By it a reply finds its complaint. Choose the name where the provider takes no addresses with +, "
            "as QQ Mail and 163 do not."
        ),
    )  # fmt: skip
    receipts = models.BooleanField(
        _("confirm receipt"), default=True, help_text=_("Whoever writes about a new matter gets its number by e-mail.")
    )
    active = models.BooleanField(_("active"), default=True)

    uidvalidity = models.BigIntegerField(null=True, editable=False)
    last_uid = models.BigIntegerField(default=0, editable=False)
    """All up to this one have been taken, as long as the server counts as before (`uidvalidity`)."""
    last_polled_at = models.DateTimeField(_("last fetched"), null=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=500, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    """In a row."""
    next_poll_at = models.DateTimeField(null=True, editable=False)
    owner = models.CharField(max_length=40, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)

    objects = MailboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")
        ordering = ["address"]

    def __str__(self) -> str:
        return self.address


def reply_to(complaint: Complaint) -> str:
    """The Reply-To of a mail to the customer: the shop's mailbox with the complaint's mark; empty without a mailbox."""
    mailboxes = Mailbox.objects.filter(shop=complaint.shop_id, active=True)
    mailbox = mailboxes.order_by("pk").first()
    if mailbox is None:
        return ""
    signed = reply_address.mark(complaint.pk, settings.AMENDS_HASH_KEY)
    in_address = mailbox.reply_mark == Mailbox.Mark.ADDRESS
    return reply_address.reply_to(mailbox.address, complaint.shop.name, signed, in_address=in_address)


class InboundMailQuerySet(models.QuerySet["InboundMail"]):
    def visible_to(self, user) -> "InboundMailQuerySet":
        return _of_own_shops(self, user)

    def waiting(self) -> "InboundMailQuerySet":
        """Kept, and not yet put where they belong; the oldest first."""
        return self.filter(state=InboundMail.State.KEPT).order_by("pk")


class InboundMail(models.Model):
    """A mail as it came, kept before anything is made of it, and what was made of it."""

    class State(models.TextChoices):
        KEPT = "kept", _("not processed yet")
        TAKEN = "taken", _("new complaint")
        JOINED = "joined", _("joined")
        BOUNCE = "bounce", _("returned mail")
        AUTO = "auto", _("automatic mail")
        IGNORED = "ignored", _("left aside")
        FAILED = "failed", _("needs a person")

    class Why(models.TextChoices):
        TOO_LARGE = "too_large", _("The mail is too large; it stays in the mailbox.")
        TOO_MANY = "too_many", _("Too many mails of one sender within a short time.")
        UNREADABLE = "unreadable", _("There is no mail in what came in.")
        NOT_POSSIBLE = "not_possible", _("It could not be processed, several times.")
        OWN = "own", _("One of our own mails.")
        MACHINE = "machine", _("Written by a program, not by a person.")
        AGAIN = "again", _("The same mail came before.")
        NO_ADDRESS = "no_address", _("The mail server could not deliver one of our mails.")
        BY_HAND = "by_hand", _("Left aside by a person.")

    shop = models.ForeignKey(Shop, verbose_name=_("shop"), on_delete=models.PROTECT, related_name="+")
    mailbox = models.ForeignKey(Mailbox, verbose_name=_("mailbox"), on_delete=models.PROTECT, related_name="mails")
    digest = models.CharField(max_length=64, editable=False)
    """What makes two deliveries one mail (intake.mail.letter.identity)."""
    message_id_hash = models.CharField(max_length=64, blank=True, editable=False)
    raw = models.CharField(max_length=200, blank=True, editable=False)
    """Name of the file, encrypted; empty where the mail was too large to be kept."""
    sha256 = models.CharField(max_length=64, editable=False)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    sender = EncryptedCharField(_("sender"), max_length=254, blank=True, null=True)
    sender_hash = models.CharField(max_length=64, blank=True, editable=False)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    received_at = models.DateTimeField(_("received at"))
    kept_at = models.DateTimeField(editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.KEPT)
    why = models.CharField(_("why"), max_length=12, choices=Why, blank=True)
    sign = models.CharField(max_length=40, blank=True, editable=False)
    """By what an automatic mail was known."""
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    refused = models.JSONField(default=list, editable=False)
    """Files that were not taken: [name, sentence]."""
    complaint = models.ForeignKey(
        Complaint, verbose_name=_("complaint"), null=True, on_delete=models.PROTECT, related_name="mails"
    )
    contact = models.ForeignKey(
        Contact, verbose_name=_("contact"), null=True, on_delete=models.PROTECT, related_name="mails"
    )
    hint = models.ForeignKey(
        Complaint, verbose_name=_("perhaps about"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    """It says that it answers one of our mails about this complaint, which everybody can say."""
    settled_at = models.DateTimeField(_("processed"), null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("processed by"), null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = InboundMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("incoming mail")
        verbose_name_plural = _("incoming mail")
        ordering = ["-received_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["mailbox", "digest"], name="inboundmail_once")]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="kept"), name="inboundmail_waiting"),
            models.Index(fields=["-received_at", "-id"], name="inboundmail_recent"),
            models.Index(fields=["shop", "-received_at", "-id"], name="inboundmail_of_shop"),
            models.Index(fields=["-received_at", "-id"], condition=Q(state="failed"), name="inboundmail_for_person"),
        ]
        permissions = [("handle_inboundmail", "Can process incoming mail again, register it or leave it aside")]

    def __str__(self) -> str:
        return self.subject or self.masked_sender

    @property
    def masked_sender(self) -> str:
        return identity.mask_email(self.sender or "")

    @property
    def source(self) -> str:
        """Names the delivery: the same mail in two mailboxes of a shop is one contact."""
        return f"mail:{self.shop_id}:{self.digest}"
