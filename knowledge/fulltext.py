"""The full-text index of both databases: how it is made, written and asked.

SQLite has a table of its own for it (FTS5), PostgreSQL a column with a GIN index. There each token also stands with the
one that follows it as one lexeme: a Chinese word of two characters is then looked up at once, where the index alone
would tell only that both characters are somewhere in the text, and every such text would have to be read.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from knowledge.search_query import Phrase, Query
from knowledge.tokens import BREAK
from knowledge.trigger_sets import TriggerSet

TAG = "\ue001"
"""Begins a token that is no word but says what the document is about."""

_TABLE = "knowledge_searchdocument"
_TITLE_WEIGHT = 8.0

_SQLITE = (
    """CREATE VIRTUAL TABLE knowledge_search USING fts5(title, body, tokenize = "unicode61 remove_diacritics 0")"""
)
INDEX = f"CREATE INDEX searchdocument_vector ON {_TABLE} USING gin (vector) WITH (gin_pending_list_limit = 512)"
# Long values apart, so that the rows that a frequent word finds lie close together.
_POSTGRES = (
    f"ALTER TABLE {_TABLE} ADD COLUMN vector tsvector",
    f"ALTER TABLE {_TABLE} SET (toast_tuple_target = 128)",
    INDEX,
)

_SET = TriggerSet(
    sqlite={
        "search_forgets": f"""
        CREATE TRIGGER search_forgets AFTER DELETE ON {_TABLE}
        BEGIN DELETE FROM knowledge_search WHERE rowid = OLD.id; END"""
    },
    postgres={},
    table_of={"search_forgets": _TABLE},
)
expected_triggers = _SET.expected


@dataclass(frozen=True, slots=True)
class Words:
    """What one document is found by: tokens of its title and of its body, and ids of what it is about."""

    title: list[str]
    body: list[str]
    tags: Collection[int] = ()


def create(given: Any) -> None:
    """Make the index, empty, beside the table of documents."""
    with given.cursor() as cursor:
        for statement in _POSTGRES if given.vendor == "postgresql" else (_SQLITE,):
            cursor.execute(statement)
    _SET.install(given)


def drop(given: Any) -> None:
    """Take the index away; what it was made of stays."""
    _SET.remove(given)
    with given.cursor() as cursor:
        if given.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE {_TABLE} DROP COLUMN vector")
        else:
            cursor.execute("DROP TABLE knowledge_search")


def write(words: Mapping[int, Words]) -> None:
    """Let these documents be found by these words, and by no others any more."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            vectors = [_vector(one) for one in words.values()]
            cursor.execute(
                f"""UPDATE {_TABLE} SET vector = given.vector::tsvector
                    FROM unnest(%s::bigint[], %s::text[]) AS given (id, vector) WHERE {_TABLE}.id = given.id""",
                [list(words), vectors],
            )
            return
        cursor.executemany("DELETE FROM knowledge_search WHERE rowid = %s", [(pk,) for pk in words])
        rows = [(pk, " ".join(one.title), " ".join([*one.body, BREAK, *_tags(one.tags)])) for pk, one in words.items()]
        cursor.executemany("INSERT INTO knowledge_search (rowid, title, body) VALUES (%s, %s, %s)", rows)


