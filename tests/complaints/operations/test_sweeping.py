"""Who hears of a clock, when, and how often; and that no fault keeps anybody from hearing of it."""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from complaints import sla
from complaints.models import Alert, Complaint, ComplaintEvent, Deadline, Shop
from complaints.operations import (
    alerting,
    assignment,
    clocks,
    conversation,
    correcting,
    mending,
    merging,
    sweeping,
    telling,
)
from complaints.operations.promises import Promised
from complaints.queries import people
from tests.crashes import every_crash
from tests.factories.complaints import ComplaintFactory, ShopFactory, complaint_in, current, registered

HOUR = timedelta(hours=1)
"""The first response of a normal complaint (P3) is due after two hours: 50 % is 1 h, 80 % is 1 h 36 min."""

User = Any


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "wake", lambda: None)


@pytest.fixture
def case(shop: Shop, staff: dict[str, User], now: datetime) -> Complaint:
    """A new complaint, received now, with an assignee, in a shop with one person of every role."""
    return registered(shop, actor=staff["agent"], now=now)


@pytest.fixture
def cases(shop: Shop, staff: dict[str, User], now: datetime) -> Callable[[int], list[Complaint]]:
    """`cases(3)` registers three complaints, each received a minute after the one before."""

    def make(number: int) -> list[Complaint]:
        return [registered(shop, actor=staff["agent"], now=now + timedelta(minutes=minute)) for minute in range(number)]

    return make


def told(case: Complaint | None = None) -> list[tuple[int, str]]:
    """(level, who) of each alert in the admin, in the order in which they were written."""
    alerts = Alert.objects.filter(complaint=case) if case else Alert.objects.all()
    return [(alert.level, alert.recipient.username) for alert in alerts.select_related("recipient").order_by("pk")]


def names(users: dict[str, User], level: int, *roles: str) -> list[tuple[int, str]]:
    return [(level, users[role].username) for role in roles]


def breaches(case: Complaint) -> list[dict[str, Any]]:
    return [event.data for event in case.events.filter(kind="breached")]


# ------------------------------------------------------------------ who hears of it


@pytest.mark.parametrize(
    ("after", "level", "roles"),
    [
        (1 * HOUR, 50, ["agent"]),
        (timedelta(minutes=96), 80, ["agent"]),
        (2 * HOUR, 100, ["agent", "team_lead"]),
        (3 * HOUR, 150, ["supervisor"]),
        (4 * HOUR, 200, ["shop_manager"]),
    ],
)
def test_each_level_is_told_to_its_people(
    case: Complaint, staff: dict[str, User], now: datetime, after: timedelta, level: int, roles: list[str]
) -> None:
    Deadline.objects.update(level={50: 0, 80: 50, 100: 80, 150: 100, 200: 150}[level])
    sweeping.sweep(now=now + after)
    assert told() == names(staff, level, *roles)


@pytest.mark.parametrize("after", [timedelta(0), timedelta(minutes=59)])
def test_nobody_hears_of_a_clock_with_time_left(case: Complaint, now: datetime, after: timedelta) -> None:
    assert sweeping.sweep(now=now + after) == 0
    assert told() == []


def test_levels_follow_each_other_and_end(case: Complaint, staff: dict[str, User], now: datetime) -> None:
    for minutes in range(0, 600, 10):
        sweeping.sweep(now=now + timedelta(minutes=minutes))
    assert told() == [
        *names(staff, 50, "agent"),
        *names(staff, 80, "agent"),
        *names(staff, 100, "agent", "team_lead"),
        *names(staff, 150, "supervisor"),
        *names(staff, 200, "shop_manager"),
    ]
    assert case.deadlines.get().next_alert_at is None


def test_breach_stands_in_the_history_and_on_the_clock(case: Complaint, now: datetime) -> None:
    sweeping.sweep(now=now + timedelta(hours=2, minutes=1))
    deadline = case.deadlines.get()
    assert deadline.breached_at == deadline.due_at == now + 2 * HOUR
    assert breaches(case) == [{"clock": "first_response", "due_at": deadline.due_at.isoformat()}]
    event = case.events.get(kind="breached")
    assert (event.at, event.actor) == (now + timedelta(hours=2, minutes=1), None)


