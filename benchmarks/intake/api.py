"""Complaints a second by the API, beside less and less: the same rows without a look, a bare view, a bare INSERT."""

import argparse
import contextlib
import cProfile
import http.client
import itertools
import json
import os
import pstats
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from psycopg import sql

from benchmarks import desk
from benchmarks.sizes import SERVER

BASE = Path(__file__).resolve().parent.parent.parent
DATABASE = "amends_bench_intake"
THREADS, REQUESTS, WARM_UP = 8, 160, 40
PROFILED = 150
KEPT_OPEN = 1.0
"""Seconds without a request after which a connection is opened anew; the web closes it after two."""
WANTED = "0.4"

STEPS = {
    "the key, and its pace": ("keys.py", "authenticate"),
    "reading and checking JSON": ("models.py", "resolve"),
    "look whether it was answered before": ("api_answers.py", "recall"),
    "look whose matter it is": ("matters.py", "holder"),
    "write the order": ("intake.py", "_order_of"),
    "lock the keys of the matter": ("matters.py", "take_hold"),
    "find or write the customer": ("customers.py", "twice"),
    "policy and priority": ("classification.py", "classify"),
    "first clock": ("clocks.py", "first"),
    "number": ("intake.py", "_next_number"),
    "hold the keys of the matter": ("matters.py", "give"),
    "write the clock": ("clocks.py", "start_first"),
    "history": ("locking.py", "record"),
    "keep the answer": ("api_answers.py", "remember"),
}
"""What is told of where the time goes: words, and the function whose whole time it is."""

_serial = itertools.count(1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intake.api", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="runs of each subject, interleaved")
    parser.add_argument("--server", default=SERVER, metavar="URL", help="where databases may be created")
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/15", metavar="URL")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the figures into this page")
    arguments = parser.parse_args()
    text = _figures(arguments)
    print(text)
    if arguments.write:
        from benchmarks import report

        report.write(arguments.write, "intake", text)


def _figures(arguments: argparse.Namespace) -> str:
    """All figures as Markdown."""
    address = f"{arguments.server.rpartition('/')[0]}/{DATABASE}"
    with _database(arguments.server):
        os.environ["REDIS_URL"] = arguments.redis
        desk.start_apart(address)
        token, shop = _prepare()
        with _web(address, arguments.redis) as port:
            rates = _measure(port, token, address, shop, arguments.rounds)
        from benchmarks import report

        parts = [f"Complaints by the API. {report.machine()}", _table(rates), _where(token)]
        from django.db import connections

        connections.close_all()
        connections["default"].close_pool()
    return "\n\n".join(parts)


@contextmanager
def _database(server: str) -> Iterator[None]:
    def on_server(statement: str) -> None:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(DATABASE)))

    on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    on_server("CREATE DATABASE {}")
    try:
        yield
    finally:
        on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)")


def _prepare() -> tuple[str, int]:
    """Tables, content, a shop, and a key that may come as often as it likes."""
    from django.core.management import call_command
    from django.utils import timezone

    from complaints.models import ApiKey, Scope, Shop
    from complaints.operations import api_keys

    call_command("migrate", verbosity=0)
    call_command("bootstrap", verbosity=0)
    shop = Shop.objects.create(code="bench", name="bench", platform="taobao")
    key = ApiKey(shop=shop, name="bench", scopes=Scope.values, per_minute=60_000)
    return api_keys.issue(key, actor=None, now=timezone.now()).token, shop.pk


