"""Fill a script with the facts of a case and put it into the reply."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from complaints.queries.case import reply_facts
from knowledge import rendering
from knowledge.models import ReplyScript

from .displays import staff_name
from .transitions import visible_or_404


def filled(request: HttpRequest, object_id: str) -> HttpResponse:
    """The reply field with the script added to what was typed; without script support, the reply page with it."""
    complaint = visible_or_404(request, object_id)
    if not request.user.has_perm("complaints.add_contact"):
        raise PermissionDenied
    script = _chosen(request.GET.get("script", "").replace("\0", ""))
    known = complaint.customer if request.user.has_perm("complaints.reveal_contact") else None
    facts = reply_facts(
        complaint, agent_name=staff_name(request.user), customer_name=(known.name or "") if known else ""
    )
    typed = request.GET.get("body", "").strip()
    added = rendering.render(script.text, facts) if script else ""
    body = "\n".join(part for part in (typed, added) if part)
    if request.headers.get("HX-Request"):
        return render(
            request, "admin/complaints/complaint/_reply_body.html", {"body": body, "gaps": rendering.gaps(body)}
        )
    action = "accept" if complaint.state == "new" else "reply"
    target = reverse("admin:complaints_complaint_do", args=[complaint.pk, action])
    return redirect(f"{target}?{urlencode({'body': body})}")


def _chosen(code: str) -> ReplyScript | None:
    """None when nothing was chosen: the text then stays as it is."""
    if not code:
        return None
    script = ReplyScript.objects.filter(code=code, active=True).first()
    if script is None:
        raise Http404
    return script
