"""The guarded view behind every action on a complaint: GET shows its form, POST acts (reliability.md, section 3)."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.models import Complaint
from complaints.operations.locking import StaleVersion
from complaints.operations.writing import last_told
from complaints.queries.case import changes_since
from complaints.queries.facts import case_facts
from complaints.refusals import Refused

from .actions import ACTIONS, Action, Call
from .asked import known_id
from .forms import REPLY_LENGTH, HearForm
from .next_step import asked_by_form
from .reply_advice import found
from .signing import FormForged, read_version, sign_version

UNPROCESSABLE, CONFLICT = 422, 409
NAMED_IN_ADDRESS = ("remedy", "promise", "inquiry", "claim", "target", "contact")


def visible_or_404(request: HttpRequest, object_id: Any) -> Complaint:
    """The complaint, if this person may see it; somebody else's and no complaint at all look alike."""
    rows = Complaint.objects.visible_to(request.user).select_related(
        "shop",
        "customer",
        "order__customer",
        "issue_type__parent",
        "assignee",
        "accused",
        "registered_by",
        "merged_into",
        "previous",
        "split_from",
        "policy",
    )
    pk = known_id(str(object_id))
    rows = rows.annotate(last_told=Subquery(last_told(OuterRef("pk"))))
    complaint = rows.filter(pk=pk).first() if pk else None
    if complaint is None:
        raise Http404
    return complaint


def case_url(complaint: Complaint, panel: str = "") -> str:
    url = reverse("admin:complaints_complaint_change", args=[complaint.pk])
    return f"{url}#{panel}" if panel else url


def act(request: HttpRequest, object_id: str, name: str, *, site: Any) -> HttpResponse:
    """1 scope, 2 permission, 3 form, 4 version, 5 operation; every refusal comes back with what was typed."""
    complaint = visible_or_404(request, object_id)
    action = ACTIONS.get(name)
    if action is None:
        raise Http404
    if not action.open_to(request.user):
        raise PermissionDenied
    if request.method != "POST":
        form = action.form(complaint=complaint, user=request.user, initial=_initial(request))
        return action_page(request, complaint, action, form, site=site)
    form = action.form(request.POST, request.FILES, complaint=complaint, user=request.user)
    if not form.is_valid():
        return _invalid(request, complaint, action, form, site=site)
    return _perform(request, complaint, action, form, site=site)


def _invalid(request: HttpRequest, complaint: Complaint, action: Action, form: Any, *, site: Any) -> HttpResponse:
    """A choice may be wrong only because somebody else acted meanwhile: then that is what the clerk hears."""
    try:
        version = read_version(request.POST.get("version", ""), complaint.pk)
    except FormForged:
        version = complaint.version
    if version == complaint.version:
        return action_page(request, complaint, action, form, site=site, status=UNPROCESSABLE)
    form.add_error(None, StaleVersion().text)
    return action_page(request, complaint, action, form, site=site, status=CONFLICT, since=version)


def _perform(request: HttpRequest, complaint: Complaint, action: Action, form: Any, *, site: Any) -> HttpResponse:
    version = None
    try:
        version = read_version(request.POST.get("version", ""), complaint.pk)
        result = action.perform(Call(complaint.pk, form, request.user, version, timezone.now()))
    except StaleVersion as stale:
        complaint.refresh_from_db()
        form.look_again()
        form.add_error(None, stale.text)
        return action_page(request, complaint, action, form, site=site, status=CONFLICT, since=version)
    except FormForged as forged:
        form.add_error(None, forged.text)
        return action_page(request, complaint, action, form, site=site, status=UNPROCESSABLE)
    except Refused as refusal:
        form.add_error(None, refusal.text)
        return action_page(request, complaint, action, form, site=site, status=UNPROCESSABLE)
    landed = action.lands(result) if action.lands else complaint
    after = Complaint.objects.visible_to(request.user).filter(pk=landed.pk).first()
    draft = f"{draft_name(action)}:{request.user.pk}:{complaint.pk}"
    messages.success(request, _done_words(action, complaint, after), extra_tags=draft)
    return redirect(case_url(after, action.panel) if after else "admin:complaints_complaint_changelist")


def _done_words(action: Action, complaint: Complaint, after: Complaint | None) -> str:
    """What happened; a step says where it has led."""
    if action.name == "merge" or (action.name == "hear" and after and after.pk != complaint.pk):
        return _("%(number)s has been merged into this complaint, and what came to it is here.") % {
            "number": complaint.number
        }
    if action.name == "pass_on" and after and after.assignee_id is None and after.shop.allots_cases:
        return _("The system finds nobody who can have it now: the case is unassigned. Its history says why.")
    if action.step and after:
        return _("Now: %(stage)s.") % {"stage": after.get_state_display()}
    return str(action.done)


def action_page(
    request: HttpRequest,
    complaint: Complaint,
    action: Action,
    form: Any,
    *,
    site: Any,
    status: int = 200,
    since: int | None = None,
) -> HttpResponse:
    """The action on a page of its own, with its form, what stands in its way, and what others did meanwhile."""
    refusals = in_the_way(complaint, action, request.user) if request.method == "GET" else []
    context = site.each_context(request) | {
        "title": action.label,
        "complaint": complaint,
        "action": action,
        "form": form,
        "version": sign_version(complaint),
        "refusals": refusals,
        "draft": draft_name(action),
        "changes": changes_since(complaint, since) if since is not None else [],
        "back": case_url(complaint, action.panel),
    }
    if written := _written(form):
        context |= found(complaint, written, request.user, now=timezone.now())
    if action.context:
        context |= action.context(request, complaint, form, timezone.now())
    return render(request, action.template, context, status=status)


def _written(form: Any) -> str:
    """The words to the customer that the form holds."""
    if "channel" not in form.fields or "body" not in form.fields or isinstance(form, HearForm):
        return ""
    return str(form["body"].value() or "")[:REPLY_LENGTH]


def in_the_way(complaint: Complaint, action: Action, user: Any) -> list[Refused]:
    """What the form of the step cannot mend."""
    if not action.step:
        return []
    facts = replace(case_facts(complaint), actor=user.pk, now=timezone.now())
    asked = asked_by_form(action.name, facts)
    return [one for one in action.step.refusals(complaint.state, facts) if type(one).__name__ not in asked]


def draft_name(action: Action) -> str:
    """Under which name the browser keeps what was typed: accepting sends the reply."""
    return "reply" if action.name == "accept" else action.name


def _initial(request: HttpRequest) -> dict[str, str]:
    """First values from the address, for links to an action on a certain option, promise, inquiry or claim."""
    return {name: request.GET[name] for name in NAMED_IN_ADDRESS if name in request.GET}
