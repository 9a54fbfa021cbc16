"""Take over who a mail or a form names as its sender, once a person has judged that it is the customer."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint
from complaints.refusals import Refused

from . import customers, matters
from .customers import Person
from .ended import refuse_ended
from .locking import locked, record, save_change


class NoSender(Refused):
    message = _("This message names no sender that could be taken over.")


def adopt(complaint_id: int, contact_id: int, *, actor: Any, version: int, now: datetime) -> Complaint:
    """Write the sender of the contact to the customer, in the place of what was known.

    Raises NoSender, ComplaintOver, StaleVersion.
    """
    with locked(complaint_id, version=version) as complaint:
        refuse_ended(complaint)
        contact = complaint.contacts.filter(pk=contact_id, sender__isnull=False).first()
        if contact is None or not contact.sender:
            raise NoSender
        person = Person(email=contact.sender) if "@" in contact.sender else Person(phone=contact.sender)
        told = matters.subject_of(complaint.shop, person=person, issue_type=complaint.issue_type)
        matters.keep(complaint, now=now, also=told)
        if complaint.customer is None:
            complaint.customer = customers.find_or_create_customer(complaint.shop.platform, person, now=now)
            changed = [str(kind) for kind in person.told]
        else:
            changed = customers.tell(complaint.customer, person)
        save_change(complaint, "customer")
        record(complaint, "corrected", actor=actor, now=now, changes={}, personal=changed, contact=contact.pk)
    return complaint
