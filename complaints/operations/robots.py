"""Set up the robots that tell a group; every change is recorded, addresses and secrets by name only."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import OutboxMessage, Robot, SettingChange
from complaints.outbox import enqueue, waiting
from complaints.refusals import Refused

from .changelog import record_change

SUBJECT = "robot"
PLAIN = ("name", "kind", "language", "active")
SECRET = ("url", "secret")


class SwitchedOff(Refused):
    message = gettext_lazy("Switch it on first.")


def save(robot: Robot, *, shops: Iterable[Any], members: Iterable[Any], actor: Any, now: datetime) -> Robot:
    """Write the robot with its shops and members, and what that changes; a new one has no id yet.

    What waits for a robot that is switched off is held back with it, and sent when it is on again.
    """
    with transaction.atomic():
        old = Robot.objects.select_for_update().get(pk=robot.pk) if robot.pk else None
        before = _values(old) if old else {}
        robot.save()
        robot.shops.set(shops)
        robot.members.set(members)
        changes = {
            name: [before.get(name), value] for name, value in _values(robot).items() if before.get(name) != value
        }
        for name in SECRET:
            if name in changes:
                changes[name] = ["***" if value else "" for value in changes[name]]
        if changes:
            SettingChange.objects.create(
                at=now, actor=actor, subject=SUBJECT, subject_id=robot.pk, name=robot.name, changes=changes
            )
        if old and old.active != robot.active:
            switched(robot)
    return robot


def switched(owner: waiting.Owner) -> None:
    """Hold back what waits for a way that is off now, or let it go; for a caller that has locked the owner."""
    if waiting.is_on(owner):
        waiting.release(owner)
        transaction.on_commit(enqueue.wake, robust=True)
    else:
        waiting.hold(owner)


def cancel_held(robot: Robot, *, actor: Any, now: datetime) -> int:
    """Give up what is held back for a robot; returns how many messages that were."""
    with transaction.atomic():
        cancelled = waiting.cancel(waiting.locked(robot))
        if cancelled:
            record_change(robot, {"held": [cancelled, 0]}, actor=actor, now=now)
    return cancelled


def send_test(robot: Robot, *, actor: Any, now: datetime) -> OutboxMessage:
    """Let the robot say something, by the way that every message takes. Raises SwitchedOff."""
    if not robot.active:
        raise SwitchedOff
    with translation.override(robot.language):
        message = OutboxMessage(
            audience=OutboxMessage.Audience.STAFF,
            robot=robot,
            recipient=actor,
            subject=_("Test message from Amends"),
            body=_("This group will hear about cases that need somebody."),
            dedup_key=f"test:{robot.pk}:{uuid.uuid4().hex}",
            created_at=now,
        )
    with transaction.atomic():
        enqueue.enqueue([message])
    return OutboxMessage.objects.get(dedup_key=message.dedup_key)


def _values(robot: Robot) -> dict[str, Any]:
    """Plain values of everything that can be set."""
    values: dict[str, Any] = {name: getattr(robot, name) for name in (*PLAIN, *SECRET)}
    values["shops"] = sorted(robot.shops.values_list("name", flat=True))
    values["members"] = sorted(robot.members.values_list("username", flat=True))
    return values
