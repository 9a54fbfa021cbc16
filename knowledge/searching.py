"""What search finds: for a person, of one kind, the best first, in few queries, however much there is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from knowledge import fulltext, highlights
from knowledge.highlights import Piece
from knowledge.models import IssueType, SearchDocument, SynonymChange, SynonymGroup
from knowledge.search_query import Query, Synonyms, grouped
from knowledge.search_sources import Source

PER_PAGE = 20
PAGES = 10
CANDIDATES = PER_PAGE * PAGES
"""So many of the newest that match are compared; more would be more than anybody reads, and take longer."""

COUNTED = 100
NEAR = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    issue_type: IssueType | None = None
    shop_id: int | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """One result, with the words marked."""

    object_id: int
    shop_id: int | None
    language: str
    at: datetime
    title: list[Piece]
    snippet: list[Piece]


@dataclass(frozen=True, slots=True)
class Results:
    hits: list[Hit]
    count: int
    number: int
    pages: int


NOTHING = Results([], 0, 1, 1)


class _Remembered:
    """The synonyms as this process read them last, and of which change."""

    stamp: Any = None
    synonyms: Synonyms = {}


def synonyms() -> Synonyms:
    """The groups in force. One small query says whether this process still knows them."""
    stamp = SynonymChange.objects.aggregate(Count("pk"), Max("pk"))
    if stamp != _Remembered.stamp:
        groups = SynonymGroup.objects.filter(active=True).values_list("words", flat=True)
        _Remembered.synonyms, _Remembered.stamp = grouped(groups), stamp
    return _Remembered.synonyms


def search(
    source: Source, query: Query, user: Any, *, filters: Filters, page: int = 1, besides: Collection[int] = ()
) -> Results:
    """A page of what the person may find: ranked, the newer first among equals. Five queries at most."""
    found = _matching(source, query, user, filters)
    if found is None:
        return NOTHING
    rows = found.exclude(object_id__in=besides) if besides else found
    newest = _newest(rows, CANDIDATES)
    rank = fulltext.ranks(query, list(newest)) if newest else {}
    ordered = sorted(set(newest) & set(rank), key=lambda pk: (rank[pk], newest[pk], pk), reverse=True)
    if not ordered:
        return NOTHING
    pages = -(-len(ordered) // PER_PAGE)
    number = min(max(page, 1), pages)
    shown = ordered[(number - 1) * PER_PAGE : number * PER_PAGE]
    documents = SearchDocument.objects.in_bulk(shown)
    hits = [_hit(documents[pk], query) for pk in shown if pk in documents]
    return Results(hits, len(ordered), number, pages)


def count(source: Source, query: Query, user: Any, *, filters: Filters) -> int:
    """How many there are, but no more than one over `COUNTED`."""
    found = _matching(source, query, user, filters)
    if found is None:
        return 0
    return len(_newest(found, COUNTED + 1))


def _newest(rows: QuerySet[SearchDocument], most: int) -> dict[int, datetime]:
    """Ids and times of the newest that match. A frequent word has enough of them among the last `NEAR` documents."""
    last = SearchDocument.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    wanted = rows.order_by("-pk").values_list("pk", "at")
    with fulltext.by_index():
        near = dict(wanted.filter(pk__gt=last - NEAR)[:most])
        return near if len(near) == most or last <= NEAR else dict(wanted[:most])


def _matching(source: Source, query: Query, user: Any, filters: Filters) -> QuerySet[SearchDocument] | None:
    """The documents that match and that this person may find; None where that is nothing at all."""
    visible = source.visible(user)
    if not query or visible is None:
        return None
    rows = SearchDocument.objects.filter(visible, kind=source.kind)
    if filters.shop_id is not None:
        rows = rows.filter(Q(shop_id=filters.shop_id) | Q(shop_id=None))
    if filters.language:
        rows = rows.filter(language=filters.language)
    return rows.filter(fulltext.matches(query, _tags(filters.issue_type)))


def _tags(issue_type: IssueType | None) -> list[int]:
    """What is about the type: it, the one above, those below, and what is for all types."""
    if issue_type is None:
        return []
    below = issue_type.children.values_list("pk", flat=True) if issue_type.parent_id is None else []
    return [0, issue_type.pk, *([issue_type.parent_id] if issue_type.parent_id else []), *below]


def _hit(document: SearchDocument, query: Query) -> Hit:
    return Hit(
        document.object_id, document.shop_id, document.language, document.at,
        highlights.marked(document.title, query.phrases), highlights.snippet(document.body, query.phrases),
    )  # fmt: skip
