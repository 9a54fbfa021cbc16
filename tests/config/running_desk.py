"""A whole desk as real processes, on a directory and a port of its own."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from config import broker

BASE = Path(__file__).resolve().parent.parent.parent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def clean_environment(**values: str) -> dict[str, str]:
    """Our environment without any setting of a desk, and with these instead."""
    foreign = ("AMENDS_", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "MAKE", "MFLAGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"AMENDS_ENV_FILE": "", "PYTHONIOENCODING": "utf-8"} | values


def wait_until(condition: Callable[[], bool], *, seconds: float, what: Callable[[], str]) -> float:
    """Return how long the condition took; fail with a report when it does not come true."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise AssertionError(f"not within {seconds} s: {what()}")
        time.sleep(0.02)
    return time.monotonic() - start


class RunningDesk:
    """`make run`, seen from outside; every process is known by the AMENDS_VAR that it inherits."""

    def __init__(self, var: Path, **values: str) -> None:
        self.var = var
        self.port = free_port()
        self.log = var.parent / f"{var.name}.log"
        self.values = {"AMENDS_VAR": str(var), "AMENDS_PORT": str(self.port), "AMENDS_WEB_WORKERS": "1"} | values
        self.make: subprocess.Popen[bytes]

    def start(self, *command: str) -> float:
        """Start the desk and return the seconds until it said that it was ready."""
        with self.log.open("wb") as log:
            self.make = subprocess.Popen(
                command or ("make", "--no-print-directory", "run"),
                cwd=BASE,
                env=clean_environment(**self.values),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return wait_until(self.is_ready, seconds=60, what=self.output)

    def is_ready(self) -> bool:
        assert self.make.poll() is None, self.output()
        return "Ctrl-C to stop" in self.output()

    def answer(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def processes(self) -> dict[int, str]:
        """Number and command line of each living process of this desk."""
        # Valkey writes its title over its environment, but names its socket there.
        marks = f"AMENDS_VAR={self.var}\0".encode(), f"unixsocket:{broker.socket_path(self.var)}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    command = (entry / "cmdline").read_bytes()
                    seen = (entry / "environ").read_bytes() + b"\0" + command
                except OSError:
                    continue
                if any(mark in seen for mark in marks):
                    found[int(entry.name)] = command.replace(b"\0", b" ").decode()
        return found

    def numbers_of(self, *words: str) -> list[int]:
        """Return the processes whose command line has these words, oldest first, without the guards that quote it."""
        return sorted(
            number
            for number, line in self.processes().items()
            if all(word in line for word in words) and "config.guard" not in line
        )

    def stop(self) -> int:
        """Ask the launcher to end, and return the exit status of the whole command."""
        os.kill(self.numbers_of("config.launch")[0], signal.SIGTERM)
        return self.make.wait(20)

    def end(self) -> None:
        """Leave nothing behind, whatever the test has done."""
        for number in self.processes():
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.make.wait(10)
