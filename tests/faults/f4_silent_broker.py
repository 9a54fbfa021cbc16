"""F4: the broker is down, half-open or stalled for minutes, behind a proxy of ours; people go on answering by mail.

The control publishes as Celery does out of the box: the request waits for the broker's answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from statistics import quantiles
from typing import Any

from celery import Celery

from tests.faults.desk import Desk, Place, redis_path
from tests.faults.finding import Finding
from tests.faults.proxy import Proxy
from tests.faults.sink import Sink
from tests.faults.visitor import Answer, Unanswered, Visitor, case_of

FULL = {"seconds": 180.0, "before": 60.0, "patience": 10.0, "allowed": 0.5}
SMALL = {"seconds": 3.0, "before": 3.0, "patience": 2.0, "allowed": 3.0}
"""Small: on a machine that is busy with other tests a p95 of few requests says little."""

LEAST = 20
"""Requests of a phase, however long they take."""


@dataclass
class Phase:
    seconds: list[float] = field(default_factory=list)
    errors: int = 0

    @property
    def p95(self) -> float:
        return quantiles(self.seconds, n=20)[-1]


def attack(place: Place, *, seconds: float, before: float, patience: float, allowed: float) -> Finding:
    finding = Finding(
        "F4", "broker down or half-open", wanted="0 server errors, p95 + 0.5 s at most, recovers without restart"
    )
    phases, recovery = dict[str, Phase](), 0.0
    with _behind_proxy(place) as (desk, sink, line):
        desk.start("broker", "worker", "beat")
        desk.open_web()
        work = Work(desk.visitor())
        usual = work.during(before)
        for name, break_it in _faults(line).items():
            break_it()
            phases[name] = work.during(seconds)
            if name == "half-open":
                hangs = _control(line, patience)
            line.flow()
            recovery = max(recovery, desk.drain(90))
        dead = [name for name, process in desk.running.items() if process.poll() is not None]
        rows, times, problems = desk.clerk("messages"), sink.times(), desk.clerk("problems")
    finding.nothing(server_errors=usual.errors + sum(phase.errors for phase in phases.values()), died=len(dead))
    finding.nothing(mails_lost=len(set(rows) - set(times)), mails_doubled=sum(times.values()) - len(times))
    finding.nothing(replies_lost=work.replies - len(rows), things_not_whole=len(problems))
    longer = {name: phase.p95 - usual.p95 for name, phase in phases.items()}
    for name, delta in longer.items():
        finding.expect(delta <= allowed, f"{name}: p95 {delta:.2f} s longer")
    finding.expect(hangs, "the control shows nothing")
    requests = sum(len(phase.seconds) for phase in phases.values())
    finding.counts = f"{seconds:.0f} s each of {', '.join(phases)}; {requests:,} requests"
    deltas = ", ".join(f"{name} {delta:+.2f} s" for name, delta in longer.items())
    finding.reached = f"0 errors; p95 {usual.p95:.2f} s, {deltas}; all mails out {recovery:.1f} s after its return"
    finding.control = f"Celery's own publishing gets no answer within {patience:.0f} s"
    return finding


@contextmanager
def _behind_proxy(place: Place) -> Iterator[tuple[Desk, Sink, Proxy]]:
    with Proxy() as line:
        address = f"redis://127.0.0.1:{line.port}/{redis_path()}"
        with place.desk_with_mail(REDIS_URL=address) as (desk, sink):
            line.upstream = desk.broker_address()
            yield desk, sink, line


def _faults(line: Proxy) -> dict[str, Callable[[], None]]:
    return {"down": line.refuse, "half-open": line.half_open, "stalled": line.stall}


class Work:
    """A clerk who answers by mail; each answer wakes a worker by way of the broker."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.replies, self._numbers = visitor, 0, count()
        self.case = case_of(visitor.register("桌面划痕", name="王小明", email="buyer@mail.example", buyer="tb_f4"))

    def during(self, seconds: float) -> Phase:
        phase, begun = Phase(), time.monotonic()
        while time.monotonic() - begun < seconds or len(phase.seconds) < LEAST:
            path = f"/admin/complaints/complaint/{self.case}/do/reply/"
            page = self._timed(phase, self.visitor.get, path)
            if page is None or page.status != 200:
                continue
            words = {"body": f"第 {next(self._numbers)} 次答复", "channel": "email", "version": page.hidden("version")}
            words |= page.time_wanted()
            answer = self._timed(phase, self.visitor.post, path, **words)
            self.replies += answer is not None and answer.status == 302
        return phase

    def _timed(self, phase: Phase, ask: Callable[..., Answer], path: str, **values: Any) -> Answer | None:
        """A request that gets no answer, or one of no use, is an error."""
        try:
            answer = ask(path, **values)
        except Unanswered:
            phase.errors += 1
            return None
        phase.seconds.append(answer.seconds)
        phase.errors += answer.status not in (200, 302)
        return answer


def _control(line: Proxy, patience: float) -> bool:
    """Whether a request would hang that publishes with Celery's own settings."""
    app = Celery("naive", broker=f"redis://127.0.0.1:{line.port}/{redis_path()}", set_as_current=False)
    request = threading.Thread(target=lambda: app.send_task("naive.remind"), daemon=True)
    request.start()
    request.join(patience)
    return request.is_alive()
