"""How a case stands, in words for its customer."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.lifecycle import State
from complaints.operations.customer_links import Found

NOW: dict[str, Any] = {
    State.NEW: _("We have received your complaint. Somebody will look into it."),
    State.ACCEPTED: _("We have taken your complaint on and are looking into it."),
    State.VERIFYING: _("We are looking into what happened."),
    State.PROPOSING: _("We are preparing a solution for you."),
    State.NEGOTIATING: _("We have offered you solutions. Tell us which one suits you."),
    State.EXECUTING: _("What we agreed is being carried out."),
    State.AWAITING_FOLLOWUP: _("What we agreed is done. We will ask you whether all is well."),
    State.CLOSED: _("Your complaint is closed."),
    State.WITHDRAWN: _("Your complaint was withdrawn, as you wished."),
    State.UNFOUNDED: _("We have looked into your complaint. The result stands below."),
}
PASSED: dict[str, Any] = {
    State.NEW: _("Complaint received"),
    State.ACCEPTED: _("Complaint taken on"),
    State.VERIFYING: _("Looking into it"),
    State.PROPOSING: _("Preparing a solution"),
    State.NEGOTIATING: _("Solutions offered"),
    State.EXECUTING: _("Solution agreed"),
    State.AWAITING_FOLLOWUP: _("Solution carried out"),
    State.CLOSED: _("Complaint closed"),
    State.WITHDRAWN: _("Complaint withdrawn"),
    State.UNFOUNDED: _("Complaint answered"),
}

RECEIVED = _("We have received what you sent and are looking into it. We will answer you by the contact that you gave.")
OVER = _("What you sent has been dealt with.")


def sentence(found: Found, *, now: datetime) -> Any:
    """One sentence. Who is not known to be the customer hears nothing that depends on the complaint before it ended."""
    complaint, sent = found.complaint, found.link.submission
    if found.whole and complaint:
        if complaint.state == State.NEW and not complaint.last_contact_inbound:
            return NOW[State.VERIFYING]  # we have answered already
        return NOW.get(complaint.state, RECEIVED)
    since = sent.received_at if sent else now
    ended = complaint is not None and complaint.closed_at is not None and (sent is None or complaint.closed_at > since)
    return OVER if ended else RECEIVED


def passed(stage: str) -> Any:
    """What a stage of the past is called; empty where the line is none."""
    return PASSED.get(stage, "")
