"""Outgoing webhooks in the admin: set up, watched, repeated, paused and let go on; what is secret never comes out."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from complaints.admin.subscriptions import EVENTS
from complaints.models import OutboxMessage, Robot, SettingChange, Shop, Subscription
from complaints.notifications.webhook import TYPES
from complaints.outbox import delivery, enqueue
from complaints.roles import ROLES
from tests.chat_server import KEY
from tests.complaints.outbox.rows import LONG_AGO
from tests.complaints.outbox.test_webhooks import Receiver
from tests.factories.complaints import NOW, OutboxMessageFactory, registered
from tests.factories.hooks import SECRET, subscription_to

pytestmark = pytest.mark.django_db

URL = f"https://93.184.215.14/hooks/{KEY}"
LIST, ADD = reverse("admin:complaints_subscription_changelist"), reverse("admin:complaints_subscription_add")


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enqueue, "wake", lambda: None)


@pytest.fixture
def subscription(shop: Shop) -> Subscription:
    return subscription_to(URL)


@pytest.fixture
def manager(user_with: Callable[..., Any], client_for: Callable[[Any], Client]) -> Client:
    return client_for(user_with("shop_manager"))


def page(name: str, subscription: Subscription, *more: int) -> str:
    return reverse(f"admin:complaints_subscription_{name}", args=[subscription.pk, *more])


def filled(**values: Any) -> dict[str, Any]:
    given = {"name": "仓库ERP", "description": "", "new_url": URL, "chosen": ["complaint.registered"], "active": "on"}
    return given | {"shops": []} | values


def test_every_event_has_a_word() -> None:
    assert set(EVENTS) == set(TYPES.values())


def test_a_new_one_shows_its_secret_once_and_its_address_never(shop: Shop, manager: Client) -> None:
    answer = manager.post(ADD, filled(shops=[shop.pk]))
    made = Subscription.objects.get()
    assert made.secret in answer.content.decode()
    assert (made.url, made.events, list(made.shops.all())) == (URL, ["complaint.registered"], [shop])
    shown = manager.get(page("change", made)).content.decode() + manager.get(LIST).content.decode()
    assert made.secret not in shown
    assert KEY not in shown
    assert "93.184.215.14" in shown
    change = str(SettingChange.objects.get().changes)
    assert KEY not in change
    assert made.secret not in change


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"new_url": ""}, "new_url"), ({"new_url": "http://93.184.215.14/x"}, "new_url"),
        ({"new_url": "https://127.0.0.1/x"}, "new_url"), ({"new_url": "https://169.254.169.254/"}, "new_url"),
        ({"chosen": []}, "chosen"), ({"chosen": ["complaint.deleted"]}, "chosen"), ({"name": ""}, "name"),
        ({"shops": ["9" * 30]}, "shops"),
    ],
)  # fmt: skip
def test_bad_input_is_told_at_its_field(values: dict[str, Any], field: str, manager: Client, shop: Shop) -> None:
    answer = manager.post(ADD, filled(**values))
    assert field in answer.context["adminform"].form.errors
    assert not Subscription.objects.exists()


def test_what_is_left_empty_stays_and_what_a_worker_wrote_too(subscription: Subscription, manager: Client) -> None:
    Subscription.objects.update(failing_since=NOW, paused_at=NOW)
    manager.post(page("change", subscription), filled(new_url="", description="仓库", chosen=list(EVENTS)))
    subscription.refresh_from_db()
    assert (subscription.url, subscription.secret, subscription.paused_at) == (URL, SECRET, NOW)
    assert (subscription.description, subscription.events) == ("仓库", list(EVENTS))


def test_a_test_message_arrives_and_its_answer_is_shown_and_it_is_sent_again(
    manager: Client, subscription: Subscription, settings: Settings
) -> None:
    with Receiver("webhook") as server:
        settings.AMENDS_WEBHOOK_TRUSTED_HOSTS = [server.host]
        Subscription.objects.update(url=server.url, secret="SEC-of-the-robot")
        manager.post(page("ping", subscription))
        OutboxMessage.objects.update(next_attempt_at=LONG_AGO)
        delivery.deliver()
        assert server.refused == []
        assert "HTTP 204" in manager.get(page("change", subscription)).content.decode()
        message = OutboxMessage.objects.get()
        manager.post(page("repeat", subscription, message.pk))
        OutboxMessage.objects.update(next_attempt_at=LONG_AGO)
        delivery.deliver()
        assert [taken["type"] for taken in server.taken] == ["ping", "ping"]
        assert server.taken[0]["id"] == server.taken[1]["id"]


def test_a_paused_one_is_told_to_managers_and_goes_on(
    manager: Client, subscription: Subscription, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    Subscription.objects.update(paused_at=NOW, failing_since=NOW)
    OutboxMessageFactory(subscription=subscription, channel="webhook", status="held")
    for client, told in ((manager, True), (client_for(user_with("agent")), False)):
        page_text = client.get(reverse("admin:complaints_complaint_changelist")).content.decode()
        assert (f"/subscription/{subscription.pk}/change/" in page_text) is told
    manager.post(page("ping", subscription))
    assert OutboxMessage.objects.count() == 1, "a paused one is not tested"
    manager.post(page("resume", subscription))
    subscription.refresh_from_db()
    assert (subscription.paused_at, OutboxMessage.objects.get().status) == (None, "pending")


def test_switching_off_holds_what_waits_for_webhooks_and_robots(manager: Client, subscription: Subscription) -> None:
    OutboxMessageFactory(subscription=subscription, channel="webhook")
    manager.post(page("change", subscription), filled(new_url="", active=""))
    assert OutboxMessage.objects.get().status == "held"
    assert page("cancel", subscription) in manager.get(page("change", subscription)).content.decode()
    manager.post(page("cancel", subscription))
    assert OutboxMessage.objects.get().status == "cancelled"

    robot = Robot.objects.create(
        name="售后群", kind="wecom", url="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1"
    )
    message = OutboxMessageFactory(robot=robot, channel="robot")
    address = reverse("admin:complaints_robot_change", args=[robot.pk])
    form = {"name": "售后群", "kind": "wecom", "language": "zh-hans", "new_url": "", "new_secret": ""}
    manager.post(address, form)
    assert OutboxMessage.objects.get(pk=message.pk).status == "held"
    manager.post(reverse("admin:complaints_robot_test", args=[robot.pk]))
    assert robot.messages.count() == 1, "one that is off is not tested"
    manager.post(address, form | {"active": "on"})
    assert OutboxMessage.objects.get(pk=message.pk).status == "pending"
    manager.post(address, form)
    manager.post(reverse("admin:complaints_robot_cancel", args=[robot.pk]))
    assert OutboxMessage.objects.get(pk=message.pk).status == "cancelled"


def test_the_page_takes_the_same_few_queries_and_turns(
    subscription: Subscription, shop: Shop, agent: Any, manager: Client
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert manager.get(page("change", subscription)).status_code == 200
        return len(captured)

    case = registered(shop, actor=agent)
    manager.get(LIST)
    few = queries()
    OutboxMessageFactory.create_batch(35, complaint=case, subscription=subscription, channel="webhook")
    assert queries() == few <= 16
    answer = manager.get(page("change", subscription))
    seen = [row.pk for row, _tone, _icon in answer.context["sent"]]
    answer = manager.get(page("change", subscription) + answer.context["older"])
    seen += [row.pk for row, _tone, _icon in answer.context["sent"]]
    assert seen == list(subscription.messages.order_by("-pk").values_list("pk", flat=True))


def test_who_sees_and_who_changes(
    subscription: Subscription, staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    message = OutboxMessageFactory(subscription=subscription, channel="webhook", sent=True)
    changing = [
        ADD, page("change", subscription), page("ping", subscription), page("rotate", subscription),
        page("resume", subscription), page("cancel", subscription), page("repeat", subscription, message.pk),
    ]  # fmt: skip
    for role in set(ROLES) - {"shop_manager"}:
        client = client_for(staff[role])
        for address in (LIST, page("change", subscription)):
            answer = client.get(address)
            assert answer.status_code == (200 if role == "auditor" else 403), role
            assert KEY not in answer.content.decode()
        for address in changing:
            assert client.post(address, filled(name="forged", keep=24)).status_code == 403, (role, address)
    assert Subscription.objects.get().name == "仓库ERP"
    assert OutboxMessage.objects.get().status == "sent"
    assert not SettingChange.objects.exists()
