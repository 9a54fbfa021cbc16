"""What comes next on a case: the one primary step with its checks, and the others (look.md)."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints import lifecycle
from complaints.lifecycle import STEPS, CaseFacts, State
from complaints.models import Complaint
from complaints.refusals import Refused

from .actions import ACTIONS, Action

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

ASKING = {"reopen", "unmerge"}
"""Primary steps that ask for something on a page of their own."""

_HIDDEN = {"close", "supplement"}
_ASKED = frozenset({"ReasonMissing", "CustomerContactMissing", "BasisReplyMissing", "MergeTargetMissing"})
_ASKED_BY = {
    "accept": frozenset({"NoHumanReply", "NoPromise"}),
    "agree": frozenset({"ChoiceMissing", "ChoiceContactMissing"}),
    "close": frozenset({"NotSatisfied"}),
}

_DONE: dict[Any, Callable[[CaseFacts], Any]] = {
    lifecycle.fields_complete: lambda f: _("Registration is complete"),
    lifecycle.replied: lambda f: _("The customer has a human reply"),
    lifecycle.promised: lambda f: _("A time is promised"),
    lifecycle.assigned: lambda f: _("Somebody is in charge"),
    lifecycle.evidenced: lambda f: _("Evidence: %(n)s") % {"n": f.evidence} if f.evidence else _("Evidence waived"),
    lifecycle.inquiries_over: lambda f: _("No inquiry is open"),
    lifecycle.liability_settled: lambda f: _("Liability: 100 %"),
    lifecycle.root_cause_named: lambda f: _("Root cause written down"),
    lifecycle.options_ready: lambda f: _("Options: %(n)s") % {"n": f.options},
    lifecycle.approved: lambda f: _("Nothing waits for approval"),
    lifecycle.carried_out: lambda f: _("The remedy is carried out"),
    lifecycle.apologised: lambda f: _("Apology call logged") if f.apology_needed else "",
}  # fmt: skip
"""How a guard that lets the step through is said; guards without an entry are not worth a line."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line under the next step: done, waiting for the step's own form, or in the way."""

    tone: str
    text: Any
    panel: str = ""


@dataclass(slots=True)
class NextStep:
    """One possible step: whether this person may take it, and what stands in its way."""

    action: Action | None
    name: str
    label: Any
    permitted: bool
    refusals: list[Refused] = field(default_factory=list)
    panel: str = ""
    checks: list[Check] = field(default_factory=list)
    mode: str = ""
    """How the page takes it: post at once, go to the form on the page, open a page that asks, or blocked."""

    @property
    def left(self) -> int:
        """How many of the checks are not done."""
        return sum(check.tone != "done" for check in self.checks)

    @property
    def ready(self) -> bool:
        return self.permitted and not self.refusals


def steps(complaint: Complaint, facts: CaseFacts, user: Any, *, now: datetime) -> dict[str, Any]:
    """The one primary step and the others that start from this stage."""
    facts = replace(facts, actor=user.pk, now=now)
    possible = [
        _next_step(name, complaint, facts, user) for name, step in STEPS.items() if complaint.state in step.sources
    ]
    primary = next((step for step in possible if step.name == PRIMARY.get(complaint.state)), None)
    others = [step for step in possible if step is not primary and step.name not in _HIDDEN and step.permitted]
    return {"primary": primary, "others": others}


def _next_step(name: str, complaint: Complaint, facts: CaseFacts, user: Any) -> NextStep:
    spec, asked = STEPS[name], asked_by_form(name, facts)
    refused = spec.refusals(complaint.state, facts)
    action = ACTIONS.get(name) or ACTIONS.get("rate")
    step = NextStep(
        action,
        name,
        spec.label,
        permitted=action is not None and action.open_to(user),
        refusals=[refusal for refusal in refused if type(refusal).__name__ not in asked],
        panel=action.panel if action and name in INLINE else "",
    )
    if name == PRIMARY.get(complaint.state):
        step.checks = _checks(spec, facts, asked)
        step.mode = _mode(step, facts)
    return step


def asked_by_form(name: str, facts: CaseFacts) -> frozenset[str]:
    """Refusals that the form of the step itself mends: they are no obstacle to opening it."""
    if name == "offer":
        return frozenset({"OptionsMissing"}) if facts.options == 1 else frozenset()
    return _ASKED_BY.get(name, _ASKED)


def _checks(spec: lifecycle.Step, facts: CaseFacts, asked: frozenset[str]) -> list[Check]:
    lines = []
    for guard in spec.guards:
        refusal = guard(facts)
        if refusal is None:
            done = _DONE[guard](facts) if guard in _DONE else ""
            lines += [Check("done", done)] if done else []
        elif type(refusal).__name__ not in _ASKED:
            waiting = type(refusal).__name__ in asked
            lines.append(Check("waiting" if waiting else "risk", refusal.text, refusal.panel))
    return lines


def _mode(step: NextStep, facts: CaseFacts) -> str:
    if not step.permitted:
        return "forbidden"
    if step.refusals:
        return "blocked"
    if step.name == "accept" and facts.human_reply and facts.promise:
        return "post"
    if step.name in INLINE:
        return "go"
    return "open" if step.name in ASKING or (step.name == "offer" and facts.options == 1) else "post"
