"""The index itself: there on both databases, and empty of what is gone."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from knowledge import fulltext
from knowledge.fulltext import Words
from knowledge.models import SearchDocument
from knowledge.search_query import parse

pytestmark = pytest.mark.django_db


def _document(pk: int, *words: str) -> None:
    SearchDocument.objects.create(
        pk=pk, kind="x", object_id=pk, title="", body="", at=datetime(2026, 11, 20, tzinfo=UTC), stamp="", edition=1
    )
    fulltext.write({pk: Words(title=[], body=list(words))})


def _found(text: str) -> list[int]:
    rows = SearchDocument.objects.filter(fulltext.matches(parse(text))).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def test_the_database_keeps_the_rules_of_the_index() -> None:
    expected = fulltext.expected_triggers(connection.vendor)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        assert set(expected) <= {name for (name,) in cursor.fetchall()}


def test_what_is_deleted_is_found_no_more_even_by_another_under_its_id() -> None:
    _document(1, "青", "花")
    SearchDocument.objects.all().delete()
    assert _found("青花") == []
    SearchDocument.objects.create(
        pk=1, kind="x", object_id=1, title="", body="", at=datetime(2026, 11, 20, tzinfo=UTC), stamp="", edition=1
    )
    assert _found("青花") == []


def test_words_are_replaced_and_not_added() -> None:
    _document(1, "青", "花")
    fulltext.write({1: Words(title=["琉", "璃"], body=[])})
    assert (_found("青花"), _found("琉璃")) == ([], [1])


def test_a_token_that_looks_like_syntax_is_a_token() -> None:
    _document(1, "and", "near", "not", "null")
    for text in ("AND", "NEAR", "NOT", '"near not"', "null"):
        assert _found(text) == [1], text


def test_the_index_can_be_taken_away_and_made_again() -> None:
    _document(1, "青", "花")
    fulltext.drop(connection)
    fulltext.create(connection)
    fulltext.write({1: Words(title=[], body=["青", "花"])})
    assert _found("青花") == [1]
