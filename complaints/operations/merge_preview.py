"""What a merge would do: it is done, read and taken back, so that the page and the merge cannot disagree."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from complaints.models import Complaint, Deadline, Inquiry
from complaints.sla import Kind

from . import merging


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of the complaint that goes on: as it runs now, and as it will; None where it does not."""

    kind: str
    about: str
    before: Deadline | None
    after: Deadline | None

    @property
    def moves(self) -> bool:
        return (self.before and self.before.due_at) != (self.after and self.after.due_at)


@dataclass(frozen=True, slots=True)
class Preview:
    """What would move, and what the target would be like; `since` is the earlier start, where the source brings it."""

    contacts: list[Any]
    evidence: list[Any]
    promises: list[Any]
    inquiries: list[Any]
    claims: list[Any]
    platform_due_at: datetime | None
    clocks: list[Clock]
    since: datetime | None
    next_due_at: datetime | None
    priority: str


def preview(source: Complaint, target: Complaint, *, actor: Any, now: datetime) -> Preview:
    """What `merging.merge` would do now, in a transaction that is rolled back. Raises what the merge would raise."""
    with transaction.atomic():
        before = _running(target)
        moving: dict[str, Any] = {
            "contacts": list(source.contacts.select_related("author")),
            "evidence": list(source.evidence.all()),
            "promises": list(source.promises.all()),
            "inquiries": list(source.inquiries.select_related("department")),
            "claims": list(source.claims.all()),
        }
        merging.merge(source.pk, target.pk, reason="?", actor=actor, version=source.version, now=now)
        merged = Complaint.objects.get(pk=target.pk)
        brought = merged.platform_due_at != target.platform_due_at
        found = Preview(
            **moving,
            platform_due_at=merged.platform_due_at if brought else None,
            clocks=_side_by_side(before, _running(merged), merged),
            since=merged.matter_since if merged.matter_since != target.matter_since else None,
            next_due_at=merged.next_due_at,
            priority=merged.priority if merged.priority != target.priority else "",
        )
        transaction.set_rollback(True)
    return found


def _running(complaint: Complaint) -> dict[tuple[str, int], Deadline]:
    rows = complaint.deadlines.running().order_by("due_at", "pk")
    return {(one.kind, one.subject): one for one in rows}


def _side_by_side(
    before: dict[tuple[str, int], Deadline], after: dict[tuple[str, int], Deadline], complaint: Complaint
) -> list[Clock]:
    """Those that run afterwards, as they will be due; then those that end with the merge."""
    about = {(str(Kind.PROMISE), one.pk): one.text for one in complaint.promises.all()}
    asked = Inquiry.objects.filter(complaint=complaint).select_related("department")
    about |= {(str(Kind.INQUIRY), one.pk): one.department.label for one in asked}
    order = [*after, *(key for key in before if key not in after)]
    named = {**before, **after}
    return [
        Clock(str(named[key].get_kind_display()), about.get(key, ""), before.get(key), after.get(key)) for key in order
    ]
