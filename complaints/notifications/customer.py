"""Mails to customers."""

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from complaints.models import Complaint, Contact, OutboxMessage, Remedy
from complaints.models.outbox import REPLY_KEY

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


def _customer_mail(complaint: Complaint, body: str, *, key: str, now: datetime) -> OutboxMessage:
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("%(shop)s: your complaint %(number)s") % {"shop": complaint.shop.name, "number": complaint.number}
    return OutboxMessage(
        complaint=complaint,
        audience=OutboxMessage.Audience.CUSTOMER,
        address=complaint.customer.email if complaint.customer else "",
        subject=one_line(subject),
        body=body,
        dedup_key=key,
        created_at=now,
    )
