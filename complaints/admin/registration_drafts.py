"""Drafts of the registration form: kept on the server while one types, so that a closed tab loses nothing."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.operations import drafts
from complaints.operations.drafts import Draft

from .registration_forms import RegistrationForm


def save(request: HttpRequest) -> HttpResponse:
    """Keep what is in the form now; answers with a line that says so, or with nothing if there is nothing to keep."""
    if not request.user.has_perm("complaints.add_complaint"):
        raise PermissionDenied
    if not keep(request.user, request.POST):
        return HttpResponse(status=204)
    at = timezone.localtime()
    return HttpResponse(_("Draft kept at %(time)s") % {"time": f"{at:%H:%M}"}, content_type="text/plain")


def discard(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("complaints.add_complaint"):
        raise PermissionDenied
    drop(request.user, request.POST)
    messages.info(request, _("Draft discarded."))
    return redirect("admin:complaints_complaint_add")


def keep(user: Any, sent: Mapping[str, Any]) -> bool:
    """Whether there was anything to keep."""
    if (token := token_of(sent)) is None:
        return False
    typed = RegistrationForm.typed_in(sent)
    written = any(typed.get(name, "").strip() for name in RegistrationForm.WRITTEN)
    return drafts.keep(user, token, typed if written else {}, now=timezone.now())


def drop(user: Any, sent: Mapping[str, Any]) -> None:
    if token := token_of(sent):
        drafts.discard(user, token)


def token_of(sent: Mapping[str, Any]) -> UUID | None:
    try:
        return UUID(str(sent.get("token", "")))
    except ValueError:
        return None


def label(draft: Draft) -> dict[str, Any]:
    """A draft in the list: its title or its first words, never who it is about."""
    words = draft.typed.get("title") or draft.typed.get("description") or draft.typed.get("order_number") or ""
    return {"token": draft.token, "saved_at": draft.saved_at, "words": words[:40]}
