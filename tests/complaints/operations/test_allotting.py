"""Who gets a new case: by the rule, within the registration, and why."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complaints.models import Absence, Complaint, DutyProfile, Shop
from complaints.operations import assignment, giving_out
from knowledge.models import IssueType
from tests.factories.complaints import NOW, ComplaintFactory, ShopFactory, current, registered


@pytest.fixture(autouse=True)
def shop_allots(shop: Shop) -> Shop:
    shop.allots_cases = True
    shop.save()
    return shop


def duty(user: Any, *skills: str, **values: Any) -> DutyProfile:
    profile, _created = DutyProfile.objects.update_or_create(user=user, defaults=values)
    profile.skills.set(IssueType.objects.filter(code__in=skills))
    return profile


def take_in(shop: Shop, **values: Any) -> Complaint:
    """A complaint that nobody has taken, registered by nobody."""
    return registered(shop, actor=None, **{"assignee": None} | values)


def busy(user: Any, number: int) -> None:
    ComplaintFactory.create_batch(number, shop=ShopFactory(), assignee=user)


def rule(complaint: Complaint) -> dict[str, Any]:
    event = complaint.events.get(kind="assigned")
    assert event.actor is None
    return event.data["rule"]


def week_of(*shifts: tuple[int, int], on: int = 4) -> list[list[tuple[int, int]]]:
    """Shifts on one weekday; NOW is a Friday."""
    return [list(shifts) if day == on else [] for day in range(7)]


def test_an_agent_about_whom_nothing_was_entered_gets_cases_and_a_lead_does_not(
    shop: Shop, user_with: Callable[..., Any]
) -> None:
    user_with("team_lead"), user_with("supervisor"), user_with("auditor")
    agent = user_with("agent")
    complaint = take_in(shop)
    assert complaint.assignee == agent
    assert rule(complaint) == {
        "skill": None, "shift": False, "load": 0, "limit": 30, "among": 1, "because": "only"
    }  # fmt: skip
    assert DutyProfile.objects.get().given == 1


def test_a_lead_who_takes_cases_is_one_of_them(shop: Shop, user_with: Callable[..., Any]) -> None:
    lead = user_with("team_lead")
    duty(lead)
    assert take_in(shop).assignee == lead


def test_where_the_rule_is_off_nobody_is_given_anything(shop: Shop, agent: Any) -> None:
    shop.allots_cases = False
    shop.save()
    complaint = take_in(shop)
    assert complaint.assignee is None
    assert "waits" not in complaint.events.get(kind="registered").data


def test_who_takes_the_case_keeps_it(shop: Shop, agent: Any, user_with: Callable[..., Any]) -> None:
    taker = user_with("agent")
    busy(taker, 3)
    complaint = take_in(shop, assignee=taker)
    assert complaint.assignee == taker
    assert not complaint.events.filter(kind="assigned").exists()


def test_load_decides_against_the_own_limit(shop: Shop, user_with: Callable[..., Any]) -> None:
    beginner, old_hand = user_with("agent"), user_with("agent")
    duty(beginner, limit=4), duty(old_hand, limit=40)
    busy(beginner, 2), busy(old_hand, 12)
    complaint = take_in(shop)
    assert complaint.assignee == old_hand
    assert (rule(complaint)["load"], rule(complaint)["limit"], rule(complaint)["because"]) == (12, 40, "load")


def test_equals_have_their_turn(shop: Shop, user_with: Callable[..., Any]) -> None:
    agents = [user_with("agent") for _ in range(3)]
    given = [take_in(shop, now=NOW + timedelta(minutes=n)).assignee for n in range(6)]
    assert given == agents * 2


def test_ended_cases_are_no_load(shop: Shop, user_with: Callable[..., Any]) -> None:
    done, busy_one = user_with("agent"), user_with("agent")
    ComplaintFactory.create_batch(5, shop=shop, assignee=done, closed=True)
    busy(busy_one, 1)
    assert take_in(shop).assignee == done


def test_a_case_goes_to_somebody_who_handles_its_kind(shop: Shop, user_with: Callable[..., Any]) -> None:
    quality, logistics = user_with("agent"), user_with("agent")
    duty(quality, "QUAL"), duty(logistics, "LOGI")
    busy(logistics, 10)
    complaint = take_in(shop, issue_code="LOGI-03")
    assert complaint.assignee == logistics
    assert rule(complaint)["skill"] == IssueType.objects.get(code="LOGI").pk
    waiting = take_in(shop, issue_code="SERV-01")
    assert waiting.assignee is None
    assert waiting.events.get(kind="registered").data["waits"] == "skill"
    assert take_in(shop, issue_type=None).assignee == quality


def test_only_whoever_is_on_shift_gets_it_by_the_clock_of_the_shop(shop: Shop, user_with: Callable[..., Any]) -> None:
    early, late = user_with("agent"), user_with("agent")
    duty(early, week=week_of((540, 720))), duty(late, week=week_of((720, 1320)))
    busy(early, 5)
    assert take_in(shop).assignee == early  # 10:00 in Shanghai
    assert take_in(shop, now=NOW + timedelta(hours=2)).assignee == late
    night = take_in(shop, now=NOW + timedelta(hours=13))
    assert night.assignee is None
    assert night.events.get(kind="registered").data["waits"] == "shift"


def test_the_absent_and_the_accused_get_none(shop: Shop, user_with: Callable[..., Any]) -> None:
    away, accused, free = (user_with("agent") for _ in range(3))
    Absence.objects.create(user=away, starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(hours=1))
    busy(free, 8)
    assert take_in(shop, accused=accused).assignee == free
    free.is_active = False
    free.save()
    assert take_in(shop, accused=accused).assignee is None


def test_nobody_is_given_more_than_the_limit(shop: Shop, agent: Any) -> None:
    duty(agent, limit=2)
    given = [take_in(shop).assignee for _ in range(3)]
    assert given == [agent, agent, None]


def test_people_of_other_shops_get_none(shop: Shop, user_with: Callable[..., Any]) -> None:
    user_with("agent", shops=[ShopFactory()])
    complaint = take_in(shop)
    assert complaint.assignee is None
    assert complaint.events.get(kind="registered").data["waits"] == "alone"


def test_the_rule_costs_a_registration_three_queries_and_a_savepoint_whatever_the_number_of_people(
    shop: Shop, user_with: Callable[..., Any]
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            take_in(Shop.objects.get(pk=shop.pk))
        return len(captured)

    def hire(number: int) -> None:
        for place in range(number):
            colleague = user_with("agent")
            duty(colleague, *["LOGI", "QUAL"][: place % 3], week=week_of((0, 1440)))
            busy(colleague, place)

    hire(2)
    take_in(shop)  # the first of the day makes the counter of its numbers
    few = cost()
    hire(12)
    assert cost() == few
    shop.allots_cases = False
    shop.save()
    assert few - cost() == 3 + 2  # begin and release the savepoint


# ---------------------------------------------------------------- what waits


def test_what_waits_is_given_out_when_a_shift_begins_the_most_urgent_first(shop: Shop, agent: Any) -> None:
    duty(agent, limit=3, week=week_of((840, 1320)))  # from 14:00
    cases = [take_in(shop, priority=priority) for priority in ("P4", "P3", "P1", "P2")]
    assert giving_out.give_out(now=NOW + timedelta(hours=3)) == 0
    begins = NOW + timedelta(hours=4)
    assert giving_out.give_out(now=begins) == 3
    assert [current(case).assignee for case in cases] == [None, agent, agent, agent]
    assert giving_out.give_out(now=begins) == 0
    event = cases[2].events.get(kind="assigned")
    assert (event.at, event.actor, event.data["rule"]["load"]) == (begins, None, 0)


def test_who_is_given_what_waited_hears_of_clocks_that_were_told_before(shop: Shop, agent: Any) -> None:
    from complaints.operations import sweeping

    duty(agent, week=week_of((840, 1320)))
    case = take_in(shop, priority="P3")
    late = NOW + timedelta(hours=4)
    sweeping.sweep(now=late)
    assert not agent.alerts.exists()
    giving_out.give_out(now=late)
    assert agent.alerts.filter(complaint=case, level=100).count() == 1


def test_a_case_that_nobody_can_take_holds_up_no_other(shop: Shop, agent: Any) -> None:
    duty(agent, "LOGI", limit=1)
    busy(agent, 1)
    stuck = take_in(shop, accused=agent, priority="P1")
    unknown = take_in(shop, issue_code="SERV-01", priority="P1")
    ready = take_in(shop, priority="P4")
    duty(agent, "LOGI", limit=2)
    assert giving_out.give_out(now=NOW) == 1
    assert [current(case).assignee for case in (stuck, unknown, ready)] == [None, None, agent]


def test_shops_without_the_rule_and_closed_ones_keep_what_waits(shop: Shop, agent: Any) -> None:
    Absence.objects.create(user=agent, starts_at=NOW, ends_at=NOW + timedelta(hours=1))
    waiting = take_in(shop)
    later = NOW + timedelta(hours=2)
    for values in ({"allots_cases": False}, {"allots_cases": True, "active": False}):
        Shop.objects.filter(pk=shop.pk).update(**values)
        assert giving_out.give_out(now=later) == 0
    Shop.objects.filter(pk=shop.pk).update(active=True)
    assert giving_out.give_out(now=later) == 1
    assert current(waiting).assignee == agent


def test_one_case_that_fails_leaves_the_others(shop: Shop, agent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Absence.objects.create(user=agent, starts_at=NOW, ends_at=NOW + timedelta(hours=1))
    bad, good = take_in(shop, priority="P1"), take_in(shop)
    allot = assignment.allot

    def failing(pk: int, *, now: datetime) -> bool:
        return allot(pk, now=now) if pk != bad.pk else 1 // 0 > 0

    monkeypatch.setattr(assignment, "allot", failing)
    assert giving_out.give_out(now=NOW + timedelta(hours=2)) == 1
    assert current(good).assignee == agent


def test_each_shop_goes_by_its_own_time_zone(shop: Shop, agent: Any) -> None:
    from complaints.models import WorkCalendar

    shop.calendar = WorkCalendar.objects.create(name="柏林", time_zone="Europe/Berlin")
    shop.save()
    duty(agent, week=week_of((540, 1080)))
    assert take_in(shop, now=datetime(2026, 11, 20, 7, 59, tzinfo=UTC)).assignee is None
    assert take_in(shop, now=datetime(2026, 11, 20, 8, 0, tzinfo=UTC)).assignee == agent
