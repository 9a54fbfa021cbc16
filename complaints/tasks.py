"""Thin wrappers for Celery: read the clock, make one call."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from celery import shared_task
from django.utils import timezone

from complaints.operations import mending, sweeping
from complaints.outbox import delivery


@shared_task
def sweep() -> None:
    sweeping.sweep(now=timezone.now())


@shared_task
def deliver() -> None:
    with holding_back_the_end() as asked_to_stop:
        delivery.deliver(asked_to_stop=asked_to_stop)


@shared_task
def mend() -> None:
    mending.mend(now=timezone.now())


@contextmanager
def holding_back_the_end() -> Iterator[Callable[[], bool]]:
    """Hold SIGTERM back meanwhile: a desk that is stopped finishes the mail in hand and leaves none "maybe sent"."""
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGTERM, lambda signum, frame: received.append(signum))
    try:
        yield lambda: bool(received)
    finally:
        signal.signal(signal.SIGTERM, before)
