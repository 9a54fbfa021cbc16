"""The desk's web without keys of a matter and without kept answers: looks whether there is a complaint, then writes."""

import time
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.utils import timezone  # noqa: E402

from complaints.intake.api import complaints as endpoints  # noqa: E402
from complaints.models import Complaint, Contact  # noqa: E402
from complaints.operations.receiving import Incoming, Received, Result  # noqa: E402
from config.wsgi import application  # noqa: E402

__all__ = ["application"]

WORK = 0.02
"""Seconds between reading and writing, which in other programs a slow query takes."""


def take_in(incoming: Incoming, *, actor: Any, now: Any, **_more: Any) -> Received:
    same = Complaint.objects.filter(shop=incoming.shop, description=incoming.text)
    complaint = same.first()
    time.sleep(WORK)
    result = Result.JOINED
    if complaint is None:
        result = Result.REGISTERED
        complaint = Complaint.objects.create(
            number=f"N{time.time_ns()}"[:20], shop=incoming.shop, title="-", description=incoming.text,
            channel=incoming.channel, received_at=now, round_started_at=now, created_at=now,
        )  # fmt: skip
    contact = Contact.objects.create(
        complaint=complaint, direction="in", channel=incoming.channel, body=incoming.text, at=timezone.now()
    )
    return Received(complaint, contact, result)


def without_keeping(_asked: Any, work: Callable[[], Any], *, now: Any) -> Any:
    return work().answer()


endpoints.take_in = take_in
endpoints.once = without_keeping
