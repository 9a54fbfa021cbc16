"""Promises counted in SQL, against counting them one by one."""

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from complaints.models import Complaint, Promise, Shop
from complaints.queries import promises
from complaints.queries.promises import OUTCOMES, Line, Numbers, Period, Wanted
from tests.factories.auth import StaffFactory
from tests.factories.complaints import ComplaintFactory, PromiseFactory

TODAY = date(2026, 11, 20)
MONTH = promises.this_month(TODAY)


def at(day: date, hour: int = 12) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day, hour))


def promise(case: Complaint, day: date, *, hour: int = 12, **values: Any) -> Promise:
    made = at(day, hour)
    return PromiseFactory(complaint=case, made_at=made, due_at=made + timedelta(hours=4), **values)


@pytest.fixture
def elsewhere(content: None) -> Shop:
    return Shop.objects.create(code="jd", name="晴木家居京东店", platform="jd")


@pytest.fixture
def crowd(shop: Shop, elsewhere: Shop, content: None) -> list[Any]:
    """Three agents, one of them of another shop, with 300 promises of all kinds over three months."""
    agents = [StaffFactory(role="agent", shops=shops) for shops in ([shop], [shop, elsewhere], [elsewhere])]
    cases = [ComplaintFactory(shop=place) for place in (shop, elsewhere) for _n in range(3)]
    chance = random.Random(7)
    for _n in range(300):
        day = date(2026, 9, 10) + timedelta(days=chance.randrange(80))
        maker = chance.choice([*agents, None])
        promise(chance.choice(cases), day, hour=chance.randrange(24), made_by=maker, status=chance.choice(OUTCOMES))
    return agents


# ---------------------------------------------------------------- periods


@pytest.mark.parametrize(
    ("period", "first", "last", "before"),
    [
        (promises.this_week(TODAY), "2026-11-16", "2026-11-22", "2026-11-09"),
        (promises.this_week(TODAY).before(), "2026-11-09", "2026-11-15", "2026-11-02"),
        (MONTH, "2026-11-01", "2026-11-30", "2026-10-01"),
        (MONTH.before(), "2026-10-01", "2026-10-31", "2026-09-01"),
        (promises.this_month(date(2027, 1, 31)), "2027-01-01", "2027-01-31", "2026-12-01"),
        (promises.this_month(date(2028, 2, 29)), "2028-02-01", "2028-02-29", "2028-01-01"),
        (Period(date(2026, 11, 3), date(2026, 11, 5)), "2026-11-03", "2026-11-05", "2026-10-31"),
        (Period(TODAY, TODAY), "2026-11-20", "2026-11-20", "2026-11-19"),
    ],
)
def test_periods_are_whole_days_and_the_one_before_adjoins(period: Period, first: str, last: str, before: str) -> None:
    assert (str(period.first), str(period.last), str(period.before().first)) == (first, last, before)
    assert period.before().end == period.start


# ---------------------------------------------------------------- numbers


def counted(user: Any, period: Period, **which: Any) -> Numbers:
    """One by one, in Python."""
    found = dict.fromkeys(OUTCOMES, 0)
    visible = set(Complaint.objects.visible_to(user).values_list("pk", flat=True))
    for row in Promise.objects.filter(**which):
        if row.complaint_id in visible and period.first <= timezone.localdate(row.made_at) <= period.last:
            found[row.status] += 1
    return Numbers(**found)


@pytest.mark.parametrize("role", ["team_lead", "supervisor", "shop_manager", "auditor", "quality_inspector", "legal"])
@pytest.mark.parametrize("period", [MONTH, promises.this_week(TODAY), Period(date(2026, 10, 5), date(2026, 11, 2))])
def test_who_leads_or_looks_over_counts_everybody(
    role: str, period: Period, shop: Shop, crowd: list[Any], user_with: Callable[..., Any]
) -> None:
    user = user_with(role)
    found = promises.statistics(user, period)
    assert (found.total.now, found.total.before) == (counted(user, period), counted(user, period.before()))
    for lines, name in ((found.agents, "made_by"), (found.shops, "complaint__shop")):
        for line in lines:
            which = {name: line.pk} if line.pk else {f"{name}__isnull": True}
            assert line.now == counted(user, period, **which)
            assert line.before == counted(user, period.before(), **which)
        assert sum((line.now.made for line in lines), 0) == found.total.now.made
    assert {line.pk for line in found.shops} == (
        {shop.pk} if role == "team_lead" else {shop.pk, crowd[2].shops.get().pk}
    )


