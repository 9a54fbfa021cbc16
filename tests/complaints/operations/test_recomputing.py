"""Open clocks follow a changed calendar, in batches, whatever happens meanwhile; met and breached ones do not."""

import logging
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DataError, IntegrityError

from complaints import waking
from complaints.models import Deadline, Shop, SlaPolicy, SlaTarget, WorkCalendar
from complaints.operations import calendar_days, calendars, clocks, recomputing
from complaints.queries.calendars import clocks_following
from tests.factories.complaints import NOW, ComplaintFactory, DeadlineFactory, registered

MONDAY, TUESDAY = datetime(2026, 11, 23, 2, tzinfo=UTC), datetime(2026, 11, 24, 2, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def calendar(content: None) -> WorkCalendar:
    """The default calendar, and a policy of eight working hours for a first response."""
    made = calendars.create_default(now=NOW)
    assert made
    recomputing.recompute_requested(now=NOW)
    policy = SlaPolicy.objects.create(name="工作时间", priority="P3")
    SlaTarget.objects.create(policy=policy, kind="first_response", budget_minutes=8 * 60, working=True)
    return made


def close_monday(calendar: WorkCalendar, now: datetime = LATER) -> int:
    return calendar_days.set_day(
        calendar.pk, date(2026, 11, 23), kind="closing", hours=[], name="", actor=None, now=now
    )


def dues() -> set[datetime]:
    return set(Deadline.objects.running().values_list("due_at", flat=True))


def running_clocks(calendar: WorkCalendar, shop: Shop, number: int) -> None:
    """Bare clocks of the calendar, two of each complaint."""
    for complaint in ComplaintFactory.create_batch(number, shop=shop):
        for kind in ("first_response", "inquiry"):
            DeadlineFactory(complaint=complaint, calendar=calendar, kind=kind)


def test_a_closed_day_moves_the_clocks_that_count_on_it(calendar: WorkCalendar, shop: Shop, agent: Any) -> None:
    complaint = registered(shop, actor=agent)
    assert dues() == {MONDAY}
    assert close_monday(calendar) == 1
    assert dues() == {MONDAY}
    calendar.refresh_from_db()
    assert clocks_following(calendar) == 1
    assert recomputing.recompute_requested(now=LATER) == 1
    assert dues() == {TUESDAY}
    complaint.refresh_from_db()
    assert complaint.next_due_at == TUESDAY
    calendar.refresh_from_db()
    assert (calendar.recompute_requested_at, calendar.recompute_after, clocks_following(calendar)) == (None, 0, 0)
    calendar_days.clear_day(calendar.pk, date(2026, 11, 23), actor=None, now=LATER)
    recomputing.recompute_requested(now=LATER)
    assert dues() == {MONDAY}


def test_a_clock_that_was_met_stays_as_it_was(calendar: WorkCalendar, shop: Shop, agent: Any) -> None:
    complaint = registered(shop, actor=agent)
    complaint.deadlines.update(met_at=LATER, next_alert_at=None)
    assert close_monday(calendar) == 0
    assert recomputing.recompute_requested(now=LATER) == 0
    assert complaint.deadlines.get().due_at == MONDAY


def test_a_shop_and_a_new_default_take_their_clocks_along(calendar: WorkCalendar, shop: Shop, agent: Any) -> None:
    registered(shop, actor=agent)
    values = {"name": "周末也开", "week": [[[540, 720], [780, 1080]]] * 7, "is_default": True}
    new = calendars.create(values, actor=None, now=LATER)
    recomputing.recompute_requested(now=LATER)
    # Saturday is worked there.
    assert dues() == {datetime(2026, 11, 21, 2, tzinfo=UTC)}
    assert Deadline.objects.get().calendar == new
    shop.calendar = calendar
    shop.save()
    calendars.shop_changed_calendar(shop, before=None, actor=None, now=LATER)
    recomputing.recompute_requested(now=LATER)
    assert (Deadline.objects.get().calendar, dues()) == (calendar, {MONDAY})


def test_many_clocks_are_recomputed_in_several_sweeps(
    calendar: WorkCalendar, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(recomputing, "BATCH", 3)
    monkeypatch.setattr(recomputing, "AT_ONCE", 6)
    monkeypatch.setattr(waking.current_app, "send_task", lambda name, **options: woken.append(name))
    running_clocks(calendar, shop, 10)
    seen: list[int] = []
    monkeypatch.setattr(clocks, "recompute", lambda complaint, **options: seen.append(complaint.pk))
    assert recomputing.calendar_changed(calendar.pk, now=LATER) == 20
    assert recomputing.recompute_requested(now=LATER) == 6
    assert woken == [recomputing.RECOMPUTE]
    calendar.refresh_from_db()
    assert clocks_following(calendar) == 8
    assert recomputing.recompute_requested(now=LATER) == 4
    assert seen == sorted(set(seen))
    assert len(seen) == 10
    assert recomputing.recompute_requested(now=LATER) == 0
    assert len(woken) == 1


def test_a_change_meanwhile_begins_anew(calendar: WorkCalendar, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing, "BATCH", 2)
    running_clocks(calendar, shop, 4)
    seen: list[int] = []

    def recompute(complaint: Any, **options: Any) -> None:
        if len(seen) == 2:
            recomputing.calendar_changed(calendar.pk, now=LATER + timedelta(seconds=1))
        seen.append(complaint.pk)

    monkeypatch.setattr(clocks, "recompute", recompute)
    recomputing.calendar_changed(calendar.pk, now=LATER)
    recomputing.recompute_requested(now=LATER)
    calendar.refresh_from_db()
    assert (calendar.recompute_requested_at, calendar.recompute_after) == (LATER + timedelta(seconds=1), 0)
    recomputing.recompute_requested(now=LATER)
    assert seen[-4:] == sorted(set(seen))


@pytest.mark.parametrize("poison", [ValueError, IntegrityError, DataError])
def test_one_that_cannot_be_recomputed_stops_no_other(
    poison: type[Exception], calendar: WorkCalendar, shop: Shop, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Nor does one whose row the database refuses: the calendar would never be done."""
    running_clocks(calendar, shop, 3)
    seen: list[int] = []

    def recompute(complaint: Any, **options: Any) -> None:
        seen.append(complaint.pk)
        if len(seen) == 2:
            raise poison("poison")

    monkeypatch.setattr(clocks, "recompute", recompute)
    recomputing.calendar_changed(calendar.pk, now=LATER)
    with caplog.at_level(logging.ERROR):
        assert recomputing.recompute_requested(now=LATER) == 3
    assert str(seen[1]) in caplog.text
    calendar.refresh_from_db()
    assert calendar.recompute_requested_at is None


def test_the_change_wakes_a_worker_and_a_silent_broker_does_no_harm(
    calendar: WorkCalendar,
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def silent(name: str, **options: Any) -> None:
        assert name == "complaints.tasks.recompute"
        raise ConnectionError("no broker")

    monkeypatch.setattr(waking.current_app, "send_task", silent)
    running_clocks(calendar, shop, 1)
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        close_monday(calendar)
    assert len(callbacks) == 1
    assert "no broker" in caplog.text
    calendar.refresh_from_db()
    assert calendar.recompute_requested_at == LATER


def test_the_change_costs_the_same_with_few_and_many_open_clocks(
    calendar: WorkCalendar, shop: Shop, django_assert_num_queries: Any
) -> None:
    running_clocks(calendar, shop, 1)
    close_monday(calendar)
    running_clocks(calendar, shop, 20)
    with django_assert_num_queries(12, exact=False):
        calendar_days.clear_day(calendar.pk, date(2026, 11, 23), actor=None, now=LATER)
