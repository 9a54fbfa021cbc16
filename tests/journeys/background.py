"""The desk's broker, worker and beat as real processes, on a database and a directory of their own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import psycopg
import redis
from django.conf import settings
from honcho.environ import parse_procfile

from config import broker
from tests.config.running_desk import BASE, clean_environment, wait_until

PATIENCE = 30.0
"""Seconds after which a condition that has not come true is a failure; most come true within two."""


class Database:
    """SQLite: a file under `var`. PostgreSQL: a database of its own on the server that the tests use."""

    def __init__(self) -> None:
        self.server = settings.DATABASES["default"]
        self.is_file = self.server["ENGINE"].endswith("sqlite3")
        self.name = f"amends_journey_{uuid.uuid4().hex[:12]}"

    def create(self, template: str = "template1") -> None:
        if not self.is_file:
            self._execute(f'CREATE DATABASE "{self.name}" TEMPLATE "{template}"')

    def drop(self) -> None:
        if not self.is_file:
            self._execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')

    def environment(self) -> dict[str, str]:
        return {} if self.is_file else {"DATABASE_URL": self._url(self.name)}

    def _url(self, name: str) -> str:
        server = self.server
        person = f"{quote(server['USER'])}:{quote(server['PASSWORD'])}@" if server["USER"] else ""
        return f"postgres://{person}{server['HOST'] or '127.0.0.1'}:{server['PORT'] or 5432}/{name}"

    def _execute(self, sql: str) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(sql)


class Clerk:
    """Asks the clerk's process (`tests.journeys.clerk`) and waits for the answer."""

    def __init__(self, environment: dict[str, str], log: Path, module: str = "tests.journeys.clerk") -> None:
        self.log = log
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=BASE,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
            )

    def __call__(self, do: str, **how: Any) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"do": do, "how": how}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, self.log.read_text(encoding="utf-8")
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["answer"]

    def leave(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(20)


class Background:
    """One desk without its web. Each process is started by the command of the Procfile."""

    clerks = "tests.journeys.clerk"
    """The module that a clerk of this desk runs."""

    def __init__(self, var: Path, database: Database, **values: str) -> None:
        self.var = var
        self.queue = f"journey-{uuid.uuid4().hex[:8]}"
        own = {"AMENDS_VAR": str(var), "AMENDS_QUEUE": self.queue, "AMENDS_TICK_SECONDS": "1"}
        own |= {"AMENDS_WORKER_PROCESSES": "1", "DJANGO_SETTINGS_MODULE": "config.settings"}
        own |= {"REDIS_URL": settings.REDIS_URL} if settings.REDIS_URL else {}
        own |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        self.environment = clean_environment(**own | database.environment() | values)
        self.commands = parse_procfile((BASE / "Procfile").read_text(encoding="utf-8")).processes
        self.log = var.parent / f"{var.name}.log"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.clerk = self.hire()

    def hire(self) -> Clerk:
        """A clerk at this desk; more of them work side by side."""
        return Clerk(self.environment, self.log, self.clerks)

    # -------------------------------------------------------------- processes

    def start(self, *names: str) -> None:
        """Start processes of the Procfile; the broker answers when this returns."""
        for name in names:
            if name == "broker" and settings.REDIS_URL:
                continue
            with self.log.open("ab") as log:
                self.running[name] = subprocess.Popen(
                    ["/bin/sh", "-c", f"exec {self.commands[name]}"],
                    cwd=BASE,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            if name == "broker":
                self.wait(self._broker_answers)

    def kill(self, name: str) -> None:
        """SIGKILL: the process has no say. Celery's children die with their parent by the kernel's hand."""
        process = self.running.pop(name)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)

    def terminate(self, name: str) -> subprocess.Popen[bytes]:
        """SIGTERM to the whole group, as the guard sends it when the desk is stopped."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGTERM)
        return process

    def close(self) -> None:
        for process in self.running.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        self.clerk.leave()
        if settings.REDIS_URL:
            self.flush_broker()

    # -------------------------------------------------------------- broker

    def broker(self) -> redis.Redis:
        if settings.REDIS_URL:
            return redis.Redis.from_url(settings.REDIS_URL)
        return redis.Redis(unix_socket_path=str(broker.socket_path(self.var)))

    def waiting_tasks(self) -> int:
        return self.broker().llen(f"{self.queue}:{self.queue}")  # type: ignore[return-value]

    def flush_broker(self) -> None:
        """Lose everything that the broker holds for this desk; a Redis of others loses nothing of theirs."""
        client = self.broker()
        if not settings.REDIS_URL:
            client.flushall()
        elif keys := list(client.scan_iter(f"{self.queue}:*")):
            client.delete(*keys)

    def _broker_answers(self) -> bool:
        try:
            return bool(self.broker().ping())
        except redis.RedisError:
            return False

    # -------------------------------------------------------------- looking

    def wait(self, condition: Any, seconds: float = PATIENCE) -> float:
        return wait_until(condition, seconds=seconds, what=self.report)

    def report(self) -> str:
        log = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        state = self.clerk("outbox") if self.clerk.process.poll() is None else "the clerk has left"
        return f"outbox: {state}\n{log[-8000:]}"


Desk = TypeVar("Desk", bound=Background)


@contextmanager
def installation(folder: Path, kind: type[Background] = Background) -> Iterator[tuple[Path, Database]]:
    """A directory and a database that are ready for work, to be copied for each journey."""
    var, database = folder / "template", Database()
    var.mkdir()
    database.create()
    try:
        desk = kind(var, database)
        desk.clerk("prepare")
        desk.clerk.leave()
        yield var, database
    finally:
        database.drop()


@contextmanager
def copy_of(
    template: tuple[Path, Database], folder: Path, kind: type[Desk] = Background, **values: str
) -> Iterator[Desk]:
    """A desk of one journey; whatever happens, its processes and its database are gone afterwards."""
    var, database = folder / "var", Database()
    shutil.copytree(template[0], var)
    database.create(template[1].name)
    try:
        desk = kind(var, database, **values)
        try:
            yield desk
        finally:
            desk.close()
    finally:
        database.drop()
