"""Registration forms that are half filled in: kept per person and form, until they are sent, discarded, or old."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from complaints.models import RegistrationDraft

KEPT = timedelta(days=7)
MOST = 10
"""Drafts of one person; the oldest goes when there are more."""


@dataclass(frozen=True, slots=True)
class Draft:
    token: UUID
    saved_at: datetime
    typed: dict[str, str]


@transaction.atomic
def keep(user: Any, token: UUID, typed: Mapping[str, str], *, now: datetime) -> bool:
    """Keep what was typed in place of what was kept before; nothing typed, no draft. Returns whether one is kept."""
    said = {name: value for name, value in typed.items() if value}
    if not said:
        discard(user, token)
        return False
    text = json.dumps(said, ensure_ascii=False)
    rows = RegistrationDraft.objects.filter(user=user)
    if not rows.filter(token=token).update(typed=text, saved_at=now):
        RegistrationDraft.objects.bulk_create(
            [RegistrationDraft(user=user, token=token, typed=text, saved_at=now)],
            update_conflicts=True, unique_fields=["user", "token"], update_fields=["typed", "saved_at"],
        )  # fmt: skip
        latest = list(rows.order_by("-saved_at", "-pk").values_list("pk", flat=True)[:MOST])
        rows.exclude(pk__in=latest).delete()
    return True


def discard(user: Any, token: UUID) -> None:
    RegistrationDraft.objects.filter(user=user, token=token).delete()


def drafts_of(user: Any, *, now: datetime) -> list[Draft]:
    """What the person has begun and not sent, the latest first."""
    rows = RegistrationDraft.objects.filter(user=user, saved_at__gt=now - KEPT).order_by("-saved_at", "-pk")
    return [Draft(row.token, row.saved_at, _read(row.typed)) for row in rows[:MOST]]


def expire(*, now: datetime) -> int:
    """Drop what nobody came back to. Returns how many were dropped."""
    dropped, _per_model = RegistrationDraft.objects.filter(saved_at__lte=now - KEPT).delete()
    return dropped


def _read(text: str) -> dict[str, str]:
    typed = json.loads(text or "{}")
    return {str(name): str(value) for name, value in typed.items()}
