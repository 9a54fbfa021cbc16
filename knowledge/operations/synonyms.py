"""Groups of words that mean the same, as managers edit them; each write with its row of history."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from knowledge.models import SynonymChange, SynonymGroup
from knowledge.refusals import Refused
from knowledge.search_query import WORDS_OF_A_GROUP, word_tokens

from .turns import take_turn

LENGTH = 40


class TooFewWords(Refused):
    message = _("Give at least two words that mean the same, one per line.")


class TooManyWords(Refused):
    message = _("A group takes %(most)s words at most. Make a second group of the others.")


class WordTooLong(Refused):
    message = _("“%(word)s” is too long: a word has %(most)s characters at most.")


class WordEmpty(Refused):
    message = _("“%(word)s” has neither letters nor digits, so nothing could be found by it.")


class WordTaken(Refused):
    message = _("“%(word)s” is in the group “%(group)s” already. Add your words there.")


class GroupChanged(Refused):
    message = _("Somebody else has changed this group meanwhile. Yours is still in the field: compare and save again.")


def add(words: Sequence[str], *, actor: Any, now: datetime) -> SynonymGroup:
    """Add a group. Raises TooFewWords, TooManyWords, WordTooLong, WordEmpty, WordTaken."""
    with transaction.atomic():
        checked = _checked(words, besides=None)
        group = SynonymGroup.objects.create(words=checked)
        _record(group, [], actor=actor, now=now)
    return group


def change(
    group_id: int, words: Sequence[str], *, active: bool, seen: str, actor: Any, now: datetime
) -> tuple[SynonymGroup, bool]:
    """Change a group; returns it and whether anything was different. `seen`: `mark` when the form was shown.

    Raises GroupChanged and as `add`.
    """
    with transaction.atomic():
        group = SynonymGroup.objects.select_for_update(no_key=True).get(pk=group_id)
        if mark(group) != seen:
            raise GroupChanged
        checked = _checked(words, besides=group)
        if (checked, active) == (group.words, group.active):
            return group, False
        before, group.words, group.active = group.words, checked, active
        group.save()
        _record(group, before, actor=actor, now=now)
    return group, True


def mark(group: SynonymGroup) -> str:
    """In which state a form was shown."""
    return str(group.changes.values_list("pk", flat=True).first() or 0)


def load(groups: Iterable[Sequence[str]]) -> int:
    """The default groups, where there is none at all; returns how many were added."""
    if SynonymGroup.objects.exists():
        return 0
    made = SynonymGroup.objects.bulk_create(SynonymGroup(words=list(words)) for words in groups)
    SynonymChange.objects.bulk_create(SynonymChange(group=group, after=group.words) for group in made)
    return len(made)


def _checked(words: Sequence[str], *, besides: SynonymGroup | None) -> list[str]:
    """The words as they are kept: each once, however it is spelt, and in no other group until the transaction ends."""
    kept: dict[tuple[str, ...], str] = {}
    for word in filter(None, (" ".join(word.split()) for word in words)):
        kept.setdefault(_tokens(word), word)
    if len(kept) < 2:
        raise TooFewWords
    if len(kept) > WORDS_OF_A_GROUP:
        raise TooManyWords(most=WORDS_OF_A_GROUP)
    take_turn("synonyms")
    others = SynonymGroup.objects.exclude(pk=besides.pk) if besides else SynonymGroup.objects.all()
    for other in others:
        if taken := next((word for word in other.words if word_tokens(word) in kept), None):
            raise WordTaken(word=taken, group=other)
    return list(kept.values())


def _tokens(word: str) -> tuple[str, ...]:
    if len(word) > LENGTH:
        raise WordTooLong(word=f"{word[:20]}…", most=LENGTH)
    if not (found := word_tokens(word)):
        raise WordEmpty(word=word)
    return found


def _record(group: SynonymGroup, before: list[str], *, actor: Any, now: datetime) -> None:
    SynonymChange.objects.create(
        group=group, actor=actor, at=now, before=before, after=group.words, active=group.active
    )
