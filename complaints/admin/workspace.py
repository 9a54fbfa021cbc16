"""The case page: what is known, what was said, what comes next (look.md)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from complaints.lifecycle import STAGES, CaseFacts, State
from complaints.models import (
    Approval,
    Complaint,
    Contact,
    Evidence,
    Inquiry,
    LiabilityShare,
    Promise,
    RecoveryClaim,
    Remedy,
)
from complaints.operations import uploads
from complaints.operations.assignment import PASSED_ON
from complaints.operations.matters import surviving
from complaints.queries import case, merged, service_policies
from complaints.queries.facts import case_facts
from complaints.sla import Kind
from followups.admin import panels

from .actions import ACTIONS
from .allotting_words import skills_of
from .displays import staff_name
from .gauges import gauges
from .listing_words import concerned
from .next_step import steps
from .reply_advice import others
from .reply_script import offered, options_told
from .signing import sign_version
from .transitions import visible_or_404

RELATED = (
    Prefetch("remedies__approvals", Approval.objects.select_related("by")),
    Prefetch("evidence", Evidence.objects.select_related("added_by", "origin")),
    Prefetch("inquiries", Inquiry.objects.select_related("department", "asked_by", "answered_by", "origin")),
    Prefetch("claims", RecoveryClaim.objects.select_related("filed_by", "origin")),
    "liability",
    "promises",
)
"""What the page shows and the guards ask for: read once."""

RECOVERABLE = (LiabilityShare.Party.CARRIER, LiabilityShare.Party.SUPPLIER)
"""At whose fault a claim is usual (R5.5)."""

IN_PANELS = (Kind.INQUIRY, Kind.RECOVERY)
"""Clocks that stand beside what they watch; the head of the page shows those of the case."""

SHOW = ("all", "customer", "internal", "change")
PANELS = ("choice", "followup", "remedies", "apology", "evidence", "liability", "inquiries", "recovery")
SEEN_WITH = {
    "choice": "complaints.view_remedy",
    "remedies": "complaints.view_remedy",
    "evidence": "complaints.view_evidence",
    "liability": "complaints.view_liabilityshare",
    "followup": "followups.view_followup",
    "inquiries": "complaints.view_inquiry",
    "recovery": "complaints.view_recoveryclaim",
}
"""The permission without which a panel stays away, whatever one may do in it."""

_OPEN_PANELS: dict[str, tuple[str, ...]] = {
    State.ACCEPTED: ("evidence",),
    State.VERIFYING: ("evidence", "liability", "inquiries", "apology"),
    State.PROPOSING: ("remedies", "apology"),
    State.NEGOTIATING: ("choice", "apology"),
    State.EXECUTING: ("remedies", "apology"),
    State.AWAITING_FOLLOWUP: ("followup",),
    State.CLOSED: ("followup",),
}
"""What stands first and open in a stage; the rest follows, folded."""


def case_page(request: HttpRequest, object_id: str, *, site: Any) -> HttpResponse:
    """GET only; every change goes through `transitions.act` or the registration form."""
    complaint = visible_or_404(request, object_id)
    user, now = request.user, timezone.now()
    prefetch_related_objects([complaint], *RELATED)
    facts = case_facts(complaint)
    promises = list(complaint.promises.all())
    joined = merged.merged_numbers(complaint)
    timeline = case.timeline(complaint, joined)
    _annotate(timeline, promises)
    known: dict[str, list[Any]] = {
        "evidence": list(complaint.evidence.all()),
        "liability": list(complaint.liability.all()),
        "remedies": _remedies(complaint, user),
        "inquiries": list(complaint.inquiries.all()),
        "claims": list(complaint.claims.all()),
        "follow_ups": panels.follow_ups(complaint),
    }
    forms = _forms(complaint, user, facts)
    clocks = gauges(complaint, now)
    lines = list(complaint.order.lines.all()) if complaint.order else []
    context = site.each_context(request) | {
        "title": str(complaint),
        "complaint": complaint,
        "lines": lines,
        "concerns": concerned(complaint, lines, user),
        "now": now,
        "facts": facts,
        "version": sign_version(complaint),
        "stages": _stages(complaint),
        "clocks": clocks,
        "running": [clock for clock in clocks if clock.deadline.is_running and clock.deadline.kind not in IN_PANELS],
        "promises": promises,
        "show": _asked(request.GET.get("show", "")),
        "timeline": timeline,
        "earlier": case.earlier(complaint, user),
        "unconfirmed": case.unconfirmed(complaint),
        "linked": case.linked(complaint, user),
        "terms": _terms(complaint, user, now),
        "merged": joined,
        "survivor": surviving(complaint),
        "splits": _splits(complaint, timeline, user),
        "shares": _shares(known["liability"]),
        "at_fault": any(share.party in RECOVERABLE for share in known["liability"]),
        "open_claims": sum(claim.is_open for claim in known["claims"]),
        "scripts": offered(complaint, _heard(timeline)) if "reply_form" in forms else [],
        "writers": others(complaint, user, now=now) if "reply_form" in forms else [],
        "options_told": options_told(complaint) if "reply_form" in forms else "",
        "panels": _panels(complaint, facts, known, forms, user),
        "rating_scale": panels.RATING_SCALE,
        "max_bytes": uploads.MAX_BYTES,
        "max_megabytes": uploads.MAX_BYTES // uploads.MEGABYTE,
        "reopen_until": complaint.closed_at + complaint.shop.reopen_within if complaint.closed_at else None,
        **known,
        **steps(complaint, facts, user, now=now),
        **forms,
    }
    return render(request, "admin/complaints/complaint/case.html", context)


def clocks_part(request: HttpRequest, object_id: str) -> HttpResponse:
    """GET only: the clocks and promises alone, which the page reads anew each minute."""
    complaint = visible_or_404(request, object_id)
    now = timezone.now()
    prefetch_related_objects([complaint], "promises", "inquiries__department")
    context = {
        "complaint": complaint,
        "now": now,
        "version": sign_version(complaint),
        "clocks": gauges(complaint, now),
        "promises": list(complaint.promises.all()),
    }
    return render(request, "admin/complaints/complaint/_clocks.html", context)


def _splits(complaint: Complaint, timeline: case.Timeline, user: Any) -> bool:
    """Whether this reader may split a contact off: the customer must have said something else besides."""
    said = sum(
        entry.contact is not None and entry.contact.direction == Contact.Direction.IN for entry in timeline.entries
    )
    return said > 1 and not complaint.merged_into_id and ACTIONS["split"].open_to(user)


def _terms(complaint: Complaint, user: Any, now: datetime) -> service_policies.Terms | None:
    return service_policies.terms_of(complaint, now=now) if user.has_perm("knowledge.view_servicepolicy") else None


def _heard(timeline: case.Timeline) -> str:
    """What the customer said last, of what the page shows."""
    said = [entry.contact for entry in timeline.entries if entry.contact]
    return next((one.body for one in reversed(said) if one.direction == Contact.Direction.IN), "")


def _asked(show: str) -> str:
    return show if show in SHOW else "all"


def _annotate(timeline: case.Timeline, promises: list[Promise]) -> None:
    """Give the entries what their line shows: promises made, the first reply, the name of a new assignee."""
    contacts = [entry.contact for entry in timeline.entries if entry.contact]
    events = [entry.event for entry in timeline.entries if entry.event]
    for contact in contacts:
        contact.promised = [one for one in promises if one.contact_id == contact.pk and one.renews_id is None]
        contact.first_reply = False
    replies = [
        one for one in contacts if one.direction == Contact.Direction.OUT and one.author_id and not one.automatic
    ]
    if replies and not timeline.shortened:
        replies[0].first_reply = True
    assigned = [event for event in events if event.kind in ("assigned", PASSED_ON)]
    names = get_user_model().objects.in_bulk({event.data["after"] for event in assigned}) if assigned else {}
    skills = skills_of(assigned)
    for event in assigned:
        event.assigned_to = staff_name(names.get(event.data["after"]))
        event.skill = skills.get(event.data.get("rule", {}).get("skill"))


def _shares(liability: list[LiabilityShare]) -> list[dict[str, Any]]:
    """The shares with where each begins on a bar from 0 to 100."""
    rows, start = [], 0
    for place, share in enumerate(liability):
        rows.append({"share": share, "start": start, "part": place % 4 + 1})
        start += share.percent
    return rows


def _panels(
    complaint: Complaint, facts: CaseFacts, known: dict[str, list[Any]], forms: dict[str, Any], user: Any
) -> list[dict[str, Any]]:
    """The panels that have something to show or to fill in, those of the stage first and open."""
    filled = {
        "choice": "choice_form" in forms,
        "followup": known["follow_ups"] or "rating_form" in forms,
        "remedies": known["remedies"] or {"option_form", "execute_form"} & forms.keys(),
        "apology": facts.apology_needed and (complaint.is_open or facts.apology_logged),
        "evidence": known["evidence"] or complaint.evidence_waiver or "evidence_form" in forms,
        "liability": known["liability"] or complaint.root_cause or "liability_form" in forms,
        "inquiries": known["inquiries"] or "ask_form" in forms,
        "recovery": known["claims"] or "claim_form" in forms,
    }
    first = _OPEN_PANELS.get(complaint.state, ())
    ordered = [*first, *(name for name in PANELS if name not in first)]
    shown = [name for name in ordered if filled[name] and (name not in SEEN_WITH or user.has_perm(SEEN_WITH[name]))]
    return [
        {"name": name, "open": name in first, "template": f"admin/complaints/complaint/panels/{name}.html"}
        for name in shown
    ]


def _stages(complaint: Complaint) -> list[dict[str, Any]]:
    """The path of a complaint, each stage done, current or ahead; at a side exit none is current."""
    current = STAGES.index(complaint.state) if complaint.state in STAGES else -1
    return [
        {"label": state.label, "done": place < current, "current": place == current}
        for place, state in enumerate(STAGES)
    ]


@dataclass(frozen=True, slots=True)
class Option:
    """A remedy with what this reader may do about it."""

    remedy: Remedy
    signed_by: list[Any]
    may_sign: bool
    current: bool


def _remedies(complaint: Complaint, user: Any) -> list[Option]:
    """The options of all rounds."""
    return [_option(remedy, complaint, user) for remedy in complaint.remedies.all()]


def _option(remedy: Remedy, complaint: Complaint, user: Any) -> Option:
    signed_by = [approval.by for approval in remedy.approvals.all()]
    current = remedy.round == complaint.round
    stranger = remedy.proposed_by_id != user.pk and user not in signed_by
    able = any(user.has_perm(f"complaints.{permission}") for permission in remedy.unsigned)
    return Option(remedy, signed_by, may_sign=current and stranger and able, current=current)


def _forms(complaint: Complaint, user: Any, facts: CaseFacts) -> dict[str, Any]:
    """The forms that stand on the page in this stage, for those who may send them."""
    wanted: dict[str, str] = {}
    if complaint.is_open:
        wanted = {"hear_form": "hear", "note_form": "note", "evidence_form": "evidence", "ask_form": "ask"}
        first = complaint.state == State.NEW and not (facts.human_reply and facts.promise)
        wanted["reply_form"] = "accept" if first else "reply"
    if facts.apology_needed and complaint.is_open:
        wanted["apology_form"] = "apology"
    if complaint.state in _CLAIMED_IN:
        wanted["claim_form"] = "file_claim"
    wanted |= _STAGE_FORMS.get(complaint.state, {})
    return {
        key: ACTIONS[name].form(complaint=complaint, user=user, auto_id=f"{key.removesuffix('_form')}_%s")
        for key, name in wanted.items()
        if ACTIONS[name].open_to(user)
    }


_STAGE_FORMS: dict[str, dict[str, str]] = {
    State.VERIFYING: {"liability_form": "liability", "option_form": "option"},
    State.PROPOSING: {"liability_form": "liability", "option_form": "option"},
    State.NEGOTIATING: {"choice_form": "agree"},
    State.EXECUTING: {"execute_form": "execute", "raise_form": "raise_cost"},
    State.AWAITING_FOLLOWUP: {"rating_form": "rate", "attempt_form": "attempt"},
}
_CLAIMED_IN = (*_STAGE_FORMS, State.CLOSED)
"""From when on the page offers to file a claim: once facts are being established."""
