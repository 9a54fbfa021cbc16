"""Two who keep the words at the same moment: no version is lost, and no word comes into two groups."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from knowledge.models import ConfirmationText, SynonymChange, SynonymGroup
from knowledge.operations import confirmation_texts, synonyms
from tests.factories.complaints import NOW
from tests.faults.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)

ADD = reverse("admin:knowledge_confirmationtext_add")


@pytest.fixture
def two(user_with: Callable[..., Any]) -> list[Any]:
    return [user_with("knowledge_manager"), user_with("knowledge_manager")]


def test_of_two_who_publish_a_text_at_once_one_is_told(two: list[Any]) -> None:
    """On SQLite the second may find the first one's version; then it is the version after that one."""
    for n in range(5):
        outcomes = at_once([
            lambda actor=actor, n=n: confirmation_texts.publish(
                code=f"TEXT-{n}", name="定制", text=f"请{actor.username}确认", text_en="", actor=actor, now=NOW
            )
            for actor in two
        ])  # fmt: skip
        errors = [type(outcome.error) for outcome in outcomes if outcome.error]
        assert errors in ([], [confirmation_texts.JustPublished])
        numbers = ConfirmationText.objects.filter(code=f"TEXT-{n}").order_by("number").values_list("number", flat=True)
        assert list(numbers) == [1, 2][: 2 - len(errors)]


@pytest.mark.row_locks
def test_who_publishes_second_has_the_form_as_it_was_typed(
    two: list[Any], client_for: Callable[[Any], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's version comes between the look for the latest number and the row."""
    words = {"code": "TEXT-1", "name": "定制", "text": "请您核对尺寸", "text_en": "Check the size"}
    client, look = client_for(two[0]), confirmation_texts._last_number

    def overtaken(code: str) -> int:
        monkeypatch.undo()
        theirs = words | {"text": "别人的", "actor": two[1], "now": NOW}
        at_once([lambda: confirmation_texts.publish(**theirs)])
        return look(code) - 1

    monkeypatch.setattr(confirmation_texts, "_last_number", overtaken)
    answer = client.post(ADD, words)
    assert answer.status_code == 422
    form = answer.context["adminform"].form
    assert list(form.errors) == ["text"]
    assert {name: form[name].value() for name in words} == words
    assert client.post(ADD, words).status_code == 302
    told = ConfirmationText.objects.filter(code="TEXT-1").order_by("number").values_list("number", "text")
    assert list(told) == [(1, "别人的"), (2, "请您核对尺寸")]


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
