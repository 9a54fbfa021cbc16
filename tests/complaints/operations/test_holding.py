"""Waiting for the customer: which clocks stand still, for how long, and what ends it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from complaints.models import Alert, Complaint, Deadline, SlaPolicy, SlaTarget
from complaints.operations import clocks, conversation, holding, progress, sweeping
from complaints.operations.ended import ComplaintOver
from complaints.operations.holding import HeldAlready, HoldEndWrong, NotAnswered, NotHeld
from complaints.refusals import ReasonMissing
from tests.factories.complaints import NOW, bring, current, establish
from tests.unchanged import nothing_written

H = timedelta(hours=1)


def hold(
    case: Complaint, agent: Any, at: datetime = NOW + H, hours: float = 48, reason: str = "等客户照片"
) -> Complaint:
    version = current(case).version
    return holding.hold(case.pk, reason=reason, until=at + hours * H, actor=agent, version=version, now=at)


def resume(case: Complaint, agent: Any, at: datetime) -> Complaint:
    return holding.resume(case.pk, actor=agent, version=current(case).version, now=at)


def stage(case: Complaint) -> Deadline:
    return case.deadlines.running().of_stage().get()


def test_the_time_of_a_hold_does_not_count(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    hold(complaint, agent)
    clock = stage(complaint)
    assert (clock.paused_at, clock.next_alert_at) == (NOW + H, None)
    resume(complaint, agent, NOW + 11 * H)
    clock = stage(complaint)
    assert (clock.paused_at, clock.due_at) == (None, NOW + 34 * H)
    assert clock.paused_spans == [(NOW + H, NOW + 11 * H)]
    assert [event.kind for event in complaint.events.order_by("-pk")[:2]] == ["resumed", "held"]


def test_two_holds_add_up(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    for start, end in ((1, 3), (5, 10)):
        hold(complaint, agent, NOW + start * H)
        resume(complaint, agent, NOW + end * H)
    assert stage(complaint).due_at == NOW + 31 * H


def test_promise_and_platform_do_not_stand_still(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    hold(complaint, agent)
    promise = complaint.deadlines.running().get(kind="promise")
    assert promise.paused_at is None
    assert promise.next_alert_at


def test_no_alert_while_on_hold_and_all_of_them_afterwards(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    hold(complaint, agent, hours=100)
    sweeping.sweep(now=NOW + 90 * H)
    assert not Alert.objects.filter(kind="verification").exists()
    resume(complaint, agent, NOW + 91 * H)
    sweeping.sweep(now=NOW + 102 * H)
    assert [alert.level for alert in Alert.objects.filter(kind="verification")] == [50]


def test_a_hold_ends_by_itself_at_its_time_and_not_when_somebody_looks(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    hold(complaint, agent, hours=10)
    assert current(complaint).next_due_at == min(NOW + 11 * H, complaint.deadlines.running().get(kind="promise").due_at)
    sweeping.sweep(now=NOW + 20 * H)
    after = current(complaint)
    assert (after.held_at, after.hold_until, after.hold_reason) == (None, None, "")
    assert stage(complaint).due_at == NOW + 34 * H
    event = after.events.get(kind="resumed")
    assert (event.actor, event.data["because"]) == (None, "over")


def test_the_customer_who_is_heard_ends_the_hold(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    hold(complaint, agent)
    conversation.receive(complaint.pk, "照片发了", channel="phone", actor=agent, now=NOW + 5 * H)
    assert current(complaint).held_at is None
    assert stage(complaint).due_at == NOW + 28 * H


def test_neither_a_note_nor_our_reply_ends_it(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    hold(complaint, agent)
    conversation.note(complaint.pk, "还没收到", actor=agent, now=NOW + 2 * H)
    conversation.reply(complaint.pk, "请发照片", channel="phone", actor=agent, now=NOW + 3 * H)
    assert current(complaint).held_at


def conclude(complaint: Complaint, agent: Any, at: datetime) -> Deadline:
    """Begin the clock of the proposal, which runs from the receipt."""
    establish(complaint, {"actor": agent, "version": current(complaint).version, "now": at})
    progress.conclude_verification(complaint.pk, actor=agent, version=current(complaint).version, now=at)
    return stage(complaint)


def test_a_clock_that_starts_during_the_hold_stands_still_since_the_hold_began(
    case: Callable[..., Any], agent: Any
) -> None:
    complaint = case("verifying")
    hold(complaint, agent, at=NOW + H)
    clock = conclude(complaint, agent, NOW + 2 * H)
    assert (clock.kind, clock.paused_at) == ("proposal", NOW + H)
    resume(complaint, agent, NOW + 12 * H)
    assert stage(complaint).due_at == NOW + 47 * H


def test_time_on_hold_in_an_earlier_stage_counts_for_no_later_clock(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    hold(complaint, agent, at=NOW + H)
    resume(complaint, agent, NOW + 11 * H)
    hold(complaint, agent, at=NOW + 20 * H, hours=30)
    sweeping.sweep(now=NOW + 90 * H)
    clock = conclude(complaint, agent, NOW + 91 * H)
    assert clock.paused_spans == [(NOW + H, NOW + 11 * H), (NOW + 20 * H, NOW + 50 * H)]
    assert clock.due_at == NOW + 76 * H


@pytest.mark.parametrize("ending", ["resumed", "heard", "next stage", "no longer paused"])
def test_a_hold_was_over_at_its_time_whatever_ends_it_later(case: Callable[..., Any], agent: Any, ending: str) -> None:
    complaint = case("verifying")
    clock = stage(complaint)
    hold(complaint, agent, at=NOW, hours=5)
    if ending == "resumed":
        resume(complaint, agent, NOW + 20 * H)
    elif ending == "heard":
        conversation.receive(complaint.pk, "照片来了", channel="phone", actor=agent, now=NOW + 20 * H)
    elif ending == "next stage":
        conclude(complaint, agent, NOW + 20 * H)
    else:
        policy = SlaPolicy.objects.create(name="不停", priority="P3")
        SlaTarget.objects.create(policy=policy, kind="verification", budget_minutes=24 * 60, pausable=False)
        Complaint.objects.filter(pk=complaint.pk).update(policy=policy)
        clocks.recompute(current(complaint), now=NOW + 20 * H)
    clock.refresh_from_db()
    assert clock.paused_spans == [(NOW, NOW + 5 * H)]
    assert clock.due_at == NOW + 29 * H


def test_a_clock_met_while_it_stood_still_was_in_time(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    hold(complaint, agent, hours=100)
    establish(complaint, {"actor": agent, "version": current(complaint).version, "now": NOW + 90 * H})
    progress.conclude_verification(complaint.pk, actor=agent, version=current(complaint).version, now=NOW + 90 * H)
    clock = complaint.deadlines.get(kind="verification")
    assert (clock.met_at, clock.breached_at) == (NOW + 90 * H, None)
    assert clock.due_at == NOW + 113 * H


def test_an_overdue_clock_stays_overdue(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    hold(complaint, agent, at=NOW + 25 * H)
    resume(complaint, agent, NOW + 30 * H)
    assert stage(complaint).due_at == NOW + 24 * H
    sweeping.sweep(now=NOW + 31 * H)
    assert stage(complaint).breached_at == NOW + 24 * H


def test_the_end_of_the_case_ends_the_hold(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    hold(complaint, agent)
    who = {"actor": agent, "version": current(complaint).version, "now": NOW + 2 * H}
    progress.withdraw(complaint.pk, reason="不用了", words="不用了", channel="phone", **who)
    after = current(complaint)
    assert (after.held_at, after.hold_until, after.next_due_at) == (None, None, None)
    assert not complaint.deadlines.running().exists()


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"reason": " "}, ReasonMissing),
        ({"hours": 0}, HoldEndWrong),
        ({"hours": -1}, HoldEndWrong),
        ({"hours": 31 * 24}, HoldEndWrong),
    ],
)
def test_an_odd_hold_is_refused(case: Callable[..., Any], agent: Any, values: dict[str, Any], error: Any) -> None:
    complaint = case("verifying")
    with nothing_written(complaint), pytest.raises(error):
        hold(complaint, agent, **values)


def test_holds_that_cannot_be_are_refused(case: Callable[..., Any], agent: Any) -> None:
    with pytest.raises(NotAnswered):
        hold(case("new"), agent)
    with pytest.raises(ComplaintOver):
        hold(case("closed"), agent)
    complaint = case("verifying")
    with nothing_written(complaint), pytest.raises(NotHeld):
        resume(complaint, agent, NOW + H)
    hold(complaint, agent)
    with nothing_written(complaint), pytest.raises(HeldAlready):
        hold(complaint, agent)


def test_settling_or_recomputing_a_held_case_changes_nothing(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    hold(complaint, agent)
    with nothing_written(complaint):
        clocks.settle(current(complaint), now=NOW + 5 * H)
        clocks.recompute(current(complaint), now=NOW + 5 * H)


def test_a_hold_that_cannot_end_holds_up_no_other(
    case: Callable[..., Any], agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned, other = bring(case("verifying"), "verifying", actor=agent), case("verifying")
    for one in (poisoned, other):
        hold(one, agent, hours=2)
    go_on = clocks.go_on

    def refuse(complaint: Complaint, **how: Any) -> None:
        if complaint.pk == poisoned.pk:
            raise ZeroDivisionError
        go_on(complaint, **how)

    monkeypatch.setattr(clocks, "go_on", refuse)
    assert holding.end_over_holds(now=NOW + 9 * H) == 1
    assert (current(poisoned).held_at is None, current(other).held_at) == (False, None)


def test_holds_that_cannot_end_do_not_stand_before_all_others_for_ever(
    case: Callable[..., Any], agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [case("verifying") for _ in range(3)]
    for place, one in enumerate(cases):
        hold(one, agent, hours=2 + place)
    monkeypatch.setattr(holding, "BATCH", 2)
    go_on = clocks.go_on

    def refuse(complaint: Complaint, **how: Any) -> None:
        if complaint.pk != cases[2].pk:
            raise ZeroDivisionError
        go_on(complaint, **how)

    monkeypatch.setattr(clocks, "go_on", refuse)
    assert holding.end_over_holds(now=NOW + 9 * H) == 1
    assert current(cases[2]).held_at is None
