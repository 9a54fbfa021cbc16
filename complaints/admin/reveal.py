"""Show masked contact data to those who may see it, and write down that it was shown (R7.6)."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from complaints.operations import privacy
from complaints.queries import case

from .transitions import case_url, visible_or_404


def reveal(request: HttpRequest, object_id: str, *, site: Any) -> HttpResponse:
    """POST only; the page is not stored and not linked to."""
    complaint = visible_or_404(request, object_id)
    if not request.user.has_perm("complaints.reveal_contact"):
        raise PermissionDenied
    if request.method != "POST":
        return redirect(case_url(complaint))
    privacy.reveal(complaint.pk, actor=request.user, now=timezone.now())
    context = site.each_context(request) | {
        "title": complaint.number,
        "complaint": complaint,
        "unconfirmed": case.unconfirmed(complaint),
        "back": case_url(complaint),
    }
    return render(request, "admin/complaints/complaint/reveal.html", context)
