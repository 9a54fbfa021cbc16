"""Search finds what is in force, from the moment on at which it is."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from knowledge import searching
from knowledge.models import ReplyScript, ScriptVersion, SearchDocument, SearchProgress
from knowledge.operations import indexing, scripts
from knowledge.script_documents import KIND, SOURCE
from knowledge.search_query import parse
from knowledge.searching import Filters
from tests.factories.knowledge import IssueTypeFactory, ReplyScriptFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(user_with: Callable[..., Any]) -> Any:
    return user_with("knowledge_manager")


@pytest.fixture
def find(manager: Any) -> Callable[..., list[int]]:
    def ids(text: str, **filters: Any) -> list[int]:
        found = searching.search(SOURCE, parse(text), manager, filters=Filters(**filters))
        return [hit.object_id for hit in found.hits]

    return ids


def _published(script: ReplyScript, text: str, actor: Any, now: datetime) -> ScriptVersion:
    draft = scripts.write(script.pk, text, actor=actor, now=now)
    scripts.submit(script.pk, seen=draft.mark, actor=actor, now=now)
    draft.refresh_from_db()
    return scripts.publish(script.pk, seen=draft.mark, actor=actor, now=now)


def test_a_script_is_found_by_its_text_once_it_is_published(
    manager: Any, find: Callable[..., list[int]], now: datetime
) -> None:
    script = ReplyScriptFactory(text="青花瓷碗的旧文本")
    indexing.refresh(KIND, [script.pk])
    draft = scripts.write(script.pk, "青花瓷碗，琉璃盏", actor=manager, now=now)
    assert (find("旧文本"), find("琉璃盏")) == ([script.pk], [])
    scripts.submit(script.pk, seen=draft.mark, actor=manager, now=now)
    assert find("琉璃盏") == []
    scripts.publish(script.pk, seen=draft.mark, actor=manager, now=now)
    assert (find("旧文本"), find("琉璃盏")) == ([], [script.pk])


def test_a_script_that_is_switched_off_is_not_found_until_it_is_on_again(
    manager: Any, find: Callable[..., list[int]], now: datetime
) -> None:
    script = ReplyScriptFactory()
    _published(script, "青花瓷碗", manager, now)
    scripts.switch(script.pk, active=False, actor=manager, now=now)
    assert find("青花瓷") == []
    scripts.switch(script.pk, active=True, actor=manager, now=now)
    assert find("青花瓷") == [script.pk]


def test_new_details_are_found_at_once(manager: Any, find: Callable[..., list[int]], now: datetime) -> None:
    script, issue = ReplyScriptFactory(), IssueTypeFactory()
    _published(script, "青花瓷碗", manager, now)
    details = {name: getattr(script, name) for name in scripts.DETAILS} | {"name": "琉璃盏", "issue_types": [issue]}
    scripts.change_details(script.pk, details, actor=manager, now=now)
    assert find("琉璃盏", issue_type=issue) == [script.pk]
    assert find("琉璃盏", issue_type=IssueTypeFactory()) == []


def test_a_placeholder_is_no_word_of_a_script(manager: Any, find: Callable[..., list[int]], now: datetime) -> None:
    _published(ReplyScriptFactory(), "您好 {customer_name}，青花瓷碗", manager, now)
    assert find("customer") == []


def test_the_sweep_finds_what_was_written_past_the_operations(find: Callable[..., list[int]], now: datetime) -> None:
    script = ReplyScriptFactory(text="青花瓷碗")
    assert indexing.sweep(now=now) >= 1
    assert find("青花瓷") == [script.pk]
    ReplyScript.objects.filter(pk=script.pk).update(active=False)
    indexing.sweep(now=now)
    assert find("青花瓷") == []
    assert indexing.sweep(now=now) == 0


def test_documents_made_in_an_older_way_are_made_anew(
    find: Callable[..., list[int]], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ReplyScriptFactory(text="青花瓷碗")
    indexing.sweep(now=now)
    monkeypatch.setattr(indexing, "EDITION", indexing.EDITION + 1)
    stale = SearchDocument.objects.exclude(edition=indexing.EDITION).count()
    assert indexing.sweep(now=now) == stale > 0
    assert not SearchDocument.objects.exclude(edition=indexing.EDITION).exists()


def test_a_kind_that_cannot_be_read_does_not_keep_the_others_from_being_found(
    find: Callable[..., list[int]], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = ReplyScriptFactory(text="青花瓷碗")
    broken = SOURCE.__class__(
        **{name: getattr(SOURCE, name) for name in SOURCE.__slots__}
        | {"kind": "broken", "position": 0, "recent": lambda now: 1 / 0}
    )
    monkeypatch.setattr(indexing, "sources", lambda: [broken, SOURCE])
    indexing.sweep(now=now)
    assert find("青花瓷") == [script.pk]


def test_a_reindex_that_was_killed_goes_on_where_it_was(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "SLICE", 3)
    monkeypatch.setattr(indexing, "sources", lambda: [SOURCE])
    ReplyScriptFactory.create_batch(7)
    total = ScriptVersion.objects.in_force().count()
    list(indexing.reindex())
    walk = indexing.reindex(anew=True)
    assert next(walk) == (KIND, 3)
    walk.close()
    done = SearchDocument.objects.filter(kind=KIND, edition=indexing.EDITION).count()
    assert (done, SearchProgress.objects.get(kind=KIND).after > 0) == (3, True)
    assert sum(made for _kind, made in indexing.reindex()) == total - 3
    assert SearchDocument.objects.filter(kind=KIND, edition=indexing.EDITION).count() == total


def test_a_reindex_takes_away_what_belongs_nowhere(now: datetime) -> None:
    script = ReplyScriptFactory()
    list(indexing.reindex())
    stray = SearchDocument.objects.get(kind=KIND, object_id=script.pk)
    stray.pk, stray.object_id = None, script.pk + 1000
    stray.save()
    list(indexing.reindex())
    assert not SearchDocument.objects.filter(object_id=script.pk + 1000).exists()
