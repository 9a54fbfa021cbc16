"""Promises: watched by a clock, kept, broken, renewed with a reason, and counted."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from complaints.models import Alert, Complaint, Promise
from complaints.operations import conversation, mending, promises, sweeping
from complaints.operations.locking import StaleVersion
from complaints.operations.promises import PromiseBeyondClock, Promised, PromiseInThePast, PromiseSettled
from complaints.refusals import ReasonMissing
from tests.factories.complaints import NOW, PromiseFactory, current
from tests.unchanged import nothing_written

H = timedelta(hours=1)


def promise(case: Complaint, agent: Any, hours: float = 4, at: datetime = NOW, **values: Any) -> Promise:
    promised = Promised(text="今天答复", due_at=at + hours * H, **values)
    owed = frozenset(case.promises.values_list("pk", flat=True))
    conversation.reply(case.pk, f"马上办 {at}", channel="phone", promise=promised, still_open=owed, actor=agent, now=at)
    return case.promises.latest("pk")


def renew(case: Complaint, agent: Any, old: Promise, at: datetime, hours: float = 5, **values: Any) -> Promise:
    promised = Promised(text="", due_at=at + hours * H)
    step = {"reason": "仓库盘点", "actor": agent, "version": current(case).version, "now": at} | values
    return promises.renew(case.pk, old.pk, promised, **step)


@pytest.fixture
def complaint(case: Callable[..., Any], agent: Any) -> Complaint:
    """A new case that was answered without a promise."""
    complaint = case("new")
    conversation.reply(complaint.pk, "收到", channel="phone", actor=agent, now=NOW)
    return complaint


def test_a_clock_watches_the_promise(complaint: Complaint, agent: Any) -> None:
    made = promise(complaint, agent)
    clock = complaint.deadlines.running().get(kind="promise")
    assert (clock.subject, clock.started_at, clock.due_at) == (made.pk, NOW, NOW + 4 * H)
    assert current(complaint).next_due_at == NOW + 4 * H


def test_a_broken_promise_is_an_alert_and_is_counted(complaint: Complaint, staff: Any, agent: Any) -> None:
    made = promise(complaint, agent)
    sweeping.sweep(now=NOW + 4 * H)
    made.refresh_from_db()
    assert (made.status, made.settled_at) == ("broken", None)
    alerts = Alert.objects.filter(kind="promise", level=100)
    assert {alert.subject for alert in alerts} == {made.pk}
    assert complaint.events.get(kind="breached").data["subject"] == made.pk


def test_the_next_reply_keeps_it_in_time_or_late(complaint: Complaint, agent: Any) -> None:
    first = promise(complaint, agent)
    conversation.reply(complaint.pk, "结果是", channel="phone", actor=agent, now=NOW + H)
    second = promise(complaint, agent, at=NOW + 2 * H)
    conversation.reply(complaint.pk, "抱歉晚了", channel="phone", actor=agent, now=NOW + 9 * H)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.settled_at) == ("kept", NOW + H)
    assert (second.status, second.settled_at) == ("broken", NOW + 9 * H)
    met, late = complaint.deadlines.filter(kind="promise").order_by("pk")
    assert (met.met_at, met.breached_at, late.breached_at) == (NOW + H, None, NOW + 6 * H)


def test_a_reply_about_something_else_leaves_it_open(complaint: Complaint, agent: Any) -> None:
    made = promise(complaint, agent)
    step = {"channel": "phone", "actor": agent, "now": NOW + H}
    conversation.reply(complaint.pk, "另外请确认地址", still_open=frozenset({made.pk}), **step)
    made.refresh_from_db()
    assert (made.status, made.settled_at) == ("open", None)
    assert complaint.deadlines.running().filter(kind="promise").count() == 1


def test_two_promises_for_the_same_time_are_two_clocks_and_two_alerts(complaint: Complaint, agent: Any) -> None:
    pair = {promise(complaint, agent, 5).pk, promise(complaint, agent, 4, at=NOW + H).pk}
    sweeping.sweep(now=NOW + 5 * H)
    alerts = Alert.objects.filter(kind="promise", level=100, recipient=agent)
    assert {alert.subject for alert in alerts} == pair


def test_keeping_is_recorded(complaint: Complaint, agent: Any) -> None:
    made = promise(complaint, agent)
    promises.keep(complaint.pk, made.pk, actor=agent, version=current(complaint).version, now=NOW + H)
    made.refresh_from_db()
    assert (made.status, made.settled_at) == ("kept", NOW + H)
    assert complaint.events.get(kind="promise_kept").data["late"] is False
    assert not complaint.deadlines.running().filter(kind="promise").exists()


def test_renewing_keeps_the_history(complaint: Complaint, agent: Any) -> None:
    made = promise(complaint, agent)
    renewal = renew(complaint, agent, made, NOW + H)
    made.refresh_from_db()
    assert (made.status, made.settled_at, made.renewal) == ("renewed", NOW + H, renewal)
    assert (renewal.text, renewal.due_at, renewal.reason) == ("今天答复", NOW + 6 * H, "仓库盘点")
    stopped, running = complaint.deadlines.filter(kind="promise").order_by("pk")
    assert (stopped.stopped_at, stopped.met_at, running.due_at) == (NOW + H, None, NOW + 6 * H)
    assert complaint.events.get(kind="promise_renewed").reason == "仓库盘点"


@pytest.mark.parametrize("swept", [True, False])
def test_what_is_renewed_too_late_was_broken_all_the_same(complaint: Complaint, agent: Any, swept: bool) -> None:
    made = promise(complaint, agent)
    if swept:
        sweeping.sweep(now=NOW + 5 * H)
    renewal = renew(complaint, agent, made, NOW + 5 * H)
    made.refresh_from_db()
    assert (made.status, renewal.status) == ("broken", "open")


def test_a_time_later_than_the_clock_must_be_meant(complaint: Complaint, agent: Any) -> None:
    with nothing_written(complaint), pytest.raises(PromiseBeyondClock) as refused:
        promise(complaint, agent, 25)
    assert "2026-11-21 10:00" in refused.value.text
    assert promise(complaint, agent, 25, beyond_clock=True).due_at == NOW + 25 * H


def test_once_the_clock_is_overdue_nothing_is_left_to_warn_of(complaint: Complaint, agent: Any) -> None:
    assert promise(complaint, agent, 1, at=NOW + 25 * H)


def test_what_cannot_be_is_refused(complaint: Complaint, agent: Any) -> None:
    made = promise(complaint, agent)
    with nothing_written(complaint):
        with pytest.raises(ReasonMissing):
            renew(complaint, agent, made, NOW + H, reason=" ")
        with pytest.raises(PromiseInThePast):
            renew(complaint, agent, made, NOW + H, hours=0)
        with pytest.raises(StaleVersion):
            renew(complaint, agent, made, NOW + H, version=0)
    step = {"actor": agent, "now": NOW + H}
    promises.keep(complaint.pk, made.pk, version=current(complaint).version, **step)
    with nothing_written(complaint), pytest.raises(PromiseSettled):
        renew(complaint, agent, made, NOW + H)
    foreign = PromiseFactory()
    with nothing_written(complaint), pytest.raises(PromiseSettled):
        promises.keep(complaint.pk, foreign.pk, version=current(complaint).version, **step)


def test_a_promise_of_before_there_were_clocks_gets_one(complaint: Complaint, agent: Any) -> None:
    made = promise(complaint, agent)
    complaint.deadlines.filter(kind="promise").delete()
    assert mending.mend(now=NOW + H) == 1
    assert complaint.deadlines.running().get(kind="promise").subject == made.pk
    assert mending.mend(now=NOW + H) == 0
