"""How values are put into words on staff pages."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from complaints.lifecycle import STAGES, STEPS
from complaints.models import Complaint, ComplaintEvent, Customer, Deadline, Evidence, LiabilityShare
from complaints.models.staff import staff_name

from .allotting_words import why_given, why_nobody

__all__ = ["event_details", "event_label", "event_reason", "listed", "staff_name", "stage_number"]

_EVENT_LABELS = {
    "registered": gettext_lazy("Registered"),
    "corrected": gettext_lazy("Registration corrected"),
    "assigned": gettext_lazy("Assigned"),
    "passed_on": gettext_lazy("Passed on"),
    "evidence_added": gettext_lazy("Evidence added"),
    "evidence_waived": gettext_lazy("Evidence waived"),
    "liability_settled": gettext_lazy("Liability settled"),
    "option_prepared": gettext_lazy("Option prepared"),
    "option_discarded": gettext_lazy("Option discarded"),
    "option_approved": gettext_lazy("Option approved"),
    "cost_raised": gettext_lazy("Cost raised"),
    "remedy_progress": gettext_lazy("Remedy in progress"),
    "remedy_done": gettext_lazy("Remedy carried out"),
    "breached": gettext_lazy("Clock overdue"),
    "held": gettext_lazy("Put on hold"),
    "resumed": gettext_lazy("Hold ended"),
    "platform_case": gettext_lazy("Platform case: deadline recorded"),
    "platform_case_over": gettext_lazy("Platform case is over"),
    "promise_kept": gettext_lazy("Promise kept"),
    "promise_renewed": gettext_lazy("Promise renewed"),
    "policy_applied": gettext_lazy("Time policy applied"),
    "clock_mended": gettext_lazy("Missing clock started"),
    "followup_mended": gettext_lazy("Missing call-back created"),
    "callback_attempt": gettext_lazy("Customer not reached"),
    "contact_revealed": gettext_lazy("Contact data revealed"),
    "link_issued": gettext_lazy("Status link given to the customer"),
    "link_revoked": gettext_lazy("Status link revoked"),
    "mail_resent": gettext_lazy("E-mail sent again"),
    "mail_bounced": gettext_lazy("E-mail returned: the address cannot be reached"),
    "receipt_sent": gettext_lazy("Receipt confirmed by e-mail"),
    "merged_in": gettext_lazy("Another complaint merged in"),
    "unmerged": gettext_lazy("Merge of another complaint undone"),
    "brought_back": gettext_lazy("A message came along when the merge was undone"),
    "reopen_asked": gettext_lazy("The customer came back after closing"),
    "reopen_declined": gettext_lazy("Left closed; the customer was told why"),
    "split_off": gettext_lazy("A message split off as a complaint of its own"),
    "split_from": gettext_lazy("Split off from another complaint"),
    "replied": gettext_lazy("Reply sent"),
    "phrases_overruled": gettext_lazy("Blocked words let pass"),
    "heard": gettext_lazy("Customer's message recorded"),
    "noted": gettext_lazy("Note written"),
    "apologised": gettext_lazy("Apology call logged"),
    "inquiry_asked": gettext_lazy("Department asked"),
    "inquiry_answered": gettext_lazy("Department's answer recorded"),
    "inquiry_delayed": gettext_lazy("Department needs more time"),
    "inquiry_withdrawn": gettext_lazy("Inquiry withdrawn"),
    "recovery_filed": gettext_lazy("Recovery claim filed"),
    "recovery_answered": gettext_lazy("Recovery claim answered"),
    "recovery_recovered": gettext_lazy("Money recovered"),
    "recovery_lost": gettext_lazy("Recovery claim lost"),
    "recovery_withdrawn": gettext_lazy("Recovery claim withdrawn"),
}

_TELLING = ("option", "department", "name", "cost", "level", "number", "into", "attempts")
"""Of an event's data, what its line tells."""


def stage_number(complaint: Complaint) -> int | None:
    """The stage as a number from 1 to 8; None at a side exit."""
    return STAGES.index(complaint.state) + 1 if complaint.state in STAGES else None


