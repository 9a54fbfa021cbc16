"""Replies as they are composed: what they were made of, who was faster, what a supervisor lets pass."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from complaints.models import Complaint, Contact, ScriptUse
from knowledge import rendering
from knowledge.models import ScriptVersion
from knowledge.wording import share_edited

from . import conversation, progress, wording, writing
from .locking import locked

NOT_THERE_FROM = 70
"""Percent changed from which on nothing of the script is left: it was put in and taken out again."""

MOST = 10
"""Versions that one reply is compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """How a reply came about. `scripts`: the versions (ids) that were put into it. `seen`: the last reply that the
    writer saw, None for whoever looked at none. `overrule`: why it goes in spite of rules, of somebody who may say so.
    """

    scripts: Iterable[int] = ()
    seen: int | None = None
    overrule: str = ""


def reply(complaint_id: int, body: str, *, composed: Composed, actor: Any, now: datetime, **how: Any) -> Contact:
    """`conversation.reply`, which remembers how it came about. Raises RepliedMeanwhile, too."""
    with transaction.atomic():
        _prepare(complaint_id, body, composed, actor=actor, now=now)
        contact = conversation.reply(complaint_id, body, actor=actor, now=now, **how)
        remember(contact, composed.scripts)
        writing.over(contact.complaint, user=actor)
    return contact


def accept(complaint_id: int, *, body: str, composed: Composed, actor: Any, now: datetime, **how: Any) -> Complaint:
    """`progress.accept`, which remembers how the first reply came about. Raises RepliedMeanwhile, too."""
    with transaction.atomic():
        _prepare(complaint_id, body, composed, actor=actor, now=now)
        complaint = progress.accept(complaint_id, body=body, actor=actor, now=now, **how)
        writing.over(complaint, user=actor)
        written = complaint.contacts.filter(direction=Contact.Direction.OUT, author=actor, at=now)
        if contact := written.order_by("pk").last():
            remember(contact, composed.scripts)
    return complaint


def _prepare(complaint_id: int, body: str, composed: Composed, *, actor: Any, now: datetime) -> None:
    with locked(complaint_id) as complaint:
        if composed.seen is not None and body:
            writing.refuse_overtaken(complaint, seen=composed.seen, actor=actor)
    if composed.overrule:
        wording.overrule(complaint_id, body, reason=composed.overrule, actor=actor, now=now)


def remember(contact: Contact, scripts: Iterable[int]) -> None:
    """Keep what the reply was made of; what never was in force or is not in the text is left out."""
    asked = list(dict.fromkeys(scripts))[:MOST]
    if not asked:
        return
    ScriptUse.objects.bulk_create(
        ScriptUse(contact=contact, version=version, percent_edited=percent)
        for version in ScriptVersion.objects.once_in_force().filter(pk__in=asked).order_by("pk")
        if (percent := share_edited(rendering.wording(version.text), contact.body)) < NOT_THERE_FROM
    )
