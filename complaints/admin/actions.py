"""The table of everything that can be done to a complaint on the case page: form, permission, operation.

`transitions.act` is the only view that reads it; each operation checks the facts again under the lock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.lifecycle import STEPS
from complaints.operations import assignment, conversation, progress, remedies, scripted, verification
from complaints.remedy_rules import SIGNATURES
from complaints.roles import step_permission

from . import assign_forms, forms


@dataclass(frozen=True, slots=True)
class Call:
    """One request to act: on which complaint, with which checked form, by whom, on which version, when."""

    complaint_id: int
    form: Any
    actor: Any
    version: int
    now: datetime

    @property
    def data(self) -> dict[str, Any]:
        return self.form.cleaned_data

    @property
    def who(self) -> dict[str, Any]:
        """For operations that only add something and need no version."""
        return {"actor": self.actor, "now": self.now}

    @property
    def versioned(self) -> dict[str, Any]:
        return {"actor": self.actor, "version": self.version, "now": self.now}


@dataclass(frozen=True, slots=True)
class Action:
    """`permission` may name several: any of them opens the action.

    `context` gives the page of the action what its `template` shows besides; `lands` names the complaint to go on
    with, where that is another one.
    """

    name: str
    label: Any
    permission: str | tuple[str, ...]
    form: type[forms.CaseForm]
    perform: Callable[[Call], Any]
    done: Any
    panel: str = ""
    danger: bool = False
    template: str = "admin/complaints/complaint/action.html"
    context: Callable[[Any, Any, Any, datetime], dict[str, Any]] | None = None
    lands: Callable[[Any], Any] | None = None

    @property
    def step(self) -> Any:
        """The transition behind this action, if it is one."""
        return STEPS.get(self.name)

    def open_to(self, user: Any) -> bool:
        names = (self.permission,) if isinstance(self.permission, str) else self.permission
        return any(user.has_perm(name) for name in names)


ACTIONS: dict[str, Action] = {}


def offer_action(*actions: Action) -> None:
    """Add to the table; the storey above adds its own this way."""
    ACTIONS.update({action.name: action for action in actions})


def step_action(
    name: str,
    form: type[forms.CaseForm],
    perform: Callable[[Call], Any],
    *,
    panel: str = "",
    danger: bool = False,
    **page: Any,
) -> Action:
    """The action that takes a step of the lifecycle."""
    return Action(
        name,
        STEPS[name].label,
        step_permission(name),
        form,
        perform,
        _("Done: the complaint has moved on."),
        panel,
        danger,
        **page,
    )


def _accept(call: Call) -> Any:
    data = call.data
    return scripted.accept(
        call.complaint_id,
        composed=call.form.composed(),
        body=data["body"],
        channel=data["channel"],
        promise=call.form.promised(),
        still_open=call.form.still_open(),
        **call.versioned,
    )


def _reply(call: Call) -> Any:
    data = call.data
    return scripted.reply(
        call.complaint_id,
        data["body"],
        composed=call.form.composed(),
        channel=data["channel"],
        promise=call.form.promised(),
        still_open=call.form.still_open(),
        **call.who,
    )


def _evidence(call: Call) -> Any:
    data = call.data
    return verification.add_evidence(
        call.complaint_id,
        kind=data["kind"],
        note=data["note"],
        reference=data["reference"],
        upload=data["file"],
        **call.who,
    )


def _liability(call: Call) -> Any:
    return verification.settle_liability(
        call.complaint_id, call.form.shares(), root_cause=call.data["root_cause"], **call.versioned
    )


def _with_all(operation: Callable[..., Any]) -> Callable[[Call], Any]:
    """The form's fields are the operation's arguments."""
    return lambda call: operation(call.complaint_id, **call.data, **call.versioned)


offer_action(
    step_action("accept", forms.AcceptForm, _accept, panel="reply"),
    step_action("start_verification", forms.PlainForm, _with_all(progress.start_verification)),
    step_action("conclude_verification", forms.PlainForm, _with_all(progress.conclude_verification)),
    step_action("offer", forms.OfferForm, _with_all(progress.offer), panel="remedies"),
    step_action("decline", forms.ReasonForm, _with_all(progress.decline)),
    step_action("agree", forms.AgreeForm, _with_all(progress.agree), panel="choice"),
    step_action("resolve", forms.PlainForm, _with_all(progress.resolve)),
    step_action("reopen", forms.ReasonForm, _with_all(progress.reopen)),
    step_action("withdraw", forms.WithdrawForm, _with_all(progress.withdraw), danger=True),
    step_action("find_unfounded", forms.UnfoundedForm, _with_all(progress.find_unfounded), danger=True),
    Action("reply", _("Reply"), "complaints.add_contact", forms.ReplyForm, _reply, _("Reply recorded."), "reply"),
    Action(
        "hear",
        _("Record the customer's message"),
        "complaints.add_contact",
        forms.HearForm,
        lambda call: conversation.receive(call.complaint_id, **call.data, **call.who),
        _("Message recorded."),
        "reply",
        lands=lambda contact: contact.complaint,
    ),
    Action(
        "note",
        _("Write a note"),
        "complaints.add_contact",
        forms.NoteForm,
        lambda call: conversation.note(call.complaint_id, **call.data, **call.who),
        _("Note written."),
        "reply",
    ),
    Action(
        "apology",
        _("Log the apology call"),
        "complaints.record_apology",
        forms.ApologyForm,
        lambda call: conversation.log_apology(call.complaint_id, **call.data, **call.who),
        _("Apology call logged."),
        "apology",
    ),
    Action(
        "evidence",
        _("Add evidence"),
        "complaints.add_evidence",
        forms.EvidenceForm,
        _evidence,
        _("Evidence added."),
        "evidence",
    ),
    Action(
        "waive",
        _("Waive evidence"),
        "complaints.waive_evidence",
        forms.ReasonForm,
        _with_all(verification.waive_evidence),
        _("Evidence waived."),
        "evidence",
    ),
    Action(
        "liability",
        _("Save liability"),
        "complaints.set_liability",
        forms.LiabilityForm,
        _liability,
        _("Liability saved."),
        "liability",
    ),
    Action(
        "option",
        _("Add option"),
        "complaints.add_remedy",
        forms.OptionForm,
        _with_all(remedies.prepare),
        _("Option added."),
        "remedies",
    ),
    Action(
        "discard",
        _("Remove option"),
        "complaints.add_remedy",
        forms.RemedyForm,
        lambda call: remedies.discard(call.complaint_id, call.data["remedy"], **call.versioned),
        _("Option removed."),
        "remedies",
    ),
    Action(
        "approve",
        _("Approve option"),
        tuple(sorted({f"complaints.{name}" for names in SIGNATURES.values() for name in names})),
        forms.RemedyForm,
        lambda call: remedies.approve(call.complaint_id, call.data["remedy"], **call.versioned),
        _("Option approved."),
        "remedies",
    ),
    Action(
        "raise_cost",
        _("Raise the cost"),
        "complaints.execute_remedy",
        forms.RaiseCostForm,
        lambda call: remedies.raise_cost(
            call.complaint_id, call.data["remedy"], cost=call.data["cost"], reason=call.data["reason"], **call.versioned
        ),
        _("Cost raised. Who must approve it now stands at the option."),
        "remedies",
    ),
    Action(
        "execute",
        _("Save what was carried out"),
        "complaints.execute_remedy",
        forms.ExecuteForm,
        lambda call: remedies.execute(call.complaint_id, call.data["remedy"], call.form.facts(), **call.versioned),
        _("Saved."),
        "remedies",
    ),
    Action(
        "claim",
        _("Take this case"),
        "complaints.claim_complaint",
        forms.PlainForm,
        lambda call: assignment.claim(call.complaint_id, **call.who),
        _("The case is yours."),
        "assign",
    ),
    Action(
        "pass_on",
        _("Pass on"),
        "complaints.pass_on_complaint",
        assign_forms.PassOnForm,
        _with_all(assignment.pass_on),
        _("Passed on."),
        "assign",
    ),
    Action(
        "assign",
        _("Assign"),
        "complaints.assign_complaint",
        assign_forms.AssignForm,
        _with_all(assignment.assign),
        _("Assigned."),
        "assign",
    ),
)
