"""Wake a worker: the database is the truth, a task only says that there is something to be found in it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from celery import current_app
from django.conf import settings

log = logging.getLogger(__name__)

_asleep: ContextVar[bool] = ContextVar("asleep", default=False)


@contextmanager
def asleep() -> Iterator[None]:
    """Nobody is woken within: who writes very much at once leaves it to the next tick."""
    token = _asleep.set(True)
    try:
        yield
    finally:
        _asleep.reset(token)


def wake(task: str) -> None:
    """Ask a worker to run an argument-less task now.

    A silent broker costs a delay, never what caused the call: the next tick runs the task anyway.
    """
    if _asleep.get():
        return
    try:
        current_app.send_task(task, retry=False, expires=settings.AMENDS_TICK_SECONDS)
    except Exception as error:  # whatever the broker does, what has been written stands
        log.warning("broker not reachable, %s waits for the next tick: %s", task, error)
