"""Alerts reach their people the way each wishes: once, all of them, and nobody in the night."""

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complaints import notifications, waking
from complaints.models import Alert, AlertPreference, Complaint, Deadline, OutboxMessage, Robot
from complaints.operations import telling
from complaints.outbox import enqueue
from tests.complaints.operations.alerted import alert, alerted, clock
from tests.crashes import every_crash
from tests.factories.complaints import ComplaintFactory, CustomerFactory, ShopFactory
from tests.faults.at_once import at_once

pytestmark = pytest.mark.usefixtures("content")

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enqueue, "wake", lambda: None)


@pytest.fixture
def colleague(user_with: Callable[..., Any]) -> Any:
    return user_with("agent")


@pytest.fixture
def robot(shop: Any) -> Callable[..., Robot]:
    """`robot(agent, lead)` makes a robot that tells the alerts of these people."""

    def make(*members: Any, shops: tuple[Any, ...] = (), **values: Any) -> Robot:
        number = Robot.objects.count()
        made = Robot.objects.create(
            **{"name": f"售后群 {number}", "kind": "wecom", "url": "https://chat.example/1"} | values
        )
        made.members.set(members)
        made.shops.set(shops)
        return made

    return make


def wish(person: Any, **values: Any) -> AlertPreference:
    return AlertPreference.objects.create(user=person, **values)


def untold() -> int:
    return Alert.objects.filter(told_at__isnull=True).count()


def messages(channel: str = "email") -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(channel=channel).order_by("pk"))


# ------------------------------------------------------------------ by mail


def test_alert_becomes_a_mail_to_its_person(shop: Any, agent: Any, now: datetime) -> None:
    (one,) = alerted(shop, agent)
    assert telling.tell(now=now) == 1
    (mail,) = messages()
    assert (mail.recipient, mail.address, mail.complaint) == (agent, agent.email, one.complaint)
    assert (mail.status, mail.audience, mail.dedup_key) == ("pending", "staff", f"mail:{one.dedup_key}")
    assert Alert.objects.get().told_at == now


def test_mail_says_what_happened_and_leads_to_the_case(shop: Any, agent: Any, now: datetime) -> None:
    (one,) = alerted(shop, agent, customer=CustomerFactory(name="欧阳小明"))
    telling.tell(now=now)
    (mail,) = messages()
    assert one.complaint.number in mail.subject
    for part in (mail.body, mail.html):
        assert notifications.case_link(one.complaint) in part
        assert "2026-11-20 09:00" in part
        assert "欧**" in part
        assert shop.name in part
    assert mail.html.startswith("<!doctype html>")


def test_nothing_is_told_twice(shop: Any, agent: Any, now: datetime) -> None:
    alerted(shop, agent, number=3)
    assert [telling.tell(now=now), telling.tell(now=now + MINUTE)] == [3, 0]
    Alert.objects.update(told_at=None)
    telling.tell(now=now + MINUTE)
    assert len(messages()) == 3


@pytest.mark.parametrize("values", [{"email": ""}, {"is_active": False}])
def test_who_cannot_be_reached_is_told_by_the_bell_alone(
    shop: Any, user_with: Callable[..., Any], now: datetime, values: dict[str, Any]
) -> None:
    alerted(shop, user_with("agent", **values))
    assert telling.tell(now=now) == 1
    assert messages() == []
    assert untold() == 0


def test_who_wants_no_mail_gets_none(shop: Any, agent: Any, colleague: Any, now: datetime) -> None:
    wish(agent, email=False)
    alerted(shop, agent, colleague)
    telling.tell(now=now)
    assert [mail.recipient for mail in messages()] == [colleague]


@pytest.mark.parametrize(("language", "word"), [("zh-hans", "店铺"), ("en", "Shop")])
def test_each_reads_it_in_the_own_language(shop: Any, agent: Any, now: datetime, language: str, word: str) -> None:
    wish(agent, language=language)
    alerted(shop, agent)
    telling.tell(now=now)
    (mail,) = messages()
    assert f"{word}: {shop.name}" in mail.body
    assert f'lang="{"en" if language == "en" else "zh-Hans"}"' in mail.html


