"""Wake a worker: the database is the truth, a task only says that there is something to be found in it."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from celery import current_app
from django.conf import settings

log = logging.getLogger(__name__)

REST = 10
"""Seconds for which a broker that has just failed is not asked again, or a tick, if that is shorter: while it hangs,
one request in many waits for it and not each, and none waits for it twice.
"""


class _Broker:
    """What this process knows of it."""

    rests_until = 0.0


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
    if _asleep.get() or time.monotonic() < _Broker.rests_until:
        return
    try:
        current_app.send_task(task, retry=False, expires=settings.AMENDS_TICK_SECONDS)
    except Exception as error:  # whatever the broker does, what has been written stands
        _Broker.rests_until = time.monotonic() + min(REST, settings.AMENDS_TICK_SECONDS)
        log.warning("broker not reachable, %s waits for the next tick: %s", task, error)
