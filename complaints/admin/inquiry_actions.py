"""What can be done about inquiries and recovery claims on the case page: more rows for the table of actions."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.operations import inquiries, recovery

from . import inquiry_forms as forms
from .actions import Action, Call, offer_action

ASK, ANSWER = "complaints.add_inquiry", "complaints.change_inquiry"
FILE, PURSUE = "complaints.add_recoveryclaim", "complaints.change_recoveryclaim"


def _with_fields(operation: Callable[..., Any], *first: str) -> Callable[[Call], Any]:
    """The form's fields are the operation's arguments; the named ones come first, in order."""

    def perform(call: Call) -> Any:
        rest = {name: value for name, value in call.data.items() if name not in first}
        return operation(call.complaint_id, *(call.data[name] for name in first), **rest, **call.who)

    return perform


offer_action(
    Action(
        "ask",
        _("Ask a department"),
        ASK,
        forms.AskForm,
        _with_fields(inquiries.ask, "department", "question"),
        _("The department has been asked."),
        "inquiries",
    ),
    Action(
        "record_answer",
        _("Record the department's answer"),
        ANSWER,
        forms.RecordAnswerForm,
        _with_fields(inquiries.answer, "inquiry", "text"),
        _("Answer recorded."),
        "inquiries",
    ),
    Action(
        "withdraw_inquiry",
        _("Withdraw the inquiry"),
        ANSWER,
        forms.WithdrawInquiryForm,
        _with_fields(inquiries.withdraw, "inquiry"),
        _("Inquiry withdrawn."),
        "inquiries",
    ),
    Action(
        "file_claim",
        _("File a claim"),
        FILE,
        forms.FileClaimForm,
        _with_fields(recovery.file),
        _("Claim filed."),
        "recovery",
    ),
    Action(
        "claim_answered",
        _("Record the answer to the claim"),
        PURSUE,
        forms.ClaimAnswerForm,
        _with_fields(recovery.record_answer, "claim"),
        _("Answer recorded."),
        "recovery",
    ),
    Action(
        "claim_recovered",
        _("Record the money recovered"),
        PURSUE,
        forms.RecoverForm,
        _with_fields(recovery.recover, "claim", "amount"),
        _("Amount recorded."),
        "recovery",
    ),
    Action(
        "claim_lost",
        _("Give the claim up as lost"),
        PURSUE,
        forms.GiveUpForm,
        _with_fields(recovery.lose, "claim"),
        _("The claim is settled."),
        "recovery",
    ),
    Action(
        "withdraw_claim",
        _("Withdraw the claim"),
        PURSUE,
        forms.GiveUpForm,
        _with_fields(recovery.withdraw, "claim"),
        _("The claim is settled."),
        "recovery",
    ),
)
