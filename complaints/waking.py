"""Wake a worker: the database is the truth, a task only says that there is something to be found in it."""

import logging

from celery import current_app
from django.conf import settings

log = logging.getLogger(__name__)


def wake(task: str) -> None:
    """Ask a worker to run an argument-less task now.

    A silent broker costs a delay, never what caused the call: the next tick runs the task anyway.
    """
    try:
        current_app.send_task(task, retry=False, expires=settings.AMENDS_TICK_SECONDS)
    except Exception as error:  # whatever the broker does, what has been written stands
        log.warning("broker not reachable, %s waits for the next tick: %s", task, error)
