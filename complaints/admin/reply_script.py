"""Fill a script with the facts of a case and put it into the reply."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import get_supported_language_variant
from django.utils.translation import gettext as _

from complaints.lifecycle import State
from complaints.models import Complaint, Remedy
from complaints.queries.script_use import fitting, last_words
from knowledge import rendering
from knowledge.models import ScriptVersion
from knowledge.queries import scripts_for

from .actions import ACTIONS, Action
from .forms import ids_in
from .reply_advice import found, replaced
from .reply_wording import facts_while_writing, typed, writable
from .script_figures import worked_lately
from .transitions import action_page, in_the_way

QUERY_LENGTH = 60
TYPED = ("channel", "promise_text", "promise_due")


def filled(request: HttpRequest, object_id: str, *, site: Any) -> HttpResponse:
    """POST only, for texts about people belong in no address: the reply with the script, or the options, added."""
    complaint = writable(request, object_id)
    version = _chosen(request.POST.get("script", ""))
    added = _rendered(version, complaint, request) if version else ""
    if "options" in request.POST:
        added = options_told(complaint)
    body = "\n".join(part for part in (typed(request).strip(), added) if part)
    used = ids_in(request.POST.get("scripts", ""))
    if version and version.pk not in used:
        used.append(version.pk)
    return _with_text(request, complaint, body, used, site=site)


def taken(request: HttpRequest, object_id: str, *, site: Any) -> HttpResponse:
    """POST only: the reply with the advice of the phrase rules in place of the words it is about."""
    complaint = writable(request, object_id)
    facts = facts_while_writing(complaint, request)
    body = replaced(typed(request), request.POST.get("take", ""), facts, now=timezone.now())
    return _with_text(request, complaint, body, ids_in(request.POST.get("scripts", "")), site=site)


def _with_text(request: HttpRequest, complaint: Complaint, body: str, used: list[int], *, site: Any) -> HttpResponse:
    """htmx gets the field alone; without scripts in the browser, the reply comes on a page of its own."""
    if request.headers.get("HX-Request"):
        context = {"complaint": complaint, "body": body, "gaps": rendering.gaps(body), "used": _named(used)}
        promised = request.POST.get("promise_due", "")
        context |= found(complaint, body, request.user, promised=promised, now=timezone.now())
        return render(request, "admin/complaints/complaint/_reply_body.html", context)
    action = _replying(complaint, request.user)
    initial = {"body": body, "scripts": _named(used)}
    initial |= {name: request.POST[name] for name in TYPED if request.POST.get(name)}
    return action_page(
        request, complaint, action, action.form(complaint=complaint, user=request.user, initial=initial), site=site
    )


def listed(request: HttpRequest, object_id: str) -> HttpResponse:
    """GET only, a part of the page: the scripts for this case that contain what was typed, the best first."""
    complaint = writable(request, object_id)
    query = request.GET.get("script_query", "")[:QUERY_LENGTH]
    context = {
        "complaint": complaint,
        "scripts": offered(complaint, last_words(complaint), query),
        "script_query": query,
    }
    return render(request, "admin/complaints/complaint/_script_list.html", context)


def offered(complaint: Complaint, words: str, query: str = "") -> list[ScriptVersion]:
    """The texts in force, ranked for the case and for the customer's latest `words`.

    Two queries, and those for the figures every few minutes.
    """
    return scripts_for(fitting(complaint, worked_lately(), words), query)


def _chosen(code: str) -> ScriptVersion | None:
    """The published version of a script that is offered; none where none was named."""
    if not code:
        return None
    version = ScriptVersion.objects.in_force().filter(script__code=code).first() if "\0" not in code else None
    if version is None:
        raise Http404
    return version


def _rendered(version: ScriptVersion, complaint: Complaint, request: HttpRequest) -> str:
    """The script in its own language."""
    with translation.override(language_of(version.script.language)):
        return rendering.render(version.text, facts_while_writing(complaint, request))


def language_of(code: str) -> str:
    """The language of ours that is meant by the code."""
    try:
        return get_supported_language_variant(code)
    except LookupError:
        return settings.LANGUAGE_CODE


def options_told(complaint: Complaint) -> str:
    """What the customer may choose between, one a line; empty where nothing may be told yet."""
    told = [remedy for remedy in complaint.remedies.all() if remedy.round == complaint.round and _may_be_told(remedy)]
    lines = (_("Option %(label)s: %(text)s") % {"label": one.label, "text": one.text} for one in told)
    return "\n".join(lines)


def _may_be_told(remedy: Remedy) -> bool:
    return remedy.status == Remedy.Status.OFFERED or (remedy.status == Remedy.Status.PREPARED and not remedy.unsigned)


def _named(ids: list[int]) -> str:
    return " ".join(map(str, ids))


def _replying(complaint: Complaint, user: Any) -> Action:
    """The first reply accepts the complaint, unless something is in the way that no reply mends."""
    accept = ACTIONS["accept"]
    accepts = complaint.state == State.NEW and accept.open_to(user) and not in_the_way(complaint, accept, user)
    return accept if accepts else ACTIONS["reply"]
