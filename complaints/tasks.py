"""Thin wrappers for Celery: read the clock, make one call, give a sign of life.

Each returns how much there was to do, for those who call it by hand.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from celery import shared_task
from django.utils import timezone

from complaints.models import Heartbeat
from complaints.operations import (
    calendar_years,
    digests,
    heartbeat,
    mending,
    reapplying,
    recomputing,
    sweeping,
    telling,
)
from complaints.outbox import delivery


@shared_task
def sweep() -> int:
    done = sweeping.sweep(now=timezone.now())
    heartbeat.beat(Heartbeat.Part.SWEEP)
    return done


@shared_task
def tell() -> int:
    return telling.tell(now=timezone.now())


@shared_task
def digest() -> int:
    return digests.send_digests(now=timezone.now())


@shared_task
def deliver() -> int:
    with holding_back_the_end() as asked_to_stop:
        done = delivery.deliver(asked_to_stop=asked_to_stop)
    heartbeat.beat(Heartbeat.Part.DELIVER)
    return done


@shared_task
def mend() -> int:
    done = mending.mend(now=timezone.now())
    heartbeat.beat(Heartbeat.Part.MEND)
    return done


@shared_task
def recompute() -> int:
    """What changed policies and calendars have asked for."""
    now = timezone.now()
    done = reapplying.reapply(now=now)
    if done >= reapplying.BATCH * reapplying.BATCHES:
        reapplying.wake()
    return done + recomputing.recompute_requested(now=now)


@shared_task
def refresh_calendars() -> int:
    return calendar_years.refresh(now=timezone.now())


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
