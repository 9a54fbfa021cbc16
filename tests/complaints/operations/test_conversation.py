"""What is said about a complaint: to the customer, by the customer, among colleagues."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from complaints.models import Complaint, Contact, OutboxMessage, Promise
from complaints.operations import conversation
from complaints.operations.conversation import EmptyText, NoAddress, SaidAlready, UnfilledPlaceholder
from complaints.operations.ended import ComplaintOver
from complaints.operations.promises import Promised, PromiseInThePast
from tests.factories.complaints import NOW, CustomerFactory, OrderFactory, current
from tests.unchanged import nothing_written

LATER = NOW + timedelta(minutes=20)


def reply(case: Complaint, agent: Any, body: str = "我们马上核实。", **values: Any) -> Contact:
    return conversation.reply(case.pk, body, **{"channel": "platform_chat", "actor": agent, "now": LATER} | values)


# ---------------------------------------------------------------- replies


def test_a_reply_is_recorded_with_who_when_and_how(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    contact = reply(complaint, agent, "  您好，马上核实。 ")
    assert (contact.direction, contact.body, contact.channel) == ("out", "您好，马上核实。", "platform_chat")
    assert (contact.author, contact.at, contact.automatic, contact.purpose) == (agent, LATER, False, "message")
    event = complaint.events.get(kind="replied")
    assert (event.actor, event.at) == (agent, LATER)
    assert event.data == {"contact": contact.pk, "channel": "platform_chat", "promised_for": None}


def test_the_history_repeats_nothing_of_what_was_said(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    reply(complaint, agent, "您的电话 13812345678 我们记下了")
    assert "13812345678" not in str(complaint.events.get(kind="replied").data)


def test_a_reply_adds_and_so_makes_nobody_stale(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    reply(complaint, agent)
    assert current(complaint).version == complaint.version


def test_the_list_knows_who_spoke_last(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    reply(complaint, agent)
    assert (current(complaint).last_contact_at, current(complaint).last_contact_inbound) == (LATER, False)
    conversation.receive(complaint.pk, "好的", channel="phone", actor=agent, now=LATER + timedelta(minutes=1))
    assert current(complaint).last_contact_inbound
    conversation.note(complaint.pk, "客户接受", actor=agent, now=LATER + timedelta(hours=1))
    assert current(complaint).last_contact_at == LATER + timedelta(minutes=1)


def test_a_promise_keeps_its_words_its_time_and_its_maker(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    contact = reply(complaint, agent, promise=Promised(text="18 点前答复", due_at=LATER + timedelta(hours=4)))
    promise = complaint.promises.get()
    assert (promise.contact, promise.text, promise.made_by, promise.status) == (contact, "18 点前答复", agent, "open")
    assert (promise.made_at, promise.due_at) == (LATER, LATER + timedelta(hours=4))


def test_a_promise_without_words_repeats_the_reply(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    reply(complaint, agent, "今晚答复", promise=Promised(text="", due_at=LATER + timedelta(hours=4)))
    assert complaint.promises.get().text == "今晚答复"


def test_a_long_reply_is_a_promise_cut_to_fit(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    reply(complaint, agent, "核" * 500, promise=Promised(text="", due_at=LATER + timedelta(hours=4)))
    assert complaint.promises.get().text == "核" * 200


@pytest.mark.parametrize("late", [timedelta(0), timedelta(minutes=-1)])
def test_a_promise_is_for_the_future(case: Callable[..., Any], agent: Any, late: timedelta) -> None:
    complaint = case("new")
    with nothing_written(complaint), pytest.raises(PromiseInThePast):
        reply(complaint, agent, promise=Promised(text="已处理", due_at=LATER + late))


@pytest.mark.parametrize("body", ["", " ", "\n\t　"])
def test_an_empty_text_is_never_recorded(case: Callable[..., Any], agent: Any, body: str) -> None:
    complaint = case("new", issue_code="SERV-01")
    who = {"actor": agent, "now": LATER}
    for attempt in (
        lambda: reply(complaint, agent, body),
        lambda: conversation.receive(complaint.pk, body, channel="phone", **who),
        lambda: conversation.note(complaint.pk, body, **who),
        lambda: conversation.log_apology(complaint.pk, body, **who),
    ):
        with nothing_written(complaint), pytest.raises(EmptyText):
            attempt()


def test_a_gap_in_a_script_blocks_sending_and_is_named(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    with nothing_written(complaint), pytest.raises(UnfilledPlaceholder) as refused:
        reply(complaint, agent, "您好 {customer_name}，{deadline} 前回复您")
    assert "{customer_name}、{deadline}" in refused.value.text


def test_braces_that_are_no_placeholder_may_be_sent(case: Callable[..., Any], agent: Any) -> None:
    assert reply(case("new"), agent, "规格 {大号} 与 {size}").body == "规格 {大号} 与 {size}"


@pytest.mark.parametrize("state", ["closed", "withdrawn", "unfounded", "merged"])
def test_a_case_that_is_over_is_not_answered(case: Callable[..., Any], agent: Any, state: str) -> None:
    complaint = case(state)
    with nothing_written(complaint), pytest.raises(ComplaintOver):
        reply(complaint, agent)


# ---------------------------------------------------------------- by e-mail


def test_a_reply_by_mail_goes_to_the_outbox_in_the_same_transaction(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    contact = reply(complaint, agent, "您好，马上核实。", channel="email")
    message = OutboxMessage.objects.get(complaint=complaint)
    assert (message.audience, message.status, message.created_at) == ("customer", "pending", LATER)
    assert (message.address, message.body) == (complaint.customer.email, "您好，马上核实。")
    assert message.dedup_key == f"reply:{contact.pk}"
    assert complaint.number in message.subject


def test_other_channels_send_no_mail(case: Callable[..., Any], agent: Any) -> None:
    reply(case("new"), agent, channel="phone")
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("known", [True, False])
def test_without_an_address_nothing_is_mailed(case: Callable[..., Any], agent: Any, shop: Any, known: bool) -> None:
    customer = CustomerFactory(without_address=True) if known else None
    complaint = case("new", order=OrderFactory(shop=shop, customer=customer))
    with nothing_written(complaint), pytest.raises(NoAddress):
        reply(complaint, agent, channel="email")


# ---------------------------------------------------------------- the customer, notes, apologies


@pytest.mark.parametrize("state", ["new", "executing", "awaiting_followup"])
def test_what_the_customer_says_is_recorded_in_every_open_stage(
    case: Callable[..., Any], agent: Any, state: str
) -> None:
    complaint = case(state)
    contact = conversation.receive(complaint.pk, "怎么还没到？", channel="social", actor=agent, now=LATER)
    assert (contact.direction, contact.channel, contact.author) == ("in", "social", agent)
    assert complaint.events.get(kind="heard", at=LATER).data["contact"] == contact.pk


def test_a_note_stays_inside(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    contact = conversation.note(complaint.pk, "像是职业打假", actor=agent, now=LATER)
    assert (contact.direction, contact.channel) == ("internal", "")
    assert not OutboxMessage.objects.exists()


def test_an_apology_call_is_a_human_reply(case: Callable[..., Any], user_with: Callable[..., Any]) -> None:
    complaint, supervisor = case("new", issue_code="SERV-01"), user_with("supervisor")
    contact = conversation.log_apology(complaint.pk, "已致歉", actor=supervisor, now=LATER)
    assert (contact.purpose, contact.channel, contact.direction) == ("apology_call", "phone", "out")
    assert complaint.deadlines.get(kind="first_response").met_at == LATER
    assert complaint.events.get(kind="apologised").actor == supervisor


def test_promises_are_counted_by_the_case(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("accepted")
    reply(complaint, agent, promise=Promised(text="再延一天", due_at=LATER + timedelta(hours=20)))
    assert Promise.objects.filter(complaint=complaint).count() == 2


def test_the_next_reply_keeps_a_promise_that_is_not_yet_due_and_breaks_an_overdue_one(
    case: Callable[..., Any], agent: Any
) -> None:
    complaint = case("new")
    for made, due in ((0, 1), (2, 3)):
        promise = Promised(text="", due_at=NOW + timedelta(hours=due))
        reply(complaint, agent, promise=promise, now=NOW + timedelta(hours=made))
    reply(complaint, agent, "结果出来了。", now=NOW + timedelta(hours=2))

    assert [promise.status for promise in complaint.promises.order_by("due_at")] == ["broken", "kept"]


@pytest.mark.parametrize("state", ["closed", "withdrawn", "merged"])
def test_nothing_is_added_to_a_case_that_is_over(case: Callable[..., Any], agent: Any, state: str) -> None:
    complaint = case(state)
    with nothing_written(), pytest.raises(ComplaintOver):
        conversation.note(complaint.pk, "客户又来电", actor=agent, now=LATER)


def test_a_button_pressed_twice_writes_once(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new", channel="email")
    reply(complaint, agent, channel="email")
    with nothing_written(), pytest.raises(SaidAlready):
        reply(complaint, agent, channel="email")
    assert reply(complaint, agent, channel="email", now=LATER + timedelta(minutes=2))


def test_an_apology_call_keeps_the_promise_of_that_call(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    promise = Promised(text="主管致电", due_at=LATER + timedelta(hours=1))
    reply(complaint, agent, promise=promise)
    conversation.log_apology(complaint.pk, "已致歉。", actor=agent, now=LATER + timedelta(minutes=30))
    assert complaint.promises.get().status == "kept"
