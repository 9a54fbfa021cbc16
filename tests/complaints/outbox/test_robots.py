"""Robots are told in the words of their platform, and what a platform answers decides about the message."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.conf import settings as installation
from pytest_django.fixtures import Settings

from complaints.models import OutboxMessage, Robot
from complaints.outbox import delivery, plain, wire
from complaints.outbox.robots import check
from complaints.outbox.robots.requests import MOST_BYTES, request
from tests.chat_server import KEY, SECRET, ChatServer
from tests.complaints.outbox.rows import LONG_AGO, expire, fresh, make_due
from tests.config.running_desk import free_port
from tests.crashes import Crash, every_crash
from tests.mail_server import MailServer

Make = Callable[..., OutboxMessage]
KINDS = ["wecom", "dingtalk", "feishu", "webhook"]


@pytest.fixture
def server_of(settings: Settings) -> Iterator[Callable[[str], ChatServer]]:
    """`server_of("wecom")` starts a server that plays this platform in the own network."""
    servers: list[ChatServer] = []

    def start(kind: str) -> ChatServer:
        server = ChatServer(kind).__enter__()
        servers.append(server)
        settings.AMENDS_WEBHOOK_TRUSTED_HOSTS = [one.host for one in servers]
        return server

    yield start
    for server in servers:
        server.__exit__()


@pytest.fixture
def robot_at(db: None) -> Callable[..., Robot]:
    """`robot_at(server)` is a robot of that server's kind."""

    def make(server: ChatServer, **values: Any) -> Robot:
        given = {
            "name": f"售后群{Robot.objects.count()}", "kind": server.kind, "url": server.url, "secret": SECRET,
        } | values  # fmt: skip
        return Robot.objects.create(**given)

    return make


@pytest.fixture
def told(message: Make) -> Make:
    """`told(robot)` writes a message to the robot that is due."""

    def make(robot: Robot, **values: Any) -> OutboxMessage:
        return message(**{"robot": robot, "channel": "robot", "address": robot.name} | values)

    return make


def platform_says(code: int, kind: str, text: str = "") -> tuple[int, dict[str, str], bytes]:
    data = {"code": code, "msg": text} if kind == "feishu" else {"errcode": code, "errmsg": text}
    return 200, {}, json.dumps(data).encode()


def minutes_until(row: OutboxMessage) -> float:
    return (row.next_attempt_at - datetime.now(UTC)) / timedelta(minutes=1)


# ------------------------------------------------------------------ formats


@pytest.mark.parametrize("kind", KINDS)
def test_platform_takes_the_message_and_reads_subject_and_text(
    kind: str, server_of: Any, robot_at: Any, told: Make
) -> None:
    server = server_of(kind)
    row = told(robot_at(server), subject="P1 首次回复还剩 30 分钟", body="A20261125-0001\n买家 王某")
    assert delivery.deliver() == 1
    assert server.refused == []
    (taken,) = server.taken
    text = json.dumps(taken, ensure_ascii=False)
    assert "P1 首次回复还剩 30 分钟" in text
    assert "买家 王某" in text
    assert (fresh(row).status, fresh(row).last_error) == ("sent", "")
    assert fresh(row).data_started_at


@pytest.mark.parametrize("kind", ["dingtalk", "feishu", "webhook"])
def test_platform_refuses_a_wrong_signature_and_the_reason_names_no_secret(
    kind: str, server_of: Any, robot_at: Any, told: Make
) -> None:
    server = server_of(kind)
    row = told(robot_at(server, secret="another secret"))
    delivery.deliver()
    assert server.taken == []
    row = fresh(row)
    assert (row.status, row.attempt) == ("dead", 1)
    assert row.last_error
    assert KEY not in row.last_error
    assert "another secret" not in row.last_error


@pytest.mark.parametrize("kind", ["wecom", "feishu"])
def test_a_robot_without_secret_is_told_unsigned(kind: str, robot_at: Any, server_of: Any, told: Make) -> None:
    robot = robot_at(server_of(kind), secret=None)
    asked = request(robot, told(robot), now=datetime(2026, 11, 25, tzinfo=UTC))
    assert "sign" not in json.loads(asked.body)
    assert asked.url == robot.url


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_text_is_cut_to_the_platforms_limit_between_two_characters(
    kind: str, server_of: Any, robot_at: Any, told: Make
) -> None:
    server = server_of(kind)
    told(robot_at(server), subject="题" * 66, body='"汉\n' * 20_000)
    delivery.deliver()
    assert server.refused == []
    assert "…" in json.dumps(server.taken[0], ensure_ascii=False)


