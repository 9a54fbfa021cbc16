"""Links for the customer of a case: given out here, shown once, revoked; contact data of the web form taken over."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.models import Complaint, CustomerLink
from complaints.operations import correcting, customer_links
from complaints.operations.customers import Person
from complaints.queries import case
from complaints.refusals import Refused

from .asked import known_id
from .signing import read_version, sign_version
from .transitions import case_url, visible_or_404


def links_page(request: HttpRequest, object_id: str, *, site: Any) -> HttpResponse:
    """GET lists the links; POST makes one, whose address is on the answer and nowhere else, or revokes one."""
    complaint = visible_or_404(request, object_id)
    if not request.user.has_perm("complaints.add_contact"):
        raise PermissionDenied
    if request.method != "POST":
        return _page(request, complaint, site=site)
    now, address = timezone.now(), ""
    try:
        if revoked := known_id(request.POST.get("revoke", "")):
            customer_links.revoke(complaint.pk, revoked, actor=request.user, now=now)
            messages.success(request, _("The link is revoked."))
            return redirect(reverse("admin:complaints_complaint_links", args=[complaint.pk]))
        address = customer_links.issue(complaint, CustomerLink.Purpose.STATUS, actor=request.user, now=now)
    except Refused as refusal:
        messages.error(request, refusal.text)
    return _page(request, complaint, site=site, address=address)


def adopt(request: HttpRequest, object_id: str, submission_id: int, *, site: Any) -> HttpResponse:
    """POST only: let the contact data that came with the web form be the customer's."""
    complaint = visible_or_404(request, object_id)
    if not request.user.has_perm("complaints.change_complaint"):
        raise PermissionDenied
    if request.method != "POST":
        return redirect(case_url(complaint))
    given = next((one for one in case.unconfirmed(complaint) if one.pk == submission_id), None)
    if given is None:
        raise Http404
    person = Person(phone=given.phone or "", email=given.email or "")
    try:
        version = read_version(request.POST.get("version", ""), complaint.pk)
        correcting.correct(complaint.pk, {}, person=person, actor=request.user, version=version, now=timezone.now())
        messages.success(request, _("The contact data of the web form is the customer's now."))
    except Refused as refusal:
        messages.error(request, refusal.text)
    return redirect(case_url(complaint, "facts"))


def _page(request: HttpRequest, complaint: Complaint, *, site: Any, address: str = "") -> HttpResponse:
    now = timezone.now()
    links = list(complaint.customer_links.select_related("created_by", "submission")[:50])
    context = site.each_context(request) | {
        "title": complaint.number,
        "complaint": complaint,
        "back": case_url(complaint),
        "address": address,
        "links": [(link, link.is_live(now)) for link in links],
        "now": now,
        "version": sign_version(complaint),
    }
    return render(request, "admin/complaints/complaint/links.html", context)
