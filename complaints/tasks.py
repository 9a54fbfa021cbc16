"""Thin wrappers for Celery: read the clock, make one call."""

from celery import shared_task
from django.utils import timezone

from complaints.operations import sweeping
from complaints.outbox import delivery


@shared_task
def sweep() -> None:
    sweeping.sweep(now=timezone.now())


@shared_task
def deliver() -> None:
    delivery.deliver()


@shared_task
def mend() -> None:
    sweeping.mend(now=timezone.now())
