"""Addresses of the API, each behind the door; what is not here is a problem, too, and no page."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, re_path
from django.utils.cache import patch_cache_control

from .api import api
from .docs_page import docs
from .document import document
from .door import FORM, JSON, guarded, method_not_allowed
from .problems import not_found


def openapi(request: HttpRequest) -> HttpResponse:
    if request.method != "GET":
        raise method_not_allowed(request, "GET")
    answer = JsonResponse(document(), json_dumps_params={"ensure_ascii": False})
    patch_cache_control(answer, public=True, max_age=300)
    return answer


def nowhere(request: HttpRequest, rest: str = "") -> HttpResponse:
    raise not_found()


def _guarded(pattern: Any) -> URLPattern:
    takes = FORM if pattern.name == "api-evidence" else JSON
    return URLPattern(pattern.pattern, guarded(pattern.callback, takes=takes), pattern.default_args, pattern.name)


_endpoints: list[Any] = api.urls[0]

urlpatterns = [
    path("docs", docs, name="api-docs"),
    path("openapi.json", guarded(openapi), name="api-openapi"),
    *(_guarded(pattern) for pattern in _endpoints if pattern.name != "api-root"),
    re_path("^(?P<rest>.*)$", guarded(nowhere)),
]
