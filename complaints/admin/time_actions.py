"""What can be done about time on the case page: hold, go on, the platform's deadline, promises."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.operations import holding, platform_cases, promises, reopening
from complaints.roles import step_permission

from . import time_forms
from .actions import Action, Call, offer_action


def _renew(call: Call) -> Any:
    data = call.data
    return promises.renew(
        call.complaint_id, data["promise"], call.form.promised(), reason=data["reason"], **call.versioned
    )


offer_action(
    Action(
        "hold",
        _("Put on hold"),
        "complaints.hold_complaint",
        time_forms.HoldForm,
        lambda call: holding.hold(call.complaint_id, **call.data, **call.versioned),
        _("On hold: we wait for the customer."),
        "clocks",
    ),
    Action(
        "resume",
        _("End the hold"),
        "complaints.hold_complaint",
        time_forms.CommentForm,
        lambda call: holding.resume(call.complaint_id, **call.data, **call.versioned),
        _("The clocks go on."),
        "clocks",
    ),
    Action(
        "platform",
        _("Platform case"),
        "complaints.set_platform_case",
        time_forms.PlatformForm,
        lambda call: platform_cases.set_deadline(call.complaint_id, **call.data, **call.versioned),
        _("The platform's deadline holds."),
        "clocks",
    ),
    Action(
        "platform_over",
        _("Platform case is over"),
        "complaints.set_platform_case",
        time_forms.CommentForm,
        lambda call: platform_cases.end(call.complaint_id, **call.data, **call.versioned),
        _("Our own times hold again."),
        "clocks",
    ),
    Action(
        "decline_reopening",
        _("Answer why it stays closed"),
        step_permission("reopen"),
        time_forms.DeclineReopeningForm,
        lambda call: reopening.decline(call.complaint_id, **call.data, **call.versioned),
        _("Answered: the case stays closed."),
    ),
    Action(
        "keep_promise",
        _("Promise kept"),
        "complaints.add_contact",
        time_forms.PromiseForm,
        lambda call: promises.keep(call.complaint_id, call.data["promise"], **call.versioned),
        _("Noted: the promise is kept."),
        "clocks",
    ),
    Action(
        "renew_promise",
        _("Renew the promise"),
        "complaints.add_contact",
        time_forms.RenewForm,
        _renew,
        _("The promise has a new time."),
        "clocks",
    ),
)
