"""A small fill: everything that a large one must keep, in a second."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from benchmarks.filling import NotEmpty, fill, plan, sanity
from benchmarks.filling.cast import hire
from benchmarks.filling.stories import Teller
from complaints.models import Complaint, ComplaintEvent, Customer, Deadline, Shop
from complaints.operations import intake, sweeping

COUNT = 200


@pytest.fixture
def filled(db: None, now: datetime) -> datetime:
    fill(connection, COUNT, now=now)
    return now


def test_a_fill_keeps_every_rule(filled: datetime) -> None:
    connection.check_constraints()
    assert sanity.problems(connection, now=filled) == []
    assert Complaint.objects.count() == COUNT
    assert Complaint.objects.open().count() == COUNT / 10


def test_every_table_has_rows(filled: datetime) -> None:
    assert [table for table, rows in sanity.counts(connection).items() if rows == 0] == []


def test_sanity_notices_a_clock_that_is_gone(filled: datetime) -> None:
    Complaint.objects.open().first().deadlines.running().delete()
    problems = sanity.problems(connection, now=filled)
    assert "1 open complaints whose running clocks of the stage are not exactly one" in problems
    assert "1 complaints or promises without a clock" in problems


def test_each_breach_is_told_once_and_dated(filled: datetime) -> None:
    breached = Deadline.objects.filter(breached_at__isnull=False)
    events = ComplaintEvent.objects.filter(kind="breached")
    assert sorted((clock.complaint_id, clock.due_at.isoformat()) for clock in breached) == sorted(
        (event.complaint_id, event.data["due_at"]) for event in events
    )


def test_equal_seeds_give_equal_complaints(db: None, now: datetime) -> None:
    places, issues = hire()
    first, again = (
        [
            (received, [row for row in story.rows if row.table != "outbox"])
            for received, story in plan(Teller(Random(7), places, issues), 30, now=int(now.timestamp()))
        ]
        for _ in range(2)
    )
    assert first == again


def test_a_desk_with_complaints_is_not_filled(filled: datetime) -> None:
    with pytest.raises(NotEmpty):
        fill(connection, 1, now=filled)
    assert Complaint.objects.count() == COUNT


def test_work_goes_on_after_a_fill(filled: datetime) -> None:
    sweeping.sweep(now=filled + timedelta(hours=1))
    registration = intake.Registration(shop=Shop.objects.first(), title="杯子碎了", channel="phone")
    complaint = intake.register(registration, actor=None, now=filled)
    assert complaint.pk == COUNT + 1
    assert Complaint.objects.get(pk=complaint.pk).number == complaint.number


def test_personal_data_can_be_read_and_found(filled: datetime) -> None:
    customer = Customer.objects.order_by("pk").first()
    assert customer.buyer.startswith("tb")
    assert customer in Customer.objects.matching(customer.buyer)


def test_a_case_page_of_a_filled_complaint_opens(filled: datetime, client_for: Callable[[Any], Client]) -> None:
    complaint = Complaint.objects.open().filter(assignee__isnull=False).first()
    assert client_for(complaint.assignee).get(f"/admin/complaints/complaint/{complaint.pk}/change/").status_code == 200
