"""Thin wrappers for Celery: read the clock, make one call."""

from celery import shared_task
from django.utils import timezone

from followups.operations import callback


@shared_task
def mend() -> int:
    return callback.mend(now=timezone.now())
