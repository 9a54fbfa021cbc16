"""A person judges that the sender of a mail is the customer; only then it counts (R3.2)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from complaints.models import Complaint, Matter
from complaints.operations import receiving, senders
from complaints.operations.customers import Person
from complaints.operations.receiving import Incoming
from complaints.operations.senders import NoSender
from tests.factories.complaints import current

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailed(shop: Any, now: Any) -> receiving.Received:
    """Somebody who is known by a phone number has written from an address that is not on file."""
    said = Incoming(shop=shop, channel="phone", text="碎了", person=Person(phone="13800001234"), source="desk:1")
    first = receiving.take_in(said, actor=None, now=now)
    mail = replace(
        said, channel="email", about=first.complaint, trusted=False, source="mail:1",
        person=Person(email="new@b.example", name="王"),
    )  # fmt: skip
    return receiving.take_in(mail, actor=None, now=now + timedelta(minutes=1))


def adopt(contact: Any, case: Complaint, agent: Any, now: Any) -> Complaint:
    return senders.adopt(case.pk, contact.pk, actor=agent, version=current(case).version, now=now)


def test_the_sender_becomes_the_customers_address_and_is_told_by_kind_only(
    mailed: receiving.Received, agent: Any, now: Any
) -> None:
    case = mailed.complaint
    assert not current(case).customer.email
    keys = Matter.objects.filter(complaint=case).count()

    adopt(mailed.contact, case, agent, now)

    assert (current(case).customer.email, current(case).customer.phone) == ("new@b.example", "13800001234")
    event = case.events.get(kind="corrected")
    assert (event.data["personal"], event.actor) == (["email"], agent)
    assert "new@b.example" not in str(event.data)
    assert Matter.objects.filter(complaint=case).count() >= keys


def test_a_message_without_a_sender_gives_nothing_to_take_over(
    mailed: receiving.Received, agent: Any, now: Any
) -> None:
    spoken = mailed.complaint.contacts.get(source="desk:1")
    with pytest.raises(NoSender):
        adopt(spoken, mailed.complaint, agent, now)
    assert not current(mailed.complaint).customer.email
