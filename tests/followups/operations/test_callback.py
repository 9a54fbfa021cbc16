"""The call-back after a round: one per round, and what the customer's answer does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from complaints.models import Complaint
from complaints.operations import correcting, holding, progress
from complaints.operations.locking import StaleVersion
from complaints.refusals import ReasonMissing
from followups.models import FollowUp
from followups.operations import callback
from followups.operations.callback import NoFollowUp, RatingMissing
from tests.factories.complaints import NOW, bring, current
from tests.factories.followups import FollowUpFactory
from tests.factories.policies import PolicyFactory
from tests.unchanged import nothing_written

LATER = NOW + timedelta(hours=3)


@pytest.fixture
def waiting(case: Callable[..., Any]) -> Complaint:
    """A resolved complaint that waits for its call-back."""
    return case("awaiting_followup")


def rate(complaint: Complaint, satisfaction: int | None, comment: str = "", **values: Any) -> Complaint:
    step = {"channel": "phone", "version": current(complaint).version, "now": LATER} | values
    return callback.record_rating(complaint.pk, satisfaction=satisfaction, comment=comment, **step)


def attempt(complaint: Complaint, actor: Any, **values: Any) -> Complaint:
    step = {"comment": "无人接听", "version": current(complaint).version, "now": LATER} | values
    return callback.record_attempt(complaint.pk, actor=actor, **step)


# ---------------------------------------------------------------- one per round


def test_resolving_creates_the_one_call_back_of_the_round(waiting: Complaint) -> None:
    follow_up = waiting.followups.get()
    assert (follow_up.round, follow_up.status, follow_up.attempts) == (1, "open", 0)
    assert (follow_up.created_at, follow_up.due_at) == (NOW, NOW + timedelta(hours=24))


def test_it_is_due_when_its_clock_is(waiting: Complaint, agent: Any) -> None:
    """Another priority, policy or calendar moves the clock; the list of call-backs must not tell the time of before."""
    PolicyFactory(priority="P2", lines={"callback": {"budget_minutes": 600}})
    correcting.correct(waiting.pk, {"priority": "P2"}, actor=agent, version=waiting.version, now=NOW)
    due_at = waiting.deadlines.running().get(kind="callback").due_at
    assert waiting.followups.get().due_at == due_at == NOW + timedelta(hours=10)


def test_asking_for_it_again_creates_no_second_one(waiting: Complaint) -> None:
    first = waiting.followups.get()
    assert callback.ensure(waiting, now=LATER) == first
    assert waiting.followups.count() == 1


def test_the_database_holds_one_call_back_per_round(waiting: Complaint) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        FollowUpFactory(complaint=waiting)


@pytest.mark.parametrize("values", [{"satisfaction": 0}, {"satisfaction": 6}, {"status": "done"}])
def test_the_database_holds_no_impossible_rating(waiting: Complaint, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        FollowUp.objects.filter(complaint=waiting).update(**values)


# ---------------------------------------------------------------- what the customer says


@pytest.mark.parametrize("satisfaction", [4, 5])
def test_a_satisfied_customer_closes_the_case(waiting: Complaint, agent: Any, satisfaction: int) -> None:
    after = rate(waiting, satisfaction, "谢谢", actor=agent)
    follow_up = waiting.followups.get()
    assert (after.state, after.closed_at) == ("closed", LATER)
    assert (follow_up.status, follow_up.satisfaction, follow_up.comment) == ("done", satisfaction, "谢谢")
    assert (follow_up.done_at, follow_up.done_by, follow_up.attempts) == (LATER, agent, 1)


@pytest.mark.parametrize("satisfaction", [1, 2, 3])
def test_a_dissatisfied_customer_starts_a_further_round_with_the_reason(
    waiting: Complaint, agent: Any, satisfaction: int
) -> None:
    after = rate(waiting, satisfaction, "还是有划痕", actor=agent)
    assert (after.state, after.round) == ("proposing", 2)
    assert current(waiting).events.get(kind="supplement").reason == "还是有划痕"
    assert waiting.followups.get().status == "done"


def test_what_was_said_at_the_call_back_stands_in_the_conversation(waiting: Complaint, agent: Any) -> None:
    rate(waiting, 5, "很满意", actor=agent)
    contact = waiting.contacts.get(purpose="callback")
    assert (contact.direction, contact.body, contact.channel, contact.author) == ("in", "5/5 很满意", "phone", agent)


def test_each_round_has_a_call_back_of_its_own(waiting: Complaint, agent: Any) -> None:
    rate(waiting, 2, "还是有划痕", actor=agent)
    bring(waiting, "awaiting_followup", actor=agent, now=LATER)
    assert [(row.round, row.status) for row in waiting.followups.order_by("round")] == [(1, "done"), (2, "open")]
    assert rate(waiting, 5, actor=agent, now=LATER + timedelta(hours=1)).state == "closed"


def test_dissatisfaction_without_a_reason_is_never_recorded(waiting: Complaint, agent: Any) -> None:
    with nothing_written(waiting), pytest.raises(ReasonMissing):
        rate(waiting, 2, "  ", actor=agent)


@pytest.mark.parametrize("satisfaction", [None, 0, 6, -1])
def test_a_rating_is_a_number_from_one_to_five(waiting: Complaint, agent: Any, satisfaction: int | None) -> None:
    with nothing_written(waiting), pytest.raises(RatingMissing):
        rate(waiting, satisfaction, "谢谢", actor=agent)


@pytest.mark.parametrize(("satisfaction", "state"), [(5, "closed"), (2, "proposing")])
def test_a_customer_who_rates_a_case_on_hold_ends_the_hold(
    waiting: Complaint, agent: Any, satisfaction: int, state: str
) -> None:
    until, version = NOW + timedelta(hours=9), current(waiting).version
    holding.hold(waiting.pk, reason="客户出差", until=until, actor=agent, version=version, now=NOW)
    callback.record_rating(
        waiting.pk, satisfaction=satisfaction, comment="等了很久", channel="phone", actor=agent,
        version=current(waiting).version, now=NOW + timedelta(hours=1),
    )  # fmt: skip
    assert (current(waiting).state, current(waiting).held_at) == (state, None)


def test_a_stale_call_back_is_not_recorded(waiting: Complaint, agent: Any) -> None:
    for version in (waiting.version - 1, waiting.version + 1):
        with nothing_written(waiting), pytest.raises(StaleVersion):
            rate(waiting, 5, actor=agent, version=version)
        with nothing_written(waiting), pytest.raises(StaleVersion):
            attempt(waiting, agent, version=version)


@pytest.mark.parametrize("state", ["new", "executing", "closed"])
def test_there_is_nothing_to_record_in_other_stages(case: Callable[..., Any], agent: Any, state: str) -> None:
    complaint = case(state)
    with nothing_written(complaint), pytest.raises(NoFollowUp):
        rate(complaint, 5, actor=agent)
    with nothing_written(complaint), pytest.raises(NoFollowUp):
        attempt(complaint, agent)


# ---------------------------------------------------------------- not reached


def test_the_third_vain_attempt_closes_the_case(waiting: Complaint, agent: Any) -> None:
    assert attempt(waiting, agent).state == "awaiting_followup"
    assert attempt(waiting, agent).state == "awaiting_followup"
    assert attempt(waiting, agent).state == "closed"
    follow_up = waiting.followups.get()
    assert (follow_up.status, follow_up.attempts, follow_up.satisfaction) == ("unreachable", 3, None)
    assert (follow_up.done_at, follow_up.done_by) == (LATER, agent)
    events = current(waiting).events.filter(kind="callback_attempt")
    assert [event.data["attempts"] for event in events] == [1, 2, 3]
    assert {event.reason for event in events} == {"无人接听"}


def test_a_button_pressed_twice_is_one_attempt(waiting: Complaint, agent: Any) -> None:
    attempt(waiting, agent, version=waiting.version)
    with nothing_written(waiting), pytest.raises(StaleVersion):
        attempt(waiting, agent, version=waiting.version)
    assert waiting.followups.get().attempts == 1


def test_a_customer_reached_at_the_third_attempt_is_asked(waiting: Complaint, agent: Any) -> None:
    attempt(waiting, agent)
    attempt(waiting, agent)
    assert rate(waiting, 2, "没人理我", actor=agent).state == "proposing"
    assert waiting.followups.get().attempts == 3


def test_attempts_of_one_round_do_not_count_in_the_next(waiting: Complaint, agent: Any) -> None:
    attempt(waiting, agent)
    attempt(waiting, agent)
    rate(waiting, 1, "没人理我", actor=agent)
    bring(waiting, "awaiting_followup", actor=agent, now=LATER)
    assert attempt(waiting, agent).state == "awaiting_followup"


# ---------------------------------------------------------------- dropped, mended


def test_a_withdrawn_complaint_needs_no_call_back(waiting: Complaint, agent: Any) -> None:
    step = {"actor": agent, "version": waiting.version, "now": LATER}
    progress.withdraw(waiting.pk, reason="不用回访", words="不用打电话了", channel="phone", **step)
    assert waiting.followups.get().status == "dropped"


def test_dropping_leaves_a_call_back_that_was_made(waiting: Complaint, agent: Any) -> None:
    rate(waiting, 5, actor=agent)
    callback.drop(waiting)
    assert waiting.followups.get().status == "done"


def test_mending_creates_a_missing_call_back_exactly_once(waiting: Complaint) -> None:
    waiting.followups.all().delete()
    assert [callback.mend(now=LATER), callback.mend(now=LATER)] == [1, 0]
    follow_up = waiting.followups.get()
    assert (follow_up.status, follow_up.due_at) == ("open", NOW + timedelta(hours=24))
    assert current(waiting).events.filter(kind="followup_mended", actor=None).count() == 1


def test_mending_takes_a_dropped_call_back_up_again(waiting: Complaint) -> None:
    waiting.followups.update(status="dropped")
    assert callback.mend(now=LATER) == 1
    assert waiting.followups.get().status == "open"


@pytest.mark.parametrize("state", ["new", "executing", "closed", "withdrawn"])
def test_mending_touches_nothing_that_needs_no_call_back(case: Callable[..., Any], state: str) -> None:
    complaint = case(state)
    with nothing_written(complaint):
        assert callback.mend(now=LATER) == 0


def test_mending_looks_at_the_present_round(waiting: Complaint, agent: Any) -> None:
    rate(waiting, 2, "还是坏的", actor=agent)
    bring(waiting, "awaiting_followup", actor=agent, now=LATER)
    waiting.followups.filter(round=2).delete()
    assert callback.mend(now=LATER) == 1
    assert [row.round for row in waiting.followups.order_by("round")] == [1, 2]


def test_complaint_that_cannot_be_mended_holds_up_nobody(
    case: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned, other = case("awaiting_followup"), case("awaiting_followup")
    FollowUp.objects.all().delete()
    ensure = callback.ensure

    def refuse(complaint: Complaint, **how: Any) -> Any:
        if complaint.pk == poisoned.pk:
            raise ZeroDivisionError
        return ensure(complaint, **how)

    monkeypatch.setattr(callback, "ensure", refuse)
    assert callback.mend(now=LATER) == 1
    assert other.followups.count() == 1