def test_webhook_says_what_happened_and_keeps_its_id(server_of: Any, robot_at: Any, told: Make) -> None:
    server = server_of("webhook")
    row = told(robot_at(server), dedup_key="alert:7:3", message_id="<0a1b@desk.example>", body="[原文] @all")
    server.answers = [(500, {}, b"")]
    delivery.deliver()
    make_due()
    delivery.deliver()
    first, second = server.taken
    assert first == second
    assert (first["id"], first["type"]) == ("0a1b", "alert")
    assert first["data"] == {
        "subject": row.subject,
        "text": "[原文] @all",
        "complaint": row.complaint.number,  # type: ignore[union-attr]
        "robot": row.robot.name,  # type: ignore[union-attr]
    }
    assert datetime.fromisoformat(first["created_at"]) == row.created_at


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
@pytest.mark.parametrize(
    "attack",
    [
        "<@all>", "<@zhangsan>", '<at user_id="all">所有人</at>', "@all", "@13800000000",
        "[退款](https://evil.example)", "![](https://evil.example/x.png)", "https://evil.example",
        '<font color="warning">', "**粗**", "`x`", "# 题", "&lt;@all&gt;", "\u202egnp", "a\u200bb",
    ],
)  # fmt: skip
def test_what_a_customer_wrote_calls_nobody_and_links_nowhere(
    kind: str, attack: str, server_of: Any, robot_at: Any, told: Make
) -> None:
    server = server_of(kind)
    told(robot_at(server), subject=attack, body=attack)
    delivery.deliver()
    (taken,) = server.taken
    content = taken.get("markdown", taken.get("content"))
    text = content.get("content", content.get("text"))
    written = text.removeprefix("**").replace("**\n", "\n", 1).replace("**  \n", "\n", 1)
    assert not set("<>[]@`#*&\u202e\u200b") & set(written)
    assert "://" not in written
    assert not set("<>[]@`#*&") & set(content.get("title", ""))


def test_the_link_to_the_case_stays_a_link() -> None:
    link = f"{installation.AMENDS_BASE_URL}/admin/complaints/complaint/12/change/?tab=a_b"
    assert plain.harmless(f"看 {link} 或 https://evil.example/{link}").startswith(
        f"看 {link} 或 https：//evil.example/"
    )
    false_friend = installation.AMENDS_BASE_URL + ".evil.example/"
    assert "://" not in plain.harmless(false_friend)


@pytest.mark.parametrize("most", range(3, 20))
def test_cutting_breaks_no_character(most: int) -> None:
    text = plain.cut("汉𠮷a字é" * 3, most)
    assert len(text.encode()) <= most
    assert "\ufffd" not in text
    assert text.endswith("…")


def test_text_that_fits_is_not_cut() -> None:
    assert plain.cut("汉字", 6) == "汉字"


# ------------------------------------------------------------------ answers


@pytest.mark.parametrize(
    ("kind", "code"),
    [("wecom", 93000), ("wecom", 40058), ("dingtalk", 300001), ("dingtalk", 310000), ("feishu", 19024), ("feishu", 1)],
)
def test_refusal_for_good_is_dead_at_once_with_a_reason_in_words(
    kind: str, code: int, server_of: Any, robot_at: Any, told: Make
) -> None:
    server = server_of(kind)
    row = told(robot_at(server, language="en"))
    server.answers = [platform_says(code, kind, f"bad {KEY}")]
    delivery.deliver()
    row = fresh(row)
    assert (row.status, row.attempt) == ("dead", 1)
    assert str(code) in row.last_error
    assert " " in row.last_error
    assert KEY not in row.last_error


