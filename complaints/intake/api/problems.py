"""What the API answers when it cannot do what is asked: problem details (RFC 9457), in the caller's language."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

CONTENT_TYPE = "application/problem+json"

TITLES: dict[str, tuple[int, Any]] = {
    "malformed": (400, gettext_lazy("The request cannot be read")),
    "unauthorized": (401, gettext_lazy("A valid key is needed")),
    "forbidden": (403, gettext_lazy("The key may not do this")),
    "not_found": (404, gettext_lazy("There is nothing at this address")),
    "method_not_allowed": (405, gettext_lazy("This address does not take this method")),
    "not_possible": (409, gettext_lazy("This is not possible now")),
    "in_progress": (409, gettext_lazy("The same request is being worked on")),
    "length_required": (411, gettext_lazy("The length of the request is missing")),
    "too_large": (413, gettext_lazy("The request is too large")),
    "unsupported_media_type": (415, gettext_lazy("This content type is not taken here")),
    "invalid": (422, gettext_lazy("Some fields are not right")),
    "idempotency_key_reused": (422, gettext_lazy("The Idempotency-Key belongs to another request")),
    "too_many_requests": (429, gettext_lazy("Too many requests")),
    "unavailable": (503, gettext_lazy("The desk is not ready")),
    "internal": (500, gettext_lazy("Something went wrong on our side")),
}
"""Code -> status and title; what the documentation lists, too."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, named by its place: `person.phone`."""

    field: str
    code: str
    message: str

    def as_json(self) -> dict[str, str]:
        return {"field": self.field, "code": self.code, "message": self.message}


class Trouble(Exception):
    """An answer that is a problem; raised anywhere below the door."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.code, self.detail, self.errors, self.headers = code, detail, errors, dict(headers or {})
        super().__init__(code)

    def answer(self) -> HttpResponse:
        status, title = TITLES[self.code]
        body: dict[str, Any] = {
            "type": f"{reverse('api-docs')}#{self.code}",
            "title": str(title),
            "status": status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [error.as_json() for error in self.errors]
        return HttpResponse(as_bytes(body), status=status, content_type=CONTENT_TYPE, headers=self.headers)


def invalid(errors: Iterable[FieldError]) -> Trouble:
    """Fields that are not right; the detail says it of the first one, for those who look at nothing else."""
    found = list(errors)
    first = _("%(field)s: %(message)s") % {"field": found[0].field, "message": found[0].message}
    return Trouble("invalid", first, errors=found)


def method_not_allowed(request: HttpRequest, allowed: str) -> Trouble:
    detail = _("Use one of: %(values)s.") % {"values": allowed}
    return Trouble("method_not_allowed", detail, headers={"Allow": allowed})


def not_found() -> Trouble:
    return Trouble("not_found", _("Nothing that this key may see has this address. Check it, and the key's shop."))


def as_bytes(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
