"""Two complaints about one matter become one, and two again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from complaints.lifecycle import OPEN
from complaints.models import Complaint, Inquiry, Shop
from complaints.operations import conversation, holding, inquiries, merging, progress, sweeping, verification
from complaints.operations.locking import StaleVersion
from complaints.refusals import MergeTargetMissing, NotPossibleNow
from followups.models import FollowUp
from tests.factories.complaints import NOW, OrderFactory, bring, current, registered
from tests.factories.inquiries import DepartmentFactory
from tests.factories.policies import PolicyFactory
from tests.unchanged import everything_about, nothing_written

LATER = NOW + timedelta(minutes=30)
MUCH_LATER = NOW + timedelta(hours=5)


@pytest.fixture
def lead(user_with: Callable[..., Any]) -> Any:
    return user_with("team_lead")


@pytest.fixture
def pair(case: Callable[..., Any], shop: Shop, agent: Any) -> tuple[Complaint, Complaint]:
    """A complaint with a note and evidence, and another open one about the same order."""
    source = case("verifying")
    conversation.note(source.pk, "仓库在查", actor=agent, now=NOW)
    verification.add_evidence(source.pk, kind="photo", reference="IMG-9", actor=agent, now=NOW)
    return current(source), registered(shop, actor=agent, title="同一张桌子", order=source.order)


def merge(source: Complaint, target: Complaint, lead: Any, **values: Any) -> Complaint:
    step = {"reason": "同一件事", "actor": lead, "version": current(source).version, "now": LATER} | values
    return merging.merge(source.pk, target.pk, **step)


def unmerge(source: Complaint, lead: Any, **values: Any) -> Complaint:
    step = {"reason": "是两件事", "actor": lead, "version": current(source).version, "now": MUCH_LATER} | values
    return merging.unmerge(source.pk, **step)


def spoken(case: Complaint) -> list[str]:
    return [contact.body for contact in case.contacts.all()]


def shown(case: Complaint) -> list[str]:
    return [evidence.reference for evidence in case.evidence.all()]


def test_contacts_and_evidence_move_and_say_where_they_came_from(pair: tuple[Complaint, Complaint], lead: Any) -> None:
    source, target = pair
    own, theirs = spoken(target), spoken(source)
    merge(source, target, lead)
    assert sorted(spoken(target)) == sorted(own + theirs)
    assert shown(target) == ["IMG-9"]
    assert not source.contacts.exists()
    assert not source.evidence.exists()
    assert {contact.origin_id for contact in target.contacts.all()} == {None, source.pk}


def test_the_merged_complaint_ends_and_its_clock_stops(pair: tuple[Complaint, Complaint], lead: Any) -> None:
    source, target = pair
    merge(source, target, lead)
    after = current(source)
    assert (after.state, after.merged_into, after.state_before_merge) == ("merged", target, "verifying")
    assert after.next_due_at is None
    assert after.deadlines.get(kind="verification").stopped_at == LATER


def test_both_histories_tell_of_the_merge(pair: tuple[Complaint, Complaint], lead: Any) -> None:
    source, target = pair
    merge(source, target, lead)
    there, here = source.events.get(kind="merge"), target.events.get(kind="merged_in")
    assert (there.data, there.actor, there.reason) == ({"into": target.number}, lead, "同一件事")
    assert (here.data, here.actor, here.at) == ({"number": source.number}, lead, LATER)


def test_who_works_on_the_target_notices(pair: tuple[Complaint, Complaint], lead: Any, agent: Any) -> None:
    source, target = pair
    merge(source, target, lead)
    with pytest.raises(StaleVersion):
        verification.waive_evidence(target.pk, "无", actor=agent, version=target.version, now=LATER)
    seen = current(target)
    unmerge(source, lead)
    with pytest.raises(StaleVersion):
        verification.waive_evidence(target.pk, "无", actor=agent, version=seen.version, now=MUCH_LATER)


@pytest.mark.parametrize("state", OPEN)
def test_undoing_gives_everything_back(state: str, case: Callable[..., Any], agent: Any, lead: Any) -> None:
    source = case(state)
    target = registered(source.shop, actor=agent, order=source.order)
    before, other = everything_about(source), everything_about(target)
    merge(source, target, lead)
    unmerge(source, lead)
    after, also = everything_about(source), everything_about(target)
    for name in ("Contact", "Promise", "Evidence", "Deadline", "Remedy", "LiabilityShare", "FollowUp"):
        assert after[name] == before[name], name
        assert also[name] == other[name], name
    (was,), (now,) = before["Complaint"], after["Complaint"]
    assert now == was | {"version": was["version"] + 2, "changed_at": now["changed_at"]}


def test_a_clock_that_had_its_whole_budget_anew_keeps_it(case: Callable[..., Any], agent: Any, lead: Any) -> None:
    source = case("negotiating")
    step = {"actor": agent, "version": source.version, "now": MUCH_LATER}
    progress.decline(source.pk, reason="都不要", **step)
    due_at = current(source).next_due_at
    target = registered(source.shop, actor=agent, order=source.order)
    merge(source, target, lead, now=MUCH_LATER)
    unmerge(source, lead, now=MUCH_LATER + timedelta(hours=1))
    assert current(source).next_due_at == due_at


def test_a_level_alerted_before_the_merge_is_not_alerted_again(pair: tuple[Complaint, Complaint], lead: Any) -> None:
    source, target = pair
    source.deadlines.running().update(level=80)
    merge(source, target, lead)
    unmerge(source, lead)
    clock = source.deadlines.running().of_stage().get()
    assert (clock.level, clock.next_alert_at) == (80, clock.due_at)


def test_the_callback_is_dropped_and_comes_back(case: Callable[..., Any], agent: Any, lead: Any) -> None:
    source = case("awaiting_followup")
    due_at = source.followups.get().due_at
    target = registered(source.shop, actor=agent, order=source.order)
    merge(source, target, lead)
    assert source.followups.get().status == FollowUp.Status.DROPPED
    unmerge(source, lead)
    back = source.followups.get()
    assert (back.status, back.due_at) == (FollowUp.Status.OPEN, due_at)


def test_the_case_goes_on_after_the_undoing(pair: tuple[Complaint, Complaint], agent: Any, lead: Any) -> None:
    source, target = pair
    merge(source, target, lead)
    unmerge(source, lead)
    assert bring(source, "closed", actor=agent, now=MUCH_LATER).state == "closed"


def test_what_is_said_to_the_target_meanwhile_stays_there(
    pair: tuple[Complaint, Complaint], agent: Any, lead: Any
) -> None:
    source, target = pair
    merge(source, target, lead)
    conversation.receive(target.pk, "还没处理吗？", channel="phone", actor=agent, now=LATER)
    unmerge(source, lead)
    assert "还没处理吗？" in spoken(target)
    assert "还没处理吗？" not in spoken(source)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_a_chain_of_merges_comes_apart_at_any_link(
    depth: int, case: Callable[..., Any], shop: Shop, agent: Any, lead: Any
) -> None:
    first = case("new", description="第 0 单")
    chain = [first] + [
        registered(shop, actor=agent, order=first.order, description=f"第 {n} 单") for n in range(1, depth + 1)
    ]
    for source, target in zip(chain, chain[1:], strict=False):
        merge(source, target, lead)
    last_but_one = chain[-2]
    unmerge(last_but_one, lead)
    assert spoken(chain[-1]) == [f"第 {depth} 单"]
    assert sorted(spoken(last_but_one)) == [f"第 {n} 单" for n in range(depth)]
    unmerge(first, lead)
    assert spoken(first) == ["第 0 单"]
    assert sorted(spoken(last_but_one)) == [f"第 {n} 单" for n in range(1, depth)]


def test_the_end_of_a_chain_owes_nothing_any_more_of_what_has_left_it(
    case: Callable[..., Any], shop: Shop, agent: Any, lead: Any
) -> None:
    """The rows were there, two merges away: it is locked and takes stock as the one between does."""
    first = case("accepted")
    between, last = (registered(shop, actor=agent, order=first.order) for _ in range(2))
    due_at = current(last).next_due_at
    merge(first, between, lead)
    merge(between, last, lead)
    seen = current(last)
    assert seen.next_due_at == first.promises.model.objects.get().due_at
    unmerge(first, lead)
    after = current(last)
    assert (after.next_due_at, after.last_contact_inbound, after.version) == (due_at, True, seen.version + 1)
    assert after.deadlines.running().get().kind == "first_response"
    assert after.events.get(kind="unmerged").data == {"number": first.number}


def test_merged_twice_and_undone_twice(pair: tuple[Complaint, Complaint], lead: Any) -> None:
    source, target = pair
    theirs = spoken(source)
    for _ in range(2):
        merge(source, target, lead)
        unmerge(source, lead)
    assert spoken(source) == theirs


# ---------------------------------------------------------------- refusals


def test_complaints_of_different_customers_and_orders_are_not_merged(case: Callable[..., Any], lead: Any) -> None:
    source, target = case("new"), case("new")
    with nothing_written(source, target), pytest.raises(MergeTargetMissing):
        merge(source, target, lead)


def test_the_same_customer_is_enough(case: Callable[..., Any], shop: Shop, lead: Any) -> None:
    source = case("new")
    other_order = OrderFactory(shop=shop, customer=source.customer)
    target = case("new", order=other_order)
    assert merge(source, target, lead).state == "merged"


def test_two_unknown_customers_are_not_the_same(case: Callable[..., Any], lead: Any) -> None:
    source = case("new", order=None, no_order_reason="售前")
    target = case("new", order=None, no_order_reason="售前")
    with nothing_written(source, target), pytest.raises(MergeTargetMissing):
        merge(source, target, lead)


def test_a_complaint_is_not_merged_into_itself(case: Callable[..., Any], lead: Any) -> None:
    source = case("new")
    with nothing_written(source), pytest.raises(MergeTargetMissing):
        merge(source, source, lead)


@pytest.mark.parametrize("state", ["closed", "withdrawn", "merged"])
def test_a_complaint_that_is_over_takes_nothing_in(
    state: str, case: Callable[..., Any], shop: Shop, agent: Any, lead: Any
) -> None:
    target = case(state)
    source = registered(shop, actor=agent, order=target.order)
    with nothing_written(source, target), pytest.raises(MergeTargetMissing):
        merge(source, target, lead)


def test_a_complaint_that_was_not_merged_has_nothing_to_undo(case: Callable[..., Any], lead: Any) -> None:
    source = case("new")
    with nothing_written(source), pytest.raises(NotPossibleNow):
        unmerge(source, lead)


def test_the_version_that_counts_is_the_one_of_the_merged_complaint(
    pair: tuple[Complaint, Complaint], lead: Any
) -> None:
    source, target = pair
    with nothing_written(source, target), pytest.raises(StaleVersion):
        merge(source, target, lead, version=source.version - 1)
    merge(source, target, lead)
    with nothing_written(source, target), pytest.raises(StaleVersion):
        unmerge(source, lead, version=source.version)


def test_a_promise_moves_along_unkept_and_the_reply_that_came_meets_the_first_response(
    pair: tuple[Complaint, Complaint], lead: Any
) -> None:
    source, target = pair
    promise, replied_at = source.promises.get(), source.contacts.filter(direction="out").first().at
    merge(source, target, lead)
    assert [(moved.pk, moved.status) for moved in target.promises.all()] == [(promise.pk, "open")]
    assert target.deadlines.get(kind="first_response").met_at == replied_at
    assert target.deadlines.running().of_stage().get().kind == "verification"
    assert target.deadlines.running().get(kind="promise").subject == promise.pk


def test_another_shops_case_is_not_the_same_matter(case: Callable[..., Any], agent: Any, lead: Any) -> None:
    source = case("verifying")
    elsewhere = Shop.objects.create(code="else", name="另一家店", platform=source.shop.platform)
    target = registered(elsewhere, actor=agent, order=None)
    Complaint.objects.filter(pk=target.pk).update(customer=source.customer)
    with nothing_written(), pytest.raises(MergeTargetMissing):
        merge(source, target, lead)


# ---------------------------------------------------------------- clocks that came along


def asked(case: Complaint, agent: Any) -> Inquiry:
    return inquiries.ask(case.pk, DepartmentFactory(), "还有同批的吗？", actor=agent, now=NOW)


def held(case: Complaint, agent: Any) -> None:
    step = {"actor": agent, "version": current(case).version, "now": NOW + timedelta(minutes=10)}
    holding.hold(case.pk, reason="等客户照片", until=NOW + timedelta(days=2), **step)


@pytest.fixture
def waiting_inquiries(content: None) -> None:
    """Inquiries wait with a case that waits for its customer."""
    PolicyFactory(priority="P3", lines={"inquiry": {"pausable": True}})


@pytest.mark.usefixtures("waiting_inquiries")
def test_a_clock_that_stood_still_goes_on_where_nothing_is_held(
    case: Callable[..., Any], agent: Any, lead: Any
) -> None:
    source = case("verifying")
    inquiry = asked(source, agent)
    held(source, agent)
    target = registered(source.shop, actor=agent, order=source.order)
    merge(source, target, lead)
    clock = target.deadlines.running().get(kind="inquiry", subject=inquiry.pk)
    assert (clock.paused_at, clock.next_alert_at is None) == (None, False)
    assert clock.due_at == NOW + timedelta(hours=24, minutes=20)


@pytest.mark.usefixtures("waiting_inquiries")
def test_a_clock_that_ran_stands_still_where_the_customer_is_waited_for(
    case: Callable[..., Any], agent: Any, lead: Any
) -> None:
    target = case("verifying")
    held(target, agent)
    source = registered(target.shop, actor=agent, order=target.order)
    inquiry = asked(source, agent)
    merge(source, target, lead)
    clock = target.deadlines.running().get(kind="inquiry", subject=inquiry.pk)
    assert (clock.paused_at, clock.next_alert_at) == (LATER, None)


def test_the_clock_that_comes_back_runs_by_what_holds_now(pair: tuple[Complaint, Complaint], lead: Any) -> None:
    source, target = pair
    merge(source, target, lead)
    policy = PolicyFactory(priority="P2", lines={"verification": {"budget_minutes": 600}})
    unmerge(source, lead)
    after = current(source)
    clock = after.deadlines.running().of_stage().get()
    assert (after.policy, after.priority) == (policy, "P2")
    assert (clock.kind, clock.due_at, clock.level) == ("verification", NOW + timedelta(hours=10), 0)
    assert after.events.get(kind="policy_applied").data == {"changes": {"priority": ["P3", "P2"]}}


def test_a_breach_stays_a_fact_when_the_merge_is_undone(pair: tuple[Complaint, Complaint], lead: Any) -> None:
    """The reply that came along began the verification of the target, and that ran out."""
    source, target = pair
    merge(source, target, lead)
    late = NOW + timedelta(hours=25)
    sweeping.sweep(now=late)
    unmerge(source, lead, now=late)
    broken = target.deadlines.get(kind="verification")
    assert (broken.breached_at, broken.stopped_at, broken.met_at) == (NOW + timedelta(hours=24), late, None)
    assert target.deadlines.running().of_stage().get().kind == "first_response"
