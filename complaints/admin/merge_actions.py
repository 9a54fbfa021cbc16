"""What makes two complaints one and one two, on pages that show first what will move: more rows for the table."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint
from complaints.operations import matters, merge_preview, merging, splitting
from complaints.operations.merge_preview import Preview
from complaints.queries.case import mergeable
from complaints.refusals import Refused
from complaints.roles import step_permission

from .actions import Action, Call, offer_action, step_action
from .merge_forms import MergeForm, SplitForm, UnmergeForm

MOST_TARGETS = 20
"""Are listed; any other is found by its number."""


def _merge_page(request: HttpRequest, complaint: Complaint, form: MergeForm, now: Any) -> dict[str, Any]:
    """The complaints to choose from; of the chosen one beside this one, what will move and which times will hold."""
    choices = mergeable(complaint, request.user).select_related("shop", "customer", "assignee", "issue_type__parent")
    targets = list(choices[:MOST_TARGETS])
    number = request.GET.get("number", "").strip().upper()
    target = _named(number, choices, request.user) if number else _asked(form, choices, targets)
    found, refusal = _foreseen(request, complaint, target, now)
    if target:
        form.initial["target"] = target.pk
    return {
        "targets": targets,
        "target": target,
        "number": number,
        "unknown_number": bool(number and not target),
        "preview": found,
        "stays": _stays(complaint),
        "preview_refused": refusal,
        "now": now,
    }


def _asked(form: MergeForm, choices: Any, targets: list[Complaint]) -> Complaint | None:
    """The one that was chosen, or the only one there is."""
    # Not the bound field: it would keep its first value, and the page gives it another one.
    named = str((form.data if form.is_bound else form.initial).get("target") or "")
    if named:
        pk = int(named) if named.isdecimal() and len(named) < 19 else 0
        return choices.filter(pk=pk).first()
    return targets[0] if len(targets) == 1 else None


def _named(number: str, choices: Any, user: Any) -> Complaint | None:
    """The complaint with this number; of one that was merged, the one in which it goes on."""
    named = Complaint.objects.visible_to(user).filter(number=number).first()
    return choices.filter(pk=matters.surviving(named).pk).first() if named else None


def _foreseen(
    request: HttpRequest, complaint: Complaint, target: Complaint | None, now: Any
) -> tuple[Preview | None, str]:
    if target is None or not complaint.is_open:
        return None, ""
    try:
        return merge_preview.preview(complaint, target, actor=request.user, now=now), ""
    except Refused as refusal:
        return None, refusal.text


def _stays(complaint: Complaint) -> dict[str, Any]:
    """What the merged complaint keeps."""
    return {
        "liability": complaint.liability.count(),
        "remedies": complaint.remedies.count(),
    }


def _unmerge_page(request: HttpRequest, complaint: Complaint, form: UnmergeForm, now: Any) -> dict[str, Any]:
    """What goes back by itself, and what came in since: each of that stays unless it is ticked."""
    return {
        "survivor": matters.surviving(complaint),
        "goes_back": merging.goes_back(complaint),
        "came": form.came,
        "ticked": form.ticked,
        "now": now,
    }


def _merge(call: Call) -> Complaint:
    return merging.merge(call.complaint_id, call.data["target"].pk, reason=call.data["reason"], **call.versioned)


def _unmerge(call: Call) -> Complaint:
    return merging.unmerge(call.complaint_id, **call.data, **call.versioned)


def _split(call: Call) -> Complaint:
    return splitting.split_off(call.complaint_id, splitting.Split(**call.data), **call.versioned)


offer_action(
    step_action(
        "merge",
        MergeForm,
        _merge,
        danger=True,
        template="admin/complaints/complaint/merge.html",
        context=_merge_page,
        lands=lambda merged: merged.merged_into,
    ),
    step_action(
        "unmerge", UnmergeForm, _unmerge, template="admin/complaints/complaint/unmerge.html", context=_unmerge_page
    ),
    Action(
        "split",
        _("Split off"),
        step_permission("merge"),
        SplitForm,
        _split,
        _("Split off: this is the new complaint."),
        lands=lambda fresh: fresh,
    ),
)
