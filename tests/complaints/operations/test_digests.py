"""The digests come on their day, once, to those who want them and have something to read."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complaints import notifications
from complaints.models import Absence, AlertPreference, CalendarDay, Complaint, OutboxMessage, WorkCalendar
from complaints.operations import digests
from complaints.outbox import enqueue
from tests.complaints.operations.alerted import clock
from tests.crashes import every_crash
from tests.factories.complaints import ComplaintFactory, CustomerFactory, PromiseFactory, ShopFactory
from tests.faults.at_once import at_once

pytestmark = pytest.mark.usefixtures("content")

HOUR = timedelta(hours=1)
FRIDAY = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
"""08:30 in Shanghai."""

MONDAY = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enqueue, "wake", lambda: None)


def mails(kind: str = "morning") -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(dedup_key__startswith=f"digest:{kind}:").order_by("pk"))


def waiting(shop: Any, person: Any, due_at: datetime, **values: Any) -> Complaint:
    return ComplaintFactory(shop=shop, assignee=person, next_due_at=due_at, **values)


@pytest.fixture
def busy(shop: Any, agent: Any) -> Any:
    """An agent with something overdue."""
    waiting(shop, agent, FRIDAY - HOUR)
    return agent


# ------------------------------------------------------------------ in the morning


def test_morning_tells_what_is_overdue_due_promised_and_to_call(shop: Any, agent: Any) -> None:
    late = [waiting(shop, agent, FRIDAY - hours * HOUR) for hours in (1, 3)]
    today = waiting(shop, agent, FRIDAY + 15 * HOUR)
    tomorrow = waiting(shop, agent, FRIDAY + 16 * HOUR)
    call = waiting(shop, agent, FRIDAY - HOUR, awaiting_followup=True)
    over = ComplaintFactory(shop=shop, assignee=agent, closed=True)
    promised = waiting(shop, agent, FRIDAY + 40 * HOUR)
    PromiseFactory(complaint=promised, made_at=FRIDAY - HOUR, due_at=FRIDAY + 2 * HOUR)
    PromiseFactory(complaint=promised, made_at=FRIDAY - HOUR, due_at=FRIDAY + 30 * HOUR)
    PromiseFactory(complaint=promised, made_at=FRIDAY - HOUR, due_at=FRIDAY + 2 * HOUR, status="kept")
    assert digests.send_digests(now=FRIDAY) == 1
    (mail,) = mails()
    assert (mail.recipient, mail.address, mail.complaint, mail.status) == (agent, agent.email, None, "pending")
    for part in (mail.body, mail.html):
        told = [part.index(case.number) for case in (late[1], late[0], today, promised, call)]
        assert told == sorted(told)
        assert [case for case in (tomorrow, over) if case.number in part] == []
        assert part.count(promised.number) == part.count(call.number) == 1


def test_each_section_names_ten_and_counts_the_others(shop: Any, agent: Any) -> None:
    for minutes in range(13):
        waiting(shop, agent, FRIDAY - timedelta(minutes=minutes + 1))
    digests.send_digests(now=FRIDAY)
    (mail,) = mails()
    assert mail.body.count("/change/") == 10
    assert "(13)" in mail.body
    assert "13" in mail.subject


def test_everybody_reads_of_the_own_work_only(shop: Any, user_with: Callable[..., Any]) -> None:
    people = [user_with("agent") for _ in range(3)]
    cases = [waiting(shop, person, FRIDAY - HOUR) for person in people]
    waiting(shop, None, FRIDAY - HOUR)
    assert digests.send_digests(now=FRIDAY) == 3
    for person, case in zip(people, cases, strict=True):
        mail = next(mail for mail in mails() if mail.recipient == person)
        assert [one for one in cases if one.number in mail.body] == [case]


@pytest.mark.parametrize(
    ("at", "sent"),
    [
        ("2026-11-20T08:29", False),
        ("2026-11-20T08:30", True),
        ("2026-11-20T11:59", True),
        ("2026-11-20T12:00", False),
        ("2026-11-21T08:30", False),
        ("2026-11-22T08:30", True),
        ("2026-11-23T08:30", False),
    ],
    ids=["before", "in time", "late", "too late", "Saturday", "make-up Sunday", "holiday"],
)
def test_morning_mail_comes_on_workdays_from_half_past_eight_until_noon(busy: Any, at: str, sent: bool) -> None:
    calendar = WorkCalendar.objects.create(name="总部", is_default=True)
    CalendarDay.objects.create(calendar=calendar, day=date(2026, 11, 22), kind="makeup", hours=[[540, 1080]])
    CalendarDay.objects.create(calendar=calendar, day=date(2026, 11, 23), kind="holiday")
    digests.send_digests(now=datetime.fromisoformat(f"{at}+08:00"))
    assert len(mails()) == sent


def test_without_a_calendar_every_day_is_a_workday(busy: Any) -> None:
    for days in range(7):
        digests.send_digests(now=FRIDAY + timedelta(days=days))
    assert len(mails()) == 7


def test_morning_mail_comes_once_a_day_however_often_one_asks(busy: Any, shop: Any) -> None:
    for minutes in range(0, 200, 2):
        digests.send_digests(now=FRIDAY + timedelta(minutes=minutes))
        waiting(shop, busy, FRIDAY - HOUR)
    assert len(mails()) == 1


def test_who_had_nothing_to_do_gets_no_mail_later_that_day(shop: Any, agent: Any) -> None:
    assert digests.send_digests(now=FRIDAY) == 0
    waiting(shop, agent, FRIDAY - HOUR)
    assert digests.send_digests(now=FRIDAY + HOUR) == 0
    assert digests.send_digests(now=FRIDAY + timedelta(days=1)) == 1


@pytest.mark.parametrize("values", [{"email": ""}, {"is_active": False}, {"is_staff": False}])
def test_nobody_gets_one_who_cannot_be_reached(shop: Any, agent: Any, values: dict[str, Any]) -> None:
    waiting(shop, agent, FRIDAY - HOUR)
    for name, value in values.items():
        setattr(agent, name, value)
    agent.save()
    assert digests.send_digests(now=FRIDAY) == 0


def test_who_does_not_want_it_or_is_away_gets_none(shop: Any, user_with: Callable[..., Any]) -> None:
    unwilling, away, back = (user_with("agent") for _ in range(3))
    AlertPreference.objects.create(user=unwilling, morning_digest=False)
    Absence.objects.create(user=away, starts_at=FRIDAY - HOUR, ends_at=FRIDAY + HOUR)
    Absence.objects.create(user=back, starts_at=FRIDAY - HOUR, ends_at=FRIDAY)
    for person in (unwilling, away, back):
        waiting(shop, person, FRIDAY - HOUR)
    digests.send_digests(now=FRIDAY)
    assert [mail.recipient for mail in mails()] == [back]


def test_each_reads_it_in_the_own_language(busy: Any) -> None:
    AlertPreference.objects.create(user=busy, language="en")
    digests.send_digests(now=FRIDAY)
    assert mails()[0].subject == "Today: 1 overdue, 0 due, 0 promised, 0 to call back"


# ------------------------------------------------------------------ once a week


@pytest.fixture
def week(shop: Any, staff: dict[str, Any]) -> Complaint:
    """Last week: three received, one closed, three breaches, one broken promise, and one case overdue still."""
    last = MONDAY - timedelta(days=3)
    late = waiting(shop, staff["agent"], last, received_at=last, customer=CustomerFactory(name="欧阳小明"))
    ended = {"received_at": last, "round_started_at": last, "closed_at": last}
    done = ComplaintFactory(shop=shop, state="closed", resolved_at=last, **ended)
    merged = ComplaintFactory(shop=shop, state="merged", merged_into=late, **ended)
    for number, case in enumerate((late, late, done)):
        clock(case, breached_at=last, due_at=last, started_at=last - HOUR, subject=number, kind="promise")
    clock(merged, breached_at=MONDAY, due_at=MONDAY, started_at=last)
    PromiseFactory(complaint=late, status="broken", made_at=last - HOUR, due_at=last)
    ComplaintFactory(shop=shop, received_at=MONDAY, next_due_at=MONDAY + 30 * HOUR)
    ComplaintFactory(shop=shop, received_at=MONDAY - timedelta(days=9), next_due_at=MONDAY + 30 * HOUR)
    return late


def test_leaders_read_on_monday_what_the_week_was(week: Complaint, shop: Any, staff: dict[str, Any]) -> None:
    AlertPreference.objects.create(user=staff["supervisor"], language="en")
    digests.send_digests(now=MONDAY)
    assert {mail.recipient for mail in mails("weekly")} == {
        staff[role] for role in ("team_lead", "supervisor", "shop_manager")
    }
    mail = next(mail for mail in mails("weekly") if mail.recipient == staff["supervisor"])
    assert mail.subject == "Week 11-16 to 11-22: 3 received, 1 closed, 3 overdue"
    assert mail.dedup_key.endswith("2026-W47")
    assert f"{shop.name}: received 3, closed 1, clocks overdue 3, promises broken 1" in mail.body
    assert "Promise: 3" in mail.body
    for part in (mail.body, mail.html):
        assert notifications.case_link(week) in part
        assert "欧阳小明" not in part


def test_leads_read_of_their_shops_and_the_others_of_all(
    week: Complaint, shop: Any, staff: dict[str, Any], user_with: Callable[..., Any]
) -> None:
    elsewhere = ShopFactory(name="别家京东店")
    lead, of_nothing = user_with("team_lead", shops=[elsewhere]), user_with("team_lead", shops=[])
    ComplaintFactory(shop=elsewhere, received_at=MONDAY - timedelta(days=2), next_due_at=MONDAY + HOUR)
    digests.send_digests(now=MONDAY)
    shops = {
        mail.recipient: [one.name for one in (shop, elsewhere) if one.name in mail.body] for mail in mails("weekly")
    }
    assert shops[lead] == [elsewhere.name]
    assert shops[staff["team_lead"]] == [shop.name]
    assert shops[staff["shop_manager"]] == [shop.name, elsewhere.name]
    assert of_nothing not in shops


@pytest.mark.parametrize(
    ("at", "sent"),
    [
        ("2026-11-23T08:29", False),
        ("2026-11-23T08:30", True),
        ("2026-11-24T19:59", True),
        ("2026-11-24T20:00", False),
        ("2026-11-25T08:30", False),
        ("2026-11-22T08:30", False),
    ],
    ids=["before", "in time", "late", "too late", "Wednesday", "Sunday"],
)
def test_weekly_mail_comes_from_monday_morning_until_tuesday_evening(week: Complaint, at: str, sent: bool) -> None:
    digests.send_digests(now=datetime.fromisoformat(f"{at}+08:00"))
    assert bool(mails("weekly")) is sent


def test_weekly_mail_comes_once_a_week(week: Complaint) -> None:
    for hours in range(0, 36, 2):
        digests.send_digests(now=MONDAY + hours * HOUR)
    assert len(mails("weekly")) == 3
    digests.send_digests(now=MONDAY + timedelta(days=7))
    assert len(mails("weekly")) == 6


def test_week_without_anything_is_not_worth_a_mail(staff: dict[str, Any], shop: Any) -> None:
    digests.send_digests(now=MONDAY)
    assert mails("weekly") == []


def test_leader_who_does_not_want_it_gets_none(week: Complaint, staff: dict[str, Any]) -> None:
    AlertPreference.objects.create(user=staff["supervisor"], weekly_digest=False)
    digests.send_digests(now=MONDAY)
    assert staff["supervisor"] not in {mail.recipient for mail in mails("weekly")}


# ------------------------------------------------------------------ faults


def test_person_whose_mail_cannot_be_written_holds_up_nobody(
    shop: Any, busy: Any, user_with: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = user_with("agent")
    waiting(shop, other, FRIDAY - HOUR)
    compose = notifications.morning_mail

    def poisoned(wish: AlertPreference, *rest: Any, **named: Any) -> OutboxMessage:
        if wish.user == busy:
            raise ZeroDivisionError
        return compose(wish, *rest, **named)

    monkeypatch.setattr(notifications, "morning_mail", poisoned)
    assert digests.send_digests(now=FRIDAY) == 1
    assert [mail.recipient for mail in mails()] == [other]


@pytest.mark.django_db(transaction=True)
def test_digests_at_once_are_written_once(week: Complaint, staff: dict[str, Any]) -> None:
    outcomes = at_once([lambda: digests.send_digests(now=MONDAY)] * 4)
    assert [outcome.error for outcome in outcomes] == [None] * 4
    assert (len(mails()), len(mails("weekly"))) == (1, 3)


@pytest.mark.django_db(transaction=True)
def test_no_crash_loses_or_doubles_a_digest(week: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "BATCH", 2)

    def prepare() -> None:
        OutboxMessage.objects.all().delete()
        digests.Heartbeat.objects.all().delete()

    crashes = 0
    for _nothing in every_crash(prepare, lambda: digests.send_digests(now=MONDAY)):
        crashes += 1
        digests.send_digests(now=MONDAY + HOUR)
        assert (len(mails()), len(mails("weekly"))) == (1, 3)
    assert crashes > 20


# ------------------------------------------------------------------ cost


def test_more_people_take_no_more_queries(shop: Any, user_with: Callable[..., Any]) -> None:
    def cost(day: datetime, number: int) -> int:
        for _ in range(number):
            person = user_with("agent")
            for hours in range(12):
                PromiseFactory(complaint=waiting(shop, person, day - hours * HOUR), made_at=day - HOUR, due_at=day)
        with CaptureQueriesContext(connection) as captured:
            digests.send_digests(now=day)
        return len(captured)

    cost(FRIDAY, 1)
    few, many = (cost(FRIDAY + timedelta(days=days), number) for days, number in ((1, 1), (2, 6)))
    assert few == many <= 20
    assert len(mails()) == 1 + 2 + 8


def test_after_it_is_done_a_look_costs_two_queries(busy: Any, django_assert_max_num_queries: Any) -> None:
    digests.send_digests(now=MONDAY)
    with django_assert_max_num_queries(2):
        digests.send_digests(now=MONDAY + HOUR)
