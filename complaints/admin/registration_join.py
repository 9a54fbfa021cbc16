"""“Join this one”: what the customer says now goes to the complaint that is open about it, with all that was typed."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import Channel, Complaint
from complaints.operations.joining import Joined, can_join
from complaints.operations.joining import join as join_complaint
from complaints.operations.receiving import Result
from complaints.refusals import Refused

from .displays import listed
from .forms import SPOKEN
from .registration_drafts import drop, keep, token_of
from .registration_forms import PersonFields
from .transitions import UNPROCESSABLE, case_url, visible_or_404

LATEST = 3


class JoinForm(PersonFields):
    text = forms.CharField(
        label=gettext_lazy("What the customer says now"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 6, "autofocus": True}),
    )
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=SPOKEN, initial=Channel.PHONE)
    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


def join(request: HttpRequest, object_id: str, *, site: Any) -> HttpResponse:
    """POST only: from the registration form it shows what would be added, from its own form it adds it."""
    complaint = visible_or_404(request, object_id)
    if not request.user.has_perm("complaints.add_contact"):
        raise PermissionDenied
    if request.method != "POST":
        return redirect(case_url(complaint))
    if "record" not in request.POST:
        keep(request.user, request.POST)
        return _page(request, complaint, JoinForm(initial=_carried(request)), site=site)
    form = JoinForm(request.POST)
    if not form.is_valid():
        return _page(request, complaint, form, site=site, status=UNPROCESSABLE)
    data = form.cleaned_data
    try:
        joined = join_complaint(
            complaint.pk, data["text"], channel=data["channel"], person=form.person(), token=data["token"],
            actor=request.user, now=timezone.now(),
        )  # fmt: skip
    except Refused as refusal:
        form.add_error(None, refusal.text)
        return _page(request, complaint, form, site=site, status=UNPROCESSABLE)
    drop(request.user, request.POST)
    _say(request, joined, draft=f"join:{request.user.pk}:{complaint.pk}")
    return redirect(case_url(joined.complaint, "talk"))


def _carried(request: HttpRequest) -> dict[str, Any]:
    """What was typed for a complaint of its own, as one text; who it is, and by what they came."""
    sent = {name: request.POST.get(name, "").strip() for name in ("title", "description", "demand")}
    parts = [sent["title"] if sent["title"] not in sent["description"] else "", sent["description"]]
    if sent["demand"]:
        parts.append(_("Asks for: %(demand)s") % {"demand": sent["demand"]})
    carried: dict[str, Any] = {"text": "\n".join(part for part in parts if part)[:5000]}
    for name in ("channel", "name", "phone", "email", "buyer"):
        if value := request.POST.get(name, ""):
            carried[name] = value
    return carried | ({"token": token} if (token := token_of(request.POST)) else {})


def _say(request: HttpRequest, joined: Joined, *, draft: str) -> None:
    """`draft` names what the browser may forget now: it has arrived."""
    number = joined.complaint.number
    texts = {
        Result.JOINED: _("Added to %(number)s."),
        Result.REOPEN_ASKED: _("Added to %(number)s, which now waits to be reopened."),
        Result.REGISTERED: _("Registered as %(number)s."),
    }
    messages.success(request, texts[joined.result] % {"number": number}, extra_tags=draft)
    if joined.differing:
        names = listed(PersonFields.base_fields[one].label for one in joined.differing)
        messages.warning(
            request,
            _("Known otherwise and left as it was: %(names)s. Correct the registration if it has changed.")
            % {"names": names},
        )


def _page(request: HttpRequest, complaint: Complaint, form: JoinForm, *, site: Any, status: int = 200) -> HttpResponse:
    now = timezone.now()
    latest = complaint.contacts.select_related("author").order_by("-at", "-pk")[:LATEST]
    context = site.each_context(request) | {
        "title": _("Join %(number)s") % {"number": complaint.number},
        "complaint": complaint,
        "form": form,
        "now": now,
        "lines": list(complaint.order.lines.all()) if complaint.order else [],
        "latest": list(latest)[::-1],
        "owed": list(complaint.promises.filter(settled_at=None)),
        "joinable": can_join(complaint, now=now),
    }
    return render(request, "admin/complaints/complaint/join.html", context, status=status)
