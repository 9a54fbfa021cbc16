"""A mail is kept as it came before anything is made of it; only then its mailbox may be marked."""

import hashlib
from datetime import datetime

from complaints.identity import Fact
from complaints.models import InboundMail, Mailbox
from complaints.models.customer import fingerprint
from complaints.operations import inbound

from . import parts, vault, words
from .letter import identity

MEGABYTE = 1024 * 1024
MOST_BYTES = 35 * MEGABYTE

State, Why = InboundMail.State, InboundMail.Why


def keep(mailbox: Mailbox, data: bytes, *, received_at: datetime, now: datetime) -> InboundMail:
    """Have the mail for good: file, then row. What was kept before is found, however often it is delivered."""
    digest = identity(data)
    if found := InboundMail.objects.filter(mailbox=mailbox, digest=digest).first():
        return found
    name = vault.name_for(mailbox.pk, digest)
    vault.write(name, data)
    mail = _row(mailbox, data, digest=digest, size=len(data), received_at=received_at, now=now)
    mail.raw = name
    return inbound.keep(mail)


def keep_head(mailbox: Mailbox, head: bytes, *, size: int, received_at: datetime, now: datetime) -> InboundMail:
    """List a mail that is too large: who wrote it and about what; the mail itself stays where it is."""
    digest = hashlib.sha256(b"head:%d:" % size + identity(head).encode()).hexdigest()
    mail = _row(mailbox, head, digest=digest, size=size, received_at=received_at, now=now)
    mail.state, mail.why, mail.settled_at = State.FAILED, Why.TOO_LARGE, now
    return inbound.keep(mail)


def _row(mailbox: Mailbox, data: bytes, *, digest: str, size: int, received_at: datetime, now: datetime) -> InboundMail:
    head = parts.head_of(data)
    _name, sender = words.sender(next(parts.lines(head, "from"), ""))
    message_id = next(iter(words.ids(parts.lines(head, "message-id"))), "")
    return InboundMail(
        shop_id=mailbox.shop_id, mailbox=mailbox, digest=digest, sha256=hashlib.sha256(data).hexdigest(), size=size,
        message_id_hash=hashlib.sha256(message_id.encode()).hexdigest() if message_id else "",
        sender=sender, sender_hash=fingerprint(Fact.EMAIL, sender),
        subject=next(parts.lines(head, "subject"), "")[:300], received_at=min(received_at, now), kept_at=now,
    )  # fmt: skip
