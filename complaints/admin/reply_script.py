"""Fill a script with the facts of a case and put it into the reply."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import get_supported_language_variant

from complaints.lifecycle import State
from complaints.models import Complaint
from complaints.queries.case import reply_facts
from knowledge import rendering
from knowledge.models import ReplyScript

from .actions import ACTIONS, Action
from .displays import staff_name
from .transitions import action_page, in_the_way, visible_or_404

TYPED = ("channel", "promise_text", "promise_due")


def filled(request: HttpRequest, object_id: str, *, site: Any) -> HttpResponse:
    """POST only, for texts about people belong in no address: the reply with the script added to what was typed.

    htmx gets the field alone; without scripts in the browser, the reply comes on a page of its own.
    """
    complaint = visible_or_404(request, object_id)
    if not request.user.has_perm("complaints.add_contact"):
        raise PermissionDenied
    typed = request.POST.get("body", "").strip()
    added = _rendered(request.POST.get("script", ""), complaint, request.user)
    body = "\n".join(part for part in (typed, added) if part)
    if request.headers.get("HX-Request"):
        return render(
            request, "admin/complaints/complaint/_reply_body.html", {"body": body, "gaps": rendering.gaps(body)}
        )
    action = _replying(complaint, request.user)
    initial = {"body": body} | {name: request.POST[name] for name in TYPED if request.POST.get(name)}
    return action_page(
        request, complaint, action, action.form(complaint=complaint, user=request.user, initial=initial), site=site
    )


def _rendered(code: str, complaint: Complaint, user: Any) -> str:
    """The script in its own language; nothing when none was chosen: the text then stays as it is."""
    if not code:
        return ""
    script = ReplyScript.objects.filter(code=code, active=True).first() if "\0" not in code else None
    if script is None:
        raise Http404
    with translation.override(_language(script)):
        return rendering.render(script.text, reply_facts(complaint, agent_name=staff_name(user)))


def _language(script: ReplyScript) -> str:
    try:
        return get_supported_language_variant(script.language)
    except LookupError:
        return settings.LANGUAGE_CODE


def _replying(complaint: Complaint, user: Any) -> Action:
    """The first reply accepts the complaint, unless something is in the way that no reply mends."""
    accept = ACTIONS["accept"]
    accepts = complaint.state == State.NEW and accept.open_to(user) and not in_the_way(complaint, accept, user)
    return accept if accepts else ACTIONS["reply"]
