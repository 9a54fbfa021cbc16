"""How reminders and steps are usually built: what the attacks do to that is their control."""

from __future__ import annotations

import smtplib
from contextlib import suppress
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from django.db.models import F
from django.utils import timezone

from complaints.models import Complaint, ComplaintEvent, Deadline

NOT_MARKED, MARKED = 0, 1
"""The control's own mark in `failures`, which the desk does not use on healthy clocks."""


def reminded_by_a_cron_job(tick: int) -> int:
    """Of how many clocks a job hears that looks at what has fallen due since its last tick."""
    now = timezone.now()
    return Deadline.objects.filter(due_at__gt=now - timedelta(seconds=tick), due_at__lte=now).count()


def select(batch: int = 20) -> list[int]:
    """What is due and not marked as sent yet."""
    return list(Deadline.objects.filter(failures=NOT_MARKED).order_by("pk").values_list("pk", flat=True)[:batch])


def send_and_mark(clocks: list[int]) -> None:
    """What a job does with what it has selected: whoever selected at the same moment does it again."""
    for clock in clocks:
        Deadline.objects.filter(pk=clock).update(failures=MARKED)


def mark_then_send() -> None:
    """Mark each due clock, then send its mail: what dies in between is never sent."""
    for clock in list(_unmarked()):
        Deadline.objects.filter(pk=clock.pk).update(failures=MARKED)
        connection.cursor().execute("SELECT 1")  # whatever a program does between its steps
        _send(clock)


def send_then_mark() -> None:
    """Send each mail, then mark: what dies in between is sent again, and nothing tells so."""
    for clock in list(_unmarked()):
        _send(clock)
        Deadline.objects.filter(pk=clock.pk).update(failures=MARKED)


def _unmarked() -> list[Deadline]:
    return list(Deadline.objects.filter(failures=NOT_MARKED, due_at__lte=timezone.now()).order_by("pk"))


def _send(clock: Deadline) -> None:
    mail = EmailMessage()
    mail["To"], mail["Message-ID"] = "somebody@staff.example", f"<naive-{clock.pk}@desk.example>"
    mail.set_content(str(clock.pk))
    with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=10) as server:
        server.send_message(mail, from_addr="amends@desk.example")


BETWEEN = 10
"""Statements between the two writes: the clocks, the mails and whatever else belongs to a step."""

NEXT = {"new": "accepted", "accepted": "verifying", "verifying": "new"}


def steps_without_transaction(stop: str, place: int, of: int) -> None:
    """Take steps as they are often taken: the state, then the history, each by itself; every person has own cases."""
    mine = Complaint.objects.filter(number__startswith="L", state__in=NEXT).annotate(person=F("pk") % of)
    while not Path(stop).exists():
        with suppress(Error):
            connection.close_if_unusable_or_obsolete()
            for case in mine.filter(person=place).order_by("?")[:20]:
                before, after, version = case.state, NEXT[case.state], case.version + 1
                Complaint.objects.filter(pk=case.pk).update(state=after, version=version)
                for _other in range(BETWEEN):
                    case.contacts.count()
                ComplaintEvent.objects.create(
                    complaint=case, at=timezone.now(), kind="step", from_state=before, to_state=after, version=version
                )
