"""Thin wrappers for Celery: read the clock, make one call, give a sign of life.

Each returns how much there was to do, for those who call it by hand.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from celery import shared_task
from django.utils import timezone

from complaints.intake import listing_files, running
from complaints.intake.hooks import taking
from complaints.intake.mail import placing, polling
from complaints.models import Heartbeat
from complaints.operations import (
    api_answers,
    calendar_years,
    digests,
    drafts,
    giving_out,
    heartbeat,
    import_jobs,
    mending,
    reapplying,
    recomputing,
    staging,
    sweeping,
    telling,
    web_form,
)
from complaints.outbox import delivery
from knowledge.operations import indexing


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
def receive_mail() -> int:
    """What is new in the mailboxes, and what a crash has left half done."""
    now = timezone.now()
    return polling.poll(now=now) + placing.process_waiting(now=now)


@shared_task
def mend() -> int:
    now = timezone.now()
    done = mending.mend(now=now)
    drafts.expire(now=now)
    heartbeat.beat(Heartbeat.Part.MEND)
    api_answers.forget_old(now=now)
    return done


@shared_task
def give_out() -> int:
    """What waits for somebody whose shift has begun."""
    return giving_out.give_out(now=timezone.now())


@shared_task
def import_files() -> int:
    """A slice of the import that has waited longest."""
    with holding_back_the_end() as asked_to_stop:
        return running.go_on(now=timezone.now(), asked_to_stop=asked_to_stop)


@shared_task
def forget_files() -> int:
    """What was imported, or only looked through."""
    now = timezone.now()
    return import_jobs.forget(now=now) + listing_files.forget(now=now)


@shared_task
def recompute() -> int:
    """What changed policies and calendars have asked for."""
    now = timezone.now()
    done = reapplying.reapply(now=now)
    if done >= reapplying.BATCH * reapplying.BATCHES:
        reapplying.wake()
    return done + recomputing.recompute_requested(now=now)


@shared_task
def tidy_web_form() -> int:
    """Take in what was interrupted, and drop files that were chosen and never sent."""
    now = timezone.now()
    return web_form.finish(now=now) + staging.clear(now=now)


@shared_task
def take_hooks() -> int:
    """What came in by webhooks and is not worked off."""
    return taking.work_off_abandoned(now=timezone.now())


@shared_task
def index() -> int:
    """What search finds, where it is not as its sources are."""
    return indexing.sweep(now=timezone.now())


@shared_task
def clean_hooks() -> int:
    return taking.clean(now=timezone.now())


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
