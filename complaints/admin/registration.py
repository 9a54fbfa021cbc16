"""Register a complaint by the template, and correct its registration (R3.2)."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.models import Complaint, Order, Shop
from complaints.operations import intake
from complaints.operations.locking import StaleVersion
from complaints.queries.case import changes_since, rivals
from complaints.refusals import Refused

from .asked import known_id
from .registration_forms import CorrectionForm, RegistrationForm
from .signing import FormForged, read_version, sign_version
from .transitions import CONFLICT, UNPROCESSABLE, case_url, visible_or_404


def register(request: HttpRequest, *, site: Any) -> HttpResponse:
    """GET shows the template; POST registers, or looks the order up when that button was pressed."""
    if not request.user.has_perm("complaints.add_complaint"):
        raise PermissionDenied
    if request.method != "POST":
        return _form_page(request, RegistrationForm(user=request.user, initial=_initial(request)), site=site)
    form = RegistrationForm(request.POST, user=request.user)
    complaint = intake.registered_by(form.mark, request.user)
    if complaint is None:
        if not form.is_valid():
            return _form_page(request, form, site=site, status=UNPROCESSABLE)
        try:
            complaint = intake.register(form.registration(), actor=request.user, now=timezone.now())
        except intake.AlreadyOpen as refusal:
            return _form_page(request, _too_late(request, refusal), site=site, status=UNPROCESSABLE)
    registered = _("Registered as %(number)s.") % {"number": complaint.number}
    messages.success(request, registered, extra_tags=f"register:{request.user.pk}")
    return redirect(case_url(complaint))


def _too_late(request: HttpRequest, refusal: Refused) -> RegistrationForm:
    """The form again, which finds by now what somebody else has registered about the order meanwhile."""
    form = RegistrationForm(request.POST, user=request.user)
    if form.is_valid():
        form.add_error("order_number", refusal.text)
    return form


def order_lookup(request: HttpRequest) -> HttpResponse:
    """The order behind a typed number, for the form to show: what was bought, and open complaints about it."""
    if not request.user.has_perm("complaints.add_complaint"):
        raise PermissionDenied
    number, shop = request.GET.get("order_number", "").strip(), known_id(request.GET.get("shop", ""))
    separate = bool(request.GET.get("separate"))
    order = (find_order(request.user, number, shop) or find_order(request.user, number)) if number else None
    elsewhere = bool(order and shop and order.shop_id != shop)
    others = rivals(order.pk, request.user) if order else []
    context = {"number": number, "order": order, "rivals": others, "separate": separate, "elsewhere": elsewhere}
    return render(request, "admin/complaints/complaint/_order.html", context)


def find_order(user: Any, number: str, shop: int | None = None) -> Order | None:
    """The order with exactly this number in a shop of the person; in the given shop, if one is chosen."""
    orders = Order.objects.filter(number=number, shop__in=Shop.objects.visible_to(user))
    if shop:
        orders = orders.filter(shop_id=shop)
    return orders.select_related("customer", "shop").prefetch_related("lines").first()


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
        intake.correct(
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
    except intake.NothingChanged as nothing:
        messages.info(request, nothing.text)
        return redirect(case_url(complaint))
    except (FormForged, Refused) as refusal:
        form.add_error(None, refusal.text)
        return _edit_page(request, complaint, form, site=site, status=UNPROCESSABLE)
    messages.success(request, _("Saved."), extra_tags=f"edit:{request.user.pk}:{complaint.pk}")
    return redirect(case_url(complaint))


def _form_page(request: HttpRequest, form: RegistrationForm, *, site: Any, status: int = 200) -> HttpResponse:
    context = site.each_context(request) | {"title": _("Register a complaint"), "form": form} | _found(form)
    return render(request, "admin/complaints/complaint/register.html", context, status=status)


def _found(form: RegistrationForm) -> dict[str, Any]:
    """The order behind what was typed, for a form that comes back."""
    number = str(form["order_number"].value() or "").strip()
    separate = bool(form.is_bound and form.data.get("separate"))
    return {"number": number, "order": form.order, "rivals": form.rivals, "separate": separate}


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
