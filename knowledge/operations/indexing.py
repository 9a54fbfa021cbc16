"""Keep what search finds as its sources are. The sources are the truth: whatever is missed here, the walk mends."""

import logging
from collections.abc import Collection, Iterator
from datetime import datetime

from django.db import transaction

from knowledge import fulltext
from knowledge.fulltext import Words
from knowledge.models import SearchDocument, SearchProgress
from knowledge.search_sources import Entry, Source, Stamps, source_of, sources
from knowledge.tokens import tokens

log = logging.getLogger(__name__)

EDITION = 1
"""To be raised when tokens or entries are made in another way: the walk then makes all documents anew."""

FOR_ALL_TYPES = 0
"""Tag of what is for every issue type."""

BODY = 6000
SLICE = 200
SLICES = 5


def refresh(kind: str, ids: Collection[int]) -> int:
    """Make the documents of these objects anew, and take away those of objects that do not belong into the index.

    Within the transaction of the caller's write, or in one of its own; returns how many are found from now on.
    """
    with transaction.atomic():
        entries = source_of(kind).read(ids)
        SearchDocument.objects.filter(kind=kind, object_id__in=set(ids) - set(entries)).delete()
        _store(kind, entries)
    return len(entries)


def sweep(*, now: datetime) -> int:
    """Mend what changed lately and a slice of all the rest; returns how many documents were out of date."""
    mended = 0
    for source in sources():
        try:
            mended += _mend(source, source.recent(now))
            for _turn in range(SLICES):
                mended += _walk(source)
        except Exception:  # the other kinds must be found
            log.exception("search: documents of kind %s cannot be mended", source.kind)
    return mended


def reindex(*, anew: bool = False) -> Iterator[tuple[str, int]]:
    """Walk over everything, slice by slice, each a transaction; yields the kind and how many documents were made.

    Killed, it goes on where it was when it is started again. With `anew`, every document is made again.
    """
    for source in sources():
        if anew:
            with transaction.atomic():
                SearchDocument.objects.filter(kind=source.kind).update(edition=0)
                _progress(source.kind, 0)
        while True:
            made = _walk(source)
            yield source.kind, made
            if _after(source.kind) == 0:
                break


def _walk(source: Source) -> int:
    """Mend the next slice of the objects and of the documents that lie between them; begins anew after the last."""
    with transaction.atomic():
        after = _after(source.kind, lock=True)
        stamps = source.after(after, SLICE)
        last = stamps[-1][0] if len(stamps) == SLICE else None
        documents = SearchDocument.objects.filter(kind=source.kind, object_id__gt=after)
        if last is not None:
            documents = documents.filter(object_id__lte=last)
        strays = documents.exclude(object_id__in=[pk for pk, _stamp in stamps]).values_list("object_id", flat=True)
        mended = _mend(source, stamps, strays=list(strays[:SLICE]))
        _progress(source.kind, last or 0)
    return mended


def _mend(source: Source, stamps: Stamps, *, strays: Collection[int] = ()) -> int:
    stale = [*_stale(source.kind, stamps), *strays]
    for start in range(0, len(stale), SLICE):
        refresh(source.kind, stale[start : start + SLICE])
    return len(stale)


def _stale(kind: str, stamps: Stamps) -> list[int]:
    """Objects without a document, or whose document was made of another state or in another way."""
    found: list[int] = []
    for start in range(0, len(stamps), SLICE):
        part = stamps[start : start + SLICE]
        rows = SearchDocument.objects.filter(kind=kind, object_id__in=[pk for pk, _stamp in part], edition=EDITION)
        known = dict(rows.values_list("object_id", "stamp"))
        found += [pk for pk, stamp in part if known.get(pk) != stamp]
    return found


def _store(kind: str, entries: dict[int, Entry]) -> None:
    documents = [_document(kind, pk, entry) for pk, entry in entries.items()]
    SearchDocument.objects.bulk_create(
        documents,
        update_conflicts=True,
        unique_fields=["kind", "object_id"],
        update_fields=["shop_id", "language", "title", "body", "at", "stamp", "edition"],
    )
    ids = dict(SearchDocument.objects.filter(kind=kind, object_id__in=entries).values_list("object_id", "pk"))
    fulltext.write({ids[pk]: words_of(entry) for pk, entry in entries.items()})


def _document(kind: str, pk: int, entry: Entry) -> SearchDocument:
    return SearchDocument(
        kind=kind, object_id=pk, shop_id=entry.shop_id, language=entry.language, title=entry.title[:200],
        body=entry.body[:BODY], at=entry.at, stamp=entry.stamp, edition=EDITION,
    )  # fmt: skip


def words_of(entry: Entry) -> Words:
    """What the document of an entry is found by."""
    tags = entry.issue_types or (FOR_ALL_TYPES,)
    return Words(title=tokens(entry.title[:200]), body=tokens(entry.body[:BODY]), tags=tags)


def _after(kind: str, *, lock: bool = False) -> int:
    rows = SearchProgress.objects.select_for_update() if lock else SearchProgress.objects
    return rows.filter(kind=kind).values_list("after", flat=True).first() or 0


def _progress(kind: str, after: int) -> None:
    SearchProgress.objects.update_or_create(kind=kind, defaults={"after": after})
