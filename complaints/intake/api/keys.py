"""Who calls: the key, what it may do, and how often it may come. Sessions and cookies open nothing here."""

from typing import Any

from axes.helpers import get_client_ip_address
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from complaints.intake import pacing
from complaints.models import ApiKey, Scope
from complaints.operations import api_keys

from .problems import Trouble

REFUSED_RATE = "20/minute"
"""So often an address may come without a key that works."""


class Key(HttpBearer):
    """The key of the shop, as `Authorization: Bearer am_...`."""

    def __init__(self, scope: Scope | None) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Any:
        return super().__call__(request) or self.authenticate(request, "")

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        """Returns the key. Raises Trouble for one that does not work, may not do this, or comes too often."""
        now = timezone.now()
        key = api_keys.recognise(token, now=now)
        if key is None:
            raise _refused(request)
        _keep_pace(request, key)
        if self.scope and self.scope not in key.scopes:
            detail = _("The key lacks the scope %(scope)s. A shop manager can add it.") % {"scope": self.scope}
            raise Trouble("forbidden", detail)
        api_keys.used(key, now=now)
        return key


def _refused(request: HttpRequest) -> Trouble:
    wait = pacing.wait(REFUSED_RATE, "api-refused", get_client_ip_address(request) or "unknown")
    if wait:
        return _too_many(wait)
    detail = _("Send a key that works: Authorization: Bearer am_... It may be wrong, expired or revoked.")
    return Trouble("unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="amends"'})


def _keep_pace(request: HttpRequest, key: ApiKey) -> None:
    """Every answer tells the caller where it stands."""
    pace = pacing.pace(f"{key.per_minute}/minute", "api", str(key.pk))
    request.headers_of_pace = {  # type: ignore[attr-defined]
        "RateLimit-Policy": f'"minute";q={key.per_minute};w=60',
        "RateLimit": f'"minute";r={pace.left};t={pace.next_in}',
    }
    if pace.wait:
        raise _too_many(pace.wait)


def _too_many(wait: int) -> Trouble:
    detail = _("Wait %(seconds)s seconds.") % {"seconds": wait}
    return Trouble("too_many_requests", detail, headers={"Retry-After": str(wait)})