@pytest.mark.parametrize(
    ("kind", "code", "pause"),
    [("wecom", 45009, 1), ("dingtalk", 130101, 10), ("feishu", 11232, 1), ("feishu", 9499, 1)],
)
def test_too_many_messages_put_the_others_of_the_robot_off_without_an_attempt(
    kind: str, code: int, pause: int, server_of: Any, robot_at: Any, told: Make
) -> None:
    server = server_of(kind)
    robot = robot_at(server)
    rows = [told(robot) for _ in range(3)]
    server.answers = [platform_says(0, kind), platform_says(code, kind)]
    assert delivery.deliver() == 2
    assert [(fresh(row).status, fresh(row).attempt) for row in rows] == [("sent", 1), ("pending", 1), ("pending", 0)]
    assert all(pause - 1 < minutes_until(fresh(row)) <= pause for row in rows[1:])
    assert len(server.taken) == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "planned",
    [
        (500, {}, b"oops"),
        (503, {}, b""),
        (429, {}, b""),
        (408, {}, b""),
        lambda handler: handler.connection.close(),
        lambda handler: handler.wfile.write(b"hello?\r\n\r\n"),
    ],
    ids=["500", "503", "429", "408", "hang up", "no HTTP"],
)
def test_trouble_over_there_is_tried_again(kind: str, planned: Any, server_of: Any, robot_at: Any, told: Make) -> None:
    server = server_of(kind)
    row = told(robot_at(server))
    server.answers = [planned]
    delivery.deliver()
    assert (fresh(row).status, fresh(row).attempt) == ("pending", 1)
    make_due()
    delivery.deliver()
    assert (fresh(row).status, fresh(row).attempt) == ("sent", 2)


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b'{"errcode": "0"}', b'{"code": [0]}', b"{}", b"\xff", b"[" * 50_000]
)
def test_garbled_answer_is_no_yes(kind: str, body: bytes, server_of: Any, robot_at: Any, told: Make) -> None:
    server = server_of(kind)
    row = told(robot_at(server))
    server.answers = [(200, {}, body)]
    delivery.deliver()
    assert (fresh(row).status, fresh(row).attempt) == ("pending", 1)


def test_a_nul_in_what_the_other_side_says_is_no_poison(server_of: Any, robot_at: Any, told: Make) -> None:
    """PostgreSQL stores none: without its reason the row could never be finished."""
    server = server_of("webhook")
    server.answers.append(lambda handler: handler.wfile.write(b"HT\0TP no answer\r\n\r\n"))
    row = told(robot_at(server))
    delivery.deliver()
    assert fresh(row).status == "pending"
    assert "HT TP" in fresh(row).last_error


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_not_followed(kind: str, status: int, server_of: Any, robot_at: Any, told: Make) -> None:
    server, inside = server_of(kind), server_of("webhook")
    row = told(robot_at(server))
    server.answers = [(status, {"Location": inside.url}, b"")]
    delivery.deliver()
    assert fresh(row).status == "dead"
    assert inside.taken == inside.refused == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_webhook_that_says_no_is_dead(status: int, server_of: Any, robot_at: Any, told: Make) -> None:
    server = server_of("webhook")
    row = told(robot_at(server))
    server.answers = [(status, {}, b"")]
    delivery.deliver()
    assert fresh(row).status == "dead"
    assert str(status) in fresh(row).last_error


def test_endless_answer_is_not_read_to_its_end(server_of: Any, robot_at: Any, told: Make) -> None:
    server = server_of("webhook")
    row = told(robot_at(server))
    server.answers = [(200, {}, b"x" * (wire.MOST_BYTES + 1))]
    delivery.deliver()
    assert fresh(row).status == "pending"
    assert "too long" in fresh(row).last_error


