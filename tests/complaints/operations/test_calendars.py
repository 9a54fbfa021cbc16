"""Work calendars: seeded, edited, announced, copied; what a person edited stays, and every change is written down."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from complaints import public_holidays
from complaints.models import CalendarDay, SettingChange, WorkCalendar
from complaints.operations import calendar_days, calendar_years, calendars
from complaints.public_holidays import PublicDay, PublicYear
from tests.factories.complaints import NOW

pytestmark = pytest.mark.django_db

OFFICE = [[540, 720], [780, 1080]]
ANNOUNCED = PublicYear(
    announced=True,
    days=(
        PublicDay(date(2027, 1, 1), False, "元旦"),
        PublicDay(date(2027, 1, 2), False, "元旦"),
        PublicDay(date(2027, 1, 10), True, "元旦"),
    ),
)


@pytest.fixture
def calendar() -> WorkCalendar:
    made = calendars.create_default(now=NOW)
    assert made
    return made


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> None:
    """2027 is announced, as a later release of the library will know."""
    known = public_holidays.public_year
    monkeypatch.setattr(
        calendar_years, "public_year", lambda region, year: ANNOUNCED if year == 2027 else known(region, year)
    )


def days_of(calendar: WorkCalendar, year: int) -> dict[str, tuple[str, str]]:
    rows = calendar.days.filter(day__year=year)
    return {row.day.isoformat(): (row.kind, row.source) for row in rows}


def close(calendar: WorkCalendar, day: str, actor: Any = None) -> int:
    return calendar_days.set_day(
        calendar.pk, date.fromisoformat(day), kind="closing", hours=[], name="", actor=actor, now=NOW
    )


# ---------------------------------------------------------------- seeding


def test_bootstrap_makes_the_default_calendar_once() -> None:
    call_command("bootstrap")
    calendar = WorkCalendar.objects.get()
    assert (calendar.name, calendar.time_zone, calendar.region) == ("标准工作日历", "Asia/Shanghai", "CN")
    assert calendar.is_default
    assert calendar.week == [OFFICE] * 5 + [[], []]
    close(calendar, "2026-10-08")
    before = list(CalendarDay.objects.order_by("pk").values()), SettingChange.objects.count()
    call_command("bootstrap")
    assert (list(CalendarDay.objects.order_by("pk").values()), SettingChange.objects.count()) == before
    assert WorkCalendar.objects.count() == 1


def test_a_manager_may_have_taken_the_name_of_the_default() -> None:
    calendars.create({"name": calendars.DEFAULT_NAME}, actor=None, now=NOW)
    made = calendars.create_default(now=NOW)
    assert made
    assert made.name == f"{calendars.DEFAULT_NAME} 2"
    assert calendars.create_default(now=NOW) is None


def test_the_years_from_2025_to_2027_are_there_and_the_next_one(calendar: WorkCalendar) -> None:
    assert dict(calendar.years.values_list("year", "announced")) == {2025: True, 2026: True, 2027: False}
    late = calendars.create({"name": "later"}, actor=None, now=datetime(2029, 5, 1, tzinfo=UTC))
    assert set(late.years.values_list("year", flat=True)) == {2025, 2026, 2027, 2028, 2029, 2030}


def test_make_up_workdays_are_worked_as_an_ordinary_day(calendar: WorkCalendar) -> None:
    schedule = calendar.schedule()
    assert schedule.hours(date(2026, 10, 10)) == ((540, 720), (780, 1080))
    assert schedule.hours(date(2026, 10, 1)) == ()
    assert days_of(calendar, 2027)["2027-01-01"] == ("holiday", "statutory")
    calendars.configure(calendar.pk, {"week": [[[600, 960]]] * 6 + [[]]}, actor=None, now=NOW)
    assert WorkCalendar.objects.get().schedule().hours(date(2026, 10, 10)) == ((600, 960),)


def test_a_make_up_workday_that_somebody_edited_keeps_its_hours(calendar: WorkCalendar) -> None:
    calendar_days.set_day(
        calendar.pk, date(2026, 10, 10), kind="makeup", hours=[[540, 720]], name="", actor=None, now=NOW
    )
    calendars.configure(calendar.pk, {"week": [[[600, 960]]] * 6 + [[]]}, actor=None, now=NOW)
    assert WorkCalendar.objects.get().schedule().hours(date(2026, 10, 10)) == ((540, 720),)


def test_ordinary_hours_are_those_of_most_weekdays() -> None:
    half = [[540, 720]]
    assert WorkCalendar(week=[half, OFFICE, OFFICE, OFFICE, half, half, []]).ordinary_hours == half
    assert WorkCalendar(week=[OFFICE, OFFICE, OFFICE, half, half, [], []]).ordinary_hours == OFFICE


@pytest.mark.usefixtures("announced")
def test_an_announcement_replaces_the_statutory_days_and_no_edited_one(calendar: WorkCalendar) -> None:
    calendar.days.filter(day__year=2027).delete()
    calendar.years.filter(year=2027).update(announced=False)
    for day, source in (("2027-05-01", "statutory"), ("2027-01-02", "hand"), ("2027-01-10", "file")):
        CalendarDay.objects.create(calendar=calendar, day=day, kind="closing", source=source)
    assert calendar_years.refresh(now=NOW) == 1
    assert days_of(calendar, 2027) == {
        "2027-01-01": ("holiday", "seed"),
        "2027-01-02": ("closing", "hand"),
        "2027-01-10": ("closing", "file"),
    }
    assert calendar.years.get(year=2027).announced
    written = SettingChange.objects.count()
    assert calendar_years.refresh(now=NOW) == 0
    assert SettingChange.objects.count() == written


def test_a_day_given_back_to_its_weekday_does_not_come_back_with_the_announcement(
    calendar: WorkCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar_days.clear_day(calendar.pk, date(2027, 1, 1), actor=None, now=NOW)
    monkeypatch.setattr(calendar_years, "public_year", lambda region, year: ANNOUNCED)
    calendar_years.load(calendar.pk, 2027, actor=None, now=NOW)
    assert days_of(calendar, 2027)["2027-01-01"] == ("plain", "hand")
    assert WorkCalendar.objects.get().schedule().hours(date(2027, 1, 1)) == ((540, 720), (780, 1080))


def test_an_announced_year_keeps_its_days_when_less_is_known(
    calendar: WorkCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = days_of(calendar, 2026)
    monkeypatch.setattr(calendar_years, "public_year", lambda region, year: PublicYear(announced=False))
    calendar_years.load(calendar.pk, 2026, actor=None, now=NOW)
    assert days_of(calendar, 2026) == before


def test_the_next_year_comes_by_itself(calendar: WorkCalendar) -> None:
    assert calendar_years.refresh(now=datetime(2027, 12, 31, 15, tzinfo=UTC)) == 1
    # In Shanghai it is 2028 already.
    assert calendar_years.refresh(now=datetime(2027, 12, 31, 16, tzinfo=UTC)) == 1
    assert set(calendar.years.values_list("year", flat=True)) == {2025, 2026, 2027, 2028, 2029}


def test_a_region_that_nobody_knows_makes_nothing_fail() -> None:
    odd = calendars.create({"name": "odd", "region": "XX"}, actor=None, now=NOW)
    assert not odd.days.exists()
    assert calendar_years.refresh(now=NOW) == 0
    without = calendars.create({"name": "none", "region": ""}, actor=None, now=NOW)
    assert not without.days.exists()


def test_another_region_has_its_own_holidays_from_this_year_on(calendar: WorkCalendar) -> None:
    close(calendar, "2026-12-24")
    calendars.configure(calendar.pk, {"region": "DE"}, actor=None, now=NOW)
    days = days_of(calendar, 2026)
    assert days["2026-12-24"] == ("closing", "hand")
    assert days["2026-10-03"] == ("holiday", "seed")
    assert "2026-10-10" not in days
    assert "2025-10-01" in days_of(calendar, 2025)
    calendars.configure(calendar.pk, {"region": ""}, actor=None, now=NOW)
    assert set(days_of(calendar, 2026)) == {"2026-12-24"}


# ---------------------------------------------------------------- days


def test_a_day_is_set_changed_and_cleared_with_its_record(calendar: WorkCalendar, agent: Any) -> None:
    SettingChange.objects.all().delete()
    close(calendar, "2026-12-24", agent)
    calendar_days.set_day(
        calendar.pk, date(2026, 12, 24), kind="special", hours=[[540, 720]], name="半天", actor=agent, now=NOW
    )
    calendar_days.clear_day(calendar.pk, date(2026, 12, 24), actor=agent, now=NOW)
    closed = {"kind": "closing", "hours": "", "name": ""}
    half = {"kind": "special", "hours": "09:00-12:00", "name": "半天"}
    changes = SettingChange.objects.order_by("pk")
    assert [change.changes["2026-12-24"] for change in changes] == [[None, closed], [closed, half], [half, None]]
    assert {(change.actor, change.at, change.subject, change.subject_id, change.name) for change in changes} == {
        (agent, NOW, "workcalendar", calendar.pk, calendar.name)
    }


def test_the_same_day_again_is_no_change(calendar: WorkCalendar) -> None:
    close(calendar, "2026-12-24")
    written = SettingChange.objects.count()
    WorkCalendar.objects.update(recompute_requested_at=None)
    close(calendar, "2026-12-24")
    calendar_days.clear_day(calendar.pk, date(2026, 11, 20), actor=None, now=NOW)
    assert SettingChange.objects.count() == written
    assert WorkCalendar.objects.get().recompute_requested_at is None


def test_a_day_that_opens_needs_hours(calendar: WorkCalendar) -> None:
    with pytest.raises(calendar_days.HoursMissing):
        calendar_days.set_day(
            calendar.pk, date(2026, 12, 24), kind="special", hours=[], name="", actor=None, now=NOW
        )  # fmt: skip


def test_a_file_replaces_what_was_loaded_and_what_another_file_brought(calendar: WorkCalendar) -> None:
    close(calendar, "2027-01-02")
    assert calendar_days.take_over(calendar.pk, ANNOUNCED.days, actor=None, now=NOW) == 1
    assert calendar_days.take_over(calendar.pk, ANNOUNCED.days, actor=None, now=NOW) == 0
    days = days_of(calendar, 2027)
    assert days["2027-01-01"] == ("holiday", "file")
    assert days["2027-01-02"] == ("closing", "hand")
    assert days["2027-01-10"] == ("makeup", "file")


# ---------------------------------------------------------------- settings


def test_there_is_always_one_default(calendar: WorkCalendar) -> None:
    with pytest.raises(calendars.DefaultNeeded):
        calendars.configure(calendar.pk, {"is_default": False}, actor=None, now=NOW)
    other = calendars.create({"name": "德国", "is_default": True}, actor=None, now=NOW)
    assert WorkCalendar.objects.get(is_default=True) == other
    assert SettingChange.objects.filter(subject_id=calendar.pk, changes={"is_default": [True, False]}).exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkCalendar.objects.filter(pk=calendar.pk).update(is_default=True)


def test_each_calendar_has_a_name_of_its_own(calendar: WorkCalendar) -> None:
    other = calendars.copy(calendar.pk, name="二", actor=None, now=NOW)
    with pytest.raises(calendars.NameTaken):
        calendars.copy(calendar.pk, name="二", actor=None, now=NOW)
    with pytest.raises(calendars.NameTaken):
        calendars.create({"name": "二"}, actor=None, now=NOW)
    with pytest.raises(calendars.NameTaken):
        calendars.configure(other.pk, {"name": calendar.name}, actor=None, now=NOW)


def test_a_refused_change_leaves_everything_as_it_was(calendar: WorkCalendar) -> None:
    other = calendars.copy(calendar.pk, name="二", actor=None, now=NOW)
    before = list(WorkCalendar.objects.values()), SettingChange.objects.count()
    with pytest.raises(calendars.NameTaken):
        calendars.configure(other.pk, {"name": calendar.name, "is_default": True}, actor=None, now=NOW)
    assert (list(WorkCalendar.objects.values()), SettingChange.objects.count()) == before


def test_a_copy_has_all_days_and_years_and_goes_its_own_way(calendar: WorkCalendar) -> None:
    close(calendar, "2026-12-24")
    copy = calendars.copy(calendar.pk, name="二", actor=None, now=NOW)
    assert copy.schedule() == WorkCalendar.objects.get(pk=calendar.pk).schedule()
    assert list(copy.years.values_list("year", "announced")) == list(calendar.years.values_list("year", "announced"))
    assert days_of(copy, 2026) == days_of(calendar, 2026)
    calendar_days.clear_day(copy.pk, date(2026, 12, 24), actor=None, now=NOW)
    assert "2026-12-24" in days_of(calendar, 2026)
    assert not copy.is_default


def test_a_year_confirmed_by_a_person_is_announced_and_written_down_once(calendar: WorkCalendar) -> None:
    written = SettingChange.objects.count()
    for _ in range(2):
        calendar_years.confirm(calendar.pk, 2027, actor=None, now=NOW)
    assert calendar.years.get(year=2027).announced
    assert SettingChange.objects.count() == written + 1
