"""The reply while it is written: checked with each pause, and what was typed so far."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from complaints.models import Complaint
from complaints.operations import writing
from complaints.queries.case import reply_facts

from .displays import staff_name
from .forms import REPLY_LENGTH
from .reply_advice import found
from .transitions import visible_or_404


def checked(request: HttpRequest, object_id: str) -> HttpResponse:
    """POST only, a part of the page: what is found in the reply so far, and who else writes one."""
    complaint = writable(request, object_id)
    body, now = typed(request), timezone.now()
    if body.strip():
        writing.note(complaint.pk, user=request.user, now=now)
    context = {
        "complaint": complaint,
        "live": True,
        **found(complaint, body, request.user, promised=request.POST.get("promise_due", ""), now=now),
    }
    return render(request, "admin/complaints/complaint/_findings.html", context)


def facts_while_writing(complaint: Complaint, request: HttpRequest) -> dict[str, str]:
    """Facts of the case; of the time what is being promised just now."""
    facts = reply_facts(complaint, agent_name=staff_name(request.user), now=timezone.now())
    if promised := request.POST.get("promise_due", ""):
        try:
            facts["deadline"] = f"{datetime.fromisoformat(promised):%m-%d %H:%M}"
        except ValueError:
            facts.pop("deadline", None)
    return facts


def typed(request: HttpRequest) -> str:
    return request.POST.get("body", "")[:REPLY_LENGTH].replace("\r\n", "\n")


def writable(request: HttpRequest, object_id: str) -> Complaint:
    complaint = visible_or_404(request, object_id)
    if not request.user.has_perm("complaints.add_contact"):
        raise PermissionDenied
    return complaint
