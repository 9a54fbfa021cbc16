"""Incoming mail as rows: kept before anything is made of it, settled once, taken up again by a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from complaints import notifications
from complaints.models import Channel, Complaint, Contact, InboundMail
from complaints.outbox import enqueue
from complaints.refusals import Refused

from . import privacy
from .changelog import record_change
from .locking import locked, record

State = InboundMail.State
OPEN_TO_PEOPLE = (State.KEPT, State.FAILED, State.IGNORED, State.AUTO, State.BOUNCE)
"""What a person may still decide otherwise about: nothing of the others is undone by that."""


def looked_at(mail: InboundMail, *, actor: Any, now: datetime) -> None:
    """Somebody looks at the mail as it came, with all addresses in it; that is written down (R7.6)."""
    with transaction.atomic():
        if mail.complaint_id:
            privacy.reveal(mail.complaint_id, actor=actor, now=now)
        else:
            record_change(mail, {"revealed": [False, True]}, actor=actor, now=now)


class SettledAlready(Refused):
    message = _("This mail has been processed already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a mail. `receipt_to`: whom to tell the number of the new complaint, in which language."""

    state: str
    why: str = ""
    sign: str = ""
    complaint: Complaint | None = None
    contact: Contact | None = None
    hint: Complaint | None = None
    refused: Sequence[tuple[str, str]] = ()
    receipt_to: str = ""
    language: str = ""


def keep(mail: InboundMail) -> InboundMail:
    """Write the row of a mail, or give the one that was written when it came before."""
    kept, _new = InboundMail.objects.get_or_create(
        mailbox=mail.mailbox,
        digest=mail.digest,
        defaults={
            field.name: getattr(mail, field.name)
            for field in InboundMail._meta.concrete_fields
            if not field.primary_key and field.name not in ("mailbox", "digest")
        },
    )
    return kept


def begin(mail_id: int) -> int:
    """Count an attempt before it is made: a mail that brings down its worker is not tried for ever."""
    rows = InboundMail.objects.filter(pk=mail_id, state=State.KEPT)
    rows.update(attempts=F("attempts") + 1)
    return rows.values_list("attempts", flat=True).first() or 0


def settle(mail_id: int, outcome: Outcome, *, actor: Any, now: datetime) -> InboundMail:
    """Write down what became of the mail, once: whoever comes second changes nothing and sends nothing."""
    with transaction.atomic():
        mail = InboundMail.objects.select_for_update().get(pk=mail_id)
        if mail.state != State.KEPT:
            return mail
        mail.state, mail.why, mail.sign = outcome.state, outcome.why, outcome.sign
        mail.complaint, mail.contact, mail.hint = outcome.complaint, outcome.contact, outcome.hint
        mail.refused = [list(one) for one in outcome.refused]
        mail.settled_at, mail.settled_by = now, actor
        mail.save()
        if outcome.receipt_to and outcome.complaint:
            _confirm(outcome.complaint, outcome.receipt_to, outcome.language, now=now)
    return mail


def take_up(mail_id: int, *, now: datetime) -> InboundMail:
    """Let a mail wait again, for a person who has decided so. Raises SettledAlready."""
    with transaction.atomic():
        mail = _for_person(mail_id)
        mail.state, mail.why, mail.sign, mail.attempts, mail.kept_at = State.KEPT, "", "", 0, now
        mail.save(update_fields=["state", "why", "sign", "attempts", "kept_at"])
    return mail


def leave_aside(mail_id: int, *, actor: Any, now: datetime) -> InboundMail:
    """Nothing is to be made of it, a person says; it stays listed. Raises SettledAlready."""
    with transaction.atomic():
        mail = _for_person(mail_id)
        mail.state, mail.why, mail.settled_at, mail.settled_by = State.IGNORED, InboundMail.Why.BY_HAND, now, actor
        mail.save(update_fields=["state", "why", "settled_at", "settled_by"])
    return mail


def _for_person(mail_id: int) -> InboundMail:
    mail = InboundMail.objects.select_for_update().get(pk=mail_id)
    if mail.state not in OPEN_TO_PEOPLE:
        raise SettledAlready
    return mail


def _confirm(about: Complaint, address: str, language: str, *, now: datetime) -> None:
    """Tell the sender the number of the new complaint: once, and it counts for no clock (R1.1)."""
    with locked(about.pk) as complaint:
        message = notifications.receipt_mail(complaint, address, language=language, now=now)
        contact = Contact.objects.create(
            complaint=complaint, direction=Contact.Direction.OUT, channel=Channel.EMAIL,
            purpose=Contact.Purpose.NOTICE, body=message.body.strip(), automatic=True, at=now,
        )  # fmt: skip
        record(complaint, "receipt_sent", actor=None, now=now, contact=contact.pk)
        enqueue.enqueue([message])
