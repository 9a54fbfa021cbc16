"""Turn alerts into messages: who wants to be told how, and when not (R7.4).

The sweep only writes alerts. What is told of them, and where, is decided here, one person at a time: a crash between
the two loses nothing, for an alert says itself whether it was told.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from complaints import notifications, waking
from complaints.models import Alert, AlertPreference, Deadline, Priority, Robot
from complaints.outbox import enqueue
from complaints.queries.people import wishes

log = logging.getLogger(__name__)

TELL = "complaints.tasks.tell"
DEPARTMENT = "department"
PEOPLE = 200
"""Whose wishes are read at once."""

ALERTS = 500
"""Of one person in one transaction; more wait for the next tick."""

RUN_SECONDS = 30
"""A run begins with nobody else after that, and wakes the next one: far below the limits of a task, whose worker is
killed, and with a clock or a mail of others waiting for its turn.
"""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person to be told; the wish of who has said nothing is the default one."""

    wish: AlertPreference
    robots: list[Robot] = field(default_factory=list)
    quiet: bool = False
    answers: bool = False
    """For a department: such people see inquiries, and no cases."""


def tell(*, now: datetime) -> int:
    """Hand the alerts that nobody was told of yet to their people's channels; returns their number.

    Each person is looked at once: alerts that wait for the end of quiet hours are found again by a later run.
    """
    told, after, until = 0, 0, time.monotonic() + RUN_SECONDS
    while people := _waiting(after):
        for recipient in _recipients(people, now=now):
            if time.monotonic() > until:
                wake()
                return told
            told += _tell_alone(recipient, now=now)
        after = people[-1]
    return told


def wake() -> None:
    """Ask a worker to tell now."""
    waking.wake(TELL)


def _waiting(after: int) -> list[int]:
    """Ids of the next people with alerts that are not told, in order."""
    untold = Alert.objects.filter(told_at__isnull=True, recipient__gt=after).order_by("recipient_id")
    return list(untold.values_list("recipient_id", flat=True).distinct()[:PEOPLE])


def _recipients(people: list[int], *, now: datetime) -> Iterable[Recipient]:
    """What these people want, in the same few queries for any number; without those who now want to hear nothing."""
    said = wishes(get_user_model().objects.filter(pk__in=people).order_by("pk"))
    robots = _robots_of(people)
    quiet = {wish.user_id for wish in said if wish.is_quiet(now)}
    urgent = Alert.objects.filter(told_at__isnull=True, recipient__in=quiet, complaint__priority=Priority.P1)
    woken = set(urgent.values_list("recipient_id", flat=True)) if quiet else set()
    answering = _answering(people)
    for wish in said:
        person = wish.user_id
        if person not in quiet or person in woken:
            yield Recipient(wish, robots[person], person in quiet, person in answering)


def _answering(people: list[int]) -> set[int]:
    """Those of them who answer for a department and have no other work."""
    roles: dict[int, set[str]] = defaultdict(set)
    for person, role in get_user_model().objects.filter(pk__in=people).values_list("pk", "groups__name"):
        roles[person].add(role)
    return {person for person, named in roles.items() if named == {DEPARTMENT}}


def _robots_of(people: list[int]) -> dict[int, list[Robot]]:
    """Person -> robots that tell the person's alerts. Where a robot is and how it signs is for delivery to read."""
    found: dict[int, list[Robot]] = defaultdict(list)
    memberships = Robot.members.through.objects.filter(user__in=people, robot__active=True).order_by("robot_id")
    pairs: list[tuple[int, int]] = list(memberships.values_list("user_id", "robot_id"))
    if pairs:
        rows = Robot.objects.filter(pk__in={robot for _person, robot in pairs}).defer("url", "secret")
        robots: dict[int, Robot] = {robot.pk: robot for robot in rows.prefetch_related("shops")}
        for person, robot in pairs:
            found[person].append(robots[robot])
    return found


def _tell_alone(recipient: Recipient, *, now: datetime) -> int:
    """All or nothing for this person, and whatever goes wrong is this person's alone."""
    try:
        with transaction.atomic():
            return _tell(recipient, now=now)
    except Exception:
        log.exception("person %s cannot be told, will be tried again", recipient.wish.user_id)
        return 0


def _tell(recipient: Recipient, *, now: datetime) -> int:
    alerts = _untold(recipient)
    if not alerts:
        return 0
    current = _still_running(alerts)
    told = notifications.messages(current, recipient.wish, recipient.robots, answers=recipient.answers, now=now)
    enqueue.enqueue(told)
    Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(told_at=now)
    return len(alerts)


def _untold(recipient: Recipient) -> list[Alert]:
    """The person's alerts, locked; another run that is telling them has them already. Quiet hours yield to P1 alone."""
    rows: Any = Alert.objects.filter(recipient=recipient.wish.user_id, told_at__isnull=True)
    if recipient.quiet:
        rows = rows.filter(complaint__priority=Priority.P1)
    rows = rows.select_for_update(skip_locked=True, of=("self",)).order_by("pk")
    related = rows.select_related(
        "complaint__shop", "complaint__customer", "complaint__issue_type", "complaint__assignee"
    )
    return list(related.defer("complaint__customer__phone", "complaint__customer__email")[:ALERTS])


def _still_running(alerts: list[Alert]) -> list[Alert]:
    """Those whose clock still runs to the same time: of what is settled or moved the bell tells, and nothing else.

    A promise, an inquiry and a claim go on in the case into which theirs was merged.
    """
    places = [
        a.complaint.merged_into_id if a.subject and a.complaint.merged_into_id else a.complaint_id for a in alerts
    ]
    clocks = Deadline.objects.running().filter(complaint__in=set(places))
    running = set(clocks.values_list("complaint_id", "kind", "subject", "due_at"))
    found = zip(alerts, places, strict=True)
    return [a for a, place in found if (place, a.kind, a.subject, a.due_at) in running]
