"""What a phrase rule would have marked in the latest replies, before it is switched on."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.db.models.functions import Left

from complaints.models import Complaint, Contact
from knowledge.linting import RuleSet
from knowledge.marking import Piece, excerpt

REPLIES = 1000
SHOWN = 20
LONGEST = 4000
SECONDS = 2.0
REACH = 100_000
"""So many of the latest contacts are looked through for replies that one may see: the same work at every size."""


@dataclass(frozen=True, slots=True)
class Match:
    """A reply that would have been marked, with the words around the first mark."""

    complaint: int
    number: str
    at: datetime
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class Tried:
    """How many replies were looked at, how many would have been marked, and the latest of these."""

    looked: int
    matched: int
    cases: int
    shown: list[Match]


def tried(rules: RuleSet, user: Any) -> Tried:
    """The latest replies that the person may see, put to the rules whatever their scope and days. Two queries.

    Who sees no complaints is told the numbers of all, and no word of them. It ends when its time is up.
    """
    looked = matched = 0
    cases: set[int] = set()
    shown: list[Match] = []
    sees = user.has_perm("complaints.view_complaint")
    until = time.monotonic() + SECONDS
    for complaint, number, at, said in _replies(user if sees else None):
        if time.monotonic() > until:
            break
        looked += 1
        if findings := rules.finds(said):
            matched += 1
            cases.add(complaint)
            if sees and len(shown) < SHOWN:
                shown.append(Match(complaint, number, at, excerpt(said, findings)))
    return Tried(looked, matched, len(cases), shown)


def _replies(user: Any | None) -> Iterator[tuple[int, str, datetime, str]]:
    floor = (Contact.objects.aggregate(last=Max("pk"))["last"] or 0) - REACH
    replies = Contact.objects.filter(
        pk__gt=floor, direction=Contact.Direction.OUT, purpose=Contact.Purpose.MESSAGE, automatic=False
    )
    if user is not None:
        replies = replies.filter(complaint__in=Complaint.objects.visible_to(user))
    rows = replies.order_by("-pk").annotate(said=Left("body", LONGEST))
    yield from rows.values_list("complaint_id", "complaint__number", "at", "said")[:REPLIES].iterator(chunk_size=200)
