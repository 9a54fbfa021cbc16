"""What managers do to reply scripts: write, have it reviewed, publish, restore. Each with its row of history."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from knowledge import rendering, script_documents
from knowledge.models import ReplyScript, ScriptVersion
from knowledge.queries import reply_findings
from knowledge.refusals import Refused
from knowledge.versioning import OPEN, Review, Status

from . import indexing, versions
from .versions import TextMissing

DETAILS = ("name", "name_en", "stage", "step", "channels", "language", "tone")
LENGTH = 4000


class TextTooLong(Refused):
    message = _("The text has %(n)s characters; %(most)s fit into a reply.")


class PlaceholderUnknown(Refused):
    message = _("Unknown placeholder: %(names)s. Use one from the list.")


class CodeTaken(Refused):
    message = _("There is a script with this code already.")


class TextBlocked(Refused):
    message = _("Phrase rules would stop every reply with this text: %(phrases)s. Change these words first.")


def create(code: str, text: str, details: Mapping[str, Any], *, actor: Any, now: datetime) -> ReplyScript:
    """Add a script with its first draft. `details`: `DETAILS` and `issue_types`. Raises CodeTaken and as `write`."""
    _check(text)
    with transaction.atomic():
        if ReplyScript.objects.filter(code=code).exists():
            raise CodeTaken
        script = ReplyScript.objects.create(code=code, **{name: details[name] for name in DETAILS})
        script.issue_types.set(details["issue_types"])
        version = versions.begin(script, {"text": text}, actor=actor, now=now)
        versions.record(script, "created", version, actor=actor, now=now)
    return script


def change_details(script_id: int, details: Mapping[str, Any], *, actor: Any, now: datetime) -> bool:
    """Change where and when the script is offered; returns whether anything was different."""
    with versions.locked(ReplyScript, script_id) as script:
        changes = {
            name: [getattr(script, name), details[name]] for name in DETAILS if getattr(script, name) != details[name]
        }
        old = sorted(script.issue_types.values_list("code", flat=True))
        new = sorted(one.code for one in details["issue_types"])
        for name in changes:
            setattr(script, name, details[name])
        if old != new:
            changes["issue_types"] = [old, new]
            script.issue_types.set(details["issue_types"])
        if not changes:
            return False
        script.save()
        versions.record(script, "changed", actor=actor, now=now, changes=changes)
        indexing.refresh(script_documents.KIND, [script.pk])
    return True


def switch(script_id: int, *, active: bool, actor: Any, now: datetime) -> None:
    """Offer the script to agents, or no longer; done already, nothing happens."""
    with versions.locked(ReplyScript, script_id) as script:
        if script.active != active:
            script.active = active
            script.save()
            versions.record(script, "switched_on" if active else "switched_off", actor=actor, now=now)
            indexing.refresh(script_documents.KIND, [script.pk])


def write(script_id: int, text: str, *, seen: str = "", actor: Any, now: datetime) -> ScriptVersion:
    """Save the draft, or begin one. `seen`: `mark` of the draft that the form was shown with, empty for none.

    Raises TextMissing, TextTooLong, PlaceholderUnknown, UnderReview, DraftChanged.
    """
    _check(text)
    with versions.locked(ReplyScript, script_id) as script:
        return versions.write(script, {"text": text}, seen=seen, actor=actor, now=now)


def hand_over(script_id: int, text: str, *, seen: str = "", actor: Any, now: datetime) -> ScriptVersion:
    """Save the draft and submit it; what is refused leaves neither done. Raises as `write` and `submit`."""
    with transaction.atomic():
        draft = write(script_id, text, seen=seen, actor=actor, now=now)
        return submit(script_id, seen=draft.mark, actor=actor, now=now)


def submit(script_id: int, *, seen: str, actor: Any, now: datetime) -> ScriptVersion:
    """Hand the draft over for review. Raises NoDraft, DraftChanged, TextBlocked, NotInThisStatus."""
    _refuse_blocked(script_id, now=now)
    with versions.locked(ReplyScript, script_id) as script:
        return versions.step(script, "submit", "submitted", seen=seen, actor=actor, now=now)


def send_back(script_id: int, *, seen: str, comment: str, actor: Any, now: datetime) -> ScriptVersion:
    """Ask for changes. Raises CommentMissing and as `submit`."""
    with versions.locked(ReplyScript, script_id) as script:
        return versions.step(script, "send_back", "sent_back", seen=seen, comment=comment, actor=actor, now=now)


def discard(script_id: int, *, seen: str, comment: str = "", actor: Any, now: datetime) -> ScriptVersion:
    """Give the draft up; its text stays in the history."""
    with versions.locked(ReplyScript, script_id) as script:
        return versions.step(script, "discard", "discarded", seen=seen, comment=comment, actor=actor, now=now)


def publish(script_id: int, *, seen: str, comment: str = "", actor: Any, now: datetime) -> ScriptVersion:
    """Put the reviewed version in force and retire the one before it. Raises OwnText and as `submit`."""
    _refuse_blocked(script_id, now=now)
    with versions.locked(ReplyScript, script_id) as script:
        version = versions.seen_draft(script, seen)
        version.publish(versions.review(script, version, actor=actor, comment=comment))
        for before in script.versions.filter(status=Status.PUBLISHED):
            before.retire(Review())
            before.save()
        version.published_at = now
        version.save()
        versions.record(script, "published", version, actor=actor, now=now, comment=comment)
        indexing.refresh(script_documents.KIND, [script.pk])
    return version


def restore(script_id: int, number: int, *, actor: Any, now: datetime) -> ScriptVersion:
    """Begin a draft with the text of an old version. Raises DraftOpen, ScriptVersion.DoesNotExist."""
    with versions.locked(ReplyScript, script_id) as script:
        return versions.restore(script, number, ["text"], actor=actor, now=now)


# ---------------------------------------------------------------- the steps behind them


def _refuse_blocked(script_id: int, *, now: datetime) -> None:
    """No script may hold what no reply made of it may. The words stand still once the draft is handed over."""
    text = ScriptVersion.objects.filter(script=script_id, status__in=OPEN).values_list("text", flat=True).first()
    found = reply_findings(text or "", now=now)
    if words := dict.fromkeys(f"“{(text or '')[one.start : one.end]}”" for one in found if one.blocks):
        raise TextBlocked(phrases=pgettext("enumeration", ", ").join(words))


def _check(text: str) -> None:
    if not text.strip():
        raise TextMissing
    if len(text) > LENGTH:
        raise TextTooLong(n=len(text), most=LENGTH)
    if unknown := rendering.unknown(text):
        raise PlaceholderUnknown(names=", ".join(f"{{{name}}}" for name in unknown))
