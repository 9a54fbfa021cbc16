"""Departments are asked, answer in their own time, and nobody waits longer than the complaint lasts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from complaints.lifecycle import InquiriesOpen
from complaints.models import Absence, Complaint, Deadline, Department, Inquiry
from complaints.operations import inquiries, merging, progress
from complaints.operations.conversation import EmptyText
from complaints.operations.ended import ComplaintOver
from complaints.operations.inquiries import (
    AskedAlready,
    DepartmentClosed,
    DueInThePast,
    InquiryGone,
    InquiryOver,
)
from complaints.operations.sweeping import sweep
from complaints.queries.case import reply_facts
from complaints.queries.people import answerer
from complaints.refusals import ReasonMissing
from tests.complaints.operations.test_sweeping import together
from tests.crashes import every_crash
from tests.factories.complaints import NOW, bring, current, establish, registered
from tests.factories.inquiries import DepartmentFactory
from tests.unchanged import everything_about, nothing_written

QUESTION = "装箱时桌面完好吗？"
LATER = NOW + timedelta(hours=3)
DAY = timedelta(hours=24)


@pytest.fixture
def keeper(user_with: Callable[..., Any]) -> Any:
    return user_with("department", shops=[])


@pytest.fixture
def warehouse(content: None, keeper: Any) -> Department:
    return DepartmentFactory(members=[keeper])


@pytest.fixture
def verifying(case: Callable[..., Any]) -> Complaint:
    return case("verifying")


@pytest.fixture
def asked(verifying: Complaint, warehouse: Department, agent: Any) -> Inquiry:
    return inquiries.ask(verifying.pk, warehouse, f" {QUESTION}\n", actor=agent, now=NOW)


def clock_of(inquiry: Inquiry) -> Deadline:
    return Deadline.objects.get(kind="inquiry", subject=inquiry.pk)


def stored(inquiry: Inquiry) -> Inquiry:
    return Inquiry.objects.get(pk=inquiry.pk)


def last_event(case: Complaint) -> Any:
    return case.events.order_by("pk").last()


# ---------------------------------------------------------------- asking


def test_an_inquiry_has_a_clock_of_its_own_for_the_department(asked: Inquiry, agent: Any, keeper: Any) -> None:
    clock = clock_of(asked)
    assert (clock.complaint, clock.started_at, clock.responsible) == (asked.complaint, NOW, keeper)
    assert stored(asked).due_at == asked.due_at == clock.due_at == NOW + DAY
    assert (asked.question, asked.asked_by, asked.asked_at) == (QUESTION, agent, NOW)
    event = last_event(asked.complaint)
    assert (event.kind, event.actor, event.data["department"]) == ("inquiry_asked", agent, asked.department.name)


def test_who_asks_may_name_the_time(verifying: Complaint, warehouse: Department, agent: Any) -> None:
    asked = inquiries.ask(verifying.pk, warehouse, QUESTION, due_at=LATER, actor=agent, now=NOW)
    assert stored(asked).due_at == clock_of(asked).due_at == LATER


def test_an_inquiry_that_is_due_first_decides_when_the_case_is_due(
    verifying: Complaint, warehouse: Department, agent: Any
) -> None:
    due_at = NOW + timedelta(minutes=5)
    asked = inquiries.ask(verifying.pk, warehouse, QUESTION, due_at=due_at, actor=agent, now=NOW)
    assert current(verifying).next_due_at == due_at
    inquiries.withdraw(verifying.pk, asked.pk, reason="已自查", actor=agent, now=NOW)
    assert current(verifying).next_due_at != due_at


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"question": " \n"}, EmptyText),
        ({"due_at": NOW}, DueInThePast),
        ({"due_at": NOW - timedelta(days=1)}, DueInThePast),
        ({"department": "closed"}, DepartmentClosed),
    ],
)
def test_what_cannot_be_asked_is_refused(
    values: dict[str, Any], error: type[Exception], verifying: Complaint, warehouse: Department, agent: Any
) -> None:
    if values.get("department"):
        values = {"department": DepartmentFactory(closed=True)}
    asking = {"department": warehouse, "question": QUESTION, "actor": agent, "now": NOW} | values
    with nothing_written(verifying), pytest.raises(error):
        inquiries.ask(verifying.pk, **asking)


def test_a_button_pressed_twice_asks_once(asked: Inquiry, agent: Any) -> None:
    with nothing_written(asked.complaint), pytest.raises(AskedAlready):
        inquiries.ask(asked.complaint_id, asked.department, QUESTION, actor=agent, now=NOW)


def test_what_was_answered_may_be_asked_again(asked: Inquiry, agent: Any, keeper: Any) -> None:
    inquiries.answer(asked.complaint_id, asked.pk, "完好", actor=keeper, now=NOW)
    again = inquiries.ask(asked.complaint_id, asked.department, QUESTION, actor=agent, now=LATER)
    assert (again.pk != asked.pk, clock_of(again).due_at) == (True, LATER + DAY)


@pytest.mark.parametrize("state", ["closed", "withdrawn", "unfounded", "merged"])
def test_nobody_is_asked_about_what_is_over(
    state: str, case: Callable[..., Any], warehouse: Department, agent: Any
) -> None:
    over = case(state)
    with nothing_written(over), pytest.raises(ComplaintOver):
        inquiries.ask(over.pk, warehouse, QUESTION, actor=agent, now=NOW)


# ---------------------------------------------------------------- who answers


def test_the_head_answers_for_a_department_else_who_is_there(
    warehouse: Department, keeper: Any, user_with: Callable[..., Any]
) -> None:
    head, second = user_with("department"), user_with("department")
    warehouse.members.add(second)
    assert answerer(warehouse, now=NOW) == keeper
    warehouse.lead = head
    assert answerer(warehouse, now=NOW) == head
    for person, instead in ((head, keeper), (keeper, second)):
        Absence.objects.create(user=person, starts_at=NOW, ends_at=NOW + DAY)
        assert answerer(warehouse, now=NOW) == instead
    assert answerer(warehouse, now=NOW + DAY) == head
    head.is_active = False
    assert answerer(warehouse, now=NOW + DAY) == keeper


def test_all_away_or_nobody_at_all(warehouse: Department, keeper: Any) -> None:
    Absence.objects.create(user=keeper, starts_at=NOW, ends_at=NOW + DAY)
    assert answerer(warehouse, now=NOW) == keeper
    assert answerer(DepartmentFactory(), now=NOW) is None


def test_a_late_one_alerts_who_must_answer(asked: Inquiry, keeper: Any, agent: Any) -> None:
    sweep(now=asked.due_at)
    told = asked.complaint.alerts.filter(kind="inquiry", subject=asked.pk, level=100)
    assert keeper in {alert.recipient for alert in told}
    assert agent not in {alert.recipient for alert in told}
    assert clock_of(asked).breached_at == asked.due_at


# ---------------------------------------------------------------- answering


def test_the_answer_meets_the_clock(asked: Inquiry, keeper: Any) -> None:
    inquiries.answer(asked.complaint_id, asked.pk, " 完好\n", actor=keeper, now=LATER)
    after = stored(asked)
    assert (after.status, after.answer, after.answered_by, after.answered_at) == ("answered", "完好", keeper, LATER)
    assert clock_of(asked).met_at == LATER
    event = last_event(asked.complaint)
    assert (event.kind, event.actor, event.at) == ("inquiry_answered", keeper, LATER)


def test_an_answer_by_phone_names_who_gave_it(asked: Inquiry, agent: Any) -> None:
    inquiries.answer(asked.complaint_id, asked.pk, "完好", told_by=" 老周 ", actor=agent, now=LATER)
    assert (stored(asked).told_by, stored(asked).answered_by) == ("老周", agent)


def test_the_same_answer_twice_is_recorded_once(asked: Inquiry, keeper: Any) -> None:
    inquiries.answer(asked.complaint_id, asked.pk, "完好", actor=keeper, now=NOW)
    with nothing_written(asked.complaint), pytest.raises(InquiryOver) as refused:
        inquiries.answer(asked.complaint_id, asked.pk, "完好", actor=keeper, now=LATER)
    assert str(Inquiry.Status.ANSWERED.label) in refused.value.text


def test_an_empty_answer_is_none(asked: Inquiry, keeper: Any) -> None:
    with nothing_written(asked.complaint), pytest.raises(EmptyText):
        inquiries.answer(asked.complaint_id, asked.pk, " ", actor=keeper, now=NOW)


def test_an_inquiry_is_taken_from_its_own_complaint_only(asked: Inquiry, case: Callable[..., Any], keeper: Any) -> None:
    other = case("verifying")
    for complaint_id, pk in ((other.pk, asked.pk), (asked.complaint_id, asked.pk + 999)):
        with nothing_written(asked.complaint, other), pytest.raises(InquiryGone):
            inquiries.answer(complaint_id, pk, "完好", actor=keeper, now=NOW)


def test_more_time_is_a_word_to_who_asked_and_moves_nothing(asked: Inquiry, keeper: Any) -> None:
    clock = clock_of(asked)
    until = NOW + 2 * DAY
    inquiries.need_time(asked.complaint_id, asked.pk, until, reason="仓库盘点", actor=keeper, now=NOW)
    after = stored(asked)
    assert (after.expected_at, after.expected_reason, after.due_at) == (until, "仓库盘点", asked.due_at)
    assert (clock_of(asked).due_at, clock_of(asked).met_at) == (clock.due_at, None)
    event = last_event(asked.complaint)
    assert (event.kind, event.reason, event.data["until"]) == ("inquiry_delayed", "仓库盘点", until.isoformat())


def test_more_time_needs_a_reason_and_a_time_ahead(asked: Inquiry, keeper: Any) -> None:
    for until, reason, error in ((LATER, " ", ReasonMissing), (NOW, "盘点", DueInThePast)):
        with nothing_written(asked.complaint), pytest.raises(error):
            inquiries.need_time(asked.complaint_id, asked.pk, until, reason=reason, actor=keeper, now=NOW)


def test_a_withdrawn_inquiry_needs_a_reason_and_no_answer(asked: Inquiry, agent: Any, keeper: Any) -> None:
    with nothing_written(asked.complaint), pytest.raises(ReasonMissing):
        inquiries.withdraw(asked.complaint_id, asked.pk, reason=" ", actor=agent, now=NOW)
    inquiries.withdraw(asked.complaint_id, asked.pk, reason="照片已经说明", actor=agent, now=LATER)
    assert (stored(asked).status, stored(asked).reason) == ("withdrawn", "照片已经说明")
    assert (clock_of(asked).stopped_at, clock_of(asked).met_at) == (LATER, None)
    event = last_event(asked.complaint)
    assert (event.kind, event.reason) == ("inquiry_withdrawn", "照片已经说明")
    for act in (
        lambda: inquiries.answer(asked.complaint_id, asked.pk, "完好", actor=keeper, now=LATER),
        lambda: inquiries.withdraw(asked.complaint_id, asked.pk, reason="x", actor=agent, now=LATER),
        lambda: inquiries.need_time(asked.complaint_id, asked.pk, LATER + DAY, reason="x", actor=keeper, now=LATER),
    ):
        with nothing_written(asked.complaint), pytest.raises(InquiryOver):
            act()


# ---------------------------------------------------------------- the case


def conclude(case: Complaint, agent: Any) -> Complaint:
    return progress.conclude_verification(case.pk, actor=agent, version=current(case).version, now=LATER)


@pytest.mark.parametrize("over", ["answered", "withdrawn"])
def test_the_conclusion_waits_for_every_inquiry(over: str, asked: Inquiry, agent: Any, keeper: Any) -> None:
    complaint = asked.complaint
    establish(current(complaint), {"actor": agent, "version": current(complaint).version, "now": NOW})
    with nothing_written(complaint), pytest.raises(InquiriesOpen):
        conclude(complaint, agent)
    if over == "answered":
        inquiries.answer(complaint.pk, asked.pk, "完好", actor=keeper, now=NOW)
    else:
        inquiries.withdraw(complaint.pk, asked.pk, reason="已自查", actor=agent, now=NOW)
    assert conclude(complaint, agent).state == "proposing"


ENDS = [("verifying", "withdrawn"), ("verifying", "unfounded"), ("executing", "closed")]


@pytest.mark.parametrize(("begun", "end"), ENDS)
def test_the_end_of_the_case_withdraws_what_is_open(
    begun: str, end: str, case: Callable[..., Any], warehouse: Department, agent: Any, keeper: Any
) -> None:
    complaint = case(begun)
    answered = inquiries.ask(complaint.pk, warehouse, "几点出库？", actor=agent, now=NOW)
    inquiries.answer(complaint.pk, answered.pk, "九点", actor=keeper, now=NOW)
    waiting = inquiries.ask(complaint.pk, warehouse, QUESTION, actor=agent, now=NOW)
    if end == "withdrawn":
        said = {"reason": "不用了", "words": "算了", "channel": "phone"}
        progress.withdraw(complaint.pk, **said, actor=agent, version=complaint.version, now=LATER)
    else:
        bring(complaint, end, actor=agent, now=LATER)
    assert (stored(waiting).status, stored(waiting).reason) == ("withdrawn", "")
    assert stored(answered).status == "answered"
    assert not complaint.deadlines.running().filter(kind="inquiry").exists()
    assert complaint.events.filter(kind="inquiry_withdrawn", data__inquiry=waiting.pk).count() == 1


def test_another_priority_moves_what_the_department_sees(asked: Inquiry, warehouse: Department, agent: Any) -> None:
    from complaints.operations import clocks
    from complaints.operations.locking import locked

    with locked(asked.complaint_id) as complaint:
        clock = clock_of(asked)
        Deadline.objects.filter(pk=clock.pk).update(due_at=NOW + 3 * DAY)
        Inquiry.objects.filter(pk=asked.pk).update(due_at=NOW + 3 * DAY)
        clocks.recompute(complaint, now=NOW)
    assert stored(asked).due_at == clock_of(asked).due_at


# ---------------------------------------------------------------- merging


@pytest.fixture
def lead(user_with: Callable[..., Any]) -> Any:
    return user_with("team_lead")


def test_inquiries_move_with_a_merge_and_back(asked: Inquiry, agent: Any, keeper: Any, lead: Any) -> None:
    source = current(asked.complaint)
    target = registered(source.shop, actor=agent, title="同一张桌子", order=source.order)
    own = inquiries.ask(target.pk, asked.department, "目标单的问题", actor=agent, now=NOW)
    before = everything_about(source)
    merging.merge(source.pk, target.pk, reason="同一件事", actor=lead, version=source.version, now=LATER)
    moved = stored(asked)
    assert (moved.complaint, moved.origin, moved.status) == (target, source, "open")
    assert (clock_of(asked).complaint, clock_of(asked).is_running) == (target, True)
    version = current(source).version
    merging.unmerge(source.pk, reason="是两件事", actor=lead, version=version, now=LATER)
    after = everything_about(source)
    assert after["Inquiry"] == before["Inquiry"]
    assert clock_of(asked).complaint == source
    assert (stored(own).complaint, clock_of(own).complaint) == (target, target)


def test_what_was_answered_after_the_merge_comes_back_answered(
    asked: Inquiry, agent: Any, keeper: Any, lead: Any
) -> None:
    source = current(asked.complaint)
    target = registered(source.shop, actor=agent, title="同一张桌子", order=source.order)
    merging.merge(source.pk, target.pk, reason="同一件事", actor=lead, version=source.version, now=NOW)
    inquiries.answer(target.pk, asked.pk, "完好", actor=keeper, now=LATER)
    merging.unmerge(source.pk, reason="是两件事", actor=lead, version=current(source).version, now=LATER)
    assert (stored(asked).complaint, stored(asked).status, clock_of(asked).met_at) == (source, "answered", LATER)


def test_through_two_merges_each_inquiry_finds_back(
    asked: Inquiry, warehouse: Department, agent: Any, lead: Any
) -> None:
    first = current(asked.complaint)
    second, third = (registered(first.shop, actor=agent, title=name, order=first.order) for name in ("二", "三"))
    for source, target in ((first, second), (second, third)):
        merging.merge(source.pk, target.pk, reason="同", actor=lead, version=current(source).version, now=LATER)
    assert (stored(asked).complaint, clock_of(asked).complaint) == (third, third)
    merging.unmerge(second.pk, reason="不同", actor=lead, version=current(second).version, now=LATER)
    assert (stored(asked).complaint, clock_of(asked).complaint) == (second, second)
    merging.unmerge(first.pk, reason="不同", actor=lead, version=current(first).version, now=LATER)
    assert (stored(asked).complaint, stored(asked).origin, clock_of(asked).complaint) == (first, None, first)


# ---------------------------------------------------------------- inside


def test_nothing_of_it_reaches_the_texts_for_customers(asked: Inquiry, agent: Any, keeper: Any) -> None:
    inquiries.answer(asked.complaint_id, asked.pk, "仓库漏放护角", actor=keeper, now=NOW)
    facts = str(reply_facts(current(asked.complaint), agent_name="员工", now=NOW))
    assert QUESTION not in facts
    assert "护角" not in facts
    assert asked.department.name not in facts


def test_the_history_names_the_inquiry_and_never_its_words(asked: Inquiry, keeper: Any) -> None:
    inquiries.answer(asked.complaint_id, asked.pk, "张先生 13800000000 说完好", actor=keeper, now=NOW)
    written = str(list(asked.complaint.events.filter(kind__startswith="inquiry").values("data", "reason")))
    assert QUESTION not in written
    assert "138" not in written


# ---------------------------------------------------------------- at once, and interrupted


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_once_are_one_answer(asked: Inquiry, keeper: Any, agent: Any) -> None:
    def answer(actor: Any, text: str) -> str:
        try:
            inquiries.answer(asked.complaint_id, asked.pk, text, actor=actor, now=LATER)
        except InquiryOver:
            return "over"
        return text

    said = together(lambda: answer(keeper, "完好"), lambda: answer(agent, "有划痕"))
    assert sorted(said) == sorted(["over", stored(asked).answer])
    assert asked.complaint.events.filter(kind="inquiry_answered").count() == 1


@pytest.mark.django_db(transaction=True)
def test_no_crash_leaves_half_an_answer(
    case: Callable[..., Any], warehouse: Department, agent: Any, keeper: Any
) -> None:
    """Answer, clock and event are written together or not at all; sent again, it is written once."""

    complaint, waiting = case("verifying"), []

    def prepared() -> Inquiry:
        question = f"{QUESTION}（{len(waiting)}）"
        waiting.append(inquiries.ask(complaint.pk, warehouse, question, actor=agent, now=NOW))
        return waiting[-1]

    def answer() -> Inquiry:
        return inquiries.answer(complaint.pk, waiting[-1].pk, "完好", actor=keeper, now=LATER)

    def written(inquiry: Inquiry) -> tuple[bool, bool, int]:
        told = complaint.events.filter(kind="inquiry_answered", data__inquiry=inquiry.pk).count()
        return not stored(inquiry).is_open, not clock_of(inquiry).is_running, told

    for inquiry in every_crash(prepared, answer):
        assert written(inquiry) == (False, False, 0)
    assert written(waiting[-1]) == (True, True, 1)
