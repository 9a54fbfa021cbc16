"""Fill an empty desk with any number of complaints in believable proportions, a million in minutes."""

from collections.abc import Callable, Iterator
from datetime import datetime
from random import Random
from typing import Any

from django.db import transaction

from complaints.models import Complaint

from . import loading
from .case import DAY
from .cast import hire
from .layouts import CUSTOMER, LAYOUTS
from .scribe import Scribe
from .stories import Story, Teller

OPEN_SHARE = 0.1
YEARS = 3 * 365 * DAY
POOL = {"open": 10_000, "ended": 3_000}
"""Stories that are told; beyond that number of complaints each one is told of several customers."""


class NotEmpty(Exception):
    """The database has complaints already; nothing was written."""


def fill(connection: Any, count: int, *, now: datetime, seed: int = 1) -> None:
    """Write `count` complaints with all that belongs to them, as they stand at `now` right after a sweep.

    One transaction. Equal arguments give equal rows, but for ciphertexts. Raises NotEmpty.
    """
    with transaction.atomic(using=connection.alias):
        if Complaint.objects.using(connection.alias).exists():
            raise NotEmpty("There are complaints in this database; only an empty one is filled.")
        rng = Random(seed)
        teller, scribe = Teller(rng, *hire()), Scribe(connection, rng)
        models = [layout.model for layout in (CUSTOMER, *LAYOUTS.values())]
        with loading.bare(connection, models):
            for received, story in plan(teller, count, now=int(now.timestamp())):
                scribe.place(story, received)
            scribe.finish()
        loading.reset_sequences(connection, models)
        loading.analyze(connection)


def plan(teller: Teller, count: int, *, now: int) -> list[tuple[int, Story]]:
    """Pairs of the moment of receipt (seconds since 1970) and the story, the oldest first."""
    rng, running = teller.rng, round(count * OPEN_SHARE)
    told = []
    for story in _drawn(teller.open, running, POOL["open"], rng):
        told.append((now - story.length - rng.randrange(story.slack), story))
    for story in _drawn(teller.ended, count - running, POOL["ended"], rng):
        told.append((now - story.length - rng.randrange(YEARS), story))
    told.sort(key=lambda pair: pair[0])
    _begin_unmerged(teller, told, now=now)
    return told


def _drawn(tell: Callable[[], Story], count: int, most: int, rng: Random) -> Iterator[Story]:
    """`count` stories, of which at most `most` are different."""
    pool = [tell() for _ in range(min(count, most))]
    yield from pool
    for _ in range(count - len(pool)):
        yield rng.choice(pool)


def _begin_unmerged(teller: Teller, told: list[tuple[int, Story]], *, now: int) -> None:
    """Replace merged complaints before which their shop has none to be merged into."""
    seen = set()
    for place, (received, found) in enumerate(told):
        story = found
        while story.merged and story.place.shop not in seen:
            story = teller.ended()
        told[place] = (min(received, now - story.length), story)
        seen.add(story.place.shop)