@pytest.mark.parametrize("number", [1, 9], ids=["single", "bundled"])
def test_department_is_led_to_its_inquiry_and_not_to_the_case_that_it_may_not_see(
    shop: Any, user_with: Callable[..., Any], now: datetime, number: int
) -> None:
    asked, lead = user_with("department"), user_with("team_lead")
    for subject in range(1, number + 1):
        alert(clock(ComplaintFactory(shop=shop), kind="inquiry", subject=subject), asked, lead)
    telling.tell(now=now)
    for mail in messages():
        for part in (mail.body, mail.html):
            assert ("/complaints/inquiry/" in part, "/complaints/complaint/" in part) == (
                (True, False) if mail.recipient == asked else (False, True)
            )
    assert {mail.recipient for mail in messages()} == {asked, lead}


# ------------------------------------------------------------------ what is settled


@pytest.mark.parametrize(
    "change",
    [{"met_at": "now"}, {"stopped_at": "now"}, {"due_at": "later"}],
    ids=["met", "stopped", "moved"],
)
def test_what_is_settled_meanwhile_is_not_told(shop: Any, agent: Any, now: datetime, change: dict[str, str]) -> None:
    alerted(shop, agent)
    moments = {"now": now, "later": now + timedelta(hours=5)}
    Deadline.objects.update(**{name: moments[value] for name, value in change.items()})
    assert telling.tell(now=now) == 1
    assert messages() == []
    assert Alert.objects.get().told_at == now


def test_clock_of_another_subject_settles_nothing(shop: Any, agent: Any, now: datetime) -> None:
    """Two promises of one complaint: the one that is kept leaves the other to be told."""
    case = ComplaintFactory(shop=shop)
    kept, broken = (clock(case, kind="promise", subject=subject) for subject in (1, 2))
    alert(kept, agent)
    alert(broken, agent)
    kept.met_at = now
    kept.save()
    telling.tell(now=now)
    (mail,) = messages()
    assert "promise.2" in mail.dedup_key


# ------------------------------------------------------------------ quiet hours


@pytest.mark.parametrize(
    ("begin", "end", "at", "quiet"),
    [
        ("22:00", "07:00", "21:59", False),
        ("22:00", "07:00", "22:00", True),
        ("22:00", "07:00", "00:00", True),
        ("22:00", "07:00", "06:59", True),
        ("22:00", "07:00", "07:00", False),
        ("12:00", "13:30", "11:59", False),
        ("12:00", "13:30", "12:00", True),
        ("12:00", "13:30", "13:29", True),
        ("12:00", "13:30", "13:30", False),
        ("00:00", "23:59", "23:59", False),
    ],
)
def test_quiet_hours_hold_alerts_back_until_they_end(
    shop: Any, agent: Any, now: datetime, begin: str, end: str, at: str, quiet: bool
) -> None:
    """Times are those of the desk, eight hours before UTC."""
    wish(agent, quiet_from=time.fromisoformat(begin), quiet_until=time.fromisoformat(end))
    alerted(shop, agent)
    hour, minute = map(int, at.split(":"))
    moment = now + timedelta(hours=hour - 10, minutes=minute)
    assert telling.tell(now=moment) == (0 if quiet else 1)
    assert untold() == quiet
    assert len(messages()) == (not quiet)


def test_urgent_complaints_break_the_quiet_hours_and_the_others_follow_after_them(
    shop: Any, agent: Any, now: datetime
) -> None:
    wish(agent, quiet_from=time(9), quiet_until=time(11))
    (urgent,) = alerted(shop, agent, priority="P1")
    alerted(shop, agent, number=2)
    assert telling.tell(now=now) == 1
    assert [mail.complaint for mail in messages()] == [urgent.complaint]
    assert telling.tell(now=now + 10 * MINUTE) == 0
    assert telling.tell(now=now + timedelta(hours=1)) == 2
    assert len(messages()) == 3


