"""What the customer's side may know of a complaint: never liability, notes, inquiries or names of staff (R4.7)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from complaints.lifecycle import STEPS, State
from complaints.models import Complaint, ComplaintEvent, Contact
from complaints.queries.customer_view import words

_TYPES = {
    "registered": "registered",
    "heard": "message_received",
    "replied": "message_sent",
    "brought_back": "message_received",
    "reopen_asked": "reopen_asked",
    "evidence_added": "evidence_received",
    "merged_in": "merged_in",
    "unmerged": "unmerged",
} | dict.fromkeys(STEPS, "status_changed")
"""Kind of event -> how it is told; whatever is not here is the staff's own business."""


def moment(value: datetime | None) -> str | None:
    """In UTC, as RFC 3339 writes it."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None


def url_of(number: str) -> str:
    return reverse("api-complaint", args=[number])


def missing(complaint: Complaint) -> list[dict[str, str]]:
    return [{"code": code, "label": str(label)} for code, label in complaint.missing]


def rows(complaints: QuerySet[Complaint]) -> QuerySet[Complaint]:
    """With everything that `complaint` below tells."""
    return complaints.select_related("customer", "order", "issue_type", "merged_into", "previous")


def complaint(one: Complaint) -> dict[str, Any]:
    issue = one.issue_type
    return {
        "number": one.number,
        "status": one.state,
        "status_label": one.get_state_display(),
        "open": one.is_open,
        # What a clerk has called it is a note for colleagues.
        "title": "" if one.registered_by_id else one.title,
        "demand": one.demand,
        "channel": one.channel,
        "order_number": one.order.number if one.order else None,
        "issue_type": {"code": issue.code, "label": issue.label} if issue else None,
        "missing": missing(one),
        "received_at": moment(one.received_at),
        "registered_at": moment(one.created_at),
        "updated_at": moment(one.changed_at),
        "accepted_at": moment(one.accepted_at),
        "resolved_at": moment(one.resolved_at),
        "closed_at": moment(one.closed_at),
        "reopen_asked_at": moment(one.reopen_asked_at),
        "merged_into": one.merged_into.number if one.merged_into else None,
        "previous": one.previous.number if one.previous else None,
        "url": url_of(one.number),
    }


def events_of(one: Complaint) -> QuerySet[ComplaintEvent]:
    """Those that may be told; evidence only where it came from outside."""
    ours = Q(kind="evidence_added", actor__isnull=False)
    return one.events.filter(kind__in=list(_TYPES)).exclude(ours).order_by("pk")


def events(found: Iterable[ComplaintEvent]) -> list[dict[str, Any]]:
    """As the customer may know them, with what was said to or by the customer."""
    found = list(found)
    said = [one.data["contact"] for one in found if "contact" in one.data]
    contacts = Contact.objects.filter(pk__in=said)
    # What has gone to another complaint since is told there.
    texts = {(contact.pk, contact.complaint_id): words(contact) for contact in contacts}
    return [_event(one, texts) for one in found]


def _event(one: ComplaintEvent, texts: dict[tuple[int, int], str]) -> dict[str, Any]:
    told = "message_sent" if one.data.get("out") else _TYPES[one.kind]
    return {
        "id": one.pk,
        "type": told,
        "at": moment(one.at),
        "status_from": one.from_state or None,
        "status_to": one.to_state or None,
        "channel": one.data.get("channel") or None,
        "text": texts.get((one.data.get("contact", 0), one.complaint_id)) or None,
        "promised_for": _stored_moment(one.data.get("promised_for")),
        "other_complaint": one.data.get("number") if told in ("merged_in", "unmerged") else one.data.get("into"),
    }


def _stored_moment(text: str | None) -> str | None:
    return moment(datetime.fromisoformat(text)) if text else None


def label_of(state: str) -> str:
    return str(State(state).label)
