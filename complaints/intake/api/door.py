"""What every request to the API passes: language, size, content type; and every answer: its headers, never a page."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header
from django.views.decorators.csrf import csrf_exempt
from ninja.errors import HttpError, ValidationError
from pydantic import ValidationError as ShapeError

from complaints.operations.uploads import MAX_BYTES, MEGABYTE
from complaints.refusals import Refused

from .problems import Trouble, method_not_allowed, not_found
from .wrong_fields import wrong_fields

log = logging.getLogger(__name__)

JSON_BYTES = 256 * 1024
FORM_BYTES = MAX_BYTES + MEGABYTE
"""A file of the greatest size, and what the form takes around it."""

JSON, FORM = "application/json", "multipart/form-data"

View = Callable[..., HttpResponse]


def guarded(view: View, *, takes: str = JSON) -> View:
    """The view behind the door; `takes` is the content type of what is sent to it."""

    @csrf_exempt  # whoever calls shows a key; cookies open nothing
    @wraps(view)
    def enter(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with translation.override(language_of(request)):
            head = request.method == "HEAD"
            if head:
                request.method = "GET"
            answer = _answered(view, request, takes, *args, **kwargs)
            _finish(request, answer)
            if head:
                answer.content = b""
            return answer

    return enter


def _answered(view: View, request: HttpRequest, takes: str, *args: Any, **kwargs: Any) -> HttpResponse:
    try:
        _check_body(request, takes)
        answer = view(request, *args, **kwargs)
        if answer.status_code == 405:
            return method_not_allowed(request, ", ".join(sorted(answer["Allow"].split(", ")))).answer()
        return answer
    except Exception as error:
        return trouble_of(error).answer()


def trouble_of(error: Exception) -> Trouble:
    """What to answer to whatever went wrong; what nobody foresaw is logged."""
    if isinstance(error, HttpError) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    if isinstance(error, Trouble):
        return error
    for kinds, told in _TOLD:
        if isinstance(error, kinds):
            return told(error)
    log.error("the API could not answer", exc_info=error)
    if isinstance(error, OperationalError):
        detail = _("The database does not answer. Nothing was stored of this request; send it again.")
        return Trouble("unavailable", detail, headers={"Retry-After": "5"})
    return Trouble("internal", _("It has been written down. Try again later; nothing was stored of this request."))


def _unreadable_form(_error: Exception) -> Trouble:
    return Trouble("malformed", _("The form cannot be read. Send it as multipart/form-data with a boundary."))


def _too_large(most: int) -> Trouble:
    return Trouble("too_large", _("At most %(kilobytes)s KB are possible.") % {"kilobytes": most // 1024})


_TOLD: tuple[tuple[Any, Callable[[Any], Trouble]], ...] = (
    ((ValidationError, ShapeError), wrong_fields),
    (Http404, lambda _error: not_found()),
    (RequestDataTooBig, lambda _error: _too_large(JSON_BYTES)),
    ((MultiPartParserError, TooManyFilesSent, SuspiciousOperation, UnicodeError), _unreadable_form),
    (Refused, lambda refusal: Trouble("not_possible", refusal.text)),
)
"""Kinds of errors, and how each is told; the first that fits."""


def _check_body(request: HttpRequest, takes: str) -> None:
    """Before a byte of it is read. Raises Trouble."""
    if request.method != "POST":
        return
    length = request.META.get("CONTENT_LENGTH", "")
    if not length and request.META.get("HTTP_TRANSFER_ENCODING"):
        raise Trouble("length_required", _("Send Content-Length."))
    most = FORM_BYTES if takes == FORM else JSON_BYTES
    if length.isdecimal() and int(length[:12]) > most:
        raise _too_large(most)
    if request.content_type != takes:
        raise Trouble("unsupported_media_type", _("Send it as %(type)s.") % {"type": takes})


def _finish(request: HttpRequest, answer: HttpResponse) -> None:
    answer.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
    answer.headers.setdefault("Cache-Control", "no-store")
    for name, value in getattr(request, "headers_of_pace", {}).items():
        answer.headers[name] = value


def language_of(request: HttpRequest) -> str:
    """By the header alone; a program has no cookie."""
    for code, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if code == "*":
            break
        try:
            return get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE
