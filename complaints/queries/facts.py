"""What the guards need to know of one complaint, read from the database in a handful of queries."""

from django.db.models import Sum

from complaints.lifecycle import CaseFacts
from complaints.models import Complaint, Contact, Remedy

_HUMAN_REPLY = {
    "direction": Contact.Direction.OUT,
    "automatic": False,
    "author__isnull": False,
}


def has_human_reply(complaint: Complaint) -> bool:
    """Whether a person, not an automaton, has answered the customer (R1.1)."""
    return complaint.contacts.filter(**_HUMAN_REPLY).exists()


def remedies_of_round(complaint: Complaint) -> list[Remedy]:
    """The options of the present round that are still on the table, with their approvals."""
    remedies = complaint.remedies.filter(round=complaint.round).exclude(status=Remedy.Status.DECLINED)
    return list(remedies.prefetch_related("approvals"))


def case_facts(complaint: Complaint) -> CaseFacts:
    """The facts as they stand; a step that is being taken adds what it brings along."""
    remedies = remedies_of_round(complaint)
    chosen = [remedy for remedy in remedies if remedy.status in (Remedy.Status.CHOSEN, Remedy.Status.DONE)]
    relevant = chosen or remedies
    return CaseFacts(
        missing_fields=tuple(complaint.missing_fields),
        human_reply=has_human_reply(complaint),
        promise=complaint.promises.exists(),
        assignee=complaint.assignee_id,
        accused=complaint.accused_id,
        evidence=complaint.evidence.filter(status="supplied").count(),
        evidence_waived=bool(complaint.evidence_waiver),
        liability_percent=complaint.liability.aggregate(total=Sum("percent"))["total"] or 0,
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
        state_before_merge=complaint.state_before_merge,
    )


def _apology_logged(complaint: Complaint) -> bool:
    return complaint.is_about_service and complaint.contacts.filter(purpose=Contact.Purpose.APOLOGY_CALL).exists()
