"""One thing that a customer said becomes a complaint of its own."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from complaints.models import Complaint, Contact
from complaints.operations import conversation, matters, merging, receiving, splitting, verification
from complaints.operations.ended import MergedAway
from complaints.operations.locking import StaleVersion
from complaints.operations.splitting import NothingWouldStay, NotThisEvidence, NotToSplit, Split
from tests.factories.complaints import NOW, bring, current, registered
from tests.unchanged import nothing_written

ASKED = NOW + timedelta(hours=1)
LATER = NOW + timedelta(hours=3)


@pytest.fixture
def lead(user_with: Callable[..., Any]) -> Any:
    return user_with("team_lead")


@pytest.fixture
def complaint(case: Callable[..., Any]) -> Complaint:
    return case("verifying")


@pytest.fixture
def said(complaint: Complaint, agent: Any) -> Contact:
    """Besides, the customer speaks of something else."""
    return conversation.receive(complaint.pk, "椅子也少了一个螺丝", channel="email", actor=agent, now=ASKED)


def split_off(complaint: Complaint, contact: Contact, lead: Any, **values: Any) -> Complaint:
    case = current(complaint)
    about = {"title": "少螺丝", "order": case.order, "customer": case.customer} | values
    who = {"actor": lead, "version": case.version, "now": LATER}
    return splitting.split_off(complaint.pk, Split(contact=contact.pk, **about), **who)


def test_the_message_begins_a_complaint_at_its_own_time(complaint: Complaint, said: Contact, lead: Any) -> None:
    fresh = current(split_off(complaint, said, lead))
    said.refresh_from_db()
    assert (said.complaint, list(fresh.contacts.all())) == (fresh, [said])
    assert (fresh.received_at, fresh.created_at, fresh.next_due_at) == (ASKED, LATER, ASKED + timedelta(hours=2))
    assert (fresh.title, fresh.channel, fresh.description) == ("少螺丝", "email", "椅子也少了一个螺丝")
    assert (fresh.order, fresh.customer, fresh.assignee) == (complaint.order, complaint.customer, complaint.assignee)
    assert (fresh.split_from, fresh.state) == (complaint, "new")


def test_both_histories_name_the_other(complaint: Complaint, said: Contact, lead: Any) -> None:
    fresh = split_off(complaint, said, lead)
    here, there = complaint.events.get(kind="split_off"), fresh.events.get(kind="split_from")
    assert here.data == {"number": fresh.number, "contact": said.pk}
    assert there.data == {"number": complaint.number, "contact": said.pk}
    assert (here.version, here.actor) == (current(complaint).version, lead)


def test_the_case_is_as_if_that_had_not_been_said(complaint: Complaint, said: Contact, lead: Any) -> None:
    clocks = list(complaint.deadlines.values())
    assert current(complaint).last_contact_inbound
    split_off(complaint, said, lead)
    after = current(complaint)
    assert (after.last_contact_at, after.last_contact_inbound) == (NOW, False)
    assert list(complaint.deadlines.values()) == clocks


def test_what_is_open_keeps_the_matter(complaint: Complaint, said: Contact, lead: Any) -> None:
    split_off(complaint, said, lead)
    assert matters.holder(matters.subject_of_complaint(complaint), now=LATER) == complaint


def test_chosen_evidence_goes_along(complaint: Complaint, said: Contact, agent: Any, lead: Any) -> None:
    going, staying = (
        verification.add_evidence(complaint.pk, kind="photo", reference=f"IMG-{n}", actor=agent, now=ASKED)
        for n in (1, 2)
    )
    fresh = split_off(complaint, said, lead, evidence=[going.pk])
    assert (list(fresh.evidence.all()), list(complaint.evidence.all())) == ([going], [staying])


def test_a_file_that_stays_is_no_file_of_the_message_any_more(
    complaint: Complaint, said: Contact, agent: Any, lead: Any
) -> None:
    pieces = [
        verification.add_evidence(complaint.pk, kind="photo", reference=f"IMG-{n}", actor=agent, now=ASKED)
        for n in (1, 2)
    ]
    complaint.evidence.update(contact=said)
    fresh = split_off(complaint, said, lead, evidence=[pieces[0].pk])
    assert list(said.files.all()) == list(fresh.evidence.all()) == [pieces[0]]
    assert complaint.evidence.get().contact is None


def test_of_another_order_and_nobody_known(complaint: Complaint, said: Contact, lead: Any) -> None:
    fresh = split_off(complaint, said, lead, order=None, customer=None, no_order_reason="另一家的")
    assert (fresh.order, fresh.customer, fresh.no_order_reason) == (None, None, "另一家的")


def test_a_delivery_that_comes_again_is_found_at_the_new_complaint(complaint: Complaint, shop: Any, lead: Any) -> None:
    mail = receiving.Incoming(shop=shop, channel="email", text="椅子也坏了", about=complaint, source="mail:1:abc")
    contact = receiving.take_in(mail, actor=None, now=ASKED).contact
    fresh = split_off(complaint, contact, lead)
    again = receiving.take_in(mail, actor=None, now=LATER)
    assert (again.complaint, again.again) == (fresh, True)


def test_what_came_with_a_merge_and_was_split_off_does_not_leave_with_it(
    complaint: Complaint, said: Contact, agent: Any, lead: Any
) -> None:
    target = registered(complaint.shop, actor=agent, order=complaint.order)
    who = {"actor": lead, "now": LATER}
    merging.merge(complaint.pk, target.pk, reason="同一件事", version=current(complaint).version, **who)
    fresh = split_off(target, said, lead)
    merging.unmerge(complaint.pk, reason="两件事", version=current(complaint).version, **who)
    assert list(fresh.contacts.all()) == [said]


def test_who_asked_to_reopen_asks_no_more_when_it_was_about_something_else(
    complaint: Complaint, shop: Any, agent: Any, lead: Any
) -> None:
    bring(complaint, "closed", actor=agent, now=NOW)
    again = receiving.Incoming(shop=shop, channel="email", text="椅子也坏了", about=complaint)
    contact = receiving.take_in(again, actor=None, now=ASKED).contact
    assert current(complaint).reopen_asked_at == ASKED
    split_off(complaint, contact, lead)
    assert current(complaint).reopen_asked_at is None


# ---------------------------------------------------------------- refusals


def test_the_only_thing_said_is_not_split_off(complaint: Complaint, lead: Any) -> None:
    (only,) = complaint.contacts.filter(direction="in")
    with nothing_written(complaint), pytest.raises(NothingWouldStay):
        split_off(complaint, only, lead)


@pytest.mark.parametrize("direction", ["out", "internal"])
def test_only_what_the_customer_said_is_split_off(
    direction: str, complaint: Complaint, said: Contact, agent: Any, lead: Any
) -> None:
    conversation.note(complaint.pk, "仓库在查", actor=agent, now=ASKED)
    contact = complaint.contacts.filter(direction=direction).first()
    with nothing_written(complaint), pytest.raises(NotToSplit):
        split_off(complaint, contact, lead)


def test_nothing_of_another_complaint_is_split_off(
    complaint: Complaint, said: Contact, case: Callable[..., Any], lead: Any
) -> None:
    other = case("verifying")
    piece = verification.add_evidence(other.pk, kind="photo", reference="X", actor=lead, now=ASKED)
    with nothing_written(complaint, other), pytest.raises(NotToSplit):
        split_off(complaint, other.contacts.first(), lead)
    with nothing_written(complaint, other), pytest.raises(NotThisEvidence):
        split_off(complaint, said, lead, evidence=[piece.pk])


def test_sent_twice_it_is_split_off_once(complaint: Complaint, said: Contact, lead: Any) -> None:
    step = {"actor": lead, "version": current(complaint).version, "now": LATER}
    about = Split(contact=said.pk, title="少螺丝", order=complaint.order)
    splitting.split_off(complaint.pk, about, **step)
    with pytest.raises(StaleVersion):
        splitting.split_off(complaint.pk, about, **step)
    assert Complaint.objects.filter(split_from=complaint).count() == 1


def test_a_merged_complaint_has_nothing_to_split_off(case: Callable[..., Any], lead: Any) -> None:
    complaint = case("merged")
    contact = Contact.objects.filter(origin=complaint).first()
    with nothing_written(complaint), pytest.raises(MergedAway):
        split_off(complaint, contact, lead)
