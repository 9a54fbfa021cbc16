"""The department's pages and the panels of the case: who sees what, who may write what, and what stays as typed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.models import Complaint, Department, Inquiry
from complaints.operations import conversation, inquiries
from tests.complaints.admin.situations import page_of, send
from tests.factories.auth import StaffFactory
from tests.factories.complaints import NOW, current, establish
from tests.factories.inquiries import DepartmentFactory, InquiryFactory, RecoveryClaimFactory
from tests.unchanged import nothing_written

pytestmark = pytest.mark.usefixtures("frozen")

LIST = reverse("admin:complaints_inquiry_changelist")
QUESTION = "装箱时桌面完好吗？"
LIST_BUDGET, PAGE_BUDGET = 8, 9


@pytest.fixture
def keeper(user_with: Callable[..., Any]) -> Any:
    return user_with("department", shops=[])


@pytest.fixture
def warehouse(content: None, keeper: Any) -> Department:
    return DepartmentFactory(members=[keeper])


@pytest.fixture
def asked(case: Callable[..., Any], warehouse: Department, agent: Any) -> Inquiry:
    complaint = case("verifying")
    conversation.note(complaint.pk, "客户情绪激动", actor=agent, now=NOW)
    return inquiries.ask(complaint.pk, warehouse, QUESTION, actor=agent, now=NOW)


@pytest.fixture
def foreign(case: Callable[..., Any], agent: Any) -> Inquiry:
    return inquiries.ask(case("verifying").pk, DepartmentFactory(), "别的部门的问题", actor=agent, now=NOW)


def address(inquiry: Inquiry, tail: str = "change") -> str:
    return reverse(f"admin:complaints_inquiry_{tail}", args=[inquiry.pk])


def stored(inquiry: Inquiry) -> Inquiry:
    return Inquiry.objects.get(pk=inquiry.pk)


def queries(client: Client, page: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page).status_code == 200
    return len(captured)


# ---------------------------------------------------------------- what a department sees


def test_a_department_lands_on_its_own_inquiries(
    asked: Inquiry, foreign: Inquiry, keeper: Any, client_for: Callable[[Any], Client]
) -> None:
    answer = client_for(keeper).get(reverse("admin:index"), follow=True)
    assert answer.redirect_chain[-1][0] == LIST
    page = answer.content.decode()
    assert QUESTION in page
    assert address(asked) in page
    assert "别的部门的问题" not in page
    assert reverse("admin:complaints_complaint_changelist") not in page


def test_open_ones_stand_first_by_their_due_time_then_the_others(
    warehouse: Department, keeper: Any, client_for: Callable[[Any], Client]
) -> None:
    later, sooner = (InquiryFactory(department=warehouse, due_at=NOW + timedelta(hours=h)) for h in (5, 1))
    late = InquiryFactory(department=warehouse, overdue=True)
    done = [InquiryFactory(department=warehouse, answered=True), InquiryFactory(department=warehouse, withdrawn=True)]
    asked = client_for(keeper).get(LIST).context["asked"]
    assert asked.open == [late, sooner, later]
    assert set(asked.over) == set(done)


def test_the_page_shows_what_is_needed_and_nothing_else(
    asked: Inquiry, keeper: Any, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    complaint = asked.complaint
    establish(current(complaint), {"actor": agent, "version": current(complaint).version, "now": NOW})
    RecoveryClaimFactory(complaint=complaint, name="索赔对象")
    other = inquiries.ask(complaint.pk, DepartmentFactory(), "问采购的话", actor=agent, now=NOW)
    page = client_for(keeper).get(address(asked)).content.decode()
    customer, order = complaint.customer, complaint.order
    assert all(text in page for text in (QUESTION, complaint.number, order.number, "胡桃木书桌", customer.masked_name))
    hidden = [
        customer.name, customer.phone, customer.email, customer.buyer, complaint.description, complaint.demand,
        complaint.title, "客户情绪激动", "运输途中挤压", "IMG-1", "索赔对象", other.question,
    ]  # fmt: skip
    assert [text for text in hidden if text in page] == []


def test_a_department_opens_nothing_of_the_case(
    asked: Inquiry, keeper: Any, client_for: Callable[[Any], Client]
) -> None:
    client, complaint = client_for(keeper), asked.complaint
    for tail in ("history/", "edit/", "do/reply/", "do/record_answer/", "reveal/"):
        assert client.get(f"/admin/complaints/complaint/{complaint.pk}/{tail}").status_code == 404
    for name in ("complaint", "order", "customer", "complaintevent", "recoveryclaim", "alert", "department"):
        assert client.get(reverse(f"admin:complaints_{name}_changelist")).status_code == 403, name


def test_a_link_to_the_case_leads_a_department_to_what_it_is_asked(
    asked: Inquiry, foreign: Inquiry, keeper: Any, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    client, complaint = client_for(keeper), asked.complaint
    assert client.get(page_of(complaint))["Location"] == address(asked)
    assert client.post(page_of(complaint), {}).status_code == 405
    inquiries.answer(complaint.pk, asked.pk, "完好", actor=keeper, now=NOW)
    assert client.get(page_of(complaint))["Location"] == address(asked)
    again = inquiries.ask(complaint.pk, asked.department, "还有别的吗？", actor=agent, now=NOW)
    assert client.get(page_of(complaint))["Location"] == address(again)
    assert client.get(page_of(foreign.complaint)).status_code == 404


def test_another_departments_inquiry_is_as_unknown_as_none(
    asked: Inquiry, foreign: Inquiry, keeper: Any, client_for: Callable[[Any], Client]
) -> None:
    client = client_for(keeper)
    for pk in (foreign.pk, foreign.pk + 999, "abc", "9" * 40):
        for tail in ("change/", "history/", "need-time/"):
            page = f"/admin/complaints/inquiry/{pk}/{tail}"
            with nothing_written(foreign.complaint):
                if tail != "need-time/":
                    assert client.get(page).status_code == 404
                assert client.post(page, {"text": "x", "until": "2026-11-25T10:00", "reason": "x"}).status_code == 404


def test_who_leaves_the_department_sees_it_no_more(
    asked: Inquiry, warehouse: Department, keeper: Any, client_for: Callable[[Any], Client]
) -> None:
    warehouse.members.clear()
    assert client_for(keeper).get(address(asked)).status_code == 404
    assert QUESTION not in client_for(keeper).get(LIST).content.decode()


def test_only_departments_have_these_pages(
    asked: Inquiry, staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    with nothing_written(asked.complaint):
        for role, person in staff.items():
            expected = 404 if role == "department" else 403
            for answer in (
                client_for(person).get(address(asked)),
                client_for(person).post(address(asked), {"text": "x"}),
            ):
                assert answer.status_code == expected, role
            assert client_for(person).post(address(asked, "need_time"), {}).status_code == expected, role


def test_strangers_are_sent_to_the_login_and_forms_from_elsewhere_refused(asked: Inquiry, keeper: Any) -> None:
    login = reverse("admin:login")
    with nothing_written(asked.complaint):
        for person in (None, StaffFactory(customer_account=True), StaffFactory(gone=True)):
            client = Client()
            if person:
                client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
            for answer in (client.get(address(asked)), client.post(address(asked), {"text": "x"}), client.get(LIST)):
                assert answer["Location"].startswith(login)
        client = Client(enforce_csrf_checks=True)
        client.force_login(keeper, backend="django.contrib.auth.backends.ModelBackend")
        assert client.post(address(asked), {"text": "x"}).status_code == 403
        assert client.post(address(asked, "need_time"), {"reason": "x"}).status_code == 403


# ---------------------------------------------------------------- what a department writes


def test_the_answer_is_sent_and_the_next_one_waits(
    asked: Inquiry, keeper: Any, client_for: Callable[[Any], Client]
) -> None:
    answer = client_for(keeper).post(address(asked), {"text": "完好，有照片"}, follow=True)
    assert answer.redirect_chain[-1][0] == LIST
    after = stored(asked)
    assert (after.status, after.answer, after.answered_by, after.answered_at) == (
        "answered",
        "完好，有照片",
        keeper,
        NOW,
    )


def test_the_same_answer_twice_is_one_answer(asked: Inquiry, keeper: Any, client_for: Callable[[Any], Client]) -> None:
    client = client_for(keeper)
    client.post(address(asked), {"text": "完好"})
    with nothing_written(asked.complaint):
        answer = client.post(address(asked), {"text": "完好"})
    assert answer.status_code == 422


def test_a_colleague_was_faster_and_what_was_typed_stays(
    asked: Inquiry, warehouse: Department, keeper: Any, user_with: Callable[..., Any], client_for: Any
) -> None:
    colleague = user_with("department")
    warehouse.members.add(colleague)
    client_for(colleague).post(address(asked), {"text": "完好"})
    answer = client_for(keeper).post(address(asked), {"text": "我看到一道划痕"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "我看到一道划痕" in page
    assert "完好" in page
    assert stored(asked).answer == "完好"


@pytest.mark.parametrize("text", ["", " \n", "x" * 5001, "a\0b"])
def test_no_answer_is_told_so(text: str, asked: Inquiry, keeper: Any, client_for: Callable[[Any], Client]) -> None:
    with nothing_written(asked.complaint):
        assert client_for(keeper).post(address(asked), {"text": text}).status_code == 422


def test_more_time_is_said_to_who_asked(
    asked: Inquiry, keeper: Any, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    fields = {"until": "2026-11-23T18:00", "reason": "周末盘点"}
    assert client_for(keeper).post(address(asked, "need_time"), fields).status_code == 302
    assert (stored(asked).expected_reason, stored(asked).due_at) == ("周末盘点", asked.due_at)
    assert "周末盘点" in client_for(agent).get(page_of(asked.complaint)).content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"until": "2026-11-19T18:00", "reason": "盘点"},
        {"until": "昨天", "reason": "盘点"},
        {"until": "2026-11-23T18:00"},
    ],
)
def test_more_time_without_a_time_or_reason_is_refused(
    fields: dict[str, str], asked: Inquiry, keeper: Any, client_for: Callable[[Any], Client]
) -> None:
    with nothing_written(asked.complaint):
        assert client_for(keeper).post(address(asked, "need_time"), fields).status_code == 422


def test_asking_for_time_is_no_page_to_read(asked: Inquiry, keeper: Any, client_for: Callable[[Any], Client]) -> None:
    assert client_for(keeper).get(address(asked, "need_time")).status_code == 405


def test_nothing_is_deleted_or_changed_by_the_admins_own_ways(
    asked: Inquiry, keeper: Any, client_for: Callable[[Any], Client]
) -> None:
    owner = StaffFactory(is_superuser=True)
    with nothing_written(asked.complaint):
        for person in (keeper, owner):
            client = client_for(person)
            assert client.post(address(asked, "delete"), {"post": "yes"}).status_code == 403
            swept = {"action": "delete_selected", "_selected_action": [asked.pk], "post": "yes"}
            assert client.post(LIST, swept).status_code == 405
            assert client.get(reverse("admin:complaints_inquiry_add")).status_code == 403


def test_the_pages_take_the_same_few_queries_with_much_to_show(
    asked: Inquiry, warehouse: Department, keeper: Any, client_for: Callable[[Any], Client]
) -> None:
    client = client_for(keeper)
    client.get(LIST)
    few = queries(client, LIST), queries(client, address(asked))
    InquiryFactory.create_batch(60, department=warehouse)
    InquiryFactory.create_batch(20, department=warehouse, answered=True)
    assert (queries(client, LIST), queries(client, address(asked))) == few
    assert few[0] <= LIST_BUDGET
    assert few[1] <= PAGE_BUDGET


# ---------------------------------------------------------------- the case page


def test_an_agent_asks_a_department_answers_the_case_goes_on(
    case: Callable[..., Any], warehouse: Department, agent: Any, keeper: Any, client_for: Callable[[Any], Client]
) -> None:
    complaint, desk, phone = case("verifying"), client_for(agent), client_for(keeper)
    establish(current(complaint), {"actor": agent, "version": current(complaint).version, "now": NOW})
    fields = {"department": warehouse.pk, "question": QUESTION}
    assert send(desk, current(complaint), "ask", fields).status_code == 302
    page = desk.get(page_of(complaint)).content.decode()
    assert QUESTION in page
    assert 'href="#inquiries"' in page
    assert send(desk, current(complaint), "conclude_verification", {}).status_code == 422
    asked = phone.get(LIST).context["asked"].open[0]
    assert phone.post(address(asked), {"text": "完好，有照片"}).status_code == 302
    assert "完好，有照片" in desk.get(page_of(complaint)).content.decode()
    assert send(desk, current(complaint), "conclude_verification", {}).status_code == 302
    assert current(complaint).state == "proposing"
    kinds = list(complaint.events.filter(kind__startswith="inquiry").order_by("pk").values_list("kind", "actor"))
    assert kinds == [("inquiry_asked", agent.pk), ("inquiry_answered", keeper.pk)]


def test_an_answer_by_phone_is_written_down_on_the_case(
    asked: Inquiry, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    client, complaint = client_for(agent), asked.complaint
    form = client.get(f"{page_of(complaint, 'record_answer')}?inquiry={asked.pk}").content.decode()
    assert QUESTION in form
    sent = {"inquiry": asked.pk, "text": "完好", "told_by": "老周"}
    assert send(client, current(complaint), "record_answer", sent).status_code == 302
    assert (stored(asked).told_by, stored(asked).answered_by) == ("老周", agent)
    assert "老周" in client.get(page_of(complaint)).content.decode()
    again = send(client, current(complaint), "record_answer", sent)
    assert again.status_code == 422
    assert "老周" in again.content.decode()


@pytest.mark.parametrize("key", ["", "0", "-1", "abc", "9" * 30, "1.5"])
@pytest.mark.parametrize("name", ["record_answer", "withdraw_inquiry", "claim_lost", "claim_recovered"])
def test_a_strange_inquiry_or_claim_is_refused_with_what_was_typed(
    name: str, key: str, asked: Inquiry, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    client, complaint = client_for(agent), current(asked.complaint)
    assert client.get(f"{page_of(complaint, name)}?inquiry={key}&claim={key}").status_code == 200
    fields = {
        "inquiry": key,
        "claim": key,
        "text": "打了字",
        "reason": "打了字",
        "note": "打了字",
        "amount": "1",
        "told_by": "x",
    }
    with nothing_written(complaint):
        answer = send(client, complaint, name, fields)
    assert answer.status_code == 422
    assert "打了字" in answer.content.decode()


def test_the_inquiry_of_another_case_is_refused(
    asked: Inquiry, foreign: Inquiry, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    with nothing_written(asked.complaint, foreign.complaint):
        form = client_for(agent).get(f"{page_of(asked.complaint, 'record_answer')}?inquiry={foreign.pk}")
        assert foreign.question not in form.content.decode()
        sent = {"inquiry": foreign.pk, "text": "完好", "told_by": "x"}
        assert send(client_for(agent), current(asked.complaint), "record_answer", sent).status_code == 422


def test_a_claim_without_such_a_liability_is_warned_of_and_filed(
    case: Callable[..., Any], agent: Any, client_for: Callable[[Any], Client]
) -> None:
    client, complaint = client_for(agent), case("executing")
    assert client.get(page_of(complaint)).context["at_fault"]
    complaint.liability.all().delete()
    page = client.get(page_of(complaint))
    assert not page.context["at_fault"]
    sent = {"against": "supplier", "name": "木材厂", "amount": "80"}
    assert send(client, complaint, "file_claim", sent).status_code == 302
    assert complaint.claims.get().name == "木材厂"


@pytest.mark.parametrize("amount", ["0", "-1", "abc", "", "1e30", "NaN"])
def test_an_amount_that_is_none_is_refused(
    amount: str, case: Callable[..., Any], agent: Any, client_for: Callable[[Any], Client]
) -> None:
    complaint = case("executing")
    with nothing_written(complaint):
        sent = {"against": "courier", "name": "中通", "amount": amount}
        assert send(client_for(agent), complaint, "file_claim", sent).status_code == 422


def test_money_comes_back_after_the_case_is_closed(
    case: Callable[..., Any], agent: Any, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    complaint, finance = case("executing"), user_with("finance")
    client = client_for(finance)
    sent = {"against": "courier", "name": "中通", "amount": "199"}
    assert send(client, complaint, "file_claim", sent).status_code == 302
    Complaint.objects.filter(pk=complaint.pk).update(state="closed")
    claim = complaint.claims.get()
    assert "中通" in client.get(page_of(complaint)).content.decode()
    sent = {"claim": claim.pk, "amount": "150", "note": "按比例赔付"}
    assert send(client, current(complaint), "claim_recovered", sent).status_code == 302
    assert complaint.claims.get().recovered_amount == 150
    assert client.get(page_of(complaint)).status_code == 404


def test_the_panels_take_no_further_query_with_much_in_them(
    case: Callable[..., Any], user_with: Callable[..., Any], agent: Any, client_for: Callable[[Any], Client]
) -> None:
    complaint, client = case("verifying"), client_for(user_with("shop_manager"))
    InquiryFactory(complaint=complaint, asked_by=agent)
    RecoveryClaimFactory(complaint=complaint, filed_by=agent)
    client.get(page_of(complaint))
    few = queries(client, page_of(complaint))
    InquiryFactory.create_batch(20, complaint=complaint, asked_by=agent, answered_by=agent, answered=True)
    RecoveryClaimFactory.create_batch(10, complaint=complaint, filed_by=agent, lost=True)
    assert queries(client, page_of(complaint)) == few
