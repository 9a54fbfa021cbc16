"""What search finds, kind by kind: one that is registered by `register` is indexed and shown like the others."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

Stamps = list[tuple[int, str]]
"""Ids of objects that belong into the index, in order, and in which state each of them is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is found of one object, in plain values and without personal data; `stamp` is the state that was read."""

    stamp: str
    title: str
    body: str
    at: datetime
    language: str = ""
    shop_id: int | None = None
    issue_types: Collection[int] = ()
    """Ids of issue types of either level; none where it is for all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    kind: str
    label: Any
    position: int
    """Where its results stand among those of the other kinds."""
    page: str
    """Name of the admin's page of one object."""
    after: Callable[[int, int], Stamps]
    """The first so many objects above an id."""
    recent: Callable[[datetime], Stamps]
    """Those that may have changed lately, seen from a moment."""
    read: Callable[[Collection[int]], dict[int, Entry]]
    """What belongs into the index of these objects; those that do not belong are left out."""
    visible: Callable[[Any], Q | None]
    """The condition on documents that a person may find; None for nothing at all."""


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Let search find a further kind of object; called while Django starts, again for the same kind replaces it."""
    _sources[source.kind] = source


def sources() -> list[Source]:
    """All kinds in the order in which they are shown."""
    return sorted(_sources.values(), key=lambda source: source.position)


def source_of(kind: str) -> Source:
    return _sources[kind]
