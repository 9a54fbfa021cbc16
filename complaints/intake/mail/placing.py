"""What becomes of a mail that is kept: a contact, a new complaint, a returned address, nothing, or a person's task.

A mail that is met again half-way (a worker died) goes through all of it again: the delivery is found by its source, the
files that are there are known by their content, and the row is settled once.
"""

import logging
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InterfaceError, OperationalError
from django.utils import translation
from django.utils.translation import gettext as _

from complaints import reply_address
from complaints.intake import pacing
from complaints.models import Channel, Complaint, Evidence, InboundMail, Mailbox, OutboxMessage
from complaints.operations import bounces, inbound, receiving, uploads
from complaints.operations.customers import Person
from complaints.operations.inbound import Outcome
from complaints.operations.receiving import Incoming, Received, Result
from complaints.refusals import Refused

from . import orders, vault, words
from .letter import Letter, looks_like_mail, read
from .verdict import Kind, Verdict, judge

log = logging.getLogger(__name__)

ATTEMPTS = 3
SETTLING = timedelta(minutes=3)
"""After that nobody works on a kept mail any more: longer than the hard time limit of a task."""

FROM_ONE_SENDER = "30/hour;200/day"
RECEIPTS_TO_ONE = "1/minute;4/day"

State, Why = InboundMail.State, InboundMail.Why
_ANSWER = re.compile(r"^\s*((re|fw|fwd|aw|回复|答复|回覆|转发|轉寄)\s*([\[(（]\d+[)）\]])?\s*[:：]\s*)+", re.IGNORECASE)
_HAN = re.compile("[\u3400-\u9fff]")


def process_waiting(*, now: datetime, most: int = 100) -> int:
    """Mails that were kept and not settled, as after a crash; returns how many were."""
    late = InboundMail.objects.waiting().filter(kept_at__lte=now - SETTLING)
    return sum(
        process(pk, now=now).state != State.KEPT
        for pk in list(late.values_list("pk", flat=True)[:most])
        # Who moves its time on has it: another worker leaves it alone until then.
        if late.filter(pk=pk).update(kept_at=now)
    )


