"""The case page: what is known, what was said, what comes next (look.md)."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from complaints.lifecycle import STAGES, STEPS, CaseFacts, Refused, State
from complaints.models import Complaint, Remedy
from complaints.queries import case
from complaints.queries.facts import case_facts
from followups.admin import panels
from knowledge.queries import scripts_for

from .actions import ACTIONS, Action
from .displays import gauge
from .signing import sign_version
from .transitions import visible_or_404

PRIMARY = {
    State.NEW: "accept",
    State.ACCEPTED: "start_verification",
    State.VERIFYING: "conclude_verification",
    State.PROPOSING: "offer",
    State.NEGOTIATING: "agree",
    State.EXECUTING: "resolve",
    State.AWAITING_FOLLOWUP: "close",
    State.CLOSED: "reopen",
    State.MERGED: "unmerge",
}
INLINE = {"accept", "agree", "close", "supplement"}
"""Steps whose form stands on the case page itself; the next-step panel leads to it."""

SHOW = ("all", "customer", "internal", "change")


@dataclass(slots=True)
class NextStep:
    """One possible step: whether this person may take it, and what stands in its way."""

    action: Action | None
    name: str
    label: Any
    permitted: bool
    refusals: list[Refused] = field(default_factory=list)
    panel: str = ""

    @property
    def ready(self) -> bool:
        return self.permitted and not self.refusals


def case_page(request: HttpRequest, object_id: str, *, site: Any) -> HttpResponse:
    """GET only; every change goes through `transitions.act` or the registration form."""
    complaint = visible_or_404(request, object_id)
    now = timezone.now()
    show = request.GET.get("show", "all")
    facts = case_facts(complaint)
    context = site.each_context(request) | {
        "title": str(complaint),
        "complaint": complaint,
        "now": now,
        "facts": facts,
        "version": sign_version(complaint),
        "stages": _stages(complaint),
        "clocks": [gauge(deadline, now) for deadline in complaint.deadlines.all()],
        "promises": list(complaint.promises.select_related("made_by")),
        "show": show if show in SHOW else "all",
        "timeline": case.timeline(complaint, show if show in SHOW else "all"),
        "earlier": case.earlier(complaint, request.user),
        "evidence": list(complaint.evidence.select_related("added_by")),
        "liability": list(complaint.liability.all()),
        "follow_ups": panels.follow_ups(complaint),
        "remedies": _remedies(complaint, request.user),
        "scripts": scripts_for(complaint.state),
        **_steps(complaint, facts, request.user),
        **_forms(complaint, request.user, facts),
    }
    return render(request, "admin/complaints/complaint/case.html", context)


def _stages(complaint: Complaint) -> list[dict[str, Any]]:
    """The path of a complaint, each stage done, current or ahead; at a side exit none is current."""
    current = STAGES.index(complaint.state) if complaint.state in STAGES else -1
    return [
        {"label": state.label, "done": place < current, "current": place == current}
        for place, state in enumerate(STAGES)
    ]


def _steps(complaint: Complaint, facts: CaseFacts, user: Any) -> dict[str, Any]:
    """The one primary step and the others that start from this stage."""
    possible = [
        _next_step(name, complaint, facts, user) for name, step in STEPS.items() if complaint.state in step.sources
    ]
    primary = next((step for step in possible if step.name == PRIMARY.get(complaint.state)), None)
    hidden = {"close", "supplement"}
    others = [step for step in possible if step is not primary and step.name not in hidden and step.permitted]
    return {"primary": primary, "others": others}


def _next_step(name: str, complaint: Complaint, facts: CaseFacts, user: Any) -> NextStep:
    step = STEPS[name]
    asked_for = _asked_by_form(name)
    refusals = [refusal for refusal in step.refusals(complaint.state, facts) if type(refusal).__name__ not in asked_for]
    action = ACTIONS.get(name) or ACTIONS.get("rate")
    permitted = action is not None and user.has_perm(action.permission)
    panel = (action.panel if action else "") if name in INLINE else ""
    return NextStep(action, name, step.label, permitted, refusals, panel)


def _asked_by_form(name: str) -> set[str]:
    """Refusals that the form of the step itself mends: they are no obstacle to opening it."""
    return {
        "accept": {"NoHumanReply", "NoPromise"},
        "agree": {"ChoiceMissing", "ChoiceContactMissing"},
        "close": {"NotSatisfied"},
    }.get(name, {"ReasonMissing", "CustomerContactMissing", "BasisReplyMissing", "MergeTargetMissing"})


@dataclass(frozen=True, slots=True)
class Option:
    """A remedy with what this reader may do about it."""

    remedy: Remedy
    signed_by: list[Any]
    may_sign: bool
    current: bool


def _remedies(complaint: Complaint, user: Any) -> list[Option]:
    """The options of all rounds."""
    remedies = complaint.remedies.select_related("proposed_by").prefetch_related("approvals__by")
    return [_option(remedy, complaint, user) for remedy in remedies]


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
        wanted = {"hear_form": "hear", "note_form": "note", "evidence_form": "evidence"}
        wanted["reply_form"] = "accept" if complaint.state == State.NEW else "reply"
    if facts.apology_needed and complaint.is_open:
        wanted["apology_form"] = "apology"
    wanted |= _STAGE_FORMS.get(complaint.state, {})
    return {
        key: ACTIONS[name].form(complaint=complaint, user=user)
        for key, name in wanted.items()
        if user.has_perm(ACTIONS[name].permission)
    }


_STAGE_FORMS: dict[str, dict[str, str]] = {
    State.VERIFYING: {"liability_form": "liability", "option_form": "option"},
    State.PROPOSING: {"liability_form": "liability", "option_form": "option"},
    State.NEGOTIATING: {"choice_form": "agree"},
    State.EXECUTING: {"execute_form": "execute"},
    State.AWAITING_FOLLOWUP: {"rating_form": "rate", "attempt_form": "attempt"},
}