def drip(handler: BaseHTTPRequestHandler, over: Any) -> None:
    """A byte now and then, so that no single wait is long."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not over.wait(0.02):
        try:
            handler.wfile.write(b" ")
        except OSError:
            return


@pytest.mark.parametrize("dripping", [False, True])
def test_answer_that_does_not_come_costs_a_moment(
    dripping: bool, server_of: Any, robot_at: Any, told: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "TOTAL_SECONDS", 0.3)
    server = server_of("webhook")
    row = told(robot_at(server))
    server.answers = [lambda handler: drip(handler, server.over) if dripping else server.over.wait(30)]
    delivery.deliver()
    assert (fresh(row).status, fresh(row).attempt) == ("pending", 1)
    assert "too long" in fresh(row).last_error


# ------------------------------------------------------------------ pace and faults


def test_robot_says_no_more_in_a_minute_than_its_platform_allows(server_of: Any, robot_at: Any, told: Make) -> None:
    server = server_of("dingtalk")
    robot = robot_at(server)
    rows = [told(robot) for _ in range(25)]
    delivery.deliver()
    delivery.deliver()
    assert len(server.taken) == 18
    assert [fresh(row).attempt for row in rows] == [1] * 18 + [0] * 7
    assert 0 < minutes_until(fresh(rows[-1])) <= 1
    OutboxMessage.objects.filter(status="sent").update(data_started_at=LONG_AGO)
    make_due()
    delivery.deliver()
    assert {fresh(row).status for row in rows} == {"sent"}


def test_robot_that_is_away_holds_up_neither_mail_nor_other_robots(
    server_of: Any, robot_at: Any, told: Make, message: Make, smtp: MailServer
) -> None:
    server = server_of("wecom")
    away = robot_at(server, url=f"http://127.0.0.1:{free_port()}/cgi-bin/webhook/send?key={KEY}")
    installation.AMENDS_WEBHOOK_TRUSTED_HOSTS.append("127.0.0.1")
    lost = [told(away), told(away)]
    others = [message(), told(robot_at(server)), message()]
    delivery.deliver()
    assert [fresh(row).status for row in others] == ["sent"] * 3
    assert [(fresh(row).status, fresh(row).attempt) for row in lost] == [("pending", 1), ("pending", 0)]
    assert all(minutes_until(fresh(row)) > 0 for row in lost)


def test_mail_server_that_is_away_holds_up_no_robot(
    server_of: Any, robot_at: Any, told: Make, message: Make, smtp: MailServer, settings: Settings
) -> None:
    settings.EMAIL_PORT = free_port()
    mails = [message() for _ in range(2)]
    row = told(robot_at(server_of("wecom")))
    delivery.deliver()
    assert fresh(row).status == "sent"
    assert [fresh(mail).attempt for mail in mails] == [1, 0]


def test_robot_that_is_switched_off_is_told_nothing_and_its_messages_are_held(
    server_of: Any, robot_at: Any, told: Make
) -> None:
    server = server_of("wecom")
    rows = [told(robot_at(server, active=False)) for _ in range(2)]
    delivery.deliver()
    assert {(fresh(row).status, fresh(row).attempt) for row in rows} == {("held", 0)}
    assert server.taken == []


def test_log_and_reason_name_neither_address_nor_secret(
    server_of: Any, robot_at: Any, told: Make, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = server_of("dingtalk")
    robot = robot_at(server)
    row = told(robot)

    def burst(self: Any, path: str, *arguments: Any) -> Any:
        raise OSError(f"cannot reach {robot.url} nor {path} with {SECRET}")

    monkeypatch.setattr(wire.Wire, "post", burst)
    with caplog.at_level(logging.DEBUG):
        delivery.deliver()
    for text in (fresh(row).last_error, caplog.text):
        assert KEY not in text
        assert SECRET not in text


@pytest.mark.django_db(transaction=True)
def test_no_crash_loses_a_message_to_a_robot(server_of: Any, robot_at: Any, told: Make) -> None:
    server = server_of("webhook")
    robot = robot_at(server)

    def prepare() -> list[OutboxMessage]:
        OutboxMessage.objects.all().delete()
        server.taken.clear()
        return [told(robot), told(robot)]

    for rows in every_crash(prepare, delivery.deliver):
        begun = OutboxMessage.objects.filter(status="sending", data_started_at__isnull=False).count()
        expire()
        while delivery.deliver():
            make_due()
        assert {fresh(row).status for row in rows} == {"sent"}
        times = [one["id"] for one in server.taken]
        assert len(set(times)) == 2
        assert len(times) <= 2 + begun <= 3


@pytest.mark.django_db(transaction=True)
def test_worker_that_dies_while_it_waits_for_the_answer_tells_once_more(
    server_of: Any, robot_at: Any, told: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = server_of("wecom")
    row = told(robot_at(server))
    post = wire.Wire.post

    def dies(self: Any, *arguments: Any) -> Any:
        post(self, *arguments)
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(wire.Wire, "post", dies)
        with pytest.raises(Crash):
            delivery.deliver()
    assert fresh(row).data_started_at
    expire()
    delivery.deliver()
    assert (fresh(row).status, len(server.taken)) == ("sent", 2)


# ------------------------------------------------------------------ addresses of the platforms


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("wecom", f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"),
        ("dingtalk", f"https://oapi.dingtalk.com/robot/send?access_token={KEY}"),
        ("feishu", f"https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}"),
        ("feishu", f"https://open.larksuite.com/open-apis/bot/v2/hook/{KEY}"),
        ("webhook", "https://hooks.example.com/amends?x=1"),
    ],
)
def test_documented_addresses_are_taken(kind: str, url: str) -> None:
    assert check(kind, url).scheme == "https"


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("wecom", "https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key=1"),
        ("wecom", "https://qyapi.weixin.qq.com@evil.example/cgi-bin/webhook/send?key=1"),
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/message/send?key=1"),
        ("wecom", "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1"),
        ("wecom", "https://qyapi.weixin.qq.com:8443/cgi-bin/webhook/send?key=1"),
        ("dingtalk", "https://open.feishu.cn/open-apis/bot/v2/hook/1"),
        ("feishu", "https://oapi.dingtalk.com/robot/send?access_token=1"),
    ],
)
def test_robots_of_a_platform_are_nowhere_else(kind: str, url: str) -> None:
    with pytest.raises(wire.Forbidden):
        check(kind, url)


def test_limits_are_known_for_every_kind() -> None:
    assert set(MOST_BYTES) == set(Robot.Kind)