def test_warning_is_no_breach(case: Complaint, now: datetime) -> None:
    sweeping.sweep(now=now + timedelta(minutes=119))
    assert case.deadlines.get().breached_at is None
    assert breaches(case) == []


# ------------------------------------------------------------------ when somebody is missing


def test_lead_hears_what_nobody_is_assigned_to(shop: Shop, staff: dict[str, User], now: datetime) -> None:
    registered(shop, actor=staff["agent"], now=now, assignee=None)
    sweeping.sweep(now=now + HOUR)
    sweeping.sweep(now=now + 2 * HOUR)
    assert told() == [*names(staff, 50, "team_lead"), *names(staff, 100, "team_lead")]


def test_lead_hears_it_for_an_assignee_who_has_left(case: Complaint, staff: dict[str, User], now: datetime) -> None:
    staff["agent"].is_active = False
    staff["agent"].save()
    sweeping.sweep(now=now + HOUR)
    assert told() == names(staff, 50, "team_lead")


def test_supervisor_hears_it_in_a_shop_without_a_lead(staff: dict[str, User], now: datetime) -> None:
    """The lead of another shop does not."""
    registered(ShopFactory(), actor=staff["agent"], now=now)
    sweeping.sweep(now=now + 2 * HOUR)
    assert told() == names(staff, 100, "agent", "supervisor")


def test_manager_hears_it_where_there_is_nobody_else(shop: Shop, user_with: Callable[..., User], now: datetime) -> None:
    manager = user_with("shop_manager")
    registered(shop, actor=manager, now=now, assignee=None)
    for hours in (1, 2, 3, 4):
        sweeping.sweep(now=now + hours * HOUR)
    assert told() == [(level, manager.username) for level in (50, 100, 150, 200)]


