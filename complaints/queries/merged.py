"""What a merge has joined: which complaints, and what came in since (R3.1)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q

from complaints.models import Complaint, Contact, Evidence, Inquiry, Promise, RecoveryClaim

MOST = 100
"""Of each kind that came in since a merge, so many are asked about; the others stay."""


def way(complaint_id: int) -> list[int]:
    """Ids of the complaint, of the one into which it was merged, of the one into which that was, and so on."""
    steps: list[int] = []
    following: int | None = complaint_id
    while following:
        steps.append(following)
        following = Complaint.objects.values_list("merged_into", flat=True).get(pk=following)
    return steps


def merged_numbers(complaint: Complaint) -> dict[int, str]:
    """Id -> number of all that were merged into the complaint, at any depth; one query for each level."""
    found: dict[int, str] = {}
    level = [complaint.pk]
    while level:
        rows = dict(Complaint.objects.filter(merged_into__in=level).order_by("pk").values_list("pk", "number"))
        found |= rows
        level = list(rows)
    return found


def with_merged(complaint: Complaint) -> list[int]:
    """Ids of the complaint and of all that were merged into it, at any depth."""
    return [complaint.pk, *merged_numbers(complaint)]


@dataclass(frozen=True, slots=True)
class Came:
    """Something that came in since the merge: kind, row, when, and the number of the complaint to which it came."""

    kind: str
    row: Any
    at: datetime
    to: str

    @property
    def key(self) -> str:
        """What a form calls it."""
        return f"{self.kind}-{self.row.pk}"


def came_since(source: Complaint) -> list[Came]:
    """What came since the source was merged, to the complaint that it was merged into and to those after that.

    What belongs to a step of that complaint (the customer's choice, an apology call) stays; so does a promise without
    the reply in which it was made, and what came with another merge. The files of a message go where it goes.
    """
    places = list(Complaint.objects.filter(pk__in=way(source.pk)))
    into = {one.merged_into_id: one for one in places if one.merged_into_id and one.merged_at}
    found: list[Came] = []
    for place in places:
        if child := into.get(place.pk):
            found += _came_to(place, child.merged_at)
    return sorted(found, key=lambda one: (one.at, one.key))


def _came_to(place: Complaint, since: Any) -> list[Came]:
    own = Q(origin=place) | Q(origin=None, complaint=place)
    contacts = Contact.objects.filter(own, at__gte=since, purpose=Contact.Purpose.MESSAGE).select_related("author")
    contacts = contacts.prefetch_related("files", Prefetch("promises", Promise.objects.filter(renews=None)))
    evidence = Evidence.objects.filter(own, at__gte=since)
    evidence = evidence.exclude(contact__purpose=Contact.Purpose.MESSAGE, contact__at__gte=since)
    inquiries = Inquiry.objects.filter(own, asked_at__gte=since).select_related("department")
    claims = RecoveryClaim.objects.filter(own, filed_at__gte=since)
    return [
        *(Came("contact", one, one.at, place.number) for one in contacts.order_by("-at", "-pk")[:MOST]),
        *(Came("evidence", one, one.at, place.number) for one in evidence.order_by("-at", "-pk")[:MOST]),
        *(Came("inquiry", one, one.asked_at, place.number) for one in inquiries.order_by("-asked_at", "-pk")[:MOST]),
        *(Came("claim", one, one.filed_at, place.number) for one in claims.order_by("-filed_at", "-pk")[:MOST]),
    ]
