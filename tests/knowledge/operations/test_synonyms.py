"""Groups of synonyms, each change with who made it."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from knowledge.models import SynonymChange, SynonymGroup
from knowledge.operations import synonyms
from knowledge.operations.bootstrap import CONTENT
from knowledge.search_query import WORDS_OF_A_GROUP, word_tokens

pytestmark = pytest.mark.django_db


def test_a_group_keeps_each_word_once_and_who_made_it(agent: Any, now: datetime) -> None:
    group = synonyms.add([" 甲醛味 ", "ＴＶＯＣ", "tvoc", "", "刺鼻  味"], actor=agent, now=now)
    assert group.words == ["甲醛味", "ＴＶＯＣ", "刺鼻 味"]
    made = group.changes.get()
    assert (made.actor, made.at, made.before, made.after) == (agent, now, [], group.words)


def test_a_change_is_kept_with_what_was_before(agent: Any, now: datetime) -> None:
    group = synonyms.add(["甲醛味", "刺鼻味"], actor=agent, now=now)
    words = ["甲醛味", "油漆味"]
    _group, changed = synonyms.change(group.pk, words, active=True, seen=synonyms.mark(group), actor=agent, now=now)
    assert changed
    latest = group.changes.first()
    assert latest
    assert (latest.before, latest.after) == (["甲醛味", "刺鼻味"], words)


def test_what_is_the_same_is_no_change(agent: Any, now: datetime) -> None:
    group = synonyms.add(["甲醛味", "刺鼻味"], actor=agent, now=now)
    seen = synonyms.mark(group)
    _group, changed = synonyms.change(group.pk, group.words, active=True, seen=seen, actor=agent, now=now)
    assert not changed
    assert group.changes.count() == 1


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ([], synonyms.TooFewWords),
        (["甲醛味"], synonyms.TooFewWords),
        (["甲醛味", "甲醛味 "], synonyms.TooFewWords),
        (["甲醛味", "！！"], synonyms.WordEmpty),
        (["甲醛味", "长" * 41], synonyms.WordTooLong),
        ([f"词{n}" for n in range(WORDS_OF_A_GROUP + 1)], synonyms.TooManyWords),
        (["甲醛味", "退錢"], synonyms.WordTaken),
    ],
)
def test_a_group_is_refused_with_the_reason(
    words: Sequence[str], refusal: type[Exception], agent: Any, now: datetime
) -> None:
    before = SynonymChange.objects.count()
    with pytest.raises(refusal):
        synonyms.add(words, actor=agent, now=now)
    assert SynonymChange.objects.count() == before


def test_two_who_change_one_group_do_not_overwrite_each_other(agent: Any, now: datetime) -> None:
    group = synonyms.add(["甲醛味", "刺鼻味"], actor=agent, now=now)
    seen = synonyms.mark(group)
    synonyms.change(group.pk, ["甲醛味", "油漆味"], active=True, seen=seen, actor=agent, now=now)
    with pytest.raises(synonyms.GroupChanged):
        synonyms.change(group.pk, ["甲醛味", "胶水味"], active=True, seen=seen, actor=agent, now=now)
    group.refresh_from_db()
    assert group.words == ["甲醛味", "油漆味"]


def test_the_default_groups_are_loaded_once_and_keep_what_managers_made_of_them(content: None) -> None:
    count = SynonymGroup.objects.count()
    assert count >= 30
    SynonymGroup.objects.filter(pk=SynonymGroup.objects.first().pk).update(active=False)  # type: ignore[union-attr]
    assert synonyms.load([["甲", "乙"]]) == 0
    assert SynonymGroup.objects.count() == count


def test_no_word_stands_in_two_default_groups() -> None:
    groups = json.loads((CONTENT / "synonyms.json").read_text(encoding="utf-8"))
    words = [word_tokens(word) for group in groups for word in group]
    assert len(set(words)) == len(words)
    assert all(1 < len(group) <= WORDS_OF_A_GROUP for group in groups)
