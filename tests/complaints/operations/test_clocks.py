"""Clocks in life: what starts, meets, stops and moves them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from complaints.models import Complaint, Deadline
from complaints.operations import clocks, conversation, correcting, progress, remedies, sweeping
from tests.factories.complaints import NOW, ContactFactory, bring, current, prepare_options
from tests.unchanged import everything_about, nothing_written

H = timedelta(hours=1)


def running(case: Complaint) -> Deadline:
    """The clock of the stage, whatever runs beside it."""
    return case.deadlines.running().of_stage().get()


def correct(case: Complaint, agent: Any, now: datetime = NOW, **changes: Any) -> Complaint:
    return correcting.correct(case.pk, changes, actor=agent, version=current(case).version, now=now)


def reply(case: Complaint, agent: Any, now: datetime, **values: Any) -> Any:
    return conversation.reply(case.pk, "我们马上核实。", channel="platform_chat", actor=agent, now=now, **values)


# ---------------------------------------------------------------- first response


def test_the_first_clock_runs_from_receipt_not_from_registration(case: Callable[..., Any]) -> None:
    complaint = case("new", received_at=NOW - 3 * H)
    clock = running(complaint)
    assert (clock.kind, clock.started_at, clock.due_at) == ("first_response", NOW - 3 * H, NOW - H)
    assert complaint.next_due_at == NOW - H


@pytest.mark.parametrize(("priority", "budget"), [("P1", H / 4), ("P2", H / 2), ("P3", 2 * H), ("P4", 8 * H)])
def test_the_first_response_has_the_budget_of_the_priority(
    case: Callable[..., Any], priority: str, budget: timedelta
) -> None:
    assert case("new", priority=priority).next_due_at == NOW + budget


def test_the_first_human_reply_meets_the_first_response(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    reply(complaint, agent, NOW + H)
    first = complaint.deadlines.get(kind="first_response")
    assert (first.met_at, first.breached_at, first.next_alert_at) == (NOW + H, None, None)
    assert (running(complaint).kind, running(complaint).started_at) == ("verification", NOW)


def test_a_second_reply_changes_no_clock(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    reply(complaint, agent, NOW + H)
    before = everything_about(complaint)["Deadline"]
    reply(complaint, agent, NOW + 2 * H)
    assert everything_about(complaint)["Deadline"] == before


def test_a_reply_after_the_time_is_a_met_and_breached_clock(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    reply(complaint, agent, NOW + 3 * H)
    first = complaint.deadlines.get(kind="first_response")
    assert (first.met_at, first.breached_at) == (NOW + 3 * H, NOW + 2 * H)


def test_a_reply_exactly_in_time_is_no_breach(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    reply(complaint, agent, NOW + 2 * H)
    assert complaint.deadlines.get(kind="first_response").breached_at is None


def test_an_automatic_acknowledgement_leaves_the_clock_running(case: Callable[..., Any]) -> None:
    complaint = case("new")
    ContactFactory(complaint=complaint, acknowledgement=True)
    clocks.settle(complaint, now=NOW + H)
    assert running(complaint).kind == "first_response"


def test_a_message_without_an_author_is_no_human_reply(case: Callable[..., Any]) -> None:
    complaint = case("new")
    ContactFactory(complaint=complaint, reply=True, author=None)
    clocks.settle(complaint, now=NOW + H)
    assert running(complaint).kind == "first_response"


@pytest.mark.parametrize("speak", [conversation.note, conversation.receive])
def test_neither_a_note_nor_the_customer_stops_the_clock(
    case: Callable[..., Any], agent: Any, speak: Callable[..., Any]
) -> None:
    complaint = case("new")
    channel = {} if speak is conversation.note else {"channel": "phone"}
    speak(complaint.pk, "催一下", actor=agent, now=NOW + H, **channel)
    assert running(complaint).kind == "first_response"


# ---------------------------------------------------------------- the way of a case


def test_each_stage_of_the_first_round_runs_from_its_start(case: Callable[..., Any]) -> None:
    complaint = case("executing")
    assert {clock.started_at for clock in complaint.deadlines.of_stage()} == {complaint.received_at}
    assert [clock.kind for clock in complaint.deadlines.of_stage().order_by("id")] == [
        "first_response",
        "verification",
        "proposal",
        "execution",
    ]


def test_the_call_back_runs_from_the_resolution(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("executing")
    bring(complaint, "awaiting_followup", actor=agent, now=NOW + 5 * H)
    clock = running(complaint)
    assert (clock.kind, clock.started_at, clock.due_at) == ("callback", NOW + 5 * H, NOW + 29 * H)


def test_after_a_decline_the_proposal_has_its_whole_time_again(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("negotiating")
    step = {"actor": agent, "version": complaint.version, "now": NOW + 40 * H}
    progress.decline(complaint.pk, reason="都不要", **step)
    stopped = complaint.deadlines.get(kind="execution")
    assert (stopped.met_at, stopped.stopped_at, stopped.next_alert_at) == (None, NOW + 40 * H, None)
    assert (running(complaint).started_at, running(complaint).due_at) == (NOW + 40 * H, NOW + 76 * H)


def test_the_proposal_of_the_first_pass_stays_met_after_a_decline(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("negotiating")
    before = complaint.deadlines.filter(kind="proposal").values().get()
    progress.decline(complaint.pk, reason="都不要", actor=agent, version=complaint.version, now=NOW + H)
    assert complaint.deadlines.filter(pk=before["id"]).values().get() == before


def test_a_reopened_case_has_its_whole_time_from_then(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("closed")
    assert complaint.next_due_at is None
    progress.reopen(complaint.pk, reason="又坏了", actor=agent, version=complaint.version, now=NOW + 48 * H)
    clock = running(complaint)
    assert (clock.kind, clock.round, clock.due_at) == ("proposal", 2, NOW + 84 * H)
    assert current(complaint).next_due_at == clock.due_at


def test_a_withdrawn_case_has_no_clock_and_no_met_one(case: Callable[..., Any]) -> None:
    complaint = case("withdrawn")
    clock = complaint.deadlines.get()
    assert (clock.met_at, clock.stopped_at, clock.next_alert_at) == (None, NOW, None)
    assert complaint.next_due_at is None


def test_a_late_case_that_is_withdrawn_stays_counted_as_late(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    step = {"actor": agent, "version": complaint.version, "now": NOW + 3 * H}
    progress.withdraw(complaint.pk, reason="算了", words="算了", channel="phone", **step)
    assert complaint.deadlines.get().breached_at == NOW + 2 * H


def test_an_open_case_always_has_exactly_one_clock(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    for state in ("accepted", "verifying", "proposing", "negotiating", "executing", "awaiting_followup"):
        complaint = bring(complaint, state, actor=agent)
        assert complaint.next_due_at == min(clock.due_at for clock in complaint.deadlines.running())
        assert running(complaint).kind


def test_settling_again_changes_nothing(case: Callable[..., Any]) -> None:
    for state in ("new", "negotiating", "awaiting_followup", "closed"):
        complaint = case(state)
        with nothing_written(complaint):
            clocks.settle(complaint, now=NOW + H)


# ---------------------------------------------------------------- a change of priority


def test_a_higher_priority_pulls_the_running_clock_in(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    correct(complaint, agent, priority="P1")
    clock = running(complaint)
    assert (clock.priority, clock.due_at, clock.level) == ("P1", NOW + 4 * H, 0)
    assert clock.next_alert_at == NOW + 2 * H
    assert current(complaint).next_due_at == min(clock.due_at for clock in complaint.deadlines.running())


def test_met_clocks_keep_their_time_and_priority(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    before = complaint.deadlines.filter(met_at__isnull=False).values().get()
    correct(complaint, agent, priority="P1")
    assert complaint.deadlines.filter(pk=before["id"]).values().get() == before


def test_a_breach_stays_a_breach_when_the_priority_falls(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    sweeping.sweep(now=NOW + 2 * H)
    correct(complaint, agent, NOW + 3 * H, priority="P4")
    clock = running(complaint)
    assert (clock.breached_at, clock.due_at) == (NOW + 2 * H, NOW + 8 * H)


def test_the_call_back_has_the_same_time_whatever_the_priority(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("awaiting_followup")
    sweeping.sweep(now=NOW + 25 * H)
    correct(complaint, agent, NOW + 26 * H, priority="P2")
    sweeping.sweep(now=NOW + 26 * H)
    assert running(complaint).level == 100
    assert complaint.events.filter(kind="breached", data__clock="callback").count() == 1


def test_the_next_clock_has_the_new_priority(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("proposing")
    correct(complaint, agent, priority="P2")
    prepare_options(complaint, {"actor": agent, "version": current(complaint).version, "now": NOW})
    progress.offer(complaint.pk, actor=agent, version=current(complaint).version, now=NOW)
    assert running(complaint).due_at == NOW + 48 * H


def test_a_second_offer_after_a_decline_has_the_whole_execution_time(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("negotiating")
    late = NOW + timedelta(hours=100)
    step = {"actor": agent, "now": late}
    progress.decline(complaint.pk, reason="都不合适", version=complaint.version, **step)
    for text in ("补发", "退款"):
        remedies.prepare(
            complaint.pk, kind="other", text=text, cost=Decimal(0), version=current(complaint).version, **step
        )
    progress.offer(complaint.pk, version=current(complaint).version, **step)
    clock = running(complaint)
    assert (clock.kind, clock.started_at) == ("execution", late)
