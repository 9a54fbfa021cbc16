"""What comes in by any channel lands once, on the right complaint (R3.1)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from complaints.lifecycle import State
from complaints.models import Complaint, Contact, Deadline, Shop
from complaints.operations import progress, reopening
from complaints.operations.customers import Person
from complaints.operations.receiving import Incoming, Result, belongs_to, take_in
from knowledge.models import IssueType
from tests.factories.complaints import OrderFactory, current

pytestmark = pytest.mark.django_db


@pytest.fixture
def incoming(shop: Any) -> Incoming:
    return Incoming(
        shop=shop, channel="api", text="杯子到手就碎了\n请补发", person=Person(phone="13800001234"), source="api:1:a"
    )


def test_the_first_contact_registers_a_complaint_with_the_missing_fields_named(incoming: Incoming, now: Any) -> None:
    received = take_in(incoming, actor=None, now=now)

    assert received.result == Result.REGISTERED
    assert received.complaint.title == "杯子到手就碎了"
    assert received.complaint.state == State.NEW
    assert received.contact.source == "api:1:a"
    assert received.complaint.missing_fields


def test_the_same_delivery_again_changes_nothing(incoming: Incoming, now: Any) -> None:
    first = take_in(incoming, actor=None, now=now)
    again = take_in(incoming, actor=None, now=now)

    assert again.again
    assert (again.complaint, again.result) == (first.complaint, Result.REGISTERED)
    assert Contact.objects.count() == 1


def test_a_second_contact_about_the_order_joins_the_open_complaint(incoming: Incoming, now: Any) -> None:
    about_order = replace(incoming, order_number="D1", product="马克杯")
    first = take_in(about_order, actor=None, now=now)
    other_channel = replace(about_order, channel="email", source="mail:1", person=Person(email="a@b.example"))
    second = take_in(other_channel, actor=None, now=now)

    assert (second.complaint, second.result) == (first.complaint, Result.JOINED)
    assert Complaint.objects.count() == 1


def test_the_same_person_with_the_same_issue_within_30_days_joins(incoming: Incoming, now: Any) -> None:
    issue = IssueType.objects.selectable().first()
    first = take_in(replace(incoming, issue_type=issue), actor=None, now=now)
    soon = replace(incoming, issue_type=issue, source="api:1:b")
    late = replace(incoming, issue_type=issue, source="api:1:c")

    assert take_in(soon, actor=None, now=now + timedelta(days=29)).complaint == first.complaint
    assert take_in(late, actor=None, now=now + timedelta(days=90)).result == Result.REGISTERED


def test_a_contact_within_the_window_after_closing_asks_to_reopen(incoming: Incoming, case: Any) -> None:
    closed = case("closed")
    back_at = closed.closed_at + timedelta(days=14)

    received = take_in(replace(incoming, order_number=closed.order.number), actor=None, now=back_at)

    closed.refresh_from_db()
    assert (received.complaint, received.result) == (closed, Result.REOPEN_ASKED)
    assert (closed.state, closed.reopen_asked_at) == (State.CLOSED, back_at)
    clock = closed.deadlines.running().get()
    assert (clock.kind, clock.started_at, clock.due_at) == ("first_response", back_at, back_at + timedelta(hours=2))


def test_a_contact_after_the_window_makes_a_new_complaint_that_follows_the_old_one(
    incoming: Incoming, case: Any
) -> None:
    closed = case("closed")
    about_it = replace(incoming, order_number=closed.order.number)

    received = take_in(about_it, actor=None, now=closed.closed_at + timedelta(days=16))

    assert received.result == Result.REGISTERED
    assert received.complaint.previous == closed
    assert received.complaint.repeated


def test_who_asked_in_time_may_be_reopened_after_the_window(incoming: Incoming, case: Any, agent: Any) -> None:
    closed = case("closed")
    end = closed.closed_at + timedelta(days=15)
    take_in(replace(incoming, order_number=closed.order.number), actor=None, now=end)
    closed.refresh_from_db()

    reopened = progress.reopen(
        closed.pk, reason="又坏了", actor=agent, version=closed.version, now=end + timedelta(hours=1)
    )

    assert reopened.state == State.PROPOSING
    assert reopened.reopen_asked_at is None
    watching = Deadline.objects.filter(complaint=closed, kind="first_response", subject=reopening.RETURNED)
    assert watching.get().met_at == end + timedelta(hours=1)
    assert [clock.kind for clock in closed.deadlines.running()] == ["proposal"]


def test_a_customer_who_came_back_can_be_told_why_not(incoming: Incoming, case: Any, agent: Any) -> None:
    closed = case("closed")
    back_at = closed.closed_at + timedelta(days=1)
    take_in(replace(incoming, order_number=closed.order.number), actor=None, now=back_at)
    closed.refresh_from_db()
    answer = {
        "reason": "同一问题已赔付",
        "body": "您好，本单已按约定赔付",
        "channel": "phone",
        "actor": agent,
        "now": back_at,
    }

    reopening.decline(closed.pk, version=closed.version, **answer)

    closed.refresh_from_db()
    assert (closed.state, closed.reopen_asked_at) == (State.CLOSED, None)
    assert not closed.deadlines.running().exists()
    assert closed.contacts.last().direction == Contact.Direction.OUT
    with pytest.raises(reopening.NobodyAsks):
        reopening.decline(closed.pk, version=closed.version, **answer)


def test_a_further_contact_fills_in_what_the_registration_lacked(incoming: Incoming, now: Any) -> None:
    issue = IssueType.objects.selectable().first()
    first = take_in(replace(incoming, issue_type=issue), actor=None, now=now)
    more = replace(incoming, issue_type=issue, source="api:1:b", order_number="D1", product="马克杯", demand="补发")

    received = take_in(more, actor=None, now=now)

    complaint = Complaint.objects.get(pk=first.complaint.pk)
    assert received.complaint == complaint
    assert (complaint.demand, complaint.order.number) == ("补发", "D1")
    assert complaint.missing_fields == []


def test_who_knows_only_the_order_number_changes_nothing_that_is_known_of_its_customer(
    incoming: Incoming, shop: Any, now: Any
) -> None:
    order = OrderFactory(shop=shop, customer__phone="13900005678", customer__email=None)
    stranger = Person(email="stranger@mail.example")
    claim = replace(incoming, channel="email", order_number=order.number, person=stranger, trusted=False)

    received = take_in(claim, actor=None, now=now)

    order.customer.refresh_from_db()
    assert not order.customer.email
    assert received.complaint.order == order
    assert received.complaint.customer == order.customer
    assert received.contact.sender == "stranger@mail.example"


def test_a_bad_file_costs_nothing_but_itself(incoming: Incoming, now: Any, media: Any) -> None:
    files = (SimpleUploadedFile("a.pdf", b"%PDF-1.4 x"), SimpleUploadedFile("b.html", b"<script>1</script>"))

    received = take_in(replace(incoming, files=files), actor=None, now=now)

    assert [piece.original_name for piece in received.complaint.evidence.all()] == ["a.pdf"]
    assert [name for name, _why in received.refused_files] == ["b.html"]


@pytest.mark.row_locks
@pytest.mark.django_db(transaction=True)
def test_two_channels_at_the_same_instant_make_one_complaint(incoming: Incoming, now: Any) -> None:
    """Control: without the keys each of them would find nothing open and register."""
    issue = IssueType.objects.selectable().first()
    start = Barrier(12)

    def arrive(number: int) -> int:
        start.wait(timeout=30)
        try:
            person = Person(phone="13800001234", buyer=f"买家{number % 2}" if number % 3 else "")
            one = replace(incoming, issue_type=issue, source=f"api:1:{number}", person=person)
            return take_in(one, actor=None, now=now).complaint.pk
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        found = set(pool.map(arrive, range(12)))

    assert len(found) == 1
    assert Contact.objects.filter(complaint__in=found).count() == 12


def test_what_a_contact_fills_in_is_told_in_the_history_and_of_the_person_only_what(
    incoming: Incoming, now: Any
) -> None:
    first = take_in(incoming, actor=None, now=now)
    told = replace(
        incoming, about=first.complaint, source="api:1:b", order_number="D7", product="马克杯", demand="补发",
        person=Person(phone="13800001234", email="a@b.example"),
    )  # fmt: skip
    take_in(told, actor=None, now=now + timedelta(minutes=1))

    corrected = first.complaint.events.get(kind="corrected")
    assert corrected.data["changes"] == {"order": [None, "D7"], "demand": [None, "补发"]}
    assert corrected.data["personal"] == ["email"]
    assert "a@b.example" not in str(corrected.data)
    first.complaint.refresh_from_db()
    assert (first.complaint.order.number, first.complaint.customer.email) == ("D7", "a@b.example")


def test_what_is_known_already_fills_nothing_in_and_is_no_event(incoming: Incoming, now: Any) -> None:
    first = take_in(incoming, actor=None, now=now)
    take_in(replace(incoming, about=first.complaint, source="api:1:b"), actor=None, now=now + timedelta(minutes=1))

    assert not first.complaint.events.filter(kind="corrected").exists()


def test_nobody_vouches_for_the_sender_of_a_mail_who_completes_nobody(incoming: Incoming, now: Any) -> None:
    first = take_in(incoming, actor=None, now=now)
    mail = replace(
        incoming, about=first.complaint, channel="email", source="mail:1", trusted=False,
        person=Person(email="a@b.example"),
    )  # fmt: skip
    take_in(mail, actor=None, now=now + timedelta(minutes=1))

    first.complaint.refresh_from_db()
    assert not first.complaint.customer.email
    assert not first.complaint.events.filter(kind="corrected").exists()


def test_who_comes_back_after_closing_is_introduced_but_the_rest_stays(incoming: Incoming, case: Any) -> None:
    closed = case("closed")
    closed.customer.email = None
    closed.customer.save()
    demand = closed.demand
    told = replace(incoming, about=closed, person=Person(email="back@b.example"), demand="退款")
    received = take_in(told, actor=None, now=closed.closed_at + timedelta(days=1))

    closed.refresh_from_db()
    assert received.result == Result.REOPEN_ASKED
    assert (closed.customer.email, closed.demand) == ("back@b.example", demand)
    assert closed.events.filter(kind="corrected").latest("pk").data == {"changes": {}, "personal": ["email"]}


def test_an_answer_to_what_is_long_over_joins_what_is_open_about_the_same_order(
    incoming: Incoming, case: Any, now: Any
) -> None:
    closed = case("closed")
    late = closed.closed_at + timedelta(days=40)
    order = replace(incoming, order_number=closed.order.number)
    open_now = take_in(order, actor=None, now=late).complaint

    answered = take_in(replace(incoming, about=closed, source="mail:9"), actor=None, now=late + timedelta(hours=1))

    assert open_now != closed
    assert (answered.complaint, answered.result) == (open_now, Result.JOINED)


def test_what_was_said_earlier_stands_at_its_own_time(incoming: Incoming, now: Any) -> None:
    first = take_in(incoming, actor=None, now=now)
    said_at = now + timedelta(minutes=5)
    told = replace(incoming, about=first.complaint, source="mail:2", received_at=said_at)

    received = take_in(told, actor=None, now=now + timedelta(hours=1))

    assert received.contact.at == said_at


@pytest.mark.parametrize("written", ["４１９９", " 41 99 ", '="4199"', "4199\n"])
def test_one_order_is_one_however_its_number_is_written(written: str, incoming: Incoming, shop: Any, now: Any) -> None:
    order = OrderFactory(shop=shop, number="4199")
    first = take_in(replace(incoming, order_number="4199"), actor=None, now=now)
    other = replace(incoming, order_number=written, source="api:1:b", person=Person(email="b@b.example"))
    second = take_in(other, actor=None, now=now)

    assert first.complaint.order == order
    assert (second.complaint, second.result) == (first.complaint, Result.JOINED)
    assert belongs_to(other, now=now) == first.complaint


def test_a_window_made_shorter_bars_nobody_who_asked_in_time(incoming: Incoming, case: Any, agent: Any) -> None:
    closed = case("closed")
    asked = take_in(
        replace(incoming, order_number=closed.order.number), actor=None, now=closed.closed_at + timedelta(days=9)
    )
    assert asked.result == Result.REOPEN_ASKED
    Shop.objects.update(reopen_days=1)
    again = progress.reopen(
        closed.pk,
        reason="客户有理",
        actor=agent,
        version=current(closed).version,
        now=closed.closed_at + timedelta(days=10),
    )
    assert again.is_open