@contextmanager
def by_index() -> Iterator[None]:
    """Let PostgreSQL find documents by the index of words alone.

    It takes reading a vector for cheap, and where it thinks a rare word frequent it would read every one.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        yield
        cursor.execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_indexscan = on")


def matches(query: Query, tags: Collection[int] = ()) -> RawSQL:
    """A condition on documents: what the query wants, about one of `tags` when there are any.

    PostgreSQL asks of a phrase of three and more tokens only that each two that follow each other are there; that they
    do so in one place is seen by `ranks`, of few documents, for it needs their vectors.
    """
    if connection.vendor == "postgresql":
        return RawSQL(f"{_TABLE}.vector @@ %s::tsquery", [_tsquery(query, tags, joined="&")], BooleanField())
    inner = "SELECT rowid FROM knowledge_search WHERE knowledge_search MATCH %s"
    return RawSQL(f"{_TABLE}.id IN ({inner})", [_match(query, tags)], BooleanField())


def ranks(query: Query, ids: Collection[int]) -> dict[int, float]:
    """How well each of these documents fits, the greater the better; a word in the title counts more.

    What does not fit after all is left out.
    """
    if connection.vendor == "postgresql":
        weights = "{0.1, 0.2, 0.4, 1.0}"
        # OFFSET keeps the two conditions apart: for a long phrase PostgreSQL would ask the index of words again, and
        # read the vector of every document that has its pairs of tokens.
        sql = f"""SELECT id, ts_rank(%s, vector, %s::tsquery, 1)
                  FROM (SELECT id, vector FROM {_TABLE} WHERE id = ANY(%s) OFFSET 0) AS given
                  WHERE vector @@ %s::tsquery"""
        exact = _tsquery(query)
        parameters: list[Any] = [weights, exact, list(ids), exact]
    else:
        # By range: for a list of ids, FTS5 would ask the whole query for each of them.
        sql = f"""SELECT rowid, -bm25(knowledge_search, {_TITLE_WEIGHT}, 1.0) FROM knowledge_search
                  WHERE knowledge_search MATCH %s AND rowid BETWEEN %s AND %s"""
        parameters = [_match(query), min(ids), max(ids)]
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return dict(cursor.fetchall())


def _tags(tags: Iterable[int]) -> list[str]:
    return [f"{TAG}{one}" for one in tags]


# ---------------------------------------------------------------- PostgreSQL


def _vector(words: Words) -> str:
    """Tokens with their places, the title's with weight A; the body begins so far on that no phrase reaches into it."""
    places: dict[str, list[str]] = {}
    _place(places, words.title, 1, "A")
    _place(places, words.body, len(words.title) + 2, "")
    told = [f"'{lexeme}':{','.join(at)}" for lexeme, at in places.items()]
    return " ".join([*told, *(f"'{tag}'" for tag in _tags(words.tags))])


def _place(places: dict[str, list[str]], tokens: list[str], start: int, weight: str) -> None:
    """Each token, and each with the one that follows it."""
    for at, (token, after) in enumerate(zip(tokens, [*tokens, BREAK][1:], strict=True), start):
        if token == BREAK:
            continue
        place = f"{at}{weight}"
        places.setdefault(token, []).append(place)
        if after != BREAK:
            places.setdefault(f"{token}+{after}", []).append(place)


def _tsquery(query: Query, tags: Collection[int] = (), *, joined: str = "<->") -> str:
    parts = [f"({' | '.join(f'({_lexemes(one, joined)})' for one in clause)})" for clause in query.wanted]
    parts += [f"!({_lexemes(phrase)})" for phrase in query.unwanted]
    if tags:
        parts.append(f"({' | '.join(f'{chr(39)}{tag}{chr(39)}' for tag in _tags(tags))})")
    return " & ".join(parts)


def _lexemes(phrase: Phrase, joined: str = "<->") -> str:
    first, *rest = phrase.tokens
    pairs = [f"'{one}+{after}'" for one, after in zip(phrase.tokens, rest, strict=False)] or [f"'{first}'"]
    return f" {joined} ".join(pairs) + ":*" * phrase.beginning


# ---------------------------------------------------------------- SQLite


def _match(query: Query, tags: Collection[int] = ()) -> str:
    parts = [f"({' OR '.join(map(_string, clause))})" for clause in query.wanted]
    if tags:
        parts.append(f"({' OR '.join(f'{chr(34)}{tag}{chr(34)}' for tag in _tags(tags))})")
    wanted = " AND ".join(parts)
    return f"({wanted}) NOT ({' OR '.join(map(_string, query.unwanted))})" if query.unwanted else wanted


def _string(phrase: Phrase) -> str:
    return f'"{" ".join(phrase.tokens)}"' + " *" * phrase.beginning
