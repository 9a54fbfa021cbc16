"""What happens to complaints is told to subscribers, in the transaction in which it happens."""

import json
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from complaints.lifecycle import STEPS
from complaints.models import ComplaintEvent, OutboxMessage, Shop, Subscription
from complaints.notifications import webhook
from complaints.operations import conversation, subscriptions
from complaints.outbox import enqueue
from complaints.refusals import Refused
from tests.factories.complaints import NOW, complaint_in, current, registered
from tests.factories.hooks import subscription_to

pytestmark = pytest.mark.django_db

ALL = sorted(webhook.TYPES.values())


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enqueue, "wake", lambda: None)


def told() -> list[str]:
    return [row.subject.partition(" ")[0] for row in OutboxMessage.objects.filter(channel="webhook").order_by("pk")]


def test_every_step_has_a_type() -> None:
    assert set(STEPS) <= set(webhook.TYPES)


def test_a_case_from_beginning_to_end_is_told_step_by_step(shop: Shop, agent: Any) -> None:
    subscription_to("https://erp.example/hook", events=ALL)
    case = complaint_in("closed", shop, actor=agent)
    assert told() == [
        "complaint.registered", "complaint.replied", "complaint.accepted", "complaint.verifying", "complaint.verified",
        "complaint.offered", "complaint.agreed", "complaint.resolved", "complaint.closed",
    ]  # fmt: skip
    last = json.loads(OutboxMessage.objects.get(subject=f"complaint.closed {case.number}").body)
    assert (last["type"], last["api_version"], last["created_at"]) == ("complaint.closed", 1, NOW.isoformat())
    assert last["data"]["sequence"] == ComplaintEvent.objects.get(kind="close").pk
    assert last["data"]["complaint"] == {
        "number": case.number, "shop": "tmall", "order_number": case.order.number, "channel": "platform_chat",
        "issue_type": "LOGI-03", "state": "closed", "open": False, "round": 1, "remedy": "reship",
        "result": "settled", "merged_into": None, "previous": None, "repeated": False,
        "received_at": NOW.isoformat(), "accepted_at": NOW.isoformat(), "resolved_at": NOW.isoformat(),
        "closed_at": NOW.isoformat(),
    }  # fmt: skip


def test_nothing_personal_and_no_liability_is_told(shop: Shop, agent: Any) -> None:
    subscription_to("https://erp.example/hook", events=ALL)
    case = complaint_in("closed", shop, actor=agent)
    text = " ".join(row.body for row in OutboxMessage.objects.filter(channel="webhook"))
    customer = case.customer
    forbidden = [
        customer.name, customer.phone, customer.email, customer.buyer, case.title, case.description, case.root_cause,
        agent.first_name, "carrier", "20.00",
    ]  # fmt: skip
    assert [word for word in forbidden if word and word in text] == []


def test_side_exits_and_what_customers_say_are_told(shop: Shop, agent: Any) -> None:
    subscription_to("https://erp.example/hook", events=ALL)
    for state in ("withdrawn", "unfounded", "merged"):
        case = complaint_in(state, shop, actor=agent)
        assert told()[-1] == f"complaint.{state}"
        row = OutboxMessage.objects.filter(channel="webhook").latest("pk")
        assert json.loads(row.body)["data"]["complaint"]["result"] == state
    assert json.loads(row.body)["data"]["complaint"]["merged_into"] == current(case).merged_into.number  # type: ignore[union-attr]
    open_case = registered(shop, actor=agent)
    conversation.receive(open_case.pk, "还没到", channel="phone", actor=agent, now=NOW)
    assert told()[-1] == "complaint.contact_received"
    conversation.note(open_case.pk, "仓库查询中", actor=agent, now=NOW)
    assert told()[-1] == "complaint.contact_received"


def test_each_hears_of_its_shops_and_events_once(shop: Shop, agent: Any) -> None:
    other = Shop.objects.create(code="jd", name="京东店", platform="jd")
    for name, shops, events, active in (
        ("all", [], ["complaint.registered"], True),
        ("mine", [shop, other], ["complaint.registered"], True),
        ("theirs", [other], ["complaint.registered"], True),
        ("closed only", [], ["complaint.closed"], True),
        ("off", [], ["complaint.registered"], False),
    ):
        subscription_to("https://erp.example/h", name=name, events=events, active=active).shops.set(shops)
    case = registered(shop, actor=agent)
    rows = OutboxMessage.objects.filter(complaint=case, channel="webhook")
    assert sorted(row.subscription.name for row in rows) == ["all", "mine"]
    assert len({row.dedup_key for row in rows}) == 2


def test_what_is_rolled_back_is_told_to_nobody(shop: Shop, agent: Any) -> None:
    subscription_to("https://erp.example/hook")
    with transaction.atomic():
        registered(shop, actor=agent)
        assert told() == ["complaint.registered"]
        transaction.set_rollback(True)
    assert told() == []


def test_where_nobody_subscribes_a_registration_costs_one_look_in_five_seconds(shop: Shop, agent: Any) -> None:
    def looks() -> int:
        with CaptureQueriesContext(connection) as captured:
            registered(shop, actor=agent)
        return sum("complaints_subscription" in query["sql"] for query in captured)

    assert [looks(), looks()] == [1, 0]
    made = Subscription(name="ERP", url="https://erp.example/h", events=["complaint.registered"])
    with transaction.atomic():
        subscriptions.save(made, shops=(), actor=agent, now=NOW)
    subscriptions.announcing.subscribed()
    registered(shop, actor=agent)
    assert told() == ["complaint.registered"]


def test_a_subscription_costs_the_same_few_queries_whatever_number_hears(shop: Shop, agent: Any) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            registered(shop, actor=agent)
        return len(captured)

    subscription_to("https://erp.example/h", name="1")
    queries()
    few = queries()
    for number in range(2, 8):
        subscription_to("https://erp.example/h", name=str(number))
    assert queries() == few


def test_a_sent_message_is_repeated_under_its_id_and_a_waiting_one_is_not(shop: Shop, agent: Any) -> None:
    subscription = subscription_to("https://erp.example/h")
    registered(shop, actor=agent)
    row = OutboxMessage.objects.get(channel="webhook")
    with pytest.raises(Refused):
        subscriptions.repeat(row.pk, subscription=subscription)
    OutboxMessage.objects.update(status="sent", attempt=1, answer="HTTP 204")
    subscriptions.repeat(row.pk, subscription=subscription)
    again = OutboxMessage.objects.get(pk=row.pk)
    assert (again.status, again.attempt, again.answer, again.message_id) == ("pending", 0, "", row.message_id)
