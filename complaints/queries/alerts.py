"""One person's alerts: those not seen yet first, the latest on top; keyset pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from complaints.models import Alert

PAGE = 50
COUNT_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Position:
    """The last alert of a page."""

    seen: bool
    created_at: datetime
    pk: int


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Alert]
    older: Position | None


def unseen(user: Any) -> int:
    """How many alerts the person has not seen; COUNT_LIMIT means "so many or more"."""
    return Alert.objects.visible_to(user).filter(seen_at__isnull=True)[:COUNT_LIMIT].count()


def page(user: Any, after: Position | None = None, *, size: int = PAGE) -> Page:
    """One page, read from a position instead of an offset: every page costs the same."""
    rows: list[Alert] = []
    if after is None or not after.seen:
        rows += _read(user, False, after, size + 1)
    if len(rows) <= size:
        rows += _read(user, True, after if after and after.seen else None, size + 1 - len(rows))
    shown = rows[:size]
    last = shown[-1] if len(rows) > size else None
    return Page(shown, Position(last.seen_at is not None, last.created_at, last.pk) if last else None)


def _read(user: Any, seen: bool, after: Position | None, number: int) -> list[Alert]:
    rows = Alert.objects.visible_to(user).filter(seen_at__isnull=not seen)
    if after:
        rows = rows.filter(created_at__lte=after.created_at).filter(
            Q(created_at__lt=after.created_at) | Q(pk__lt=after.pk)
        )
    return list(rows.select_related("complaint__shop", "complaint__assignee").order_by("-created_at", "-pk")[:number])
