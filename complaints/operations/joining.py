"""What the customer says on the phone, added by a clerk to the complaint that is open about it (R3.1)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.identity import Fact
from complaints.models import Complaint
from complaints.models.customer import fingerprint
from complaints.refusals import Refused

from . import matters, receiving, reopening
from .customers import Person
from .receiving import Incoming, Result


class MovedOn(Refused):
    message = _("%(number)s cannot take this any more. Register a new complaint that follows it.")


@dataclass(frozen=True, slots=True)
class Joined:
    """Where it went. `differing`: facts about the person that are known otherwise, and stayed as they were."""

    complaint: Complaint
    result: Result
    differing: tuple[Fact, ...] = ()


def can_join(complaint: Complaint, *, now: datetime) -> bool:
    """Open, or closed so shortly ago that the customer may ask to reopen it."""
    return complaint.is_open or reopening.may_ask(complaint, now=now)


def join(
    complaint_id: int, text: str, *, channel: str, person: Person, token: UUID, actor: Any, now: datetime
) -> Joined:
    """Add the customer's words to the complaint, or to the one into which it was merged; once for each token.

    What was unknown of the customer is filled in. Raises EmptyText, MovedOn.
    """
    with transaction.atomic():
        complaint = matters.surviving(Complaint.objects.select_related("shop", "merged_into").get(pk=complaint_id))
        if not can_join(complaint, now=now):
            raise MovedOn(number=complaint.number)
        incoming = Incoming(
            shop=complaint.shop, channel=channel, text=text, person=person, about=complaint, source=f"desk:{token}"
        )
        received = receiving.take_in(incoming, actor=actor, now=now)
        differing = () if received.again else _differing(received.complaint, person)
    return Joined(received.complaint, received.result, differing)


def _differing(complaint: Complaint, person: Person) -> tuple[Fact, ...]:
    """What was told of the person and is known otherwise."""
    customer = complaint.customer
    marks = {one: fingerprint(one, getattr(person, one)) for one in person.told} if customer else {}
    return tuple(one for one, mark in marks.items() if getattr(customer, f"{one}_hash") != mark)
