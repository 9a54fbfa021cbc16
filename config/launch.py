"""Start the whole desk and keep it together: the programme behind `make run`.

1. Read the settings, take this installation's lock, see that the port is free.
2. Bring database, content, owner and static files up to date (`config.readiness`).
3. Run the processes of the Procfile, each under a guard (`config.guard`), and show their output.
4. End them all on Ctrl-C, SIGTERM, SIGHUP, or with the lock, which the kernel takes from us at a SIGKILL.

With --with-parent, as `make` starts it, the desk also ends when that parent dies; otherwise it outlives its parent.
"""

from __future__ import annotations

import argparse
import errno
import fcntl
import http.client
import os
import shlex
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Message, Printer

LOCK_PATIENCE = 6.0
EXPORTED = (
    "AMENDS_VAR",
    "AMENDS_HOST",
    "AMENDS_PORT",
    "AMENDS_WEB_WORKERS",
    "AMENDS_WEB_THREADS",
    "AMENDS_WORKER_PROCESSES",
)
GUARD_OPTIONS = {"broker": "--must-start --last", "web": "--must-start"}


# Advice for a big dedicated cache server, which frightens people here and changes nothing for them.
NOISE = ("Memory overcommit must be enabled",)
# Written for tasks that arrive as pickles; ours are JSON and take no arguments.
QUIET_WARNINGS = "ignore:You're running the worker with superuser privileges"


class CannotStart(Exception):
    """The desk cannot start; the message names the mend."""


class QuietPrinter(Printer):
    """honcho's printer without the lines that nobody here can use."""

    def write(self, message: Message) -> None:
        if not any(noise in str(message.data) for noise in NOISE):
            super().write(message)


class Desk(Manager):
    """honcho's manager, except that it ends its processes by letting go of the lock which their guards watch."""

    def __init__(self, release: Callable[[], None]) -> None:
        super().__init__(QuietPrinter())
        self.release = release
        self.asked_to_stop = False

    def terminate(self) -> None:
        # One way for every end: it also works before honcho has heard all the process numbers.
        self.asked_to_stop = self.returncode in (130, 143)
        self.release()


class Lock:
    """The installation's lock: one launcher per `var`, released by the kernel when that process ends.

    A POSIX lock, for it belongs to this process alone; `flock` would live on in the children that honcho forks.
    """

    def __init__(self, var: Path) -> None:
        var.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = var / "launch.lock"
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)

    def take(self) -> None:
        """Wait for the guards of an earlier run to finish; raise CannotStart when somebody really is there."""
        give_up = time.monotonic() + LOCK_PATIENCE
        while not self._try():
            if time.monotonic() > give_up:
                raise CannotStart(
                    f"安诉已在使用 {self.path.parent} 运行；请先停止它，或用 AMENDS_VAR=另一目录 make run。\n"
                    f"Amends is already running on {self.path.parent}; stop it, or use AMENDS_VAR=other make run."
                )
            time.sleep(0.1)

    def _try(self) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def release(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def check_port(host: str, port: int) -> None:
    """Raise CannotStart unless we could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        mend = f"AMENDS_PORT={port + 1 if port < 65535 else 8000} make run"
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"端口 {port} 已被占用；请改用：{mend}\nPort {port} is taken; use another one: {mend}"
            ) from None
        raise CannotStart(
            f"无法监听 {host}:{port}（{error.strerror}）；请修改 AMENDS_HOST 或 AMENDS_PORT。\n"
            f"Cannot listen on {host}:{port} ({error.strerror}); change AMENDS_HOST or AMENDS_PORT."
        ) from None


def commands(lock: Path) -> Iterator[tuple[str, str]]:
    """Yield name and guarded command of each process of the Procfile that this installation needs."""
    processes = parse_procfile((settings.BASE_DIR / "Procfile").read_text(encoding="utf-8")).processes
    for name, command in processes.items():
        if name == "broker" and settings.REDIS_URL:
            continue
        guard = f"{shlex.quote(sys.executable)} -m config.guard {GUARD_OPTIONS.get(name, '')}"
        yield name, f"exec {guard} {shlex.quote(str(lock))} {command}"


def environment() -> dict[str, str]:
    """Return what the Procfile's commands refer to, over our own environment."""
    values = {name: str(getattr(settings, name)) for name in EXPORTED}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return os.environ | values | {"PATH": path, "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": QUIET_WARNINGS}


def run_processes(lock: Lock) -> int:
    """Run the desk to its end; return 0 when it was asked to stop."""
    desk = Desk(lock.release)
    for name, command in commands(lock.path):
        desk.add_process(name, command, env=environment(), cwd=str(settings.BASE_DIR))
    in_background(announce)
    desk.loop()
    return 0 if desk.asked_to_stop else desk.returncode or 1


def announce() -> None:
    """Print the address as soon as the web answers."""
    while not answers():
        time.sleep(0.1)
    print(
        f"\n  安诉已就绪 / Amends is ready:  {settings.AMENDS_BASE_URL}/admin/\n  按 Ctrl-C 停止 / Ctrl-C to stop\n",
        flush=True,
    )


def answers() -> bool:
    """Ask the web for its health under the name that it is known by."""
    connection = http.client.HTTPConnection(settings.AMENDS_HOST, settings.AMENDS_PORT, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": urlsplit(settings.AMENDS_BASE_URL).netloc})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def stop_with_parent() -> None:
    """End the desk when the parent process has died; the system then gives us another one."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    in_background(watch)


def in_background(task: Callable[[], None]) -> None:
    threading.Thread(target=task, daemon=True).start()


def end_on_hang_up() -> None:
    """A closed terminal ends the desk, unless nohup has asked us to survive that."""
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda signum, frame: os.kill(os.getpid(), signal.SIGTERM))


def launch(with_parent: bool) -> int:
    lock = Lock(settings.AMENDS_VAR)
    try:
        lock.take()
        check_port(settings.AMENDS_HOST, settings.AMENDS_PORT)
        django.setup()
        from config import readiness

        readiness.prepare()
        end_on_hang_up()
        if with_parent:
            stop_with_parent()
        return run_processes(lock)
    finally:
        lock.release()


def main() -> int:
    parser = argparse.ArgumentParser(description="Start Amends.")
    parser.add_argument("--with-parent", action="store_true", help="end when the parent process ends")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        return launch(options.with_parent)
    except (ImproperlyConfigured, CannotStart) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
