"""Robots are set up by managers; what gives power over one goes in and never out."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from complaints.models import OutboxMessage, Robot, SettingChange
from complaints.outbox import delivery, enqueue
from complaints.roles import ROLES
from tests.chat_server import KEY, SECRET, ChatServer
from tests.factories.auth import StaffFactory

pytestmark = pytest.mark.django_db

URL = f"https://oapi.dingtalk.com/robot/send?access_token={KEY}"
ADD, LIST = reverse("admin:complaints_robot_add"), reverse("admin:complaints_robot_changelist")


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enqueue, "wake", lambda: None)


@pytest.fixture
def robot(shop: Any) -> Robot:
    made = Robot.objects.create(name="售后群", kind="dingtalk", url=URL, secret=SECRET)
    made.shops.add(shop)
    return made


@pytest.fixture
def manager(user_with: Callable[..., Any]) -> Any:
    return user_with("shop_manager")


def page_of(robot: Robot) -> str:
    return reverse("admin:complaints_robot_change", args=[robot.pk])


def button_of(robot: Robot) -> str:
    """Where the button for a test message leads."""
    return reverse("admin:complaints_robot_test", args=[robot.pk])


def filled(**values: Any) -> dict[str, Any]:
    return {
        "name": "客服主管群", "kind": "dingtalk", "new_url": URL, "new_secret": SECRET, "language": "zh-hans",
        "active": "on", "shops": [], "members": [],
    } | values  # fmt: skip


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 422
    return answer.context["adminform"].form.errors


# ------------------------------------------------------------------ setting up


def test_manager_adds_a_robot_and_the_record_names_no_secret(
    manager: Any, shop: Any, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    given = filled(shops=[shop.pk], members=[agent.pk])
    assert client_for(manager).post(ADD, given).status_code == 302
    robot = Robot.objects.get()
    assert (robot.url, robot.secret, list(robot.shops.all()), list(robot.members.all())) == (
        URL,
        SECRET,
        [shop],
        [agent],
    )
    change = SettingChange.objects.get()
    assert (change.actor, change.subject, change.subject_id, change.name) == (manager, "robot", robot.pk, "客服主管群")
    assert (change.changes["url"], change.changes["secret"]) == (["", "***"], ["", "***"])
    assert change.changes["members"] == [None, [agent.username]]
    assert KEY not in str(change.changes)
    assert SECRET not in str(change.changes)


def test_address_and_secret_stay_when_left_empty_and_are_never_shown(
    manager: Any, robot: Robot, client_for: Callable[[Any], Client]
) -> None:
    client = client_for(manager)
    page = client.get(page_of(robot)).content.decode()
    assert "oapi.dingtalk.com" in page
    client.post(page_of(robot), filled(name="改名", new_url="", new_secret=""))
    robot.refresh_from_db()
    assert (robot.name, robot.url, robot.secret) == ("改名", URL, SECRET)
    assert set(SettingChange.objects.get().changes) == {"name", "shops"}
    listed = client.get(LIST).content.decode()
    refused = client.post(
        page_of(robot), filled(kind="wecom", new_url="", new_secret="typed-just-now")
    ).content.decode()
    for shown in (page, listed, refused):
        assert KEY not in shown
        assert SECRET not in shown
        assert "typed-just-now" not in shown


def test_nothing_changed_is_nothing_recorded(manager: Any, robot: Robot, client_for: Callable[[Any], Client]) -> None:
    same = filled(name=robot.name, new_url="", new_secret="", shops=[shop.pk for shop in robot.shops.all()])
    client_for(manager).post(page_of(robot), same)
    assert not SettingChange.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"new_url": ""}, "new_url"),
        ({"new_url": "oapi.dingtalk.com/robot"}, "new_url"),
        ({"new_url": URL.replace("https", "http")}, "new_url"),
        ({"new_url": "https://evil.example/robot/send?access_token=1"}, "new_url"),
        ({"kind": "feishu"}, "new_url"),
        ({"kind": "webhook", "new_url": "https://127.0.0.1/hook"}, "new_url"),
        ({"kind": "webhook", "new_url": "https://[::1]/hook"}, "new_url"),
        ({"kind": "webhook", "new_url": "https://10.0.0.7/hook"}, "new_url"),
        ({"kind": "webhook", "new_url": "https://169.254.169.254/latest"}, "new_url"),
        ({"kind": "webhook", "new_url": "https://93.184.215.14/hook", "new_secret": ""}, "new_secret"),
        ({"kind": "carrier pigeon"}, "kind"),
        ({"name": ""}, "name"),
        ({"name": "名" * 61}, "name"),
        ({"new_url": URL + "a" * 500}, "new_url"),
        ({"language": "xx"}, "language"),
        ({"members": ["99999"]}, "members"),
        ({"shops": ["x"]}, "shops"),
    ],
)
def test_bad_input_is_told_at_its_field_and_what_was_typed_stays(
    values: dict[str, Any], field: str, manager: Any, client_for: Callable[[Any], Client]
) -> None:
    answer = client_for(manager).post(ADD, filled(**values))
    assert field in errors(answer)
    assert filled(**values)["name"] in answer.content.decode()
    assert not Robot.objects.exists()
    assert not SettingChange.objects.exists()


def test_only_present_staff_are_members(manager: Any, client_for: Callable[[Any], Client]) -> None:
    for person in (StaffFactory(customer_account=True), StaffFactory(gone=True)):
        assert "members" in errors(client_for(manager).post(ADD, filled(members=[person.pk])))


# ------------------------------------------------------------------ the test message


@pytest.mark.parametrize("field", ["members", "shops"])
def test_an_id_that_no_database_holds_is_a_wrong_choice(
    field: str, manager: Any, client_for: Callable[[Any], Client]
) -> None:
    assert field in errors(client_for(manager).post(ADD, filled(**{field: ["9" * 30]})))


def test_test_message_goes_the_way_of_all_messages(
    manager: Any, robot: Robot, client_for: Callable[[Any], Client], settings: Settings
) -> None:
    with ChatServer("dingtalk") as server:
        settings.AMENDS_WEBHOOK_TRUSTED_HOSTS = [server.host]
        Robot.objects.update(url=server.url)
        answer = client_for(manager).post(button_of(robot))
        message = OutboxMessage.objects.get()
        assert (message.status, message.channel, message.robot, message.recipient) == (
            "pending",
            "robot",
            robot,
            manager,
        )
        delivery.deliver()
        assert len(server.taken) == 1
    page = client_for(manager).get(answer["Location"]).content.decode()
    assert "售后群" in page
    assert KEY not in page
    assert client_for(manager).get(reverse("admin:complaints_outboxmessage_changelist")).status_code == 200


def test_failed_message_to_a_robot_is_sent_again(
    manager: Any, robot: Robot, client_for: Callable[[Any], Client]
) -> None:
    client = client_for(manager)
    client.post(button_of(robot))
    OutboxMessage.objects.update(status="dead")
    message = OutboxMessage.objects.get()
    client.post(reverse("admin:complaints_outboxmessage_resend", args=[message.pk]))
    assert OutboxMessage.objects.get().status == "pending"


def test_looking_sends_nothing(manager: Any, robot: Robot, client_for: Callable[[Any], Client]) -> None:
    assert client_for(manager).get(button_of(robot)).status_code == 302
    assert not OutboxMessage.objects.exists()


# ------------------------------------------------------------------ who may


@pytest.mark.parametrize("role", [role for role in ROLES if role != "shop_manager"])
def test_nobody_else_sees_or_changes_robots(
    role: str, robot: Robot, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    client = client_for(user_with(role))
    for address in (LIST, ADD, page_of(robot)):
        assert client.get(address).status_code == 403
    assert client.post(ADD, filled()).status_code == 403
    assert client.post(page_of(robot), filled()).status_code == 403
    assert client.post(button_of(robot)).status_code == 403
    assert (Robot.objects.get().name, OutboxMessage.objects.count()) == ("售后群", 0)


def test_robots_cannot_be_deleted(manager: Any, robot: Robot, client_for: Callable[[Any], Client]) -> None:
    answer = client_for(manager).post(reverse("admin:complaints_robot_delete", args=[robot.pk]), {"post": "yes"})
    assert answer.status_code == 403
    assert Robot.objects.exists()


def test_forms_from_elsewhere_are_refused(manager: Any, robot: Robot) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(manager, backend="django.contrib.auth.backends.ModelBackend")
    for address in (ADD, page_of(robot), button_of(robot)):
        assert client.post(address, filled()).status_code == 403
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("unseen", ["99999", "0"])
def test_test_of_a_robot_that_is_not_there_is_refused(
    unseen: str, manager: Any, client_for: Callable[[Any], Client]
) -> None:
    assert client_for(manager).post(f"/admin/complaints/robot/{unseen}/test/").status_code == 403


def test_messages_without_a_case_are_seen_by_whom_they_concern(
    robot: Robot, shop: Any, user_with: Callable[..., Any]
) -> None:
    member, stranger = user_with("agent"), user_with("agent", shops=[])
    common: dict[str, Any] = {"audience": "staff", "body": "x", "subject": "汇总", "created_at": "2026-11-20T02:00Z"}
    enqueue.enqueue(
        [
            OutboxMessage(dedup_key="digest:1", recipient=member, address="m@staff.example", **common),
            OutboxMessage(dedup_key="digest:2", recipient=stranger, address="s@staff.example", **common),
            OutboxMessage(dedup_key="test:3", robot=robot, **common),
        ]
    )

    def seen(user: Any) -> set[str]:
        return set(OutboxMessage.objects.visible_to(user).values_list("dedup_key", flat=True))

    assert seen(member) == {"digest:1", "test:3"}
    assert seen(stranger) == {"digest:2"}
    assert seen(user_with("auditor")) == {"digest:1", "digest:2", "test:3"}
    assert seen(user_with("auditor", is_active=False)) == set()
