"""Two who keep the words at the same moment: no version is lost, and no word comes into two groups."""

from collections.abc import Callable
from typing import Any

import pytest

from knowledge.models import ConfirmationText, SynonymChange, SynonymGroup
from knowledge.operations import confirmation_texts, synonyms
from tests.factories.complaints import NOW
from tests.faults.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(user_with: Callable[..., Any]) -> list[Any]:
    return [user_with("knowledge_manager"), user_with("knowledge_manager")]


def test_of_two_who_publish_a_text_at_once_one_is_told(two: list[Any]) -> None:
    for n in range(5):
        seen = confirmation_texts.mark()
        outcomes = at_once([
            lambda actor=actor, n=n, seen=seen: confirmation_texts.publish(
                code=f"TEXT-{n}", name="定制", text=f"请{actor.username}确认", text_en="",
                seen=seen, actor=actor, now=NOW,
            )
            for actor in two
        ])  # fmt: skip
        assert [type(outcome.error) for outcome in outcomes if outcome.error] == [confirmation_texts.JustPublished]
        assert ConfirmationText.objects.filter(code=f"TEXT-{n}").count() == 1


def test_a_word_comes_into_one_group_of_two_that_are_added_at_once(two: list[Any]) -> None:
    before = SynonymGroup.objects.count()
    for n in range(5):
        outcomes = at_once([
            lambda actor=actor, n=n: synonyms.add([f"共词{n}", f"{actor.pk}号{n}"], actor=actor, now=NOW)
            for actor in two
        ])  # fmt: skip
        assert [type(outcome.error) for outcome in outcomes if outcome.error] == [synonyms.WordTaken]
        assert SynonymGroup.objects.count() == before + n + 1


def test_a_word_comes_into_one_group_of_two_that_are_changed_at_once(two: list[Any]) -> None:
    groups = [synonyms.add([f"甲{n}", f"乙{n}"], actor=two[0], now=NOW) for n in range(2)]
    outcomes = at_once([
        lambda group=group: synonyms.change(
            group.pk, [*group.words, "共词"], active=True, seen=synonyms.mark(group), actor=two[0], now=NOW
        )
        for group in groups
    ])  # fmt: skip
    assert [type(outcome.error) for outcome in outcomes if outcome.error] == [synonyms.WordTaken]
    assert sum("共词" in group.words for group in SynonymGroup.objects.all()) == 1
    assert SynonymChange.objects.filter(group__in=groups).count() == 3
