"""Make one thing that a customer said a complaint of its own: it turned out to be another matter (R3.1)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint, Contact, Customer, Order
from complaints.refusals import Refused

from . import conversation, intake, reopening
from .ended import MergedAway
from .intake import Registration
from .locking import locked, record, save_change


class NotToSplit(Refused):
    message = _("This is not there any more, or is no message of the customer: it cannot be split off.")


class NothingWouldStay(Refused):
    message = _("The customer has said nothing else here: correct this complaint instead.")


class NotThisEvidence(Refused):
    message = _("One of the pieces of evidence is not there any more. Look at the list again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What is split off, and what the new complaint is about; `contact` and `evidence` are ids."""

    contact: int
    title: str
    issue_type: Any = None
    order: Order | None = None
    customer: Customer | None = None
    no_order_reason: str = ""
    evidence: Collection[int] = ()


def split_off(complaint_id: int, split: Split, *, actor: Any, version: int, now: datetime) -> Complaint:
    """Register a complaint that begins with this contact, at its time; the chosen evidence goes along.

    Evidence that came with the contact and stays is no file of that contact any more.

    It is a different matter by definition: what is open about the same order or customer stays as it is.
    Raises StaleVersion, MergedAway, NotToSplit, NothingWouldStay, NotThisEvidence.
    """
    with locked(complaint_id, version=version) as complaint:
        contact = _to_split(complaint, split.contact)
        pieces = complaint.evidence.filter(pk__in=split.evidence)
        if len(pieces) != len(set(split.evidence)):
            raise NotThisEvidence
        fresh = intake.register(
            Registration(
                shop=complaint.shop,
                title=split.title,
                channel=contact.channel or complaint.channel,
                description=contact.body,
                order=split.order,
                customer=split.customer,
                no_order_reason=split.no_order_reason,
                issue_type=split.issue_type,
                severity=complaint.severity,
                assignee=complaint.assignee,
                received_at=contact.at,
                separate=True,
                contact=contact,
                split_from=complaint,
            ),
            actor=actor,
            now=now,
        )
        pieces.exclude(contact=contact).update(contact=None)
        complaint.evidence.filter(contact=contact).exclude(pk__in=split.evidence).update(contact=None)
        pieces.update(complaint=fresh, origin=None)
        record(fresh, "split_from", actor=actor, now=now, number=complaint.number, contact=contact.pk)
        _without(complaint, now=now)
        record(complaint, "split_off", actor=actor, now=now, number=fresh.number, contact=contact.pk)
    return fresh


def may_split(contact: Contact) -> bool:
    """Whether this is something that a customer said of own accord: choices, calls and notes belong to the case."""
    return contact.direction == Contact.Direction.IN and contact.purpose == Contact.Purpose.MESSAGE


def _to_split(complaint: Complaint, contact_id: int) -> Contact:
    if complaint.merged_into:
        raise MergedAway(number=complaint.merged_into.number)
    contact = complaint.contacts.filter(pk=contact_id).first()
    if contact is None or not may_split(contact):
        raise NotToSplit
    if not complaint.contacts.filter(direction=Contact.Direction.IN).exclude(pk=contact.pk).exists():
        raise NothingWouldStay
    return contact


def _without(complaint: Complaint, *, now: datetime) -> None:
    """What the complaint is without the contact: who spoke last, and whether the customer still asks to reopen it."""
    conversation.take_stock(complaint)
    asked_again = complaint.contacts.filter(direction=Contact.Direction.IN, at__gte=complaint.reopen_asked_at or now)
    if complaint.reopen_asked_at and not asked_again.exists():
        reopening.answered(complaint, now=now)
    save_change(complaint, "version")
