"""The OpenAPI document: what django-ninja knows of the endpoints, and what it does not know of their answers."""

from functools import cache
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.translation import gettext_noop as _

from .api import api
from .once import HEADER
from .problems import CONTENT_TYPE

_IDEMPOTENCY = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": _(
        "The same key with the same request gets the same answer, word by word, for 48 hours, "
        "and nothing is done twice. Without it a request that is sent again counts as another one."
    ),
    "example": "order-2026112212345-1",
}
_HEADERS = {
    401: {"WWW-Authenticate": "The scheme of the key."},
    409: {"Retry-After": "Seconds to wait, where the same request is being worked on."},
    429: {"Retry-After": "Seconds to wait."},
    503: {"Retry-After": "Seconds to wait."},
}

_OF_THE_WEB_SERVER = {
    414: {"description": "URI Too Long: said by the web server, without problem details"},
    431: {"description": "Request Header Fields Too Large: said by the web server, without problem details"},
}


@cache
def document() -> dict[str, Any]:
    """In English, for programs; the page beside it speaks the reader's language."""
    with translation.override("en"):
        found: dict[str, Any] = dict(api.get_openapi_schema(path_prefix=_prefix()))
    for path in found["paths"].values():
        for method, operation in path.items():
            _complete(method, operation)
    schemes = found["components"]["securitySchemes"]
    schemes["Key"] |= {"description": "The key of a shop, shown once when it is issued: Authorization: Bearer am_..."}
    return found


def _complete(method: str, operation: dict[str, Any]) -> None:
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        _without_null(parameter["schema"])
    if method == "post":
        parameters.append(_IDEMPOTENCY)
    for status, answer in operation["responses"].items():
        if status >= 400:
            answer["content"] = {CONTENT_TYPE: answer["content"].pop("application/json")}
        headers = _HEADERS.get(status, {})
        if method == "post" and status in (200, 201):
            headers = {"Idempotency-Replayed": "`true` where this answer was given before."}
        if headers:
            answer["headers"] = {
                name: {"description": words, "schema": {"type": "string"}} for name, words in headers.items()
            }
    operation["responses"] |= _OF_THE_WEB_SERVER
    operation["responses"] = {str(status): answer for status, answer in sorted(operation["responses"].items())}


def _without_null(schema: dict[str, Any]) -> None:
    """A parameter is there or not; as text `null` would be a value."""
    kinds = [one for one in schema.pop("anyOf", []) if one != {"type": "null"}]
    for one in kinds:
        schema.update({name: value for name, value in one.items() if name not in schema})


def _prefix() -> str:
    try:
        return reverse("api-issue-types").removesuffix("issue-types")
    except NoReverseMatch:
        return "/api/v1/"