def test_an_agent_counts_the_own_promises_only(crowd: list[Any]) -> None:
    for agent in crowd:
        found = promises.statistics(agent, MONTH)
        assert [line.pk for line in found.agents] == [agent.pk]
        assert found.total.now == counted(agent, MONTH, made_by=agent)
        assert found.total.now.made > 0


def test_who_sees_no_complaints_counts_none(crowd: list[Any], user_with: Callable[..., Any]) -> None:
    for role in ("department", "knowledge_manager"):
        assert promises.statistics(user_with(role), MONTH).total == Line(None, "")


def test_the_most_broken_stand_on_top(crowd: list[Any], user_with: Callable[..., Any]) -> None:
    broken = [line.now.broken for line in promises.statistics(user_with("supervisor"), MONTH).agents]
    assert broken == sorted(broken, reverse=True)
    assert len(broken) == 4


@pytest.mark.parametrize(
    ("numbers", "share"),
    [
        (Numbers(), None),
        (Numbers(renewed=2, open=3), None),
        (Numbers(kept=2, broken=1, open=9), 67),
        (Numbers(kept=1), 100),
    ],
)
def test_the_share_is_of_those_that_are_decided(numbers: Numbers, share: int | None) -> None:
    assert numbers.share == share


def test_counting_takes_the_same_three_queries_and_reads_no_other_time(
    shop: Shop, user_with: Callable[..., Any]
) -> None:
    lead = user_with("team_lead")
    case = ComplaintFactory(shop=shop)

    def queries() -> int:
        fresh = type(lead).objects.get(pk=lead.pk)
        promises.promises_of(fresh).exists()
        with CaptureQueriesContext(connection) as captured:
            promises.statistics(fresh, MONTH)
        return len(captured)

    promise(case, TODAY, made_by=lead)
    few = queries()
    for _n in range(20):
        promise(case, TODAY, made_by=StaffFactory())
        promise(case, date(2026, 8, 1), made_by=lead)
    assert queries() == few == 3


# ---------------------------------------------------------------- the promises behind a number


def listed(user: Any, size: int = 7, **wanted: Any) -> list[Promise]:
    """All pages, one after the other."""
    rows: list[Promise] = []
    page = promises.page(user, Wanted(period=MONTH, **wanted), size=size)
    rows += page.rows
    while page.has_next:
        page = promises.page(user, Wanted(period=MONTH, after=rows[-1].pk, **wanted), size=size)
        assert page.rows
        rows += page.rows
    return rows


def test_each_number_is_as_many_as_the_list_behind_it(crowd: list[Any], user_with: Callable[..., Any]) -> None:
    supervisor = user_with("supervisor")
    found = promises.statistics(supervisor, MONTH)
    for line in found.agents:
        if line.pk:
            rows = listed(supervisor, agent=line.pk, status="broken")
            assert len(rows) == line.now.broken
            assert all(row.made_by_id == line.pk and row.status == "broken" for row in rows)
    for line in found.shops:
        assert len(listed(supervisor, shop=line.pk)) == line.now.made


def test_pages_show_each_promise_once_the_latest_first_also_of_one_moment(
    shop: Shop, user_with: Callable[..., Any]
) -> None:
    case = ComplaintFactory(shop=shop)
    for n in range(23):
        promise(case, TODAY, hour=n // 8)
    rows = listed(user_with("team_lead"))
    assert len({row.pk for row in rows}) == 23
    assert rows == sorted(rows, key=lambda row: (row.made_at, row.pk), reverse=True)


def test_a_position_that_is_not_ones_own_is_the_beginning(crowd: list[Any]) -> None:
    agent = crowd[0]
    foreign = Promise.objects.exclude(made_by=agent).latest("made_at")
    assert promises.page(agent, Wanted(period=MONTH, after=foreign.pk)) == promises.page(agent, Wanted(period=MONTH))
