"""What is written in bulk is what was given, whatever stands in it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from complaints.models import Complaint, ComplaintEvent, OutboxMessage, Shop
from complaints.operations import in_bulk
from tests.factories.complaints import registered

TEXTS = ['"', "\\", '\\"', "{a,b}", "NULL", "", "é 单 😀", "line\nline\ttab", "'; --", "%s %"]


@pytest.fixture
def case(shop: Shop, staff: dict[str, Any], now: datetime) -> Complaint:
    return registered(shop, actor=staff["agent"], now=now)


def test_texts_and_details_are_written_as_they_are(case: Complaint, now: datetime) -> None:
    rows = [(case.pk, now, "x", "", "", text, 1, {"text": text, "deep": [text, None, 1]}) for text in TEXTS]
    names = ("complaint", "at", "kind", "from_state", "to_state", "reason", "version", "data")
    in_bulk.insert(ComplaintEvent, names, rows)
    written = ComplaintEvent.objects.filter(kind="x").order_by("pk")
    assert [(event.reason, event.data) for event in written] == [(row[5], row[7]) for row in rows]


def test_moments_of_any_offset_and_none_are_written(case: Complaint, now: datetime) -> None:
    moment = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    clock = case.deadlines.get()
    for value in (moment, moment.astimezone(None), moment + timedelta(days=400), None):
        in_bulk.update(type(clock), ("next_alert_at",), [(value, clock.pk)])
        clock.refresh_from_db()
        assert clock.next_alert_at == value


def test_rows_are_read_by_their_keys(shop: Shop, staff: dict[str, Any], now: datetime) -> None:
    cases = [registered(shop, actor=staff["agent"], now=now) for _ in range(3)]
    assert in_bulk.read(Complaint, ("shop", "assignee", "number"), [case.pk for case in cases[:2]]) == {
        case.pk: (shop.pk, staff["agent"].pk, case.number) for case in cases[:2]
    }
    assert in_bulk.read(Complaint, ("shop",), []) == {}


def test_nothing_is_written_past_a_field_that_encrypts(db: None) -> None:
    with pytest.raises(TypeError):
        in_bulk.insert(OutboxMessage, ("body",), [("plain",)])