def test_what_gathers_in_quiet_hours_comes_as_one(shop: Any, agent: Any, robot: Callable[..., Robot]) -> None:
    wish(agent, quiet_from=time(22), quiet_until=time(8))
    robot(agent)
    rows = alerted(shop, agent, number=8)
    night = rows[0].created_at.replace(hour=15)  # 23:00
    assert telling.tell(now=night) == 0
    assert telling.tell(now=night + timedelta(hours=9)) == 8
    assert len(messages()) == len(messages("robot")) == 1


# ------------------------------------------------------------------ bundling


@pytest.mark.parametrize(("number", "mails"), [(1, 1), (5, 5), (6, 1), (40, 1)])
def test_more_than_five_at_once_come_as_one(shop: Any, agent: Any, now: datetime, number: int, mails: int) -> None:
    rows = alerted(shop, agent, number=number)
    assert telling.tell(now=now) == number
    assert len(messages()) == mails
    text = "".join(mail.body for mail in messages())
    assert [one.complaint.number for one in rows if one.complaint.number not in text] == []


def test_each_person_says_how_many_are_too_many(shop: Any, agent: Any, colleague: Any, now: datetime) -> None:
    wish(agent, bundle_over=1)
    alerted(shop, agent, colleague, number=2)
    telling.tell(now=now)
    assert sorted(mail.recipient.pk for mail in messages()) == [agent.pk, colleague.pk, colleague.pk]


def test_bundle_lists_the_longest_overdue_first_with_links(shop: Any, agent: Any, now: datetime) -> None:
    cases = [ComplaintFactory(shop=shop) for _ in range(6)]
    for number, case in enumerate(cases):
        due_at = now - timedelta(hours=number + 1)
        alert(clock(case, due_at=due_at, started_at=now - timedelta(days=1)), agent)
    telling.tell(now=now)
    (mail,) = messages()
    for part in (mail.body, mail.html):
        assert re.findall(r"complaint/(\d+)/change", part) == [str(case.pk) for case in reversed(cases)]
    assert mail.complaint is None
    assert "6" in mail.subject


def test_a_great_many_are_counted_and_not_all_listed(shop: Any, agent: Any, now: datetime) -> None:
    alerted(shop, agent, number=60)
    telling.tell(now=now)
    (mail,) = messages()
    assert mail.body.count("/admin/complaints/complaint/") == 50
    assert "60" in mail.subject


# ------------------------------------------------------------------ robots


def test_two_members_of_one_group_hear_of_a_clock_once(
    shop: Any, agent: Any, colleague: Any, robot: Callable[..., Robot], now: datetime
) -> None:
    group = robot(agent, colleague)
    one, _other = alerted(shop, agent, colleague)
    telling.tell(now=now)
    (said,) = messages("robot")
    assert said.robot == group
    assert said.dedup_key == f"robot:{group.pk}:{notifications.happening(one, 100)}"
    assert notifications.case_link(one.complaint) in said.body
    assert len(messages()) == 2


def test_another_level_of_the_clock_is_told_to_the_group_anew(
    shop: Any, agent: Any, colleague: Any, robot: Callable[..., Robot], now: datetime
) -> None:
    robot(agent, colleague)
    deadline = clock(ComplaintFactory(shop=shop))
    alert(deadline, agent, level=80)
    telling.tell(now=now)
    alert(deadline, agent, colleague, level=100)
    telling.tell(now=now)
    assert len(messages("robot")) == 2


def test_robot_tells_of_its_members_and_shops_only(
    shop: Any, agent: Any, colleague: Any, robot: Callable[..., Robot], now: datetime
) -> None:
    elsewhere = ShopFactory()
    of_all, of_one, of_other = robot(agent), robot(agent, shops=(shop,)), robot(agent, shops=(elsewhere,))
    robot(agent, active=False)
    robot(colleague, shops=(elsewhere,))
    alerted(shop, agent, colleague)
    telling.tell(now=now)
    assert {said.robot for said in messages("robot")} == {of_all, of_one}
    alerted(elsewhere, agent)
    telling.tell(now=now)
    assert {said.robot for said in messages("robot")} == {of_all, of_one, of_other}


