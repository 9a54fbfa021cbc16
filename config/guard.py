"""Run one process of the desk: start it again when it dies, end it when the launcher does.

    python -m config.guard [--must-start] [--last] LOCK COMMAND...

The launcher holds an exclusive lock on the file LOCK, which the kernel takes back however the launcher ends, SIGKILL
included. The guard waits for a share of it, so being granted one means "the launcher is gone". It keeps that share
until the whole process group of COMMAND has ended; a new launcher, which needs the lock for itself, cannot start among
the remains of an old one.

A process that dies is started again after 1, 2, 4 ... 30 seconds. With --must-start (broker, web) one that gives up by
itself within its first seconds is not: that is a mistake in the configuration, and the desk stops and shows it.
With --last (broker) it outlives the others by a moment, so that they can say good-bye to it.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

STARTED_AFTER = 5.0
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# honcho kills the guards 5 s after the first of them has ended; both patiences together stay below.
PATIENCE = 3.0
LAST_WAITS = 1.5


class Guard:
    """One command and the rules of its life."""

    def __init__(self, command: list[str], *, must_start: bool = False, last: bool = False) -> None:
        self.command = command
        self.must_start = must_start
        self.last = last
        self.stopping = threading.Event()

    def run(self) -> int:
        """Keep the command running until asked to stop; return the exit status for the launcher."""
        pause, must_start = 0.0, self.must_start
        while True:
            status, lived = self._run_once()
            if self.stopping.is_set():
                return 0
            if must_start and status >= 0 and lived < STARTED_AFTER:
                print(f"无法启动 / cannot start: {self.command[0]} ({status})", flush=True)
                return status or 1
            must_start = False
            pause = SHORTEST_PAUSE if lived > LONGEST_PAUSE or not pause else min(pause * 2, LONGEST_PAUSE)
            print(f"意外退出，{pause:.0f} 秒后重启 / ended ({status}), again in {pause:.0f} s", flush=True)
            if self.stopping.wait(pause):
                return 0

    def stop(self, signum: int = 0, frame: FrameType | None = None) -> None:
        """Ask for the end; `run` returns once nobody of the process group is left."""
        self.stopping.set()

    def _run_once(self) -> tuple[int, float]:
        """Run the command to its end, or to ours; return its exit status and how long it lived."""
        started = time.monotonic()
        process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, start_new_session=True)
        while process.poll() is None and not self.stopping.wait(0.1):
            pass
        if process.poll() is None:
            _wait(process, LAST_WAITS if self.last else 0.0)
            _signal_group(process.pid, signal.SIGTERM)
            _wait(process, PATIENCE)
        _signal_group(process.pid, signal.SIGKILL)
        return process.wait(), time.monotonic() - started


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


def _signal_group(group: int, signum: int) -> None:
    """Reach the children too, also those whose parent is dead already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signum)


def stop_without_launcher(lock: str, guard: Guard) -> None:
    """Watch the launcher's lock in the background; the share got at its end is kept until this process ends."""

    def watch() -> None:
        fcntl.lockf(os.open(lock, os.O_RDONLY), fcntl.LOCK_SH)
        guard.stop()

    threading.Thread(target=watch, daemon=True).start()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--must-start", action="store_true")
    parser.add_argument("--last", action="store_true")
    parser.add_argument("lock")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    guard = Guard(options.command, must_start=options.must_start, last=options.last)
    signal.signal(signal.SIGTERM, guard.stop)
    signal.signal(signal.SIGINT, guard.stop)
    stop_without_launcher(options.lock, guard)
    return guard.run()


if __name__ == "__main__":
    sys.exit(main())
