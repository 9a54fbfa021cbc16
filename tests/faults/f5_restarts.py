"""F5: the database goes away in the middle of everything, again and again, while cases go from stage to stage.

PostgreSQL: a server of our own is restarted, gently and as after a power cut; with small counts the line to the tests'
server is reset instead. SQLite has no server: processes are killed in the middle of what they write.
The control saves the state and then the history without a transaction.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings

from tests.faults.cluster import Cluster, OnCluster
from tests.faults.desk import LEASES, Desk, Place
from tests.faults.finding import Finding
from tests.faults.proxy import Proxy
from tests.journeys.background import Clerk

FULL = {"strikes": 20, "apart": 5.0, "walkers": 4, "restart": True}
SMALL = {"strikes": 4, "apart": 1.5, "walkers": 2, "restart": False}
DUE = 20
"""Alerts that must come after the last strike."""

Strike = Callable[["Walkers", int], None]


def attack(place: Place, *, strikes: int, apart: float, walkers: int, restart: bool) -> Finding:
    finding = Finding("F5", "database restarted", wanted="0 half-written transitions")
    with _striking(place, restart=restart) as (desk, strike, how):
        desk.start("broker", "worker", "beat")
        desk.clerk("fall_due", number=DUE, after=0, within=strikes * apart / 2)
        log = desk.var.parent / "confirmed"
        with Walkers(desk, walkers, "walking.walk", log=str(log)) as people:
            _strike(people, strike, strikes, apart)
        _recover(desk, place)
        seen, problems = desk.clerk("tally"), desk.clerk("problems")
        unconfirmed = desk.clerk("call", what="walking.unconfirmed", log=str(log))
        steps = len(log.read_text().splitlines())
        halves = _control(desk, strike, max(5, strikes // 3), apart, walkers)
    finding.nothing(half_written=len(problems), confirmed_and_lost=len(unconfirmed), alerts_lost=DUE - seen["heard"])
    finding.nothing(alerts_doubled=seen["doubled"])
    finding.misses += problems[:5] + unconfirmed[:5] + people.failed
    finding.expect(steps > strikes, f"only {steps} steps")
    finding.expect(people.cut, "no strike met anything")
    finding.expect(halves, "the control shows nothing")
    finding.counts = f"{strikes} {how}, {walkers} people, {steps:,} steps confirmed, {people.cut} cut off"
    finding.reached = f"{len(problems)} half-written, {len(unconfirmed)} confirmed and lost"
    finding.control = f"without a transaction {halves} half-written"
    return finding


@contextmanager
def _striking(place: Place, *, restart: bool) -> Iterator[tuple[Desk, Strike, str]]:
    """A desk, what strikes it, and what to call that."""
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        with place.desk() as desk:
            yield desk, lambda people, number: people.kill_one(), "processes killed while they write"
    elif restart:
        with Cluster() as server, _desk_on(server, place) as desk:
            yield desk, lambda people, number: server.restart(gently=number % 2 == 0), "restarts, each second a crash"
    else:
        given = settings.DATABASES["default"]
        with Proxy((given["HOST"] or "127.0.0.1", int(given["PORT"] or 5432))) as line, place.desk() as desk:
            address = desk.environment["DATABASE_URL"]
            direct = f":{given['PORT'] or 5432}/"
            desk.environment["DATABASE_URL"] = address.replace(direct, f":{line.port}/")
            yield desk, lambda people, number: people.count(line.cut()), "resets of all lines to it"


@contextmanager
def _desk_on(server: Cluster, place: Place) -> Iterator[Desk]:
    """A desk on a server of our own, made from nothing."""
    database, var = OnCluster(server), place.folder / "cluster" / "var"
    var.mkdir(parents=True)
    database.create()
    desk = Desk(var, database)
    try:
        desk.clerk("prepare")
        yield desk
    finally:
        desk.close()


def _strike(people: Walkers, strike: Strike, strikes: int, apart: float) -> None:
    dice = random.Random(1)
    for number in range(strikes):
        time.sleep(apart * dice.uniform(0.5, 1.0))
        strike(people, number)


def _recover(desk: Desk, place: Place) -> None:
    """Nothing is started again: worker and beat must find the database by themselves."""
    if not place.patient:
        desk.wait(lambda: desk.clerk("left_to_do")["pending"] == 0)
        desk.clerk("expire_leases")
    desk.clerk("forget_connection")
    desk.drain(LEASES + 60)


def _control(desk: Desk, strike: Strike, strikes: int, apart: float, walkers: int) -> int:
    """How much is half-written by people who use no transaction."""
    desk.kill_whole("worker", "beat")
    desk.clerk("fall_due", number=400, after=-10.0, within=1.0)
    before = len(desk.clerk("history_gaps"))
    with Walkers(desk, walkers, "naive.steps_without_transaction", careless=True) as people:
        _strike(people, strike, strikes, apart)
    desk.clerk("forget_connection")
    return len(desk.clerk("history_gaps")) - before


class Walkers:
    """Processes that work on the desk's database; whoever is killed is followed by another."""

    def __init__(self, desk: Desk, number: int, what: str, *, careless: bool = False, **how: Any) -> None:
        self._careless = careless
        self._stop = desk.var.parent / f"stop {what}"
        self.desk, self.what, self.how = desk, what, how | {"stop": str(self._stop)}
        self.cut = 0
        self.failed: list[str] = []
        self._dice = random.Random(1)
        self._over = threading.Event()
        self._ready = threading.Semaphore(0)
        self._now: dict[int, Clerk] = {}
        self._threads = [threading.Thread(target=self._work, args=[place]) for place in range(number)]

    def __enter__(self) -> Walkers:
        """All work when this returns."""
        for thread in self._threads:
            thread.start()
        for _thread in self._threads:
            assert self._ready.acquire(timeout=60)
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._stop.touch()
        for thread in self._threads:
            thread.join(120)

    def kill_one(self) -> None:
        """Whoever works; somebody does within seconds, for the dead are followed by others.

        Nobody if all have given up: what made them do so is in `failed`.
        """
        living: list[Clerk] = []
        while not living:
            if not any(thread.is_alive() for thread in self._threads):
                return
            time.sleep(0.01)
            living = [clerk for clerk in self._now.values() if clerk.process.poll() is None]
        os.kill(self._dice.choice(living).process.pid, signal.SIGKILL)

    def count(self, cut: int) -> None:
        self.cut += cut

    def _work(self, place: int) -> None:
        done = False
        while not done and not self._over.is_set():
            clerk = self.desk.hire()
            try:
                clerk("forget_connection")
                self._now[place] = clerk
                self._ready.release()
                seen = clerk("call", what=self.what, place=place, of=len(self._threads), **self.how)
                self.cut += seen.get("cut", 0) if isinstance(seen, dict) else 0
                done = True
            except (AssertionError, BrokenPipeError) as error:
                self.cut += 1
                if not _has_died(clerk):
                    # Not killed: it has answered with an error, which is what careless work comes to.
                    self.failed.append(str(error)[-600:])
                    done = not self._careless
            finally:
                with suppress(BrokenPipeError):
                    clerk.leave()


def _has_died(clerk: Clerk) -> bool:
    """Whether it was killed; the end of its answers may be seen a moment before its own."""
    with suppress(subprocess.TimeoutExpired):
        clerk.process.wait(2)
    return clerk.process.poll() is not None
