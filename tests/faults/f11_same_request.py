"""F11: one request under one Idempotency-Key a hundred times at once, and one order by a hundred programs at once.

Over HTTP to real web processes. The control looks whether there is a complaint, and then writes one.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.faults.desk import Desk, Place
from tests.faults.finding import Finding

FULL = {"requests": 100, "rounds": 20}
SMALL = {"requests": 30, "rounds": 1}

PATH = "/api/v1/complaints"
PATIENCE = 60


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    waits: int
    """How often it was told before that the same request is being worked on."""


def attack(place: Place, *, requests: int, rounds: int) -> Finding:
    finding = Finding("F11", f"one idempotency key {requests} times at once", wanted="one complaint, all answers equal")
    waits = statuses = 0
    with place.desk(AMENDS_WEB_WORKERS="2", AMENDS_WEB_THREADS="16", AMENDS_DB_POOL="20") as desk:
        desk.open_web()
        (token,) = desk.clerk("call", what="programs.issue", number=1)
        for number in range(rounds):
            before = _look(desk)
            answers = _at_once(desk, [token] * requests, _body(number), name=f"same-{number}")
            after = _look(desk)
            finding.nothing(server_errors=sum(answer.status >= 500 for answer in answers))
            finding.expect(len({answer.body for answer in answers}) == 1, "answers differ")
            finding.expect({answer.status for answer in answers} == {201}, f"statuses {_statuses(answers)}")
            for what in ("complaints", "contacts"):
                finding.expect(after[what] - before[what] == 1, f"{after[what] - before[what]} {what} of one request")
            waits += sum(answer.waits for answer in answers)
            statuses += len(answers)
        crowd = _one_order(desk, requests, finding)
        finding.nothing(things_not_whole=len(desk.clerk("problems")))
    many = _control(place, requests)
    finding.expect(many > 1, "the control shows nothing")
    finding.counts = f"{rounds} times {requests} requests, {waits} told to wait; {requests} programs about one order"
    finding.reached = f"one complaint each time, {statuses:,} answers equal; {crowd}"
    finding.control = f"look, then write: {many} complaints of {requests} requests"
    return finding


def _one_order(desk: Desk, programs: int, finding: Finding) -> str:
    """Without any name, each is a message of its own: about one order, by all channels."""
    before = _look(desk)
    tokens = desk.clerk("call", what="programs.issue", number=programs)
    answers = _at_once(desk, tokens, _body(-1))
    after = _look(desk)
    made, said = after["complaints"] - before["complaints"], after["contacts"] - before["contacts"]
    finding.expect(made == 1, f"{made} complaints about one order")
    finding.expect(said == programs, f"{said} of {programs} contacts")
    finding.expect(_statuses(answers) == {200: programs - 1, 201: 1}, f"statuses {_statuses(answers)}")
    return f"{made} complaint with {said} contacts by {after['channels']} channels"


def _control(place: Place, requests: int) -> int:
    with place.desk(AMENDS_WEB_WORKERS="2", AMENDS_WEB_THREADS="16", AMENDS_DB_POOL="20") as desk:
        desk.commands["web"] = desk.commands["web"].replace("config.wsgi", "tests.faults.keyless")
        desk.open_web()
        (token,) = desk.clerk("call", what="programs.issue", number=1)
        _at_once(desk, [token] * requests, _body(0), name="same")
        return int(_look(desk)["complaints"])


def _look(desk: Desk) -> dict[str, Any]:
    found: dict[str, Any] = desk.clerk("call", what="programs.look")
    return found


def _body(number: int) -> dict[str, Any]:
    return {
        "text": f"第 {number} 件：杯子到手就碎了", "order_number": f"F11-{number}", "product": "马克杯",
        "person": {"name": "王小明", "phone": f"1380000{number % 10_000:04d}"}, "issue_type": "LOGI-03",
        "demand": "补发",
    }  # fmt: skip


def _statuses(answers: list[Answer]) -> dict[int, int]:
    return dict(Counter(answer.status for answer in answers))


def _at_once(desk: Desk, tokens: list[str], body: dict[str, Any], *, name: str = "") -> list[Answer]:
    """All send the same at the same moment; who is told to wait asks again."""
    start, answers = threading.Barrier(len(tokens)), []
    sent = json.dumps(body).encode()

    def send(token: str) -> None:
        start.wait(PATIENCE)
        answers.append(_send(desk.port, token, sent, name))

    threads = [threading.Thread(target=send, args=[token]) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _send(port: int, token: str, body: bytes, name: str) -> Answer:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    headers |= {"Idempotency-Key": name} if name else {}
    for waits in range(PATIENCE):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("POST", PATH, body, headers)
            answer = connection.getresponse()
            found = Answer(answer.status, answer.read(), waits)
        finally:
            connection.close()
        if not (found.status == 409 and b'"in_progress"' in found.body):
            return found
        time.sleep(0.1)
    return found
