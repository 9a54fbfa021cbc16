"""A process that dies at any chosen statement, as far as one process can play it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from django.db import connection

BEFORE, AFTER = "before", "after"


class Crash(BaseException):
    """No `except Exception` sees it, as none sees a SIGKILL."""


def die_at(statement: int, moment: str, task: Callable[[], Any]) -> bool:
    """Run the task and die right before or right after its statement of that number; whether it came that far."""
    seen = 0

    def wrapper(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == statement and moment == BEFORE:
            raise Crash
        result = execute(*arguments)
        if seen == statement:
            raise Crash
        return result

    try:
        with connection.execute_wrapper(wrapper):
            task()
    except Crash:
        # The kernel closes the sockets and files of the dead; the database rolls back what was open.
        connection.close()
        return True
    return False


def every_crash(prepare: Callable[[], Any], task: Callable[[], Any]) -> Iterator[Any]:
    """Prepare, run the task and die at its first statement, then all anew at the second, until the task gets through.

    Yields what `prepare` made after each crash.
    """
    for moment in (BEFORE, AFTER):
        for statement in count(1):
            prepared = prepare()
            if not die_at(statement, moment, task):
                assert statement > 1, "the task has executed nothing"
                break
            yield prepared