def test_breach_that_nobody_can_hear_is_in_the_log_and_in_the_history(
    shop: Shop, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    case = registered(shop, actor=None, now=now)
    sweeping.sweep(now=now + 2 * HOUR)
    assert "nobody is there to hear" in caplog.text
    assert len(breaches(case)) == 1


def test_assignee_who_leads_the_shop_hears_it_once(shop: Shop, user_with: Callable[..., User], now: datetime) -> None:
    lead = user_with("team_lead")
    registered(shop, actor=lead, now=now)
    sweeping.sweep(now=now + 2 * HOUR)
    assert told() == [(100, lead.username)]


# ------------------------------------------------------------------ once


def test_second_sweep_finds_nothing(case: Complaint, now: datetime) -> None:
    assert sweeping.sweep(now=now + 2 * HOUR) == 1
    before = (told(), breaches(case))
    assert sweeping.sweep(now=now + 2 * HOUR) == 0
    assert (told(), breaches(case)) == before


def test_clock_wound_back_by_hand_tells_nothing_twice(case: Complaint, now: datetime) -> None:
    """As after a restored backup, or a sweep that was counted twice."""
    sweeping.sweep(now=now + 2 * HOUR)
    before = (told(), breaches(case))
    Deadline.objects.update(level=0, next_alert_at=now)
    assert sweeping.sweep(now=now + 2 * HOUR) == 1
    assert (told(), breaches(case)) == before


def prioritise(case: Complaint, priority: str, now: datetime) -> None:
    version = Complaint.objects.get(pk=case.pk).version
    correcting.correct(case.pk, {"priority": priority}, actor=case.assignee, version=version, now=now)


def test_moved_clock_alerts_anew_and_the_former_time_never_twice(
    case: Complaint, staff: dict[str, User], now: datetime
) -> None:
    overdue = now + timedelta(minutes=130)
    sweeping.sweep(now=overdue)
    prioritise(case, "P4", overdue)
    sweeping.sweep(now=overdue)
    assert told() == names(staff, 100, "agent", "team_lead")

    prioritise(case, "P3", overdue)
    sweeping.sweep(now=overdue)
    assert told() == names(staff, 100, "agent", "team_lead")
    assert len(breaches(case)) == 1

    prioritise(case, "P4", overdue)
    sweeping.sweep(now=now + 8 * HOUR)
    assert told() == names(staff, 100, "agent", "team_lead") * 2
    assert [data["due_at"] for data in breaches(case)] == [(now + h * HOUR).isoformat() for h in (2, 8)]
    assert case.deadlines.get().breached_at == now + 2 * HOUR


def test_change_of_priority_leaves_a_clock_of_the_same_time_alone(
    shop: Shop, staff: dict[str, User], now: datetime
) -> None:
    """The call-back is due after 24 hours whatever the priority."""
    case = complaint_in("awaiting_followup", shop, actor=staff["agent"], now=now)
    sweeping.sweep(now=now + 24 * HOUR)
    before = (told(), breaches(case), case.deadlines.running().of_stage().get().level)
    prioritise(case, "P2", now + 24 * HOUR)
    sweeping.sweep(now=now + 24 * HOUR)
    assert (told(), breaches(case), case.deadlines.running().of_stage().get().level) == before


def test_met_clock_never_alerts(case: Complaint, staff: dict[str, User], now: datetime) -> None:
    conversation.reply(case.pk, "我们在核实。", channel="phone", actor=staff["agent"], now=now + HOUR)
    sweeping.sweep(now=now + 20 * HOUR)
    assert {alert.kind for alert in Alert.objects.all()} == {"verification"}
    assert Deadline.objects.get(kind="first_response").breached_at is None


def test_stopped_clock_never_alerts(case: Complaint, now: datetime) -> None:
    case.deadlines.update(stopped_at=now)
    assert sweeping.sweep(now=now + 20 * HOUR) == 0


# ------------------------------------------------------------------ after a standstill


def test_after_a_standstill_each_overdue_level_is_told_once_and_no_stale_warning(
    case: Complaint, staff: dict[str, User], now: datetime
) -> None:
    back = now + timedelta(hours=72)
    sweeping.sweep(now=back)
    sweeping.sweep(now=back)
    assert told() == [
        *names(staff, 100, "agent", "team_lead"),
        *names(staff, 150, "supervisor"),
        *names(staff, 200, "shop_manager"),
    ]
    assert len(breaches(case)) == 1


def test_after_a_standstill_only_the_last_warning_is_told(
    case: Complaint, staff: dict[str, User], now: datetime
) -> None:
    sweeping.sweep(now=now + timedelta(minutes=110))
    assert told() == names(staff, 80, "agent")


def test_after_a_standstill_the_oldest_is_told_first(
    cases: Callable[[int], list[Complaint]], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 2)
    newest_last = cases(5)
    Deadline.objects.filter(complaint=newest_last[0]).update(next_alert_at=now + 3 * HOUR)
    sweeping.sweep(now=now + timedelta(hours=72))
    order = list(dict.fromkeys(Alert.objects.order_by("pk").values_list("complaint", flat=True)))
    assert order == [case.pk for case in [*newest_last[1:], newest_last[0]]]


# ------------------------------------------------------------------ many


def test_batch_after_batch_is_fired_in_one_sweep(
    cases: Callable[[int], list[Complaint]], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 2)
    cases(5)
    assert sweeping.sweep(now=now + 3 * HOUR) == 5
    assert Alert.objects.filter(level=100).count() == 10


def test_what_is_too_much_for_one_sweep_waits_for_the_next(
    cases: Callable[[int], list[Complaint]], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 2)
    monkeypatch.setattr(sweeping, "BATCHES", 2)
    cases(5)
    assert [sweeping.sweep(now=now + 3 * HOUR) for _ in range(3)] == [4, 1, 0]


def statements(task: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        task()
    return len(captured)


def test_statements_of_a_batch_do_not_grow_with_it(cases: Callable[[int], list[Complaint]], now: datetime) -> None:
    cases(1)
    few = statements(lambda: sweeping.sweep(now=now + HOUR + timedelta(minutes=30)))
    cases(12)
    many = statements(lambda: sweeping.sweep(now=now + HOUR + timedelta(minutes=30)))
    assert few == many <= 14


def test_thousand_overdue_clocks_take_a_few_statements_each_hundred(
    shop: Shop, staff: dict[str, User], now: datetime
) -> None:
    """Five batches; SQLite takes 999 values in a statement, so that it needs some more."""
    complaints = Complaint.objects.bulk_create(
        ComplaintFactory.build_batch(1000, shop=shop, assignee=staff["agent"], customer=None, next_due_at=now)
    )
    Deadline.objects.bulk_create(
        Deadline(
            complaint=complaint,
            kind="first_response",
            priority="P3",
            started_at=now - 3 * HOUR,
            due_at=now - HOUR,
            budget=2 * HOUR,
            levels=[[level, (now + HOUR * (level - 150) / 50).isoformat(), list(to)] for level, to in sla.LEVELS],
            next_alert_at=now - 2 * HOUR,
        )
        for complaint in complaints
    )
    assert statements(lambda: sweeping.sweep(now=now - timedelta(minutes=10))) <= 150
    assert Alert.objects.count() == 2000
    assert ComplaintEvent.objects.filter(kind="breached").count() == 1000


# ------------------------------------------------------------------ a clock that cannot be fired


def poison(monkeypatch: pytest.MonkeyPatch, case: Complaint, change: Callable[[tuple[Any, ...]], Any]) -> None:
    """Let the alerts of one complaint go wrong."""
    write = alerting.row

    def poisoned(deadline: Deadline, *arguments: Any, **named: Any) -> Any:
        alert = write(deadline, *arguments, **named)
        return change(alert) if deadline.complaint_id == case.pk else alert

    monkeypatch.setattr(alerting, "row", poisoned)


def fail(alert: tuple[Any, ...]) -> Any:
    raise ZeroDivisionError


def spoil(alert: tuple[Any, ...]) -> tuple[Any, ...]:
    """The database refuses it: an alert must say when it was made."""
    return (*alert[:-1], None)


@pytest.mark.parametrize("change", [fail, spoil])
def test_poisoned_clock_is_put_off_and_holds_up_nobody(
    cases: Callable[[int], list[Complaint]],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[tuple[Any, ...]], Any],
) -> None:
    poisoned, *others = cases(4)
    poison(monkeypatch, poisoned, change)
    overdue = now + timedelta(minutes=150)
    sweeping.sweep(now=overdue)
    assert [len(told(case)) for case in others] == [2, 2, 2]
    assert {len(breaches(case)) for case in others} == {1}
    assert told(poisoned) == []

    deadline = poisoned.deadlines.get()
    assert (deadline.level, deadline.failures, deadline.breached_at) == (0, 1, None)
    assert deadline.next_alert_at == overdue + timedelta(minutes=1)


def test_poisoned_clock_is_put_off_for_longer_each_time(
    case: Complaint, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, case, fail)
    moment, pauses = now + 3 * HOUR, []
    for _ in range(11):
        sweeping.sweep(now=moment)
        following = case.deadlines.get().next_alert_at
        pauses.append((following - moment) / timedelta(minutes=1))
        moment = following
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 256]


