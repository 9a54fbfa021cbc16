"""What the guards need to know of one complaint, read from the database in a handful of queries."""

from datetime import datetime
from typing import Any

from django.db.models import Min, prefetch_related_objects
from django.db.models.functions import Coalesce

from complaints.lifecycle import CaseFacts
from complaints.models import Complaint, Contact, Evidence, Remedy
from complaints.working_time import Span

_HUMAN_REPLY = {
    "direction": Contact.Direction.OUT,
    "automatic": False,
    "author__isnull": False,
}


def has_human_reply(complaint: Complaint) -> bool:
    """Whether a person, not an automaton, has answered the customer (R1.1)."""
    return complaint.contacts.filter(**_HUMAN_REPLY).exists()


def first_reply_at(complaint: Complaint) -> datetime | None:
    """When a person first answered the customer; None while nobody has."""
    return complaint.contacts.filter(**_HUMAN_REPLY).aggregate(first=Min("at"))["first"]


def holds_since(complaint: Complaint, moment: datetime) -> list[Span]:
    """When the case waited for the customer since then, as its history tells, in order; without a hold that is on."""
    events = complaint.events.filter(kind__in=("held", "resumed", "merge"), at__gte=moment).order_by("pk")
    spans: list[Span] = []
    begun: tuple[datetime, datetime] | None = None
    for kind, at, data in events.values_list("kind", "at", "data"):
        if kind == "held":
            begun = at, datetime.fromisoformat(data["until"])
        elif begun:
            spans.append((begun[0], min(at, begun[1])))
            begun = None
    return spans


def merged_this_round(complaint: Complaint) -> Any:
    """Those that were merged into the complaint in its present round; the one that has been waiting longest first."""
    rows = complaint.merged.filter(merged_at__gte=complaint.round_started_at)
    return rows.annotate(since=Coalesce("matter_since", "round_started_at")).order_by("since", "pk")


def holds_of_matter(complaint: Complaint, moment: datetime) -> list[Span]:
    """`holds_since`; before the round began, the holds of the one that had been waiting then and was merged into it."""
    begun = complaint.round_started_at
    if complaint.matter_since is None or moment >= begun:
        return holds_since(complaint, moment)
    first = merged_this_round(complaint).first()
    earlier = holds_of_matter(first, moment) if first else []
    return [(start, min(end, begun)) for start, end in earlier if start < begun] + holds_since(complaint, begun)


def remedies_of_round(complaint: Complaint) -> list[Remedy]:
    """The options of the present round that are still on the table, with their approvals."""
    remedies = [
        remedy
        for remedy in complaint.remedies.all()
        if remedy.round == complaint.round and remedy.status != Remedy.Status.DECLINED
    ]
    prefetch_related_objects(remedies, "approvals")
    return remedies


def case_facts(complaint: Complaint) -> CaseFacts:
    """The facts as they stand; a step that is being taken adds what it brings along.

    Related rows are read whole, for they are few: a page that has prefetched them pays nothing here.
    """
    remedies = remedies_of_round(complaint)
    chosen = [remedy for remedy in remedies if remedy.status in (Remedy.Status.CHOSEN, Remedy.Status.DONE)]
    relevant = chosen or remedies
    return CaseFacts(
        missing_fields=tuple(complaint.missing_fields),
        human_reply=has_human_reply(complaint),
        promise=bool(complaint.promises.all()),
        assignee=complaint.assignee_id,
        accused=complaint.accused_id,
        evidence=sum(piece.status == Evidence.Status.SUPPLIED for piece in complaint.evidence.all()),
        evidence_waived=bool(complaint.evidence_waiver),
        open_inquiries=sum(inquiry.is_open for inquiry in complaint.inquiries.all()),
        liability_percent=sum(share.percent for share in complaint.liability.all()),
        root_cause=bool(complaint.root_cause.strip()),
        options=len(remedies),
        single_option_reason=bool(complaint.single_option_reason.strip()),
        unapproved=tuple(remedy.label for remedy in relevant if remedy.unsigned),
        chosen=chosen[0].label if chosen else "",
        choice_contact=bool(chosen and chosen[0].choice_contact_id),
        steps_missing=tuple(name for remedy in chosen for name in remedy.missing_facts),
        apology_needed=complaint.is_about_service,
        apology_logged=_apology_logged(complaint),
        closed_at=complaint.closed_at,
        reopen_asked_at=complaint.reopen_asked_at,
        reopen_within=complaint.shop.reopen_within,
        state_before_merge=complaint.state_before_merge,
    )


def _apology_logged(complaint: Complaint) -> bool:
    return complaint.is_about_service and complaint.contacts.filter(purpose=Contact.Purpose.APOLOGY_CALL).exists()