@contextmanager
def _web(address: str, redis: str) -> Iterator[int]:
    """Two web processes by the line of the Procfile."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    line = next(line for line in (BASE / "Procfile").read_text().splitlines() if line.startswith("web:"))
    own = {
        "DATABASE_URL": address, "REDIS_URL": redis, "AMENDS_HOST": "127.0.0.1", "AMENDS_PORT": str(port),
        "AMENDS_WEB_WORKERS": "2", "AMENDS_WEB_THREADS": "4", "DJANGO_SETTINGS_MODULE": "config.settings",
    }  # fmt: skip
    command = line.partition(":")[2].strip().replace("config.wsgi", "benchmarks.intake.served")
    for name, value in own.items():
        command = command.replace(f"${name}", value)
    process = subprocess.Popen(
        [sys.executable, "-m", *command.split()], cwd=BASE, env=os.environ | own, start_new_session=True
    )
    try:
        _wait(port)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def _wait(port: int) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise TimeoutError("the web does not answer")


def _measure(port: int, token: str, address: str, shop: int, rounds: int) -> dict[str, list[float]]:
    """Complaints a second of each round, subjects in turn."""
    subjects: dict[str, list[Callable[[], None]]] = {
        "API": [_by_http(port, "/api/v1/complaints", token) for _ in range(THREADS)],
        "the same rows, nothing looked at": [_by_http(port, "/rows", "") for _ in range(THREADS)],
        "bare view": [_by_http(port, "/bare", "") for _ in range(THREADS)],
        "bare INSERT": [_by_driver(address, shop) for _ in range(THREADS)],
    }
    rates: dict[str, list[float]] = {name: [] for name in subjects}
    for senders in subjects.values():
        _rate(senders, WARM_UP)
    for _round in range(rounds):
        for name, senders in subjects.items():
            rates[name].append(_rate(senders, REQUESTS))
    return rates


def _rate(senders: list[Callable[[], None]], requests: int) -> float:
    """All at once, each its share. Raises what any of them raised."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(len(senders)) as pool:
        for done in [pool.submit(_several, send, requests // len(senders)) for send in senders]:
            done.result()
    return requests / (time.perf_counter() - begun)


def _several(send: Callable[[], None], times: int) -> None:
    for _ in range(times):
        send()


def _body(serial: int) -> bytes:
    """A whole complaint about an order and by a person that nobody knew."""
    sent = {
        "text": "杯子到手就碎了，请补发。", "demand": "补发一个", "issue_type": "LOGI-03",
        "order_number": f"20261122{serial:010d}", "product": "手工玻璃杯 350 ml", "amount": "59.90",
        "person": {"name": "王小明", "phone": f"188{serial:08d}", "buyer_id": f"tb_{serial}"},
    }  # fmt: skip
    return json.dumps(sent, ensure_ascii=False).encode()


def _headers(token: str, serial: int) -> dict[str, str]:
    own = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"bench-{serial}"} if token else {}
    return {"Content-Type": "application/json"} | own


def _by_http(port: int, path: str, token: str) -> Callable[[], None]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    used_at = 0.0

    def send() -> None:
        nonlocal used_at
        if time.monotonic() - used_at > KEPT_OPEN:
            connection.close()
        serial = next(_serial)
        connection.request("POST", path, _body(serial), _headers(token, serial))
        answer = connection.getresponse()
        used_at = time.monotonic()
        text = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"{path} answers {answer.status}: {text[:300]!r}")

    return send


def _by_driver(address: str, shop: int) -> Callable[[], None]:
    """The row of a complaint by psycopg, committed."""
    connection = psycopg.connect(address)

    def send() -> None:
        serial = next(_serial)
        connection.execute(
            """INSERT INTO complaints_complaint (number, version, shop_id, title, description, demand, channel,
               severity, priority, priority_by_hand, no_order_reason, hold_reason, platform_reference, root_cause,
               evidence_waiver, single_option_reason, state, state_before_merge, round, repeated, received_at,
               round_started_at, created_at, last_contact_inbound)
               VALUES (%s, 1, %s, '-', '-', '-', 'api', 'S2', 'P3', false, '', '', '', '', '', '', 'new', '', 1, false,
               now(), now(), now(), true)""",
            [f"I{serial}", shop],
        )
        connection.commit()

    return send


def _table(rates: dict[str, list[float]]) -> str:
    from benchmarks.measure import table

    found = {name: median(values) for name, values in rates.items()}
    rows = [
        [
            name,
            f"{rate:.0f}",
            f"{found['API'] / rate:.2f}" if name != "API" else "",
            WANTED if name == "bare view" else "",
        ]
        for name, rate in found.items()
    ]
    return table(["complaints", "a second", "API / this", "wanted"], rows)


def _where(token: str) -> str:
    """Where the time of one goes, in this process, without a network: of the view, and of its larger steps."""
    from django.test import Client

    from benchmarks.measure import statements, table

    client = Client(SERVER_NAME="127.0.0.1")

    def one() -> None:
        serial = next(_serial)
        client.post(
            "/api/v1/complaints", _body(serial), content_type="application/json", headers=_headers(token, serial)
        )

    for _ in range(20):
        one()
    number = len(statements(one))
    profile = cProfile.Profile()
    profile.runcall(lambda: [one() for _ in range(PROFILED)])
    stats: Any = pstats.Stats(profile)
    whole = _spent(stats, "door.py", "enter")
    rows = [[words, f"{_spent(stats, *where) / whole:.0%}"] for words, where in STEPS.items()]
    head = [f"of the API's own {whole / PROFILED * 1000:.1f} ms under a profiler, {number} statements", "share"]
    return table(head, rows)


def _spent(stats: Any, file: str, function: str) -> float:
    return sum(
        cumulative
        for (path, _line, name), (_calls, _all, _own, cumulative, _callers) in stats.stats.items()
        if Path(path).name == file and name == function
    )


if __name__ == "__main__":
    main()