def process(mail_id: int, *, as_person: bool = False, actor: Any = None, now: datetime) -> InboundMail:
    """Put a kept mail where it belongs. `as_person`: somebody of ours says that a person wrote it.

    Never raises but for a database that is away; what does not work stays kept, and in the end needs a person.
    """
    mail = InboundMail.objects.select_related("mailbox", "shop").get(pk=mail_id)
    if mail.state != State.KEPT:
        return mail
    if inbound.begin(mail_id) > ATTEMPTS:
        return inbound.settle(mail_id, Outcome(state=State.FAILED, why=Why.NOT_POSSIBLE), actor=actor, now=now)
    try:
        with translation.override(settings.LANGUAGE_CODE):
            outcome = _outcome(mail, as_person=as_person, actor=actor, now=now)
            return inbound.settle(mail_id, outcome, actor=actor, now=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # one mail that cannot be processed must not stop the others
        log.exception("mail %s could not be processed", mail_id)
        mail.refresh_from_db()
        return mail


def _outcome(mail: InboundMail, *, as_person: bool, actor: Any, now: datetime) -> Outcome:
    try:
        data = vault.read(mail.raw)
    except vault.Missing:
        return Outcome(state=State.FAILED, why=Why.NOT_POSSIBLE)
    if not as_person and not looks_like_mail(data):
        return Outcome(state=State.FAILED, why=Why.UNREADABLE)
    letter = read(data)
    del data
    verdict = Verdict(Kind.PERSON) if as_person else judge(letter, own=own_addresses())
    if verdict.kind is Kind.BOUNCE:
        return _bounced(letter, verdict, now=now)
    about = _named(letter.recipients)
    if verdict.kind is not Kind.PERSON:
        own = verdict.kind is Kind.OWN
        state, why = (State.IGNORED, Why.OWN) if own else (State.AUTO, Why.MACHINE)
        return Outcome(state=state, why=why, sign=verdict.why, complaint=about)
    if not as_person and mail.sender_hash and pacing.wait(FROM_ONE_SENDER, "mail", mail.sender_hash):
        return Outcome(state=State.FAILED, why=Why.TOO_MANY)
    return _taken_in(mail, letter, about, may_answer=verdict.may_answer, actor=actor, now=now)


def own_addresses() -> list[str]:
    """From which and at which the desk itself writes."""
    return [parseaddr(settings.DEFAULT_FROM_EMAIL)[1], *Mailbox.objects.values_list("address", flat=True)]


def _named(texts: Sequence[str]) -> Complaint | None:
    """The complaint whose signed mark stands there."""
    complaint_id = reply_address.read(texts, settings.AMENDS_HASH_KEY)
    rows = Complaint.objects.select_related("shop", "customer")
    return rows.filter(pk=complaint_id).first() if complaint_id else None


# ---------------------------------------------------------------- a customer's mail


def _taken_in(
    mail: InboundMail, letter: Letter, about: Complaint | None, *, may_answer: bool, actor: Any, now: datetime
) -> Outcome:
    files = [SimpleUploadedFile(file.name, file.data, file.content_type) for file in letter.files]
    received = receiving.take_in(_incoming(mail, letter, about, files, now=now), actor=actor, now=now)
    refused = [(name, str(_REASONS[kind])) for name, kind in letter.refused] + list(received.refused_files)
    if received.again:
        refused += _complete(received, files, actor=actor, now=now)
    if not letter.whole:
        refused.append((_("the mail itself"), _("It could not be taken apart; look at the original.")))
    if received.again and _told_before(mail):
        return Outcome(
            state=State.JOINED, why=Why.AGAIN, complaint=received.complaint, contact=received.contact, refused=refused
        )
    new = received.result is Result.REGISTERED
    return Outcome(
        state=State.TAKEN if new else State.JOINED,
        complaint=received.complaint,
        contact=received.contact,
        refused=refused,
        hint=None if about else _hinted(letter, mail, received.complaint),
        receipt_to=letter.sender if new and may_answer and _may_be_told(mail) else "",
        language="zh-hans" if _HAN.search(letter.subject + letter.text) else "en",
    )


_REASONS = {
    "tnef": translation.gettext_lazy("Outlook has packed the files in a form that only Outlook opens."),
    "sealed": translation.gettext_lazy("The mail is encrypted; ask the customer to send it unencrypted."),
    "too_many": translation.gettext_lazy("Too many files in one mail."),
}


def _incoming(
    mail: InboundMail, letter: Letter, about: Complaint | None, files: Sequence[SimpleUploadedFile], *, now: datetime
) -> Incoming:
    shop = about.shop if about else mail.shop
    subject = _ANSWER.sub("", letter.subject)
    order = None if about else orders.named_in(shop, letter.subject, letter.text, letter.quoted)
    return Incoming(
        shop=shop,
        channel=Channel.EMAIL,
        text=letter.text or letter.subject or _("(a mail without text)"),
        quoted=letter.quoted,
        title=receiving.title_of(subject),
        person=Person(email=letter.sender, name=letter.sender_name if letter.sender else ""),
        trusted=False,
        order_number=order.number if order else "",
        received_at=min(mail.received_at, now),
        about=about,
        source=mail.source,
        via=mail.mailbox.address,
        files=files,
    )


def _complete(received: Received, files: Sequence[Any], *, actor: Any, now: datetime) -> list[tuple[str, str]]:
    """Files of a delivery that broke off between its contact and them."""
    there = set(Evidence.objects.filter(complaint=received.complaint).values_list("sha256", flat=True))
    missing, refused = [], []
    for file in files:
        try:
            cleaned = uploads.clean(file)
        except Refused as refusal:
            refused.append((file.name or "", refusal.text))
            continue
        finally:
            file.seek(0)
        if cleaned.sha256 not in there:
            missing.append(file)
    return refused + receiving.attach(received, missing, actor=actor, now=now)


def _told_before(mail: InboundMail) -> bool:
    """Whether the same mail, in another mailbox of the shop, has been settled with all that follows."""
    same = InboundMail.objects.filter(mailbox__shop=mail.shop_id, digest=mail.digest)
    return same.filter(contact__isnull=False).exists()


def _may_be_told(mail: InboundMail) -> bool:
    return mail.mailbox.receipts and not pacing.wait(RECEIPTS_TO_ONE, "receipt", mail.sender_hash)


def _hinted(letter: Letter, mail: InboundMail, found: Complaint) -> Complaint | None:
    """The complaint about which we wrote what this says to answer; it proves nothing, for ids are no secrets."""
    if not letter.answers:
        return None
    rows = OutboxMessage.objects.filter(audience=OutboxMessage.Audience.CUSTOMER, message_id__in=letter.answers)
    message = rows.filter(complaint__shop=mail.shop).exclude(complaint=found).select_related("complaint").first()
    return message.complaint if message else None


# ---------------------------------------------------------------- a mail that came back


def _bounced(letter: Letter, verdict: Verdict, *, now: datetime) -> Outcome:
    """The mark of a reply address proves which complaint it is about; one of our ids needs the right address beside."""
    about, proven = _named([letter.report, letter.everything]), True
    ids = words.ids([letter.report, letter.everything], most=30)
    rows = OutboxMessage.objects.filter(audience=OutboxMessage.Audience.CUSTOMER, message_id__in=ids)
    message = rows.select_related("complaint__shop", "complaint__customer").first() if ids else None
    if about is None and message:
        about, proven = message.complaint, False
    if about and verdict.failed:
        addresses = set(verdict.failed)
        written_to = message.address if message and message.complaint_id == about.pk else ""
        if proven and written_to:
            addresses.add(written_to)
        bounces.returned(about, addresses, written_to=written_to, now=now)
    return Outcome(state=State.BOUNCE, why=Why.NO_ADDRESS if verdict.failed else "", complaint=about)
