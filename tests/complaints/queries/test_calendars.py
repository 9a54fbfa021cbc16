"""Who is warned of which year, from when on, at the cost of one query at most."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from complaints.models import Shop, WorkCalendar
from complaints.operations import calendar_years, calendars
from complaints.queries.calendars import year_warnings
from tests.factories.complaints import NOW

OCTOBER, NOVEMBER = datetime(2026, 10, 31, 15, 59, tzinfo=UTC), datetime(2026, 10, 31, 16, 0, tzinfo=UTC)


@pytest.fixture
def calendar(content: None) -> WorkCalendar:
    made = calendars.create_default(now=NOW)
    assert made
    return made


@pytest.fixture
def manager(user_with: Callable[..., Any]) -> Any:
    user = user_with("shop_manager")
    assert user.has_perm("complaints.change_workcalendar")
    return user


def warned(user: Any, now: datetime = NOW) -> list[tuple[str, int, bool]]:
    return [(warning.calendar, warning.year, warning.missing) for warning in year_warnings(user, now=now)]


def test_the_next_year_is_asked_for_from_the_first_of_november_on(calendar: WorkCalendar, manager: Any) -> None:
    assert warned(manager, OCTOBER) == []
    assert warned(manager, NOVEMBER) == [("标准工作日历", 2027, False)]
    assert "2027" in str(year_warnings(manager, now=NOVEMBER)[0])
    calendar_years.confirm(calendar.pk, 2027, actor=manager, now=NOW)
    assert warned(manager, NOVEMBER) == []


def test_a_year_of_which_nothing_is_known_is_told_at_any_time(calendar: WorkCalendar, manager: Any) -> None:
    calendar.years.filter(year__gte=2026).delete()
    assert warned(manager, OCTOBER) == [("标准工作日历", 2026, True)]
    assert warned(manager, NOVEMBER) == [("标准工作日历", 2026, True), ("标准工作日历", 2027, True)]


def test_a_running_year_of_which_only_the_law_is_known_is_told_too(calendar: WorkCalendar, manager: Any) -> None:
    calendar.years.filter(year=2026).update(announced=False)
    assert warned(manager, OCTOBER) == [("标准工作日历", 2026, False)]


def test_only_those_are_warned_who_can_do_something(calendar: WorkCalendar, staff: dict[str, Any]) -> None:
    assert {role for role, person in staff.items() if year_warnings(person, now=NOW)} == {"shop_manager"}


def test_a_calendar_that_no_shop_works_by_warns_nobody(calendar: WorkCalendar, manager: Any, shop: Shop) -> None:
    other = calendars.copy(calendar.pk, name="二", actor=None, now=NOW)
    assert len(warned(manager)) == 1
    Shop.objects.filter(pk=shop.pk).update(calendar=other)
    assert {name for name, _, _ in warned(manager)} == {"标准工作日历", "二"}
    Shop.objects.update(active=False)
    assert len(warned(manager)) == 1
    WorkCalendar.objects.update(region="")
    assert warned(manager) == []


def test_it_takes_one_query_and_none_for_the_others(
    calendar: WorkCalendar, manager: Any, agent: Any, django_assert_num_queries: Any
) -> None:
    for person, number in ((manager, 1), (agent, 0)):
        person.has_perm("complaints.change_workcalendar")
        with django_assert_num_queries(number):
            year_warnings(person, now=NOW)
