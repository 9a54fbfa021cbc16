"""What all pages for customers have in common: language, headers, one 404, size limits, protection against forgery."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

NOT_FOUND, TOO_LARGE, UNPROCESSABLE, TOO_MANY = 404, 413, 422, 429

View = Callable[..., HttpResponse]


def customer_page(*, secret: bool, kept: bool = False) -> Callable[[View], View]:
    """Wrap a view: the reader's language, nothing stored, and nobody told of an address that is `secret`.

    What everybody may read can be `kept`: the browser then asks whether it has changed.

    The view looks at the size of what is sent, and then calls `forged`: Django's own check would read all of it first.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            language = language_of(request)
            with translation.override(language):
                try:
                    response = view(request, *args, **kwargs)
                except Http404:
                    response = render(request, "portal/gone.html", status=NOT_FOUND)
            response["Cache-Control"] = "no-cache" if kept and response.status_code != NOT_FOUND else "no-store"
            response["Content-Language"] = language
            if secret:
                response["Referrer-Policy"] = "no-referrer"
                response["X-Robots-Tag"] = "noindex, nofollow"
            return response

        return csrf_exempt(page)

    return wrap


def language_of(request: HttpRequest) -> str:
    """What the switch says, what the form was shown in, or what the browser asks for.

    The switch is looked for in the address only: reading what was sent comes after looking how much it is.
    """
    known = dict(settings.LANGUAGES)
    asked = request.GET.get("lang", "")
    return asked if asked in known else translation.get_language() or settings.LANGUAGE_CODE


def too_large(request: HttpRequest, limit: int) -> bool:
    """Whether more bytes are announced than anything here needs."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0) > limit
    except ValueError:
        return True


class _Check(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


class _CheckOfSecretPage(_Check):
    """From a page that tells nobody where it is, browsers send a form as coming from nowhere ("null").

    The token still has to match, and the address is a secret by itself.
    """

    def _origin_verified(self, request: HttpRequest) -> bool:
        return request.META.get("HTTP_ORIGIN") == "null" or super()._origin_verified(request)  # type: ignore[misc]


def forged(request: HttpRequest, *, secret: bool) -> bool:
    """Whether the form was not sent from our own page in this browser."""
    check = (_CheckOfSecretPage if secret else _Check)(lambda _request: HttpResponse())
    return check.process_view(request, forged, (), {}) is not None  # type: ignore[arg-type]
