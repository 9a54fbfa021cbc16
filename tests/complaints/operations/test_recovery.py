"""Claims against the courier or the supplier: filed, answered, recovered or lost, whatever becomes of the case."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from complaints.models import Complaint, Deadline, RecoveryClaim
from complaints.operations import holding, merging, progress, recovery
from complaints.operations.ended import MergedAway
from complaints.operations.inquiries import DueInThePast
from complaints.operations.recovery import AnsweredAlready, ClaimGone, ClaimSettled, FiledAlready, MoreThanClaimed
from complaints.operations.sweeping import sweep
from complaints.refusals import ReasonMissing
from tests.factories.complaints import NOW, bring, current, registered
from tests.factories.policies import PolicyFactory
from tests.unchanged import nothing_written

LATER = NOW + timedelta(days=1)
WEEK = timedelta(days=7)
AMOUNT = Decimal("199.00")


@pytest.fixture
def executing(case: Callable[..., Any]) -> Complaint:
    return case("executing")


@pytest.fixture
def filed(executing: Complaint, agent: Any) -> RecoveryClaim:
    return file(executing, agent)


def file(case: Complaint, actor: Any, **values: Any) -> RecoveryClaim:
    claim = {"against": "courier", "name": "中通", "amount": AMOUNT, "reference": "ZT-77", "actor": actor, "now": NOW}
    return recovery.file(case.pk, **claim | values)


def clock_of(claim: RecoveryClaim) -> Deadline:
    return Deadline.objects.get(kind="recovery", subject=claim.pk)


def stored(claim: RecoveryClaim) -> RecoveryClaim:
    return RecoveryClaim.objects.get(pk=claim.pk)


def told(case: Complaint) -> list[str]:
    return list(case.events.filter(kind__startswith="recovery").order_by("pk").values_list("kind", flat=True))


def test_a_claim_has_a_clock_of_the_length_of_the_policy(filed: RecoveryClaim, agent: Any) -> None:
    clock = clock_of(filed)
    assert (clock.started_at, clock.due_at, clock.responsible) == (NOW, NOW + WEEK, agent)
    after = stored(filed)
    assert (after.due_at, after.status, after.amount, after.currency) == (NOW + WEEK, "filed", AMOUNT, "CNY")
    event = filed.complaint.events.get(kind="recovery_filed")
    assert (event.actor, event.data["against"], event.data["cost"]) == (agent, "courier", "199.00")


def test_the_time_may_be_named_and_lies_ahead(executing: Complaint, agent: Any) -> None:
    claim = file(executing, agent, due_at=LATER)
    assert stored(claim).due_at == clock_of(claim).due_at == LATER
    with nothing_written(executing), pytest.raises(DueInThePast):
        file(executing, agent, due_at=NOW, reference="ZT-78")


def test_the_same_claim_is_filed_once(filed: RecoveryClaim, agent: Any) -> None:
    with nothing_written(filed.complaint), pytest.raises(FiledAlready):
        file(filed.complaint, agent)
    assert file(filed.complaint, agent, amount=Decimal(10)).pk != filed.pk


def test_a_claim_needs_no_finished_liability(case: Callable[..., Any], agent: Any) -> None:
    assert file(case("accepted"), agent).status == "filed"


def test_an_answer_meets_the_clock_and_leaves_the_claim_open(filed: RecoveryClaim, agent: Any) -> None:
    recovery.record_answer(filed.complaint_id, filed.pk, note="正在核查", actor=agent, now=LATER)
    after = stored(filed)
    assert (after.status, after.answered_at, after.note, after.is_open) == ("answered", LATER, "正在核查", True)
    assert clock_of(filed).met_at == LATER
    with nothing_written(filed.complaint), pytest.raises(AnsweredAlready):
        recovery.record_answer(filed.complaint_id, filed.pk, note="再答", actor=agent, now=LATER)
    assert told(filed.complaint) == ["recovery_filed", "recovery_answered"]


@pytest.mark.parametrize("answered_before", [True, False])
def test_money_comes_back_whole_or_in_part(answered_before: bool, filed: RecoveryClaim, agent: Any) -> None:
    if answered_before:
        recovery.record_answer(filed.complaint_id, filed.pk, note="同意", actor=agent, now=NOW)
    with nothing_written(filed.complaint), pytest.raises(MoreThanClaimed):
        recovery.recover(filed.complaint_id, filed.pk, AMOUNT + 1, actor=agent, now=LATER)
    recovery.recover(filed.complaint_id, filed.pk, Decimal(150), actor=agent, now=LATER)
    after = stored(filed)
    assert (after.status, after.recovered_amount, after.settled_at) == ("recovered", Decimal(150), LATER)
    assert after.answered_at == (NOW if answered_before else LATER)
    assert clock_of(filed).met_at == after.answered_at
    assert filed.complaint.events.get(kind="recovery_recovered").data["cost"] == "150"


@pytest.mark.parametrize(("give_up", "status"), [(recovery.lose, "lost"), (recovery.withdraw, "withdrawn")])
def test_a_claim_is_given_up_with_a_reason(
    give_up: Callable[..., Any], status: str, filed: RecoveryClaim, agent: Any
) -> None:
    with nothing_written(filed.complaint), pytest.raises(ReasonMissing):
        give_up(filed.complaint_id, filed.pk, reason=" ", actor=agent, now=LATER)
    give_up(filed.complaint_id, filed.pk, reason="签收无异常", actor=agent, now=LATER)
    assert (stored(filed).status, stored(filed).note, stored(filed).settled_at) == (status, "签收无异常", LATER)
    assert clock_of(filed).met_at == (LATER if status == "lost" else None)
    assert not clock_of(filed).is_running
    for again in (
        lambda: give_up(filed.complaint_id, filed.pk, reason="x", actor=agent, now=LATER),
        lambda: recovery.recover(filed.complaint_id, filed.pk, Decimal(1), actor=agent, now=LATER),
        lambda: recovery.record_answer(filed.complaint_id, filed.pk, note="x", actor=agent, now=LATER),
    ):
        with nothing_written(filed.complaint), pytest.raises(ClaimSettled):
            again()


def test_a_claim_is_taken_from_its_own_complaint_only(
    filed: RecoveryClaim, case: Callable[..., Any], agent: Any
) -> None:
    other = case("executing")
    with nothing_written(filed.complaint, other), pytest.raises(ClaimGone):
        recovery.lose(other.pk, filed.pk, reason="x", actor=agent, now=NOW)


def test_the_end_of_the_case_leaves_the_claim_and_its_clock(filed: RecoveryClaim, agent: Any) -> None:
    closed = bring(current(filed.complaint), "closed", actor=agent)
    assert (closed.state, closed.next_due_at) == ("closed", None)
    assert (stored(filed).status, clock_of(filed).is_running) == ("filed", True)
    sweep(now=NOW + WEEK)
    assert clock_of(filed).breached_at == NOW + WEEK
    assert closed.alerts.filter(kind="recovery", level=100, recipient=agent).exists()
    recovery.recover(closed.pk, filed.pk, AMOUNT, actor=agent, now=NOW + WEEK)
    assert (stored(filed).status, clock_of(filed).is_running) == ("recovered", False)


def test_finance_sees_a_closed_case_as_long_as_money_is_owed(
    filed: RecoveryClaim, agent: Any, user_with: Callable[..., Any]
) -> None:
    finance = user_with("finance")
    closed = bring(current(filed.complaint), "closed", actor=agent)
    assert closed in Complaint.objects.visible_to(finance)
    assert filed in RecoveryClaim.objects.visible_to(finance)
    recovery.lose(closed.pk, filed.pk, reason="过期", actor=finance, now=LATER)
    assert closed not in Complaint.objects.visible_to(finance)


def test_claims_move_with_a_merge_and_back(filed: RecoveryClaim, agent: Any, user_with: Callable[..., Any]) -> None:
    lead, source = user_with("team_lead"), current(filed.complaint)
    target = registered(source.shop, actor=agent, title="同一张桌子", order=source.order)
    merging.merge(source.pk, target.pk, reason="同", actor=lead, version=source.version, now=LATER)
    assert (stored(filed).complaint, stored(filed).origin, clock_of(filed).complaint) == (target, source, target)
    assert clock_of(filed).is_running
    with nothing_written(source), pytest.raises(MergedAway):
        file(source, agent)
    merging.unmerge(source.pk, reason="不同", actor=lead, version=current(source).version, now=LATER)
    assert (stored(filed).complaint, stored(filed).origin, clock_of(filed).complaint) == (source, None, source)


def test_a_hold_that_ends_with_the_case_lets_the_clock_of_the_claim_go_on(
    case: Callable[..., Any], agent: Any, staff: dict[str, Any]
) -> None:
    PolicyFactory(priority="P3", lines={"recovery": {"pausable": True}})
    complaint = case("verifying")
    claim = file(complaint, agent)
    until, step = NOW + timedelta(days=9), {"actor": agent, "now": NOW}
    holding.hold(complaint.pk, reason="等客户寄回", until=until, version=current(complaint).version, **step)
    assert clock_of(claim).paused_at == NOW
    basis = {"reason": "签收完好", "body": "签收照片显示外箱完好。", "channel": "phone"}
    step = {"actor": staff["supervisor"], "now": LATER}
    progress.find_unfounded(complaint.pk, version=current(complaint).version, **basis, **step)
    clock = clock_of(claim)
    assert (clock.paused_at, clock.due_at, clock.is_running) == (None, LATER + WEEK, True)
    assert clock.next_alert_at
