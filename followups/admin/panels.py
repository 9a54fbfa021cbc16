"""What the case page shows and does about call-backs; `complaints.admin` takes it in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.admin.actions import Action, Call, offer_action
from complaints.admin.forms import SPOKEN, CaseForm
from complaints.lifecycle import SATISFIED_FROM
from complaints.models import Channel, Complaint
from complaints.roles import step_permission
from followups.models import FollowUp
from followups.operations import callback

RATINGS = [
    (5, _("5 very satisfied")),
    (4, _("4 satisfied")),
    (3, _("3 so-so")),
    (2, _("2 not satisfied")),
    (1, _("1 very dissatisfied")),
]


RATING_SCALE = [
    (1, _("very dissatisfied")),
    (2, _("not satisfied")),
    (3, _("so-so")),
    (4, _("satisfied")),
    (5, _("very satisfied")),
]
"""The same as a scale from left to right, for large controls."""


class RatingForm(CaseForm):
    satisfaction = forms.TypedChoiceField(
        label=_("Satisfaction"), choices=RATINGS, coerce=int, widget=forms.RadioSelect
    )
    comment = forms.CharField(
        label=_("Anything else? (required below 4)"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    channel = forms.ChoiceField(label=_("Channel"), choices=SPOKEN, initial=Channel.PHONE)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("satisfaction", SATISFIED_FROM) < SATISFIED_FROM and not data.get("comment"):
            self.add_error("comment", _("Ask for the reason and write it down; a further round starts with it."))
        return data


class AttemptForm(CaseForm):
    comment = forms.CharField(label=_("How was it tried?"), max_length=300, required=False)


class RatingAction(Action):
    """A low rating starts a further round instead of closing: who records one must be allowed to do either."""

    def open_to(self, user: Any) -> bool:
        return all(user.has_perm(step_permission(step)) for step in ("close", "supplement"))


def _rate(call: Call) -> Any:
    return callback.record_rating(call.complaint_id, **call.data, **call.versioned)


def _attempt(call: Call) -> Any:
    return callback.record_attempt(call.complaint_id, **call.data, **call.versioned)


offer_action(
    RatingAction(
        "rate",
        _("Save the call-back"),
        (step_permission("close"), step_permission("supplement")),
        RatingForm,
        _rate,
        _("Call-back recorded."),
        "followup",
    ),
    Action(
        "attempt",
        _("Not reached"),
        step_permission("close"),
        AttemptForm,
        _attempt,
        _("Attempt recorded."),
        "followup",
    ),
)


def follow_ups(complaint: Complaint) -> list[FollowUp]:
    """The call-backs of all rounds, in order."""
    return list(complaint.followups.select_related("done_by"))
