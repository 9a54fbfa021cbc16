"""Mails to customers."""

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from complaints.models import Complaint, Contact, OutboxMessage, Remedy, WebSubmission
from complaints.models.mail import reply_to
from complaints.models.outbox import RECEIPT_KEY, REPLY_KEY

from .text import one_line


def reply_mail(contact: Contact, *, now: datetime) -> OutboxMessage:
    """A reply to the customer; the customer must have an address."""
    return _customer_mail(contact.complaint, contact.body, key=f"{REPLY_KEY}{contact.pk}", now=now)


def remedy_done_mails(remedy: Remedy, *, now: datetime) -> list[OutboxMessage]:
    """Tell the customer that the chosen remedy is carried out (R5.6); nobody without an address."""
    complaint = remedy.complaint
    if not (complaint.customer and complaint.customer.email):
        return []
    with translation.override(settings.LANGUAGE_CODE):
        body = render_to_string("complaints/mail/remedy_done.txt", {"complaint": complaint, "remedy": remedy})
    return [_customer_mail(complaint, body, key=f"remedy:{remedy.pk}", now=now)]


def link_mail(submission: WebSubmission, complaint: Complaint, url: str, *, now: datetime) -> OutboxMessage:
    """The address of the status page, to whoever sent the web form, in the language of the form; once per complaint.

    It repeats nothing that was typed: otherwise anybody could send anything to anybody by it.
    """
    number = complaint.number if submission.is_from(complaint.customer) else submission.reference
    with translation.override(submission.language):
        names = {"shop": submission.shop.name, "number": number}
        subject = _("%(shop)s: we have received your complaint %(number)s") % names
        body = render_to_string("complaints/mail/status_link.txt", names | {"url": url})
    return OutboxMessage(
        complaint=complaint,
        audience=OutboxMessage.Audience.CUSTOMER,
        address=submission.email or "",
        subject=one_line(subject),
        body=body,
        dedup_key=f"status-link:{complaint.pk}",
        reply_to=reply_to(complaint),
        created_at=now,
    )


def receipt_mail(complaint: Complaint, address: str, *, language: str, now: datetime) -> OutboxMessage:
    """Tell whoever wrote about a new matter that it came, and its number; nothing of what is known about anybody."""
    language = language or settings.LANGUAGE_CODE
    with translation.override(language):
        body = render_to_string("complaints/mail/receipt.txt", {"complaint": complaint})
    key = f"{RECEIPT_KEY}{complaint.pk}"
    message = _customer_mail(complaint, body, key=key, language=language, now=now)
    message.address = address
    return message


def _customer_mail(
    complaint: Complaint, body: str, *, key: str, language: str = settings.LANGUAGE_CODE, now: datetime
) -> OutboxMessage:
    with translation.override(language):
        subject = _("%(shop)s: your complaint %(number)s") % {"shop": complaint.shop.name, "number": complaint.number}
    return OutboxMessage(
        complaint=complaint,
        audience=OutboxMessage.Audience.CUSTOMER,
        address=complaint.customer.email if complaint.customer else "",
        reply_to=reply_to(complaint),
        subject=one_line(subject),
        body=body,
        dedup_key=key,
        created_at=now,
    )
