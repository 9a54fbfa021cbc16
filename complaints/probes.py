"""What machines ask: `/healthz`, whether the web is up, and `/readyz`, whether everything behind it is.

Neither asks who is asking, hence neither says anything about people, addresses or errors: codes and numbers only.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from celery import current_app
from django.db import DatabaseError, OperationalError, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from complaints.models import Heartbeat
from complaints.queries import health
from complaints.queries.health import Check

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds that database and broker have together to answer."""

MOST_WAITING = 2
_rooms = {name: threading.BoundedSemaphore(MOST_WAITING) for name in ("database", "broker")}

TOLD_BY_THE_DATABASE = (*Heartbeat.Part.values, "outbox", "dead_letters", "mailboxes", "calendar")


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer that the web is up, without asking the database."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@cache_control(no_store=True)
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer how each part is, in little more than a second even if database and broker hang."""
    found = look()
    status = health.overall(found)
    body = {"status": status, "checks": [_as_json(check) for check in found]}
    return JsonResponse(body, status=503 if status == "failing" else 200)


def look() -> list[Check]:
    """Ask both at once, and wait for both no longer than PATIENCE."""
    now = timezone.now()
    until = time.monotonic() + PATIENCE
    database = _ask("database", lambda: health.checks(now=now))
    broker = _ask("broker", _ping_broker)
    return [*_from_database(database, until), _answer("broker", broker, until)[0]]


def _from_database(asked: "Future[list[Check]]", until: float) -> list[Check]:
    """What it told; if it is silent, nothing is known about what it would have told."""
    own, told = _answer("database", asked, until)
    return [own, *(told or (Check(name, "unknown", failing=True) for name in TOLD_BY_THE_DATABASE))]


def _answer(name: str, asked: "Future[Any]", until: float) -> tuple[Check, Any]:
    try:
        told = asked.result(max(until - time.monotonic(), 0))
    except TimeoutError:
        return Check(name, "timeout", failing=True), None
    except Exception as error:  # whatever went wrong is what is asked for
        log.warning("readyz: %s: %s", name, type(error).__name__)
        return Check(name, _code(error), failing=True), None
    return Check(name), told


def _code(error: Exception) -> str:
    """Silent, answering with an error, or not there at all."""
    if "Timeout" in type(error).__name__:
        return "timeout"
    answered = isinstance(error, DatabaseError) and not isinstance(error, OperationalError)
    return "error" if answered else "unreachable"


def _ask(name: str, question: Callable[[], Any]) -> "Future[Any]":
    """Put a question in a thread that may be left behind.

    The limits of the drivers do not suffice: the pool waits 10 s for a connection, a statement's time limit is kept by
    the very server that hangs, and a half-open connection answers to nobody. A thread that is left behind ends when the
    driver gives up; while MOST_WAITING of them wait, nobody asks again, so that a monitor does not fill the web with
    threads, nor the pool with people waiting.
    """
    answer: Future[Any] = Future()
    room = _rooms[name]
    if room.acquire(blocking=False):
        threading.Thread(target=_find_out, args=(question, answer, room), name=f"readyz-{name}", daemon=True).start()
    return answer


def _find_out(question: Callable[[], Any], answer: "Future[Any]", room: threading.BoundedSemaphore) -> None:
    try:
        answer.set_result(question())
    except Exception as error:  # told to whoever waits
        answer.set_exception(error)
    finally:
        try:
            # The connection is this thread's own, and goes back to the pool with it.
            connections.close_all()
        finally:
            room.release()


def _ping_broker() -> None:
    """Open a connection, which pings. By the transport, for the connection's own ways to connect all try again."""
    with current_app.connection_for_write() as connection:
        transport = connection.transport
        try:
            transport.establish_connection()
        finally:
            transport.close_connection(transport)


def _as_json(check: Check) -> dict[str, Any]:
    return {"name": check.name, "ok": not check.failing, "reason": check.reason} | check.numbers


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
