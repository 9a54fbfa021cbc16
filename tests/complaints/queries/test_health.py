"""What is wrong behind the pages, in codes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as desk
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from complaints.models import CalendarYear, Heartbeat, Mailbox, WorkCalendar
from complaints.queries import health
from complaints.queries.health import Check
from tests.complaints.pulses import pulse
from tests.factories.complaints import NOW, OutboxMessageFactory, ShopFactory

pytestmark = pytest.mark.django_db

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
OCTOBER = datetime(2026, 10, 31, 10, tzinfo=UTC)


def check(name: str, *, now: datetime = NOW) -> Check:
    return next(one for one in health.checks(now=now) if one.name == name)


def calendar(*years: tuple[int, bool], **values: Any) -> WorkCalendar:
    made = WorkCalendar.objects.create(**{"name": "总店", "is_default": True} | values)
    CalendarYear.objects.bulk_create(CalendarYear(calendar=made, year=year, announced=said) for year, said in years)
    return made


# ---------------------------------------------------------------- the background


@pytest.mark.parametrize("part", Heartbeat.Part.values)
@pytest.mark.parametrize("tick", [1, 30, 600])
def test_three_missed_ticks_are_red_and_fewer_are_not(part: str, tick: int, settings: Any) -> None:
    settings.AMENDS_TICK_SECONDS = tick
    every = tick * (10 if part == "mend" else 1)
    allowed = max(3 * every, 30)
    pulse(**{part: (allowed - 10) * SECOND})
    assert check(part).reason == ""
    pulse(**{part: (allowed + 1) * SECOND})
    stopped = check(part)
    assert (stopped.reason, stopped.failing) == ("stopped", True)
    assert allowed <= stopped.numbers["age_seconds"] < allowed + 60
    assert stopped.numbers["allowed_seconds"] == allowed


def test_the_rounds_are_as_long_as_the_beat_table_says() -> None:
    table = desk.CELERY_BEAT_SCHEDULE
    entries = {"sweep": "sweep", "deliver": "deliver", "mend": "mend-clocks"}
    periods = {part: table[entry]["schedule"] / desk.AMENDS_TICK_SECONDS for part, entry in entries.items()}
    assert periods == health.TICKS


def test_a_part_that_never_ran_is_red() -> None:
    assert [check(part).reason for part in Heartbeat.Part.values] == ["never_ran"] * 3


# ---------------------------------------------------------------- the outbox


def waiting(age: timedelta, **values: Any) -> None:
    OutboxMessageFactory(next_attempt_at=Now() - age, **values)


def test_a_message_that_waits_too_long_is_red() -> None:
    waiting(4 * MINUTE)
    assert check("outbox").reason == ""
    waiting(6 * MINUTE)
    late = check("outbox")
    assert (late.reason, late.failing) == ("waiting", True)
    assert 360 <= late.numbers["oldest_seconds"] < 420


def test_a_message_that_is_put_off_or_sent_waits_for_nobody() -> None:
    waiting(-MINUTE)
    waiting(60 * MINUTE, sent=True)
    assert check("outbox") == Check("outbox", numbers={"oldest_seconds": 0})


def test_dead_letters_are_a_number_and_a_warning() -> None:
    assert check("dead_letters") == Check("dead_letters", numbers={"count": 0})
    OutboxMessageFactory(dead=True)
    OutboxMessageFactory(maybe_sent=True)
    assert check("dead_letters") == Check("dead_letters", "undelivered", numbers={"count": 2})


def test_mailboxes_that_cannot_be_read_are_a_warning(shop: Any) -> None:
    made = Mailbox.objects.create(shop=shop, address="a@shop.example", host="imap.qq.com", since=NOW.date(), failures=2)
    assert check("mailboxes") == Check("mailboxes", numbers={"count": 0})
    Mailbox.objects.filter(pk=made.pk).update(failures=3)
    assert check("mailboxes") == Check("mailboxes", "unreadable", numbers={"count": 1})


# ---------------------------------------------------------------- the calendar


def test_a_desk_without_a_default_calendar_is_red() -> None:
    assert check("calendar") == Check("calendar", "no_default", failing=True)
    calendar((2026, True), (2027, True))
    assert check("calendar").reason == ""


@pytest.mark.parametrize(
    ("years", "now", "reason"),
    [
        ([(2025, True)], OCTOBER, "year_missing"),
        ([(2026, False)], OCTOBER, "year_not_announced"),
        ([(2026, True)], OCTOBER, ""),
        ([(2026, True)], NOW, "next_year_not_announced"),
        ([(2026, True), (2027, False)], NOW, "next_year_not_announced"),
        ([(2026, True), (2027, True)], NOW, ""),
    ],
)
def test_only_a_year_without_any_holidays_is_red(years: Any, now: datetime, reason: str) -> None:
    calendar(*years)
    found = check("calendar", now=now)
    assert (found.reason, found.failing) == (reason, reason == "year_missing")


def test_it_is_next_year_in_the_time_of_the_desk() -> None:
    calendar((2026, True), (2027, False))
    assert check("calendar", now=datetime(2026, 12, 31, 15, tzinfo=UTC)).reason == "next_year_not_announced"
    assert check("calendar", now=datetime(2026, 12, 31, 16, tzinfo=UTC)).reason == "year_not_announced"


def test_calendars_count_that_a_shop_uses_and_that_have_holidays() -> None:
    calendar((2026, True), (2027, True))
    other = calendar(name="柏林", is_default=False, region="DE")
    assert check("calendar").reason == ""
    ShopFactory(calendar=other)
    assert check("calendar").reason == "year_missing"
    WorkCalendar.objects.filter(pk=other.pk).update(region="")
    assert check("calendar").reason == ""


# ---------------------------------------------------------------- as a whole


def test_it_takes_six_queries_however_much_there_is() -> None:
    calendar((2026, True))
    pulse()
    for _n in range(5):
        waiting(6 * MINUTE)
        OutboxMessageFactory(dead=True)
    with CaptureQueriesContext(connection) as captured:
        health.checks(now=NOW)
    assert len(captured) == 6


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ([Check("a"), Check("b")], "ok"),
        ([Check("a"), Check("b", "undelivered")], "degraded"),
        ([Check("a", "stopped", failing=True), Check("b", "undelivered")], "failing"),
    ],
)
def test_the_worst_decides(found: list[Check], status: str) -> None:
    assert health.overall(found) == status


@pytest.mark.parametrize(
    ("ages", "part"),
    [
        ({}, None),
        ({"mend": 60 * MINUTE}, None),
        ({"sweep": 6 * MINUTE}, "sweep"),
        ({"deliver": 6 * MINUTE}, "deliver"),
        ({"sweep": 6 * MINUTE, "deliver": 7 * MINUTE}, "all"),
    ],
)
def test_a_standstill_is_what_keeps_alerts_or_mails_back(ages: dict[str, timedelta], part: str | None) -> None:
    pulse(**ages)
    found = health.standstill()
    assert (found.part if found else None) == part
    assert found is None or 6 * MINUTE <= found.span < 7 * MINUTE


def test_a_desk_that_was_never_set_up_stands_not_still() -> None:
    assert health.standstill() is None