def test_mended_clock_tells_everything_that_it_owes(
    case: Complaint, staff: dict[str, User], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        poison(patch, case, spoil)
        sweeping.sweep(now=now + 3 * HOUR)
    sweeping.sweep(now=now + 4 * HOUR)
    assert told() == [
        *names(staff, 100, "agent", "team_lead"),
        *names(staff, 150, "supervisor"),
        *names(staff, 200, "shop_manager"),
    ]
    assert case.deadlines.get().failures == 0


# ------------------------------------------------------------------ at the same time


def together(*tasks: Callable[[], Any]) -> list[Any]:
    """Run the tasks in threads with connections of their own, and return what each said."""
    results: list[Any] = [None] * len(tasks)

    def run(index: int, task: Callable[[], Any]) -> None:
        try:
            results[index] = task()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_tell_everything_once(
    cases: Callable[[int], list[Complaint]], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 3)
    cases(20)
    seen = together(*[lambda: sweeping.sweep(now=now + timedelta(minutes=150))] * 4)
    assert sum(seen) == 20
    assert Alert.objects.count() == 40
    assert ComplaintEvent.objects.filter(kind="breached").count() == 20


@pytest.mark.django_db(transaction=True)
def test_sweep_passes_over_clocks_that_another_one_is_firing(
    cases: Callable[[int], list[Complaint]], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL: the second neither waits nor fires. SQLite has one writer: the second waits and finds nothing."""
    cases(3)
    holding, finished = threading.Event(), threading.Event()
    ask = people.escalation

    def slow(shop_ids: Iterable[int], *, now: datetime) -> Any:
        holding.set()
        if connection.features.has_select_for_update_skip_locked:
            assert finished.wait(20)
        return ask(shop_ids, now=now)

    monkeypatch.setattr(sweeping, "escalation", slow)

    def second() -> int:
        assert holding.wait(20)
        try:
            return sweeping.sweep(now=now + 3 * HOUR)
        finally:
            finished.set()

    assert together(lambda: sweeping.sweep(now=now + 3 * HOUR), second) == [3, 0]
    assert ComplaintEvent.objects.filter(kind="breached").count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.row_locks
def test_answer_and_sweep_at_once_do_not_write_over_each_other(
    case: Complaint, staff: dict[str, User], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is being met while a sweep comes: it must not be told as well."""
    late = now + timedelta(minutes=121)
    end, swept = clocks.end, []

    def interrupted(deadline: Deadline, **how: Any) -> None:
        swept.extend(together(lambda: sweeping.sweep(now=late)))
        end(deadline, **how)

    monkeypatch.setattr(clocks, "end", interrupted)
    conversation.reply(case.pk, "抱歉让您久等。", channel="phone", actor=staff["agent"], now=late)
    deadline = Deadline.objects.get(kind="first_response")
    assert swept == [0]
    assert (deadline.met_at, deadline.breached_at, deadline.level) == (late, now + 2 * HOUR, 0)
    assert told() == []


def while_firing(monkeypatch: pytest.MonkeyPatch, task: Callable[[], Any], *, now: datetime) -> Any:
    """Sweep, and begin the task when the clocks are locked and nothing is written yet; what the task said."""
    said: list[Any] = []
    write = sweeping._write

    def interrupted(told: Any) -> None:
        thread = threading.Thread(target=lambda: said.extend(together(task)))
        thread.start()
        thread.join(1)
        write(told)
        threads.append(thread)

    threads: list[threading.Thread] = []
    monkeypatch.setattr(sweeping, "_write", interrupted)
    sweeping.sweep(now=now)
    for thread in threads:
        thread.join(60)
    return said


@pytest.mark.django_db(transaction=True)
@pytest.mark.row_locks
def test_who_takes_a_case_over_during_a_sweep_hears_of_its_clock(
    case: Complaint, staff: dict[str, User], user_with: Callable[..., User], now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The sweep tells the assignee of before; that the clock is at 50 % must not stay between the two."""
    colleague, half = user_with("agent"), now + HOUR
    step = {"reason": "", "actor": staff["team_lead"], "version": case.version, "now": half}
    while_firing(monkeypatch, lambda: assignment.assign(case.pk, colleague, **step), now=half)
    assert sorted(told(case)) == sorted([(50, staff["agent"].username), (50, colleague.username)])


@pytest.mark.django_db(transaction=True)
@pytest.mark.row_locks
def test_a_merge_and_a_sweep_that_breaks_its_promise_do_not_wait_for_each_other(
    case: Complaint, staff: dict[str, User], now: datetime, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    agent, late = staff["agent"], now + 2 * HOUR
    promised = Promised(text="一小时内回复", due_at=now + HOUR)
    conversation.reply(case.pk, "我们马上核实。", channel="phone", promise=promised, actor=agent, now=now)
    target = registered(case.shop, actor=agent, order=case.order, now=late)
    step = {"reason": "同一件事", "actor": staff["team_lead"], "version": current(case).version, "now": late}
    (merged,) = while_firing(monkeypatch, lambda: merging.merge(case.pk, target.pk, **step), now=late)
    assert merged == case
    assert not [record for record in caplog.records if record.name.startswith("complaints.operations.sweeping")]
    assert [promise.status for promise in target.promises.all()] == ["broken"]


@pytest.mark.django_db(transaction=True)
def test_no_crash_leaves_half_a_sweep(shop: Shop, staff: dict[str, User], now: datetime) -> None:
    """Alerts, event and clock are written together or not at all; a later sweep writes them."""

    def written(case: Complaint) -> tuple[int, ...]:
        return len(told(case)), len(breaches(case)), case.deadlines.get().level

    def sweep() -> int:
        return sweeping.sweep(now=now + 2 * HOUR)

    for case in every_crash(lambda: registered(shop, actor=staff["agent"], now=now), sweep):
        assert written(case) == (0, 0, 0)
    sweep()
    assert {written(case) for case in Complaint.objects.all()} == {(2, 1, 100)}


# ------------------------------------------------------------------ the call-back


def test_reminder_for_the_call_back_goes_out_after_24_hours(shop: Shop, staff: dict[str, User], now: datetime) -> None:
    complaint_in("awaiting_followup", shop, actor=staff["agent"], now=now)
    Deadline.objects.filter(kind="promise").delete()
    Deadline.objects.filter(kind="callback").update(level=80, next_alert_at=now + 24 * HOUR)
    assert sweeping.sweep(now=now + 24 * HOUR - timedelta(seconds=1)) == 0
    sweeping.sweep(now=now + 24 * HOUR)
    assert told() == names(staff, 100, "agent", "team_lead")


# ------------------------------------------------------------------ what must not be


def test_open_complaint_that_nothing_watches_gets_its_clock(case: Complaint, now: datetime) -> None:
    """Whichever of the two is missing: the clock, or the note of it on the complaint."""
    Deadline.objects.all().delete()
    assert mending.mend(now=now) == 1
    case.refresh_from_db()
    assert case.deadlines.running().get().due_at == case.next_due_at == now + 2 * HOUR

    Complaint.objects.update(next_due_at=None)
    assert mending.mend(now=now) == 1
    case.refresh_from_db()
    assert case.next_due_at == now + 2 * HOUR
    assert case.events.filter(kind="clock_mended").count() == 2
    assert mending.mend(now=now) == 0


def test_a_promise_does_not_stand_in_for_the_clock_of_the_stage(
    shop: Shop, staff: dict[str, User], now: datetime
) -> None:
    case = complaint_in("verifying", shop, actor=staff["agent"], now=now)
    case.deadlines.of_stage().running().delete()
    assert case.deadlines.running().exists()
    assert mending.mend(now=now) == 1
    assert case.deadlines.running().of_stage().get().kind == "verification"


def test_nothing_is_mended_that_is_whole_or_over(shop: Shop, staff: dict[str, User], now: datetime) -> None:
    for state in ("new", "awaiting_followup", "closed", "withdrawn", "merged"):
        complaint_in(state, shop, actor=staff["agent"], now=now)
    assert mending.mend(now=now) == 0


def test_complaint_that_ended_meanwhile_is_not_mended(
    case: Complaint, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    Deadline.objects.all().delete()
    hold = mending.locked

    def closed_first(pk: int) -> Any:
        Complaint.objects.filter(pk=pk).update(state="closed", next_due_at=None)
        return hold(pk)

    monkeypatch.setattr(mending, "locked", closed_first)
    assert mending.mend(now=now) == 0
    assert not case.events.filter(kind="clock_mended").exists()


def test_complaint_that_cannot_be_mended_holds_up_nobody(
    cases: Callable[[int], list[Complaint]], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned, *others = cases(3)
    Deadline.objects.all().delete()
    settle = clocks.settle

    def refuse(complaint: Complaint, **how: Any) -> None:
        if complaint.pk == poisoned.pk:
            raise ZeroDivisionError
        settle(complaint, **how)

    monkeypatch.setattr(clocks, "settle", refuse)
    assert mending.mend(now=now) == 2
    assert {case.deadlines.running().count() for case in others} == {1}
