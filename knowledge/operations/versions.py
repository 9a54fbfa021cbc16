"""What is done to a document in versions, whatever its words are: the draft, its review, its history.

A document is a row with `versions` and `events` (`knowledge/models/versioned.py`); who calls holds it `locked`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from knowledge.queries import second_publisher
from knowledge.refusals import Refused
from knowledge.versioning import OPEN, Review, Status


class TextMissing(Refused):
    message = _("Write the text first.")


class DraftChanged(Refused):
    message = _("Somebody else has changed this draft meanwhile. Yours is still in the field: compare and save again.")


class UnderReview(Refused):
    message = _("This text is in review and stands still until it is published or sent back.")


class DraftOpen(Refused):
    message = _("There is a draft already. Publish or discard it first.")


class NoDraft(Refused):
    message = _("There is no draft any more.")


@contextmanager
def locked(documents: Any, pk: int) -> Iterator[Any]:
    """The document, locked until the transaction ends: all its versions are written under this lock."""
    with transaction.atomic():
        yield documents.objects.select_for_update(no_key=True).get(pk=pk)


def seen_draft(document: Any, seen: str) -> Any:
    """The open version, if it is the one that the person has looked at. Raises NoDraft, DraftChanged."""
    version = _open(document)
    if version is None:
        raise NoDraft
    if version.mark != seen:
        raise DraftChanged
    return version


def begin(document: Any, words: Mapping[str, Any], *, actor: Any, now: datetime) -> Any:
    """The next version, as a draft."""
    last = document.versions.order_by("-number").first()
    number = last.number + 1 if last else 1
    return document.versions.create(number=number, author=actor, created_at=now, **words)


def write(document: Any, words: Mapping[str, Any], *, seen: str, actor: Any, now: datetime) -> Any:
    """Save the draft, or begin one; the same words again are no change. Raises UnderReview, DraftChanged."""
    draft = _open(document)
    if draft and draft.status == Status.IN_REVIEW:
        raise UnderReview
    if (draft.mark if draft else "") != seen:
        raise DraftChanged
    if draft is None:
        draft = begin(document, words, actor=actor, now=now)
    elif all(getattr(draft, name) == value for name, value in words.items()):
        return draft
    else:
        for name, value in words.items():
            setattr(draft, name, value)
        draft.author, draft.edition = actor, draft.edition + 1
        draft.save()
    record(document, "written", draft, actor=actor, now=now)
    return draft


def step(document: Any, name: str, kind: str, *, seen: str, actor: Any, now: datetime, **told: Any) -> Any:
    """Take a step with the open version. `told`: `comment` and `changes`. Raises as `seen_draft` and as the step."""
    version = seen_draft(document, seen)
    getattr(version, name)(Review(comment=told.get("comment", "")))
    version.save()
    record(document, kind, version, actor=actor, now=now, **told)
    return version


def restore(document: Any, number: int, names: Sequence[str], *, actor: Any, now: datetime) -> Any:
    """Begin a draft with these words of an old version. Raises DraftOpen, DoesNotExist."""
    old = document.versions.get(number=number)
    if _open(document):
        raise DraftOpen
    draft = begin(document, {name: getattr(old, name) for name in names}, actor=actor, now=now)
    record(document, "restored", draft, actor=actor, now=now, changes={"version": [old.number, draft.number]})
    return draft


def review(document: Any, version: Any, *, actor: Any, comment: str = "", among: Any = None) -> Review:
    """Whether the text is the actor's own while somebody else could publish it; `among`: as `second_publisher`."""
    own = version.author_id == actor.pk
    second_person = own and second_publisher(type(document), besides=actor, among=among)
    return Review(own=own, second_person=second_person, comment=comment)


def record(
    document: Any,
    kind: str,
    version: Any = None,
    *,
    actor: Any,
    now: datetime,
    comment: str = "",
    changes: Mapping[str, Any] | None = None,
) -> None:
    """The row of history of what was just done."""
    document.events.create(
        version=version, kind=kind, actor=actor, at=now, comment=comment.strip()[:500], changes=dict(changes or {})
    )


def _open(document: Any) -> Any:
    return document.versions.filter(status__in=OPEN).first()
