"""Options: prepared, signed by those whom their cost asks for, carried out within what was signed."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from complaints.models import Complaint, OutboxMessage, Remedy
from complaints.operations import correcting, intake, progress, remedies
from complaints.operations.locking import StaleVersion
from complaints.operations.remedies import (
    CostFixed,
    NotExecutedNow,
    NothingToSign,
    NotMore,
    NotPreparedNow,
    OptionFixed,
    OptionGone,
    OverApprovedCost,
    SelfApproval,
    TooManyOptions,
)
from complaints.queries.facts import case_facts
from complaints.refusals import ApprovalMissing, ReasonMissing
from knowledge.models import IssueType
from tests.factories.complaints import NOW, CustomerFactory, OrderFactory, RemedyFactory, bring, current
from tests.unchanged import nothing_written

PARCEL = {"courier": "顺丰", "tracking_number": "SF1", "eta": date(2026, 11, 22)}


def now_at(case: Complaint, actor: Any) -> dict[str, Any]:
    return {"actor": actor, "version": current(case).version, "now": NOW}


def option(case: Complaint, actor: Any, cost: str, kind: str = "reship") -> Remedy:
    return remedies.prepare(case.pk, kind=kind, text="补发新桌面", cost=Decimal(cost), **now_at(case, actor))


def sign(case: Complaint, remedy: Remedy, actor: Any) -> Remedy:
    return remedies.approve(case.pk, remedy.pk, **now_at(case, actor))


def unsigned(remedy: Remedy) -> list[str]:
    return Remedy.objects.get(pk=remedy.pk).unsigned


def execute(case: Complaint, actor: Any, **facts: Any) -> Remedy:
    chosen = Remedy.objects.get(complaint=case, status__in=["chosen", "done"])
    return remedies.execute(case.pk, chosen.pk, facts, **now_at(case, actor))


@pytest.fixture
def proposing(case: Callable[..., Any]) -> Complaint:
    return case("proposing", order=None, no_order_reason="线下", person=intake.Person(phone="13812345678"))


@pytest.fixture
def executing(case: Callable[..., Any]) -> Complaint:
    """A case whose customer chose to have the table top sent again, for 15 yuan."""
    return case("executing")


# ---------------------------------------------------------------- preparing


def test_options_take_the_next_free_letter(proposing: Complaint, agent: Any) -> None:
    first, second, third = (option(proposing, agent, "0") for _ in range(3))
    remedies.discard(proposing.pk, second.pk, **now_at(proposing, agent))
    assert (first.label, third.label, option(proposing, agent, "0").label) == ("A", "C", "B")


def test_an_option_is_recorded_with_who_what_and_which_level(proposing: Complaint, agent: Any) -> None:
    remedy = option(proposing, agent, "150")
    after = current(proposing)
    event = after.events.get(kind="option_prepared")
    assert (remedy.proposed_by, remedy.status, remedy.round, remedy.approval_level) == (agent, "prepared", 1, "L2")
    assert (event.actor, event.version) == (agent, after.version)
    assert event.data == {"option": "A", "remedy_kind": "reship", "cost": "150", "level": "L2"}
    assert after.version == proposing.version + 1


@pytest.mark.parametrize(
    ("paid", "cost", "level"),
    [("199", "20", "L0"), ("50", "20", "L1"), ("199", "100", "L1"), ("199", "500", "L2"), ("9999", "501", "L3")],
)
def test_the_payment_of_the_order_counts(
    case: Callable[..., Any], shop: Any, agent: Any, paid: str, cost: str, level: str
) -> None:
    complaint = case("verifying", order=OrderFactory(shop=shop, paid_amount=Decimal(paid)))
    assert option(complaint, agent, cost).approval_level == level


@pytest.mark.parametrize("values", [{"issue_code": "SAFE-01"}, {"issue_code": "AUTH-01"}, {"priority": "P1"}])
def test_dangerous_matters_need_the_highest_level(case: Callable[..., Any], agent: Any, values: dict[str, Any]) -> None:
    assert option(case("verifying", **values), agent, "0").approval_level == "LX"


@pytest.mark.parametrize("state", ["new", "accepted", "negotiating", "executing", "awaiting_followup", "closed"])
def test_options_are_prepared_in_verification_and_proposal_only(
    case: Callable[..., Any], agent: Any, state: str
) -> None:
    complaint = case(state)
    with nothing_written(complaint), pytest.raises(NotPreparedNow):
        option(complaint, agent, "0")


def test_there_is_no_letter_after_z(proposing: Complaint, agent: Any) -> None:
    for letter in remedies.LABELS:
        RemedyFactory(complaint=proposing, label=letter)
    with nothing_written(proposing), pytest.raises(TooManyOptions):
        option(proposing, agent, "0")


def test_an_offered_option_is_not_removed(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("negotiating")
    remedy = complaint.remedies.get(label="A")
    with nothing_written(complaint), pytest.raises(OptionFixed):
        remedies.discard(complaint.pk, remedy.pk, **now_at(complaint, agent))


def test_an_option_of_another_case_or_round_is_not_there(proposing: Complaint, case: Any, agent: Any) -> None:
    other = option(case("verifying"), agent, "0")
    before = RemedyFactory(complaint=proposing, round=0)
    for remedy in (other, before):
        for operation in (remedies.discard, remedies.approve):
            with nothing_written(proposing), pytest.raises(OptionGone):
                operation(proposing.pk, remedy.pk, **now_at(proposing, agent))


def test_stale_versions_write_nothing(proposing: Complaint, executing: Complaint, agent: Any, staff: Any) -> None:
    remedy = option(proposing, agent, "90")
    chosen = executing.remedies.get(status="chosen")
    stale = {"version": 1, "now": NOW}
    with nothing_written(proposing, executing):
        with pytest.raises(StaleVersion):
            remedies.prepare(proposing.pk, kind="gift", text="x", cost=Decimal(0), actor=agent, **stale)
        with pytest.raises(StaleVersion):
            remedies.discard(proposing.pk, remedy.pk, actor=agent, **stale)
        with pytest.raises(StaleVersion):
            remedies.approve(proposing.pk, remedy.pk, actor=staff["team_lead"], **stale)
        with pytest.raises(StaleVersion):
            remedies.execute(executing.pk, chosen.pk, PARCEL, actor=agent, **stale)


# ---------------------------------------------------------------- approval


SIGNERS = {
    "L1": [["team_lead"], ["supervisor"], ["shop_manager"]],
    "L2": [["supervisor"], ["shop_manager"]],
    "L3": [["shop_manager", "finance"], ["finance", "shop_manager"]],
}
COST = {"L1": "90", "L2": "400", "L3": "800"}


@pytest.mark.parametrize(("level", "roles"), [(level, roles) for level, ways in SIGNERS.items() for roles in ways])
def test_an_option_is_offered_once_its_signatures_are_there(
    proposing: Complaint, agent: Any, staff: dict[str, Any], level: str, roles: list[str]
) -> None:
    remedy = option(proposing, agent, COST[level])
    for role in roles:
        with nothing_written(proposing), pytest.raises(ApprovalMissing) as refused:
            progress.offer(proposing.pk, single_option_reason="唯一", **now_at(proposing, agent))
        assert refused.value.names == {"labels": "A"}
        sign(proposing, remedy, staff[role])
    assert unsigned(remedy) == []
    progress.offer(proposing.pk, single_option_reason="唯一", **now_at(proposing, agent))


def test_the_highest_level_is_signed_by_manager_and_legal(
    case: Callable[..., Any], agent: Any, staff: dict[str, Any]
) -> None:
    complaint = case("proposing", issue_code="SAFE-01")
    remedy = option(complaint, agent, "0")
    sign(complaint, remedy, staff["legal"])
    assert unsigned(remedy) == ["approve_l3"]
    sign(complaint, remedy, staff["shop_manager"])
    assert unsigned(remedy) == []


def test_a_signature_says_who_as_what_for_which_cost(proposing: Complaint, agent: Any, staff: dict[str, Any]) -> None:
    remedy = option(proposing, agent, "90")
    sign(proposing, remedy, staff["team_lead"])
    approval = remedy.approvals.get()
    assert (approval.permission, approval.by, approval.cost) == ("approve_l1", staff["team_lead"], Decimal("90"))
    event = proposing.events.get(kind="option_approved")
    assert (event.actor, event.data) == (
        staff["team_lead"],
        {"option": "A", "signed_as": "approve_l1", "cost": "90.00"},
    )


NEVER = {"agent", "department", "knowledge_manager", "quality_inspector", "auditor", "legal"}
NOT_SIGNERS = {
    "L1": {*NEVER, "finance"},
    "L2": {*NEVER, "finance", "team_lead"},
    "L3": {*NEVER, "team_lead", "supervisor"},
}


@pytest.mark.parametrize("level", NOT_SIGNERS)
def test_others_have_nothing_to_sign(proposing: Complaint, agent: Any, staff: dict[str, Any], level: str) -> None:
    remedy = option(proposing, agent, COST[level])
    for role in NOT_SIGNERS[level]:
        with nothing_written(proposing), pytest.raises(NothingToSign):
            sign(proposing, remedy, staff[role])


@pytest.mark.parametrize(("role", "cost"), [("team_lead", "90"), ("supervisor", "400"), ("shop_manager", "800")])
def test_nobody_approves_an_own_option(proposing: Complaint, staff: dict[str, Any], role: str, cost: str) -> None:
    remedy = option(proposing, staff[role], cost)
    with nothing_written(proposing), pytest.raises(SelfApproval):
        sign(proposing, remedy, staff[role])


def test_two_signatures_are_two_persons(proposing: Complaint, agent: Any, staff: dict[str, Any]) -> None:
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group

    both = staff["shop_manager"]
    both.groups.add(Group.objects.get(name="finance"))
    both = get_user_model().objects.get(pk=both.pk)
    remedy = option(proposing, agent, "800")
    sign(proposing, remedy, both)
    with nothing_written(proposing), pytest.raises(NothingToSign):
        sign(proposing, remedy, both)
    sign(proposing, remedy, staff["finance"])
    assert unsigned(remedy) == []


def test_nothing_is_signed_twice(proposing: Complaint, agent: Any, staff: dict[str, Any]) -> None:
    remedy = option(proposing, agent, "90")
    sign(proposing, remedy, staff["team_lead"])
    with nothing_written(proposing), pytest.raises(NothingToSign):
        sign(proposing, remedy, staff["supervisor"])


def test_the_lowest_level_needs_nobody(case: Callable[..., Any], agent: Any, staff: dict[str, Any]) -> None:
    complaint = case("verifying")
    remedy = option(complaint, agent, "20")
    assert unsigned(remedy) == []
    with nothing_written(complaint), pytest.raises(NothingToSign):
        sign(complaint, remedy, staff["shop_manager"])


def correct(case: Complaint, actor: Any, **changes: Any) -> None:
    correcting.correct(case.pk, changes, **now_at(case, actor))


def test_a_corrected_matter_raises_the_level_of_what_was_prepared(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("proposing")
    remedy = option(complaint, agent, "0")
    correct(complaint, agent, issue_type=IssueType.objects.get(code="SAFE-01"))
    assert unsigned(remedy) == ["approve_l3", "approve_legal"]
    with pytest.raises(ApprovalMissing):
        progress.offer(complaint.pk, single_option_reason="唯一", **now_at(complaint, agent))


def test_a_corrected_order_and_priority_count_too(case: Callable[..., Any], shop: Any, agent: Any) -> None:
    complaint = case("proposing")
    remedy = option(complaint, agent, "20")
    correct(complaint, agent, order=OrderFactory(shop=shop, paid_amount=Decimal(30)))
    assert unsigned(remedy) == ["approve_l1"]
    correct(complaint, agent, priority="P1")
    assert unsigned(remedy) == ["approve_l3", "approve_legal"]


# ---------------------------------------------------------------- carrying out


def test_complete_facts_make_the_remedy_done(executing: Complaint, agent: Any) -> None:
    remedy = execute(executing, agent, **PARCEL)
    after = current(executing)
    assert (remedy.status, remedy.executed_at, remedy.actual_cost) == ("done", NOW, Decimal("15.00"))
    assert (remedy.courier, remedy.tracking_number, remedy.eta) == ("顺丰", "SF1", date(2026, 11, 22))
    event = after.events.get(kind="remedy_done")
    assert (event.actor, event.version, event.data) == (agent, after.version, {"option": "A"})


def test_unfinished_facts_are_kept_and_completed_later(executing: Complaint, agent: Any) -> None:
    assert execute(executing, agent, courier="顺丰", tracking_number="", eta=None).status == "chosen"
    assert executing.events.filter(kind="remedy_progress").count() == 1
    remedy = execute(executing, agent, courier="", tracking_number="SF1", eta=PARCEL["eta"])
    assert (remedy.status, remedy.courier) == ("done", "顺丰")


def test_the_customer_is_told_once_that_it_is_done(executing: Complaint, agent: Any) -> None:
    execute(executing, agent, courier="顺丰")
    assert not OutboxMessage.objects.exists()
    remedy = execute(executing, agent, **PARCEL)
    message = OutboxMessage.objects.get()
    assert (message.audience, message.address) == ("customer", executing.customer.email)
    assert message.dedup_key == f"remedy:{remedy.pk}"


def test_a_customer_without_an_address_is_not_mailed(case: Callable[..., Any], shop: Any, agent: Any) -> None:
    complaint = case("executing", order=OrderFactory(shop=shop, customer=CustomerFactory(without_address=True)))
    execute(complaint, agent, **PARCEL)
    assert not OutboxMessage.objects.exists()


def test_facts_that_the_remedy_does_not_need_are_not_written(executing: Complaint, agent: Any) -> None:
    remedy = execute(executing, agent, coupon_code="X", status="done", estimated_cost=Decimal(9999), label="Z")
    remedy.refresh_from_db()
    assert (remedy.coupon_code, remedy.status, remedy.label) == ("", "chosen", "A")
    assert remedy.estimated_cost == Decimal("15.00")


def test_a_done_remedy_is_not_carried_out_again(executing: Complaint, agent: Any) -> None:
    execute(executing, agent, **PARCEL)
    with nothing_written(executing), pytest.raises(NotExecutedNow):
        execute(executing, agent, **PARCEL)


def test_only_the_chosen_option_is_carried_out(executing: Complaint, agent: Any) -> None:
    other = executing.remedies.get(label="B")
    with nothing_written(executing), pytest.raises(NotExecutedNow):
        remedies.execute(executing.pk, other.pk, PARCEL, **now_at(executing, agent))


def test_nothing_is_carried_out_before_the_customer_agreed(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("negotiating")
    offered = complaint.remedies.get(label="A")
    with nothing_written(complaint), pytest.raises(NotExecutedNow):
        remedies.execute(complaint.pk, offered.pk, PARCEL, **now_at(complaint, agent))


@pytest.mark.parametrize("cost", ["0", "14.99", "15.00", "20.00"])
def test_less_or_a_little_more_may_be_spent_within_the_level(executing: Complaint, agent: Any, cost: str) -> None:
    assert execute(executing, agent, **PARCEL, actual_cost=Decimal(cost)).actual_cost == Decimal(cost)


@pytest.mark.parametrize("cost", ["20.01", "100", "9999"])
def test_spending_beyond_the_approved_level_is_refused(executing: Complaint, agent: Any, cost: str) -> None:
    with nothing_written(executing), pytest.raises(OverApprovedCost) as refused:
        execute(executing, agent, **PARCEL, actual_cost=Decimal(cost))
    assert refused.value.names == {"cost": Decimal(cost), "approved": Decimal("15.00")}


def test_a_signed_level_may_be_used_up(case: Callable[..., Any], agent: Any, staff: dict[str, Any]) -> None:
    complaint = case("proposing")
    remedy = option(complaint, agent, "60")
    sign(complaint, remedy, staff["team_lead"])
    progress.offer(complaint.pk, single_option_reason="唯一", **now_at(complaint, agent))
    bring(complaint, "executing", actor=agent)
    with nothing_written(complaint), pytest.raises(OverApprovedCost):
        execute(complaint, agent, actual_cost=Decimal("100.01"))
    assert execute(complaint, agent, **PARCEL, actual_cost=Decimal("100")).status == "done"


# ---------------------------------------------------------------- a higher cost


def dearer(case: Complaint, remedy: Remedy, actor: Any, cost: str, reason: str = "补发运费涨了") -> Remedy:
    return remedies.raise_cost(case.pk, remedy.pk, cost=Decimal(cost), reason=reason, **now_at(case, actor))


def signed_for_60(case: Complaint, agent: Any, staff: dict[str, Any]) -> Remedy:
    remedy = option(case, agent, "60")
    sign(case, remedy, staff["team_lead"])
    return remedy


def test_a_higher_cost_is_carried_out_once_it_is_raised_and_signed(
    executing: Complaint, agent: Any, staff: dict[str, Any]
) -> None:
    chosen = executing.remedies.get(status="chosen")
    with pytest.raises(OverApprovedCost):
        execute(executing, agent, **PARCEL, actual_cost=Decimal(25))
    assert dearer(executing, chosen, agent, "25").approval_level == "L1"
    assert case_facts(current(executing)).unapproved == ("A",)
    with nothing_written(executing), pytest.raises(ApprovalMissing) as refused:
        execute(executing, agent, **PARCEL, actual_cost=Decimal(25))
    assert refused.value.names == {"labels": "A"}
    sign(executing, chosen, staff["team_lead"])
    assert execute(executing, agent, **PARCEL, actual_cost=Decimal(25)).status == "done"
    progress.resolve(executing.pk, **now_at(executing, agent))


def test_signatures_for_less_are_void_and_the_history_names_them(
    case: Callable[..., Any], agent: Any, staff: dict[str, Any]
) -> None:
    complaint = case("proposing")
    remedy = signed_for_60(complaint, agent, staff)
    after = dearer(complaint, remedy, agent, "90")
    assert (after.approval_level, after.estimated_cost, unsigned(remedy)) == ("L1", Decimal(90), ["approve_l1"])
    with pytest.raises(ApprovalMissing):
        progress.offer(complaint.pk, single_option_reason="唯一", **now_at(complaint, agent))
    event = complaint.events.get(kind="cost_raised")
    assert (event.actor, event.reason, event.version) == (agent, "补发运费涨了", current(complaint).version)
    assert event.data == {
        "option": "A", "before": "60.00", "cost": "90", "level": "L1",
        "void": [["approve_l1", staff["team_lead"].pk, "60.00"]],
    }  # fmt: skip


def test_who_raises_the_cost_does_not_approve_it(executing: Complaint, agent: Any, staff: dict[str, Any]) -> None:
    chosen = executing.remedies.get(status="chosen")
    dearer(executing, chosen, staff["team_lead"], "25")
    with nothing_written(executing), pytest.raises(SelfApproval):
        sign(executing, chosen, staff["team_lead"])
    sign(executing, chosen, staff["supervisor"])
    assert unsigned(chosen) == []


@pytest.mark.parametrize("cost", ["0", "14.99", "15"])
def test_a_cost_is_raised_not_lowered(executing: Complaint, agent: Any, cost: str) -> None:
    with nothing_written(executing), pytest.raises(NotMore):
        dearer(executing, executing.remedies.get(status="chosen"), agent, cost)


def test_a_higher_cost_has_a_reason(executing: Complaint, agent: Any) -> None:
    with nothing_written(executing), pytest.raises(ReasonMissing):
        dearer(executing, executing.remedies.get(status="chosen"), agent, "25", reason=" ")


def test_an_offered_or_finished_option_keeps_its_cost(case: Callable[..., Any], agent: Any) -> None:
    offered, done = case("negotiating"), case("executing")
    execute(done, agent, **PARCEL)
    for complaint, label in ((offered, "A"), (done, "A"), (done, "B")):
        with nothing_written(complaint), pytest.raises(CostFixed):
            dearer(complaint, complaint.remedies.get(label=label), agent, "25")


def test_a_stale_rise_writes_nothing(executing: Complaint, agent: Any) -> None:
    chosen = executing.remedies.get(status="chosen")
    with nothing_written(executing), pytest.raises(StaleVersion):
        remedies.raise_cost(executing.pk, chosen.pk, cost=Decimal(25), reason="x", actor=agent, version=1, now=NOW)


# ---------------------------------------------------------------- a matter that turns out worse later


@pytest.mark.parametrize("change", ["issue_type", "priority"])
def test_offered_options_are_not_agreed_on_before_they_are_signed_anew(
    case: Callable[..., Any], agent: Any, staff: dict[str, Any], change: str
) -> None:
    complaint = case("negotiating")
    worse = {"issue_type": IssueType.objects.get(code="SAFE-01"), "priority": "P1"}
    correct(complaint, agent, **{change: worse[change]})
    agreeing = {"label": "A", "words": "好", "channel": "phone"}
    with nothing_written(complaint), pytest.raises(ApprovalMissing):
        progress.agree(complaint.pk, **agreeing, **now_at(complaint, agent))
    for role in ("legal", "shop_manager"):
        sign(complaint, complaint.remedies.get(label="A"), staff[role])
    assert progress.agree(complaint.pk, **agreeing, **now_at(complaint, agent)).state == "executing"


@pytest.mark.parametrize("change", ["issue_type", "priority"])
def test_a_chosen_option_is_not_carried_out_before_it_is_signed_anew(
    executing: Complaint, agent: Any, staff: dict[str, Any], change: str
) -> None:
    worse = {"issue_type": IssueType.objects.get(code="SAFE-01"), "priority": "P1"}
    correct(executing, agent, **{change: worse[change]})
    with nothing_written(executing), pytest.raises(ApprovalMissing):
        execute(executing, agent, **PARCEL)
    for role in ("legal", "shop_manager"):
        sign(executing, executing.remedies.get(label="A"), staff[role])
    assert execute(executing, agent, **PARCEL).status == "done"


def test_a_carried_out_or_unwanted_option_keeps_its_level(executing: Complaint, agent: Any) -> None:
    execute(executing, agent, **PARCEL)
    correct(executing, agent, priority="P1")
    assert set(executing.remedies.values_list("approval_level", flat=True)) == {"L0"}


def test_finance_sees_what_waits_for_it_after_the_offer(
    case: Callable[..., Any], agent: Any, staff: dict[str, Any]
) -> None:
    complaint = case("proposing", issue_code="SAFE-01")
    remedy = option(complaint, agent, "800")
    for role in ("legal", "shop_manager"):
        sign(complaint, remedy, staff[role])
    progress.offer(complaint.pk, single_option_reason="唯一", **now_at(complaint, agent))
    correct(complaint, agent, issue_type=IssueType.objects.get(code="LOGI-03"))
    assert unsigned(remedy) == ["approve_finance"]
    assert Complaint.objects.visible_to(staff["finance"]).get() == complaint
