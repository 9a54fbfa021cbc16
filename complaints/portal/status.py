"""The status page behind a customer's link: how it stands, what the customer can add, what was said."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from complaints.lifecycle import State
from complaints.models import Complaint, CustomerLink
from complaints.operations import customer_links, customer_messages, staging
from complaints.operations.conversation import EmptyText
from complaints.operations.customer_links import Found
from complaints.queries import customer_view

from . import files, seals, stage_words, visitors
from .forms import MessageForm
from .pages import TOO_LARGE, TOO_MANY, UNPROCESSABLE, customer_page, forged, too_large
from .seals import Seal


@customer_page(secret=True)
@require_http_methods(["GET", "HEAD", "POST"])
def status_page(request: HttpRequest, token: str) -> HttpResponse:
    """GET changes nothing; POST adds words and files to the complaint. Whatever does not open it is one 404."""
    if seconds := visitors.wait(visitors.LOOKING, "looking", visitors.caller(request)):
        return _too_often(request, seconds)
    found = _found(token)
    seal = seals.new(_place(found), now=timezone.now())
    if request.method != "POST":
        return _page(request, found, seal, MessageForm())
    if too_large(request, files.FORM_BYTES):
        words = _("The files were too large together. Choose fewer or smaller ones.")
        return _page(request, found, seal, MessageForm(), notice=words, status=TOO_LARGE)
    return _sent(request, found, seal)


@customer_page(secret=True)
@require_POST
def add_file(request: HttpRequest, token: str) -> HttpResponse:
    """One file, by the script of the page."""
    if seconds := visitors.wait(visitors.LOOKING, "looking", visitors.caller(request)):
        return files.too_often(seconds)
    found, now = _found(token), timezone.now()
    if too_large(request, files.ONE_FILE_BYTES):
        return HttpResponse(status=TOO_LARGE)
    if forged(request, secret=True) or not _may_write(found):
        return files.answer(request, None, now=now)
    return files.answer(request, seals.read(request.POST.get("form", ""), _place(found)), now=now)


def _sent(request: HttpRequest, found: Found, fresh: Seal) -> HttpResponse:
    now, form = timezone.now(), MessageForm(request.POST)
    if forged(request, secret=True) or not _may_write(found):
        words = _("Your browser did not let us recognise the page. Look it over and send it once more.")
        return _page(request, found, fresh, form, notice=words, status=UNPROCESSABLE)
    known = seals.read(request.POST.get("form", ""), _place(found))
    seal = known or fresh
    problems = files.take(request, seal.token, now=now)
    if "remove" in request.POST:
        staging.remove(seal.token, request.POST["remove"])
        form = MessageForm(initial=request.POST.dict())
        return _page(request, found, seal, form, problems=problems)
    if known is None or known.expired(now):
        words = _("The page was open for long. Everything is still here: look it over and send it once more.")
        return _page(request, found, seal.renewed(now), form, notice=words, problems=problems, status=UNPROCESSABLE)
    if not form.is_valid() or problems:
        return _page(request, found, seal, form, problems=problems, status=UNPROCESSABLE)
    return _add(request, found, seal, form)


def _add(request: HttpRequest, found: Found, seal: Seal, form: MessageForm) -> HttpResponse:
    if seconds := visitors.wait(visitors.SENDING, "message", visitors.caller(request)):
        words = _("Much was sent from your connection. Send it once more in %(minutes)s min; it stays on this page.")
        words %= {"minutes": files.minutes(seconds)}
        response = _page(request, found, seal, form, notice=words, status=TOO_MANY)
        response["Retry-After"] = str(seconds)
        return response
    try:
        left = customer_messages.send(
            found.link, found.complaint, form.cleaned_data["text"], seal.token, now=timezone.now()
        )
    except EmptyText:
        form.add_error("text", _("Write something or choose a file."))
        return _page(request, found, seal, form, status=UNPROCESSABLE)
    language = f"&lang={request.GET['lang']}" if request.GET.get("lang") in ("en", "zh-hans") else ""
    return redirect(f"{request.path}?added=1{language}" + (f"&left={left}" if left else ""))


def _page(
    request: HttpRequest,
    found: Found,
    seal: Seal,
    form: MessageForm,
    *,
    notice: str = "",
    problems: list[files.Problem] | None = None,
    status: int = 200,
) -> HttpResponse:
    link, complaint, now = found.link, found.complaint, timezone.now()
    shop = complaint.shop if complaint else link.submission.shop if link.submission else None
    context: dict[str, Any] = {
        "shop": shop,
        "number": _number(found),
        "whole": found.whole,
        "stage": stage_words.sentence(found, now=now),
        "promise": customer_view.promised(complaint, now=now) if complaint and found.whole else None,
        "reopen_until": _reopen_until(complaint) if found.whole else None,
        "lines": _lines(found),
        "may_write": _may_write(found),
        "form": form,
        "seal": seal,
        "waiting": staging.waiting_for(seal.token) if request.method == "POST" else [],
        "problems": problems or [],
        "notice": notice,
        # Of the page that was asked for; what was posted now has its own answer.
        "sent": request.method == "GET" and "sent" in request.GET,
        "added": request.method == "GET" and "added" in request.GET,
        "left": request.GET.get("left", "") if request.GET.get("left", "").isdecimal() else "",
        "address": request.build_absolute_uri(request.path),
        **files.limits(),
    }
    return render(request, "portal/status.html", context, status=status)


def _found(token: str) -> Found:
    found = customer_links.find(token, CustomerLink.Purpose.STATUS, now=timezone.now())
    if found is None:
        raise Http404
    return found


def _number(found: Found) -> str:
    """The complaint's to its customer; whoever only sent a form has that form's own."""
    if found.link.submission is not None and not found.whole:
        return found.link.submission.reference
    shown = found.complaint if found.whole else found.link.complaint
    return shown.number if shown else ""


def _lines(found: Found) -> list[Any]:
    if found.complaint is None:
        held = customer_view.of_submission(found.link.submission) if found.link.submission else []
        return [(line, "") for line in held]
    lines = customer_view.history(found.complaint, found.link, whole=found.whole)
    return [(line, stage_words.passed(line.stage)) for line in lines]


def _may_write(found: Found) -> bool:
    """Where nobody would read it any more, nothing is taken."""
    complaint = found.complaint
    return complaint is None or complaint.is_open or complaint.state == State.CLOSED


def _reopen_until(complaint: Complaint | None) -> Any:
    if complaint is None or complaint.state != State.CLOSED or complaint.closed_at is None:
        return None
    return complaint.closed_at + complaint.shop.reopen_within


def _place(found: Found) -> str:
    return f"link:{found.link.pk}"


def _too_often(request: HttpRequest, seconds: int) -> HttpResponse:
    response = render(request, "portal/busy.html", {"minutes": files.minutes(seconds)}, status=TOO_MANY)
    response["Retry-After"] = str(seconds)
    return response
