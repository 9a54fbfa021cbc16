"""Register a complaint by the template, and correct its registration (R3.2)."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.models import Complaint
from complaints.operations import correcting, intake
from complaints.operations.drafts import drafts_of
from complaints.operations.locking import StaleVersion
from complaints.queries import lookup
from complaints.queries.case import changes_since
from complaints.refusals import Refused

from .near import matches_typed
from .registration_drafts import drop, label
from .registration_forms import CorrectionForm, RegistrationForm
from .registration_lookup import behind, picked, shown
from .signing import FormForged, read_version, sign_version
from .transitions import CONFLICT, UNPROCESSABLE, case_url, visible_or_404


def register(request: HttpRequest, *, site: Any) -> HttpResponse:
    """GET shows the template; POST registers, or fills in what was looked up when a button for that was pressed."""
    if not request.user.has_perm("complaints.add_complaint"):
        raise PermissionDenied
    if request.method != "POST":
        return _blank_page(request, site=site)
    if "look" in request.POST or "pick" in request.POST:
        return _filled_page(request, site=site)
    form = RegistrationForm(request.POST, user=request.user)
    complaint = intake.registered_by(form.mark, request.user)
    if complaint is None:
        if not form.is_valid():
            return _form_page(request, form, site=site, status=UNPROCESSABLE)
        try:
            complaint = intake.register(form.registration(), actor=request.user, now=timezone.now())
        except intake.AlreadyOpen as refusal:
            return _too_late(request, refusal, site=site)
    drop(request.user, request.POST)
    messages.success(request, _("Registered as %(number)s.") % {"number": complaint.number})
    return redirect(case_url(complaint))


def _blank_page(request: HttpRequest, *, site: Any) -> HttpResponse:
    """A new form, or the draft that the address names: then it is as it was left."""
    wanted = request.GET.get("draft", "")
    for draft in drafts_of(request.user, now=timezone.now()) if wanted else ():
        if str(draft.token) == wanted:
            form = RegistrationForm.filled(draft.typed | {"token": wanted}, user=request.user)
            return _form_page(request, form, site=site, resumed=draft.saved_at)
    return _form_page(request, RegistrationForm(user=request.user, initial=_initial(request)), site=site)


def _filled_page(request: HttpRequest, *, site: Any) -> HttpResponse:
    """The form with everything that was typed, and with what was looked up or picked."""
    typed, text = RegistrationForm.typed_in(request.POST), request.POST.get("q", "")
    if pick := request.POST.get("pick", ""):
        typed, text = picked(request.user, pick, typed, text), ""
    form = RegistrationForm.filled(typed, user=request.user)
    if pick:
        # The customer is talking: what they say comes next.
        form.fields["description" if typed.get("title") else "title"].widget.attrs["autofocus"] = True
    return _form_page(request, form, site=site, text=text, picked=bool(pick))


def _too_late(request: HttpRequest, refusal: Refused, *, site: Any) -> HttpResponse:
    """The form again, with the complaint that is open about the matter: the same order, or the same person's."""
    form = RegistrationForm(request.POST, user=request.user)
    form.is_valid()
    rival = Complaint.objects.visible_to(request.user).filter(number=refusal.names.get("number")).first()
    if "order_number" not in form.errors:
        form.add_error(None, refusal.text)
    return _form_page(request, form, site=site, status=UNPROCESSABLE, rival=rival)


def edit(request: HttpRequest, object_id: str, *, site: Any) -> HttpResponse:
    """GET shows what is registered; POST corrects it. A stale form comes back with both values side by side."""
    complaint = visible_or_404(request, object_id)
    if not request.user.has_perm("complaints.change_complaint"):
        raise PermissionDenied
    if request.method != "POST":
        return _edit_page(request, complaint, CorrectionForm(complaint=complaint, user=request.user), site=site)
    form = CorrectionForm(request.POST, complaint=complaint, user=request.user)
    if not form.is_valid():
        return _edit_page(request, complaint, form, site=site, status=UNPROCESSABLE)
    return _correct(request, complaint, form, site=site)


def _correct(request: HttpRequest, complaint: Complaint, form: CorrectionForm, *, site: Any) -> HttpResponse:
    version = None
    try:
        version = read_version(request.POST.get("version", ""), complaint.pk)
        correcting.correct(
            complaint.pk,
            form.changes(),
            person=form.person(),
            separate=form.cleaned_data["separate"],
            actor=request.user,
            version=version,
            now=timezone.now(),
        )
    except StaleVersion as stale:
        form.add_error(None, stale.text)
        return _edit_page(request, complaint, form, site=site, status=CONFLICT, since=version)
    except correcting.NothingChanged as nothing:
        messages.info(request, nothing.text)
        return redirect(case_url(complaint))
    except (FormForged, Refused) as refusal:
        form.add_error(None, refusal.text)
        return _edit_page(request, complaint, form, site=site, status=UNPROCESSABLE)
    messages.success(request, _("Saved."), extra_tags=f"edit:{request.user.pk}:{complaint.pk}")
    return redirect(case_url(complaint))


def _form_page(
    request: HttpRequest, form: RegistrationForm, *, site: Any, status: int = 200, text: str = "", **more: Any
) -> HttpResponse:
    now, typed = timezone.now(), _typed(form)
    order, follows = behind(request.user, typed)
    found = lookup.look_up(request.user, text)
    context = site.each_context(request) | {
        "title": _("Register a complaint"),
        "form": form,
        "now": now,
        "drafts": [label(draft) for draft in drafts_of(request.user, now=now) if str(draft.token) != typed["token"]],
        "order": order,
        "follows": follows,
        "known": (order and order.customer) or (follows and follows.customer),
        "matches": matches_typed(request.user, typed, order=order, follows=follows, now=now),
        "separate": bool(typed.get("separate")),
        **shown(request.user, text, found, order=order, number=typed.get("order_number", "").strip(), now=now),
        **more,
    }
    return render(request, "admin/complaints/complaint/register.html", context, status=status)


def _typed(form: RegistrationForm) -> dict[str, str]:
    """What stands in the fields, as it would be sent."""
    values: Mapping[str, Any] = {name: form[name].value() for name in form.fields}
    return {name: str(value) for name, value in values.items() if value not in (None, False, "")} | {
        "token": str(values["token"] or "")
    }


def _edit_page(
    request: HttpRequest,
    complaint: Complaint,
    form: CorrectionForm,
    *,
    site: Any,
    status: int = 200,
    since: int | None = None,
) -> HttpResponse:
    context = site.each_context(request) | {
        "title": _("Correct the registration"),
        "complaint": complaint,
        "form": form,
        "version": sign_version(complaint),
        "changes": changes_since(complaint, since) if since is not None else [],
        "differences": form.differences() if since is not None else [],
        "back": case_url(complaint),
    }
    return render(request, "admin/complaints/complaint/edit.html", context, status=status)


def _initial(request: HttpRequest) -> dict[str, Any]:
    """First values from the address, so that other systems can link to a filled-in form."""
    names = ("shop", "order_number", "channel", "title")
    return {name: request.GET[name] for name in names if request.GET.get(name)} | {"assign_me": True}
