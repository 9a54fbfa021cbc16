"""Issue, change, rotate and revoke the keys of the API, and tell whose a presented one is (R3.1).

A secret has 256 random bits, so that a plain hash of it gives nothing away; it is handed out once and never stored.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.models import ApiKey
from complaints.refusals import Refused

from .changelog import record_change

USED_EVERY = timedelta(minutes=1)
"""So often at most the last use is written down."""

LONGEST_OVERLAP = timedelta(days=30)
PLAIN = ("name", "channel", "scopes", "per_minute", "expires_at")

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_TOKEN = re.compile(rf"(am_[{_LETTERS}]{{10}})_([A-Za-z0-9_-]{{43}})")


class KeyRevoked(Refused):
    message = _("This key has been revoked. Issue a new one.")


class OverlapTooLong(Refused):
    message = _("The old secret can work for %(days)s days more at most.")


@dataclass(frozen=True, slots=True)
class Issued:
    """A key with the only copy of its secret; `token` is what its program sends."""

    key: ApiKey
    token: str


def issue(key: ApiKey, *, actor: Any, now: datetime) -> Issued:
    """Store a new key and hand out its secret, this once."""
    key.prefix = "am_" + "".join(secrets.choice(_LETTERS) for _place in range(10))
    key.created_by, key.created_at = actor, now
    secret = _new_secret(key)
    with transaction.atomic():
        key.save(force_insert=True)
        values = {name: [None, value] for name, value in _values(key).items() if value}
        record_change(key, values, actor=actor, now=now)
    return Issued(key, f"{key.prefix}_{secret}")


def change(key: ApiKey, *, actor: Any, now: datetime) -> ApiKey:
    """Write what may be changed of a key: not its shop, for what came by it belongs there."""
    with transaction.atomic():
        before = _values(_locked(key))
        changes = {name: [before[name], value] for name, value in _values(key).items() if before[name] != value}
        if changes:
            key.save(update_fields=PLAIN)
            record_change(key, changes, actor=actor, now=now)
    return key


def rotate(key_id: int, *, overlap: timedelta, actor: Any, now: datetime) -> Issued:
    """Give the key a new secret; the old one works for as long as the overlap says. Raises KeyRevoked."""
    if overlap > LONGEST_OVERLAP:
        raise OverlapTooLong(days=LONGEST_OVERLAP.days)
    with transaction.atomic():
        key = _locked(ApiKey(pk=key_id))
        if key.revoked_at:
            raise KeyRevoked
        old = key.secret_hash
        secret = _new_secret(key)
        key.previous_hash, key.previous_until = (old, now + overlap) if overlap else ("", None)
        key.save(update_fields=["secret_hash", "previous_hash", "previous_until"])
        until = key.previous_until.isoformat() if key.previous_until else None
        record_change(key, {"secret": ["***", "***"], "previous_until": [None, until]}, actor=actor, now=now)
    return Issued(key, f"{key.prefix}_{secret}")


def revoke(key_id: int, *, actor: Any, now: datetime) -> ApiKey:
    """End the key, at once and for good."""
    with transaction.atomic():
        key = _locked(ApiKey(pk=key_id))
        if key.revoked_at is None:
            key.revoked_at, key.previous_hash, key.previous_until = now, "", None
            key.save(update_fields=["revoked_at", "previous_hash", "previous_until"])
            record_change(key, {"revoked_at": [None, now.isoformat()]}, actor=actor, now=now)
    return key


def recognise(token: str, *, now: datetime) -> ApiKey | None:
    """The key that works with this token; equally long for a wrong secret as for a right one."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return None
    key = ApiKey.objects.select_related("shop").filter(prefix=parts[1]).first()
    presented = _hash(parts[2])
    known = hmac.compare_digest(presented, key.secret_hash if key else "")
    old = hmac.compare_digest(presented, key.previous_hash if key else "")
    if key is None or not key.works_at(now) or not key.shop.active:
        return None
    old = old and key.previous_until is not None and now < key.previous_until
    return key if known or old else None


def used(key: ApiKey, *, now: datetime) -> None:
    """Write down that the key was used, once a minute at most."""
    since = now - USED_EVERY
    if key.last_used_at is None or key.last_used_at <= since:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=since)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


def _new_secret(key: ApiKey) -> str:
    secret = secrets.token_urlsafe(32)
    key.secret_hash = _hash(secret)
    return secret


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _locked(key: ApiKey) -> ApiKey:
    return ApiKey.objects.select_for_update(no_key=True).get(pk=key.pk)


def _values(key: ApiKey) -> dict[str, Any]:
    """Plain values of everything that can be set."""
    scopes: Sequence[str] = key.scopes
    return {
        "shop": str(key.shop_id),
        "name": key.name,
        "channel": key.channel,
        "scopes": sorted(scopes),
        "per_minute": key.per_minute,
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
    }
