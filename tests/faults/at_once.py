"""Several people acting at the same moment, each over a database connection of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections

LONGEST = 60
"""Seconds after which a test that hangs fails; a working one never waits."""


@dataclass
class Outcome:
    """What one of them got: a result, or an error."""

    result: Any = None
    error: Exception | None = None


def at_once(tasks: Sequence[Callable[[], Any]]) -> list[Outcome]:
    """Run all tasks in threads that start together; outcomes in the order of the tasks."""
    start = threading.Barrier(len(tasks))
    outcomes = [Outcome() for _ in tasks]

    def run(task: Callable[[], Any], outcome: Outcome) -> None:
        try:
            start.wait(LONGEST)
            outcome.result = task()
        except Exception as error:
            outcome.error = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in zip(tasks, outcomes, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONGEST)
        assert not thread.is_alive(), "they wait for each other"
    return outcomes
