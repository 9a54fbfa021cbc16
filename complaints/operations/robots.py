"""Set up the robots that tell a group; every change is recorded, addresses and secrets by name only."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from complaints.models import OutboxMessage, Robot, SettingChange
from complaints.outbox import enqueue

SUBJECT = "robot"
PLAIN = ("name", "kind", "language", "active")
SECRET = ("url", "secret")


def save(robot: Robot, *, shops: Iterable[Any], members: Iterable[Any], actor: Any, now: datetime) -> Robot:
    """Write the robot with its shops and members, and what that changes; a new one has no id yet."""
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
    return robot


def send_test(robot: Robot, *, actor: Any, now: datetime) -> OutboxMessage:
    """Let the robot say something, by the way that every message takes."""
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