@pytest.mark.parametrize(("number", "said"), [(5, 5), (6, 1)])
def test_group_gets_one_message_for_many_alerts_of_a_person(
    shop: Any, agent: Any, robot: Callable[..., Robot], now: datetime, number: int, said: int
) -> None:
    robot(agent, language="en")
    alerted(shop, agent, number=number)
    telling.tell(now=now)
    assert len(messages("robot")) == said


def test_robot_speaks_its_own_language(shop: Any, agent: Any, robot: Callable[..., Robot], now: datetime) -> None:
    robot(agent, language="en")
    alerted(shop, agent)
    telling.tell(now=now)
    (said,), (mail,) = messages("robot"), messages()
    assert "Assignee" in said.body
    assert "Assignee" not in mail.body


def test_who_wants_no_mail_may_be_told_in_the_group(
    shop: Any, agent: Any, robot: Callable[..., Robot], now: datetime
) -> None:
    wish(agent, email=False)
    robot(agent)
    alerted(shop, agent)
    telling.tell(now=now)
    assert (len(messages()), len(messages("robot"))) == (0, 1)


# ------------------------------------------------------------------ faults


def test_person_who_cannot_be_told_holds_up_nobody(
    shop: Any, agent: Any, colleague: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerted(shop, agent, colleague, number=2)
    compose = notifications.messages

    def poisoned(alerts: Any, wished: AlertPreference, *rest: Any, **named: Any) -> Any:
        if wished.user == agent:
            raise ZeroDivisionError
        return compose(alerts, wished, *rest, **named)

    with monkeypatch.context() as patch:
        patch.setattr(notifications, "messages", poisoned)
        assert telling.tell(now=now) == 2
    assert {mail.recipient for mail in messages()} == {colleague}
    assert telling.tell(now=now + MINUTE) == 2
    assert len(messages()) == 4


def test_message_that_the_database_refuses_holds_up_nobody(
    shop: Any, agent: Any, colleague: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerted(shop, agent, colleague)
    compose = notifications.messages

    def spoiled(alerts: Any, wished: AlertPreference, *rest: Any, **named: Any) -> Any:
        made = compose(alerts, wished, *rest, **named)
        for message in made:
            message.created_at = None if wished.user == agent else message.created_at
        return made

    monkeypatch.setattr(notifications, "messages", spoiled)
    assert telling.tell(now=now) == 1
    assert [mail.recipient for mail in messages()] == [colleague]
    assert untold() == 1


@pytest.mark.django_db(transaction=True)
def test_no_crash_loses_or_doubles_anything(
    shop: Any, agent: Any, colleague: Any, robot: Callable[..., Robot], now: datetime
) -> None:
    robot(agent, colleague)

    def prepare() -> list[Alert]:
        for model in (Alert, OutboxMessage, Deadline, Complaint):
            model.objects.all().delete()
        return [*alerted(shop, agent, colleague, number=2), *alerted(shop, colleague, number=5)]

    crashes = 0
    for rows in every_crash(prepare, lambda: telling.tell(now=now)):
        crashes += 1
        told = set(Alert.objects.filter(told_at__isnull=False).values_list("recipient", flat=True))
        assert {mail.recipient_id for mail in messages()} == told
        telling.tell(now=now + MINUTE)
        assert untold() == 0
        assert sorted(mail.dedup_key for mail in messages() if mail.recipient == agent) == sorted(
            f"mail:{one.dedup_key}" for one in rows if one.recipient == agent
        )
        assert len([mail for mail in messages() if mail.recipient == colleague]) == 1
        assert len(messages("robot")) == 3
    assert crashes > 20


@pytest.mark.django_db(transaction=True)
def test_runs_at_once_tell_everything_once(
    shop: Any, user_with: Callable[..., Any], robot: Callable[..., Robot], now: datetime
) -> None:
    people = [user_with("agent") for _ in range(8)]
    robot(*people)
    alerted(shop, *people, number=4)
    outcomes = at_once([lambda: telling.tell(now=now)] * 4)
    assert [outcome.error for outcome in outcomes] == [None] * 4
    assert sum(outcome.result for outcome in outcomes) == 32
    assert untold() == 0
    assert len(messages()) == 32
    assert len(messages("robot")) == 4


# ------------------------------------------------------------------ cost


def statements(task: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        task()
    return len(captured)


def test_more_alerts_of_a_person_take_no_more_statements(
    shop: Any, agent: Any, robot: Callable[..., Robot], now: datetime
) -> None:
    robot(agent, shops=(shop,))
    alerted(shop, agent)
    few = statements(lambda: telling.tell(now=now))
    alerted(shop, agent, number=40)
    assert statements(lambda: telling.tell(now=now)) == few <= 16


def test_each_person_takes_a_transaction_and_what_they_want_is_read_at_once(
    shop: Any, user_with: Callable[..., Any], robot: Callable[..., Robot], now: datetime
) -> None:
    def cost(number: int) -> int:
        people = [user_with("agent") for _ in range(number)]
        robot(*people)
        alerted(shop, *people)
        return statements(lambda: telling.tell(now=now))

    two, seven = cost(2), cost(7)
    assert seven - two <= 5 * 6


def test_people_who_sleep_cost_nothing_each(shop: Any, user_with: Callable[..., Any], now: datetime) -> None:
    def cost(number: int) -> int:
        people = [user_with("agent") for _ in range(number)]
        for person in people:
            wish(person, quiet_from=time(9), quiet_until=time(11))
        alerted(shop, *people, number=3)
        return statements(lambda: telling.tell(now=now))

    assert cost(2) == cost(9) <= 8
    assert messages() == []


def test_people_are_looked_at_in_batches(
    shop: Any, user_with: Callable[..., Any], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "PEOPLE", 2)
    monkeypatch.setattr(telling, "ALERTS", 3)
    alerted(shop, *[user_with("agent") for _ in range(5)], number=4)
    assert [telling.tell(now=now) for _ in range(3)] == [15, 5, 0]


# ------------------------------------------------------------------ waking


def test_broker_that_is_away_does_no_harm(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def silent(*names: Any, **how: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(waking.current_app, "send_task", silent)
    telling.wake()
    assert "broker not reachable" in caplog.text


def test_run_that_has_taken_long_leaves_the_others_to_the_next_one(
    shop: Any, agent: Any, colleague: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(waking, "wake", woken.append)
    alerted(shop, agent)
    alerted(shop, colleague)
    with monkeypatch.context() as patch:
        patch.setattr(telling, "RUN_SECONDS", -1)
        assert telling.tell(now=now) == 0
    assert woken == [telling.TELL]
    assert telling.tell(now=now) == 2


def test_what_is_owed_still_is_told_when_its_case_was_merged_meanwhile(shop: Any, agent: Any, now: datetime) -> None:
    """The night lay between: the promise is overdue in the case into which this one went."""
    source, target = ComplaintFactory(shop=shop), ComplaintFactory(shop=shop)
    promise, stage = clock(source, kind="promise", subject=7), clock(source, kind="verification")
    alert(promise, agent), alert(stage, agent)
    Complaint.objects.filter(pk=source.pk).update(state="merged", merged_into=target, state_before_merge="new")
    Deadline.objects.filter(pk=promise.pk).update(complaint=target)
    Deadline.objects.filter(pk=stage.pk).update(stopped_at=now, next_alert_at=None)
    telling.tell(now=now)
    assert [mail.dedup_key.split(":")[2] for mail in messages()] == ["promise.7"]
