"""The web form of a shop: asks what is needed, keeps what was typed, and answers with a link (R3.1)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from complaints import suspicion
from complaints.models import Shop
from complaints.operations import staging, web_form

from . import files, seals, visitors
from .forms import ComplainForm
from .order_hints import HINTS
from .pages import TOO_LARGE, TOO_MANY, UNPROCESSABLE, customer_page, forged, too_large
from .seals import Seal

TRAP = "website"
"""A field that people do not see."""

NOT_SENDING = ("switch", "remove")
"""Buttons of the form that only show it again."""


@dataclass(slots=True)
class Visit:
    """One request for the form of one shop, and what the page has to say about it."""

    request: HttpRequest
    shop: Shop
    seal: Seal
    now: datetime
    form: ComplainForm = field(default_factory=ComplainForm)
    notice: str = ""
    problems: list[files.Problem] = field(default_factory=list)


@customer_page(secret=False)
@require_http_methods(["GET", "HEAD", "POST"])
def complain(request: HttpRequest, code: str) -> HttpResponse:
    """GET shows the form; POST keeps the files first, so that nobody has to choose them again, then checks the rest."""
    shop, now = _shop(code), timezone.now()
    visit = Visit(request, shop, seals.new(_place(shop), now=now), now)
    if request.method != "POST":
        return _page(visit)
    if too_large(request, files.FORM_BYTES):
        visit.notice = _("The files were too large together. Choose fewer or smaller ones.")
        return _page(visit, status=TOO_LARGE)
    with translation.override(_switched(request)):
        return _sent(visit)


@customer_page(secret=False)
@require_POST
def add_file(request: HttpRequest, code: str) -> HttpResponse:
    """One file, by the script of the page."""
    shop, now = _shop(code), timezone.now()
    if too_large(request, files.ONE_FILE_BYTES):
        return HttpResponse(status=TOO_LARGE)
    if forged(request, secret=False):
        return files.answer(request, None, now=now)
    return files.answer(request, seals.read(request.POST.get("form", ""), _place(shop)), now=now)


def _sent(visit: Visit) -> HttpResponse:
    request, now = visit.request, visit.now
    visit.form = ComplainForm(request.POST)
    if forged(request, secret=False):
        visit.notice = _("Your browser did not let us recognise the page. Look it over and send it once more.")
        return _page(visit, status=UNPROCESSABLE)
    seal = seals.read(request.POST.get("form", ""), _place(visit.shop))
    visit.seal = seal or visit.seal
    visit.problems = files.take(request, visit.seal.token, now=now)
    if any(name in request.POST for name in NOT_SENDING):
        return _shown_again(visit)
    if seal is None or seal.expired(now):
        visit.seal = visit.seal.renewed(now)
        visit.notice = _("The page was open for long. Everything is still here: look it over and send it once more.")
        return _page(visit, status=UNPROCESSABLE)
    if not visit.form.is_valid() or visit.problems:
        visit.notice = _("Something is still missing. It stands in red at its field.")
        return _page(visit, status=UNPROCESSABLE)
    return _submit(visit)


def _shown_again(visit: Visit) -> HttpResponse:
    """In the other language, or without a file: nothing is checked yet."""
    staging.remove(visit.seal.token, visit.request.POST.get("remove", ""))
    visit.form = ComplainForm(initial=visit.request.POST.dict())
    return _page(visit)


def _submit(visit: Visit) -> HttpResponse:
    who = visitors.caller(visit.request)
    if seconds := visitors.wait(visitors.SENDING, "sending", who):
        words = _("Much was sent from your connection. Send it once more in %(minutes)s min; it stays on this page.")
        visit.notice = words % {"minutes": files.minutes(seconds)}
        response = _page(visit, status=TOO_MANY)
        response["Retry-After"] = str(seconds)
        return response
    data, person = visit.form.cleaned_data, visit.form.person
    answer = web_form.submit(
        web_form.Filled(
            shop=visit.shop,
            token=visit.seal.token,
            text=data["text"],
            demand=visit.form.demand,
            order_number=data["order_number"],
            person=person,
            language=translation.get_language() or "",
            doubts=_doubts(visit, data["text"], who),
        ),
        may_mail=not person.email or visitors.may_mail(person.email),
        now=visit.now,
    )
    return redirect(f"{urlsplit(answer.url).path}?{urlencode(_told(answer))}")


def _told(answer: web_form.Answer) -> dict[str, Any]:
    """What the status page says on top of it the first time."""
    left = {"left": answer.refused_files} if answer.refused_files else {}
    return {"sent": 1, "lang": translation.get_language()} | left


def _doubts(visit: Visit, text: str, who: str) -> list[str]:
    return suspicion.doubts(
        text,
        trap=visit.request.POST.get(TRAP, ""),
        open_for=visit.now - visit.seal.made_at,
        many=bool(visitors.wait(visitors.MANY, "many", who)),
    )


def _page(visit: Visit, *, status: int = 200) -> HttpResponse:
    shop = visit.shop
    chinese = (translation.get_language() or "").startswith("zh")
    context: dict[str, Any] = {
        "shop": shop,
        "greeting": shop.greeting_zh if chinese else shop.greeting_en,
        "form": visit.form,
        "seal": visit.seal,
        "notice": visit.notice,
        "waiting": staging.waiting_for(visit.seal.token),
        "problems": visit.problems,
        "order_hint": HINTS.get(shop.platform, ""),
        "trap": TRAP,
        **files.limits(),
    }
    return render(visit.request, "portal/complain.html", context, status=status)


def _switched(request: HttpRequest) -> str:
    """The language of the button, else the one in which the form was shown."""
    asked = request.POST.get("switch", request.POST.get("language", ""))
    return asked if translation.check_for_language(asked) and asked else translation.get_language() or ""


def _shop(code: str) -> Shop:
    """Raises Http404 alike for a shop that is unknown, closed, or has no web form."""
    shop = Shop.objects.filter(code=code, active=True, web_form=True).first()
    if shop is None:
        raise Http404
    return shop


def _place(shop: Shop) -> str:
    return f"shop:{shop.pk}"