def event_label(event: ComplaintEvent) -> str:
    """What happened, in the reader's language."""
    if event.kind in STEPS:
        return str(STEPS[event.kind].label)
    if event.kind == "passed_on" and event.data["after"] is None:
        return _("Gave the case back to the queue")
    return str(_EVENT_LABELS.get(event.kind, event.kind))


def listed(names: Iterable[Any]) -> str:
    """Names one after another, as the reader's language separates them."""
    return pgettext("enumeration", ", ").join(str(name) for name in names)


def event_reason(event: ComplaintEvent, sees_liability: bool) -> str:
    """Why it was done; the reason of a settlement is the root cause, which is not for everybody."""
    return "" if event.kind == "liability_settled" and not sees_liability else event.reason


def event_details(event: ComplaintEvent, sees_liability: bool) -> str:
    """The telling part of an event's data, in words; empty where there is none, or none for this reader."""
    data = event.data
    if event.kind == "passed_on":
        return why_nobody(data.get("waits", ""))
    if event.kind in ("corrected", "registered", "policy_applied"):
        return " · ".join([*_changes(data), *filter(None, [why_nobody(data.get("waits", ""))])])
    if event.kind == "liability_settled":
        return _liability(data["shares"]) if sees_liability else ""
    if event.kind in _SAID_BY:
        return _SAID_BY[event.kind](event)
    if event.kind in _TIMES:
        return _time_details(event.kind, data)
    if data.get("cost"):
        data = data | {"cost": f"¥{data['cost']}"}
    named = [data[name] for name in _TELLING if data.get(name)]
    return " · ".join(str(value) for value in named)


def _merge_details(event: ComplaintEvent) -> str:
    """Which complaint it was, since when the clocks run if that brought an earlier start, how much left with it."""
    data = event.data
    parts = [data.get("number", "")]
    if since := data.get("since"):
        moment = f"{timezone.localtime(datetime.fromisoformat(since)):%Y-%m-%d %H:%M}"
        parts.append(_("the clocks run since %(moment)s") % {"moment": moment})
    if also := data.get("also"):
        parts.append(_("taken along from since the merge: %(n)s") % {"n": also})
    return " · ".join(part for part in parts if part)


def _evidence_kind(event: ComplaintEvent) -> str:
    kind = event.data.get("evidence_kind")
    return str(Evidence.Kind(kind).label) if kind else ""


_SAID_BY: dict[str, Callable[[ComplaintEvent], str]] = {
    "assigned": why_given,
    "breached": lambda event: str(Deadline.Kind(event.data["clock"]).label),
    "evidence_added": _evidence_kind,
    "mail_bounced": lambda event: str(_("not the address on file")) if event.data.get("on_file") is False else "",
    "phrases_overruled": lambda event: " ".join(event.data["rules"]),
    "merged_in": _merge_details,
    "unmerge": _merge_details,
    "unmerged": _merge_details,
}

_TIMES = {"held": "until", "resumed": "because", "platform_case": "due_at", "promise_renewed": "promised_for"}
_BECAUSE = {"heard": gettext_lazy("the customer was heard"), "over": gettext_lazy("the time of the hold is over")}


def _time_details(kind: str, data: dict[str, Any]) -> str:
    """Until when something is held or promised, or what ended a hold."""
    value = data.get(_TIMES[kind]) or ""
    if kind == "resumed":
        return str(_BECAUSE.get(value, ""))
    moment = f"{timezone.localtime(datetime.fromisoformat(value)):%Y-%m-%d %H:%M}" if value else ""
    return " · ".join(part for part in (data.get("number", ""), moment) if part)


def _liability(shares: dict[str, int]) -> str:
    return " · ".join(f"{LiabilityShare.Party(party).label} {percent} %" for party, percent in shares.items())


def _changes(data: dict[str, Any]) -> list[str]:
    """What was corrected, from what to what; of personal data only which, never the value."""
    colon = pgettext("label", ": ")
    changes = [
        f"{getattr(Complaint, name).field.verbose_name}{colon}{old or '—'} → {new or '—'}"
        for name, (old, new) in data.get("changes", {}).items()
    ]
    personal = [str(getattr(Customer, kind).field.verbose_name) for kind in data.get("personal", [])]
    # Not within the braces below: the collector of texts does not look into them.
    label = _("personal data")
    return changes + ([f"{label}{colon}{listed(personal)}"] if personal else [])
