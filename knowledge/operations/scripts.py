"""What managers do to reply scripts: write, have it reviewed, publish, restore. Each with its row of history."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from knowledge import rendering, script_documents
from knowledge.models import ReplyScript, ScriptEvent, ScriptVersion
from knowledge.queries import phrase_rules, second_publisher
from knowledge.refusals import Refused
from knowledge.versioning import OPEN, Review, Status

from . import indexing

DETAILS = ("name", "name_en", "stage", "step", "channels", "language", "tone")
LENGTH = 4000


class TextMissing(Refused):
    message = _("Write the text first.")


class TextTooLong(Refused):
    message = _("The text has %(n)s characters; %(most)s fit into a reply.")


class PlaceholderUnknown(Refused):
    message = _("Unknown placeholder: %(names)s. Use one from the list.")


class CodeTaken(Refused):
    message = _("There is a script with this code already.")


class TextBlocked(Refused):
    message = _("Phrase rules would stop every reply with this text: %(phrases)s. Change these words first.")


class DraftChanged(Refused):
    message = _("Somebody else has changed this draft meanwhile. Yours is still in the field: compare and save again.")


class UnderReview(Refused):
    message = _("This text is in review and stands still until it is published or sent back.")


class DraftOpen(Refused):
    message = _("There is a draft already. Publish or discard it first.")


class NoDraft(Refused):
    message = _("There is no draft any more.")


def create(code: str, text: str, details: Mapping[str, Any], *, actor: Any, now: datetime) -> ReplyScript:
    """Add a script with its first draft. `details`: `DETAILS` and `issue_types`. Raises CodeTaken and as `write`."""
    _check(text)
    with transaction.atomic():
        if ReplyScript.objects.filter(code=code).exists():
            raise CodeTaken
        script = ReplyScript.objects.create(code=code, **{name: details[name] for name in DETAILS})
        script.issue_types.set(details["issue_types"])
        version = _draft(script, text, actor=actor, now=now)
        _record(script, "created", version, actor=actor, now=now)
    return script


def change_details(script_id: int, details: Mapping[str, Any], *, actor: Any, now: datetime) -> bool:
    """Change where and when the script is offered; returns whether anything was different."""
    with _locked(script_id) as script:
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
        _record(script, "changed", actor=actor, now=now, changes=changes)
        indexing.refresh(script_documents.KIND, [script.pk])
    return True


def switch(script_id: int, *, active: bool, actor: Any, now: datetime) -> None:
    """Offer the script to agents, or no longer; done already, nothing happens."""
    with _locked(script_id) as script:
        if script.active != active:
            script.active = active
            script.save()
            _record(script, "switched_on" if active else "switched_off", actor=actor, now=now)
            indexing.refresh(script_documents.KIND, [script.pk])


def write(script_id: int, text: str, *, seen: str = "", actor: Any, now: datetime) -> ScriptVersion:
    """Save the draft, or begin one. `seen`: `mark` of the draft that the form was shown with, empty for none.

    Raises TextMissing, TextTooLong, PlaceholderUnknown, UnderReview, DraftChanged.
    """
    _check(text)
    with _locked(script_id) as script:
        draft = _open(script)
        if draft and draft.status == Status.IN_REVIEW:
            raise UnderReview
        if (draft.mark if draft else "") != seen:
            raise DraftChanged
        if draft is None:
            draft = _draft(script, text, actor=actor, now=now)
        elif draft.text == text:
            return draft
        else:
            draft.text, draft.author, draft.edition = text, actor, draft.edition + 1
            draft.save()
        _record(script, "written", draft, actor=actor, now=now)
    return draft


def submit(script_id: int, *, seen: str, actor: Any, now: datetime) -> ScriptVersion:
    """Hand the draft over for review. Raises NoDraft, DraftChanged, TextBlocked, NotInThisStatus."""
    _refuse_blocked(script_id, now=now)
    return _step(script_id, "submit", "submitted", seen=seen, actor=actor, now=now)


def send_back(script_id: int, *, seen: str, comment: str, actor: Any, now: datetime) -> ScriptVersion:
    """Ask for changes. Raises CommentMissing and as `submit`."""
    return _step(script_id, "send_back", "sent_back", seen=seen, comment=comment, actor=actor, now=now)


def discard(script_id: int, *, seen: str, comment: str = "", actor: Any, now: datetime) -> ScriptVersion:
    """Give the draft up; its text stays in the history."""
    return _step(script_id, "discard", "discarded", seen=seen, comment=comment, actor=actor, now=now)


def publish(script_id: int, *, seen: str, comment: str = "", actor: Any, now: datetime) -> ScriptVersion:
    """Put the reviewed version in force and retire the one before it. Raises OwnText and as `submit`."""
    _refuse_blocked(script_id, now=now)
    with _locked(script_id) as script:
        version = _seen(script, seen)
        review = Review(
            own=version.author_id == actor.pk, second_person=second_publisher(besides=actor), comment=comment
        )
        version.publish(review)
        for before in script.versions.filter(status=Status.PUBLISHED):
            before.retire(Review())
            before.save()
        version.published_at = now
        version.save()
        _record(script, "published", version, actor=actor, now=now, comment=comment)
        indexing.refresh(script_documents.KIND, [script.pk])
    return version


def restore(script_id: int, number: int, *, actor: Any, now: datetime) -> ScriptVersion:
    """Begin a draft with the text of an old version. Raises DraftOpen, ScriptVersion.DoesNotExist."""
    with _locked(script_id) as script:
        old = script.versions.get(number=number)
        if _open(script):
            raise DraftOpen
        draft = _draft(script, old.text, actor=actor, now=now)
        _record(script, "restored", draft, actor=actor, now=now, changes={"version": [old.number, draft.number]})
    return draft


# ---------------------------------------------------------------- the steps behind them


@contextmanager
def _locked(script_id: int) -> Iterator[ReplyScript]:
    """The script, locked until the transaction ends: all its versions are written under this lock."""
    with transaction.atomic():
        yield ReplyScript.objects.select_for_update(no_key=True).get(pk=script_id)


def _step(
    script_id: int, step: str, kind: str, *, seen: str, comment: str = "", actor: Any, now: datetime
) -> ScriptVersion:
    with _locked(script_id) as script:
        version = _seen(script, seen)
        getattr(version, step)(Review(comment=comment))
        version.save()
        _record(script, kind, version, actor=actor, now=now, comment=comment)
    return version


def _open(script: ReplyScript) -> ScriptVersion | None:
    return script.versions.filter(status__in=OPEN).first()


def _seen(script: ReplyScript, seen: str) -> ScriptVersion:
    """The open version, if it is the one that the person has looked at."""
    version = _open(script)
    if version is None:
        raise NoDraft
    if version.mark != seen:
        raise DraftChanged
    return version


def _draft(script: ReplyScript, text: str, *, actor: Any, now: datetime) -> ScriptVersion:
    last = script.versions.order_by("-number").first()
    return ScriptVersion.objects.create(
        script=script, number=last.number + 1 if last else 1, text=text, author=actor, created_at=now
    )


def _refuse_blocked(script_id: int, *, now: datetime) -> None:
    """No script may hold what no reply made of it may. The words stand still once the draft is handed over."""
    text = ScriptVersion.objects.filter(script=script_id, status__in=OPEN).values_list("text", flat=True).first()
    found = phrase_rules().findings(text or "", scope="reply", on=timezone.localtime(now).date())
    if words := dict.fromkeys(f"“{(text or '')[one.start : one.end]}”" for one in found if one.blocks):
        raise TextBlocked(phrases=pgettext("enumeration", ", ").join(words))


def _check(text: str) -> None:
    if not text.strip():
        raise TextMissing
    if len(text) > LENGTH:
        raise TextTooLong(n=len(text), most=LENGTH)
    if unknown := rendering.unknown(text):
        raise PlaceholderUnknown(names=", ".join(f"{{{name}}}" for name in unknown))


def _record(
    script: ReplyScript,
    kind: str,
    version: ScriptVersion | None = None,
    *,
    actor: Any,
    now: datetime,
    comment: str = "",
    changes: Mapping[str, Any] | None = None,
) -> None:
    ScriptEvent.objects.create(
        script=script, version=version, kind=kind, actor=actor, at=now, comment=comment.strip()[:500],
        changes=dict(changes or {}),
    )  # fmt: skip
