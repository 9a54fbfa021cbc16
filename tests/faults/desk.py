"""A whole desk under attack: web, worker and beat by the commands of the Procfile, each of which may die."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from config import broker
from tests.config.running_desk import free_port
from tests.faults.proxy import Upstream
from tests.faults.sink import Sink
from tests.faults.visitor import Unanswered, Visitor
from tests.journeys.background import Background, Database, copy_of, installation

LEASES = 200.0
"""Seconds after which what a dead worker had in hand is free again, with some to spare."""


class Desk(Background):
    """With a web server, and processes that are found and started again when they are dead."""

    clerks = "tests.faults.clerk"

    def __init__(self, var: Path, database: Database, **values: str) -> None:
        self.port = free_port()
        own = {
            "AMENDS_HOST": "127.0.0.1", "AMENDS_PORT": str(self.port), "AMENDS_WEB_WORKERS": "1",
            "AMENDS_WEB_THREADS": "8", "AMENDS_WORKER_PROCESSES": "2", "AMENDS_DB_POOL": "10",
        }  # fmt: skip
        super().__init__(var, database, **own | values)
        self.restarts = 0

    # -------------------------------------------------------------- processes

    def members(self, name: str) -> list[int]:
        """All living processes of this name, the parent first."""
        group = self.running[name].pid
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    state, _parent, its_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
                    if int(its_group) == group and state != "Z":
                        found.append(int(entry.name))
        return sorted(found)

    def revive(self) -> None:
        """Start again what has died, as the guard does: whatever it has left behind goes first."""
        for name, process in list(self.running.items()):
            if process.poll() is not None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                self.start(name)
                self.restarts += 1

    def kill_whole(self, *names: str) -> None:
        """SIGKILL to processes with all their children."""
        for name in names:
            process = self.running.pop(name)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def close(self) -> None:
        self.kill_whole(*self.running)
        self.clerk.leave()
        if settings.REDIS_URL:
            self.flush_broker()

    # -------------------------------------------------------------- people

    def visitor(self, username: str = "agent", **how: Any) -> Visitor:
        return Visitor(self.port, self.clerk("session", username=username), **how)

    def open_web(self) -> None:
        """Start the web; it answers when this returns."""
        self.start("web")
        self.wait(self.answers)

    def answers(self) -> bool:
        with suppress(Unanswered):
            return Visitor(self.port, "", patience=5).get("/healthz").status == 200
        return False

    # -------------------------------------------------------------- background work

    def broker_address(self) -> Upstream:
        """Where the broker listens, for a proxy in front of it."""
        if not settings.REDIS_URL:
            return broker.socket_path(self.var)
        at = self.broker().connection_pool.connection_kwargs
        return at.get("host", "127.0.0.1"), int(at.get("port", 6379))

    def settled(self) -> bool:
        """Whether nothing is due, untold, waiting or in hand."""
        return not any(self.clerk("left_to_do").values())

    def drain(self, seconds: float, *, at_least: float = 0.0) -> float:
        """Wait until so much time has passed and all background work is done; returns how long it took."""
        begun = time.monotonic()
        self.wait(lambda: time.monotonic() - begun >= at_least and self._idle(), seconds + at_least)
        return time.monotonic() - begun

    def _idle(self) -> bool:
        time.sleep(0.2)  # the question costs the desk something, too
        return self.settled()

    def report(self) -> str:
        log = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        left = self.clerk("left_to_do") if self.clerk.process.poll() is None else "the clerk has left"
        return f"left to do: {left}\n{log[-6000:]}"


@dataclass
class Place:
    """Where attacks happen: each gets a desk of its own, made from one template."""

    template: tuple[Path, Database]
    folder: Path
    patient: bool
    """A full run waits until the leases of the dead run out; a small one lets them run out by hand."""
    used: int = 0

    @contextmanager
    def desk(self, **values: str) -> Iterator[Desk]:
        self.used += 1
        folder = self.folder / f"desk{self.used}"
        folder.mkdir(parents=True)
        with copy_of(self.template, folder, Desk, **values) as desk:
            yield desk

    @contextmanager
    def desk_with_mail(self, **values: str) -> Iterator[tuple[Desk, Sink]]:
        with Sink() as sink, self.desk(EMAIL_URL=f"smtp://127.0.0.1:{sink.port}", **values) as desk:
            yield desk, sink


@contextmanager
def place(folder: Path, *, patient: bool) -> Iterator[Place]:
    with installation(folder, Desk) as template:
        yield Place(template, folder, patient)


def redis_path() -> str:
    """The number of the Redis database, to be put behind the port of a proxy."""
    return settings.REDIS_URL.rpartition("/")[2] if settings.REDIS_URL else "0"
