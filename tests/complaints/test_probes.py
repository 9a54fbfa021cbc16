"""What machines are told, and how soon, whatever hangs behind the web."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import current_app
from django.conf import settings as desk
from django.db import OperationalError, ProgrammingError
from django.test import Client

from complaints import probes
from complaints.queries import health
from complaints.queries.health import Check

AT_MOST = 1.5 + 0.5
"""Seconds of a whole answer; half a second for a machine that is busy with other tests."""

NAMES = ["database", "sweep", "deliver", "mend", "outbox", "dead_letters", "mailboxes", "calendar", "broker"]


@pytest.fixture(autouse=True)
def _rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is left waiting from the test before."""
    monkeypatch.setattr(probes, "_rooms", {name: threading.BoundedSemaphore(2) for name in probes._rooms})


@pytest.fixture
def well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Database and broker say that all is well."""
    told = [Check(name) for name in probes.TOLD_BY_THE_DATABASE]
    monkeypatch.setattr(health, "checks", lambda *, now: told)
    monkeypatch.setattr(probes, "_ping_broker", lambda: None)


@pytest.fixture
def hanging() -> Iterator[Callable[..., Any]]:
    """A question that is answered when the test is over."""
    over = threading.Event()
    yield lambda **how: over.wait(30)
    over.set()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def ask(client: Client) -> tuple[int, str, dict[str, str]]:
    """(HTTP status, overall status, reasons by name) of an answer that came in time."""
    begun = time.monotonic()
    answer = client.get("/readyz")
    assert time.monotonic() - begun < AT_MOST
    body = json.loads(answer.content)
    assert [check["name"] for check in body["checks"]] == NAMES
    return answer.status_code, body["status"], {check["name"]: check["reason"] for check in body["checks"]}


def use_broker(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    connect = current_app.connection_for_write
    monkeypatch.setattr(current_app, "connection_for_write", lambda: connect(url))


@pytest.mark.usefixtures("well")
def test_all_is_well(client: Client) -> None:
    assert ask(client) == (200, "ok", dict.fromkeys(NAMES, ""))


@pytest.mark.usefixtures("well")
def test_a_warning_is_no_failure(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [Check(name, "undelivered" if name == "dead_letters" else "") for name in probes.TOLD_BY_THE_DATABASE]
    monkeypatch.setattr(health, "checks", lambda *, now: told)
    assert ask(client)[:2] == (200, "degraded")


@pytest.mark.usefixtures("well")
def test_a_database_that_hangs_is_waited_for_a_second(
    client: Client, monkeypatch: pytest.MonkeyPatch, hanging: Callable[..., Any]
) -> None:
    monkeypatch.setattr(health, "checks", hanging)
    status, overall, reasons = ask(client)
    assert (status, overall) == (503, "failing")
    assert reasons == dict.fromkeys(NAMES, "unknown") | {"database": "timeout", "broker": ""}


@pytest.mark.usefixtures("well")
def test_a_monitor_that_asks_again_and_again_leaves_few_threads_behind(
    client: Client, monkeypatch: pytest.MonkeyPatch, hanging: Callable[..., Any]
) -> None:
    monkeypatch.setattr(health, "checks", hanging)
    monkeypatch.setattr(probes, "PATIENCE", 0.05)
    for _n in range(6):
        assert ask(client)[2]["database"] == "timeout"
    assert sum(thread.name == "readyz-database" for thread in threading.enumerate()) == probes.MOST_WAITING


@pytest.mark.usefixtures("well")
@pytest.mark.parametrize(
    ("error", "reason"),
    [(OperationalError("no route to 10.0.0.7"), "unreachable"), (ProgrammingError("no such table"), "error")],
)
def test_a_database_that_is_away_or_broken_is_said_in_a_code_only(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def fail(*, now: Any) -> None:
        raise error

    monkeypatch.setattr(health, "checks", fail)
    assert ask(client)[2]["database"] == reason
    assert str(error) not in client.get("/readyz").content.decode()


def test_the_broker_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "checks", lambda *, now: [Check(name) for name in probes.TOLD_BY_THE_DATABASE])
    use_broker(monkeypatch, "redis://127.0.0.1:1/0")
    assert ask(client) == (503, "failing", dict.fromkeys(NAMES, "") | {"broker": "unreachable"})


def test_a_broker_that_accepts_and_says_nothing_is_waited_for_a_moment(
    client: Client, monkeypatch: pytest.MonkeyPatch, silent_port: int
) -> None:
    monkeypatch.setattr(health, "checks", lambda *, now: [Check(name) for name in probes.TOLD_BY_THE_DATABASE])
    use_broker(monkeypatch, f"redis://127.0.0.1:{silent_port}/0")
    assert ask(client)[2] == dict.fromkeys(NAMES, "") | {"broker": "timeout"}


@pytest.mark.django_db(transaction=True)
def test_the_real_questions_are_asked_in_threads_that_give_their_connection_back(client: Client) -> None:
    """Nothing was set up here: the parts never ran, and there is no calendar."""
    reasons = ask(client)[2]
    assert reasons["database"] == ""
    assert reasons["sweep"] == "never_ran"
    assert reasons["calendar"] == "no_default"


def test_both_answer_without_the_database_and_are_kept_by_nobody(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(probes, "look", list)
    assert client.get("/healthz").content == b"ok"
    assert client.get("/readyz")["Cache-Control"] == "no-store"


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_they_are_asked_and_told_nothing(address: str, client: Client) -> None:
    assert client.post(address).status_code == 405


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_a_monitor_inside_needs_no_https(address: str, client: Client, settings: Any, monkeypatch: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    monkeypatch.setattr(probes, "look", list)
    assert Client().get(address).status_code == 200
    assert Client().get("/admin/").status_code == 301


def test_every_reason_is_explained_with_its_mend() -> None:
    guide = (desk.BASE_DIR / "docs" / "operating.md").read_text(encoding="utf-8")
    reasons = {
        "timeout",
        "unreachable",
        "error",
        "unknown",
        "never_ran",
        "stopped",
        "waiting",
        "undelivered",
        "no_default",
    }
    assert [reason for reason in sorted(reasons | set(health.YEAR_REASONS)) if f"`{reason}`" not in guide] == []
