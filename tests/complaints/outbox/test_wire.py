"""An address that somebody typed leads into the open internet or nowhere."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from complaints.models import OutboxMessage, Robot
from complaints.outbox import delivery, wire
from tests.chat_server import SECRET, ChatServer, certificate
from tests.complaints.outbox.rows import fresh

Make = Callable[..., OutboxMessage]
PUBLIC = "93.184.215.14"


def resolver(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Names lead to these addresses, look-up by look-up; returns the names that were asked for."""
    asked: list[str] = []
    left = list(answers)

    def look_up(host: str, port: int, **how: Any) -> list[Any]:
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found
        ]

    monkeypatch.setattr(wire.socket, "getaddrinfo", look_up)
    return asked


# ------------------------------------------------------------------ what is an address


@pytest.mark.parametrize(
    "url",
    [
        "", "hooks.example.com", "ftp://hooks.example.com/", "file:///etc/passwd", "https://", "https:///path",
        "http://hooks.example.com/", "https://user@hooks.example.com/", "https://user:pass@hooks.example.com/",
        "https://hooks.example.com/#x", "https://hooks.example.com:99999/", "https://hooks.example.com:x/",
        "https://hooks.example.com/a b", "https://hooks.example.com/\r\nHost: evil", "https://[::1/", "https://钩子.example/",
        "https://hooks.example.com/\x00", "javascript:alert(1)", "gopher://hooks.example.com/",
    ],
)  # fmt: skip
def test_what_is_no_address_of_ours_is_refused(url: str) -> None:
    with pytest.raises(wire.Forbidden):
        wire.place(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.5", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "239.255.255.255", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "::", "::1",
        "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1",
        "fec0::1", "192.0.0.8", "192.88.99.1",
    ],
)  # fmt: skip
def test_no_address_inside_is_public(address: str) -> None:
    assert not wire.is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "2606:4700::1111", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"])
def test_an_address_outside_is_public(address: str) -> None:
    assert wire.is_public(address)


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost", "[::1]", "[::ffff:7f00:1]"]
)
def test_odd_spellings_of_our_own_machine_are_seen_through(host: str) -> None:
    with pytest.raises((wire.Forbidden, OSError)):
        wire.look_up(wire.place(f"https://{host}/"))


def test_one_private_address_among_public_ones_is_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, [PUBLIC, "10.0.0.1"])
    with pytest.raises(wire.Forbidden):
        wire.look_up(wire.place("https://hooks.example.com/"))


# ------------------------------------------------------------------ where a message goes


@pytest.fixture
def webhook(db: None, message: Make) -> Callable[[str], OutboxMessage]:
    """`webhook(url)` is a due message to a webhook at that address."""

    def make(url: str) -> OutboxMessage:
        robot = Robot.objects.create(name="总部", kind="webhook", url=url, secret=SECRET, language="en")
        return message(robot=robot, channel="robot", address=robot.name)

    return make


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Addresses that were connected to; nothing leaves this machine."""
    calls: list[Any] = []
    connect = socket.socket.connect

    def noted(self: socket.socket, address: Any) -> None:
        calls.append(address)
        if address[0] != "127.0.0.1":
            raise ConnectionRefusedError("not in a test")
        connect(self, address)

    class Noted(socket.socket):
        def connect(self, address: Any) -> None:
            noted(self, address)

    monkeypatch.setattr(wire.socket, "socket", Noted)
    return calls


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:192.168.0.1"])
def test_name_that_leads_inside_is_not_connected_to(
    address: str, webhook: Any, connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver(monkeypatch, [address])
    row = webhook("https://hooks.example.com/")
    delivery.deliver()
    assert connected == []
    assert fresh(row).status == "dead"
    assert "private network" in fresh(row).last_error


def test_name_that_turns_inside_after_the_check_is_not_followed(
    webhook: Any, connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the first answer is public, every later one is our own machine."""
    asked = resolver(monkeypatch, [PUBLIC], ["127.0.0.1"])
    row = webhook("https://hooks.example.com/")
    delivery.deliver()
    assert asked == ["hooks.example.com"]
    assert connected == [(PUBLIC, 443)]
    assert (fresh(row).status, fresh(row).data_started_at) == ("pending", None)


def test_http_is_refused_although_a_row_says_so(webhook: Any, connected: list[Any]) -> None:
    row = webhook("http://hooks.example.com/")
    delivery.deliver()
    assert (fresh(row).status, connected) == ("dead", [])


def test_first_address_that_answers_is_taken(
    webhook: Any, connected: list[Any], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    with ChatServer("webhook") as server:
        settings.AMENDS_WEBHOOK_TRUSTED_HOSTS = ["hooks.example"]
        resolver(monkeypatch, [PUBLIC, "127.0.0.1"])
        row = webhook(f"http://hooks.example:{server.port}{server.path}")
        delivery.deliver()
        assert fresh(row).status == "sent"
        assert server.headers[0]["Host"] == f"hooks.example:{server.port}"


# ------------------------------------------------------------------ TLS


@pytest.mark.parametrize(("name", "status"), [("hooks.example", "sent"), ("other.example", "pending")])
def test_certificate_must_be_of_the_name_that_was_typed(
    name: str, status: str, webhook: Any, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    """The address is pinned, the name is still the one that the server has to prove."""
    shown, believing = certificate(name, tmp_path)
    with ChatServer("webhook", shown) as server:
        monkeypatch.setattr(wire, "_tls", lambda: believing)
        settings.AMENDS_WEBHOOK_TRUSTED_HOSTS = [f"hooks.example:{server.port}"]
        resolver(monkeypatch, ["127.0.0.1"])
        row = webhook(f"https://hooks.example:{server.port}{server.path}")
        delivery.deliver()
        assert fresh(row).status == status
        assert len(server.taken) == (status == "sent")


def test_certificate_that_nobody_vouches_for_is_not_believed(
    webhook: Any, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    shown, _believing = certificate("hooks.example", tmp_path)
    with ChatServer("webhook", shown) as server:
        settings.AMENDS_WEBHOOK_TRUSTED_HOSTS = ["hooks.example"]
        resolver(monkeypatch, ["127.0.0.1"])
        row = webhook(f"https://hooks.example:{server.port}{server.path}")
        delivery.deliver()
        assert (fresh(row).status, fresh(row).data_started_at) == ("pending", None)
        assert server.taken == []


def test_handshake_that_does_not_come_costs_a_moment(
    webhook: Any, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(wire, "TOTAL_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings.AMENDS_WEBHOOK_TRUSTED_HOSTS = ["hooks.example"]
        resolver(monkeypatch, ["127.0.0.1"])
        row = webhook(f"https://hooks.example:{port}/")
        delivery.deliver()
    assert (fresh(row).status, fresh(row).attempt) == ("pending", 1)
