"""What departments are asked: the rows of their list, each in a constant number of queries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from complaints.models import Inquiry

SHOWN = 100
OVER = 30
COUNT_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What waits for an answer, the first due on top; and what is over, the latest on top."""

    open: list[Inquiry]
    over: list[Inquiry]
    shortened: bool


def inquiries_for(user: Any) -> Asked:
    """The list of everybody who answers for a department."""
    rows = Inquiry.objects.visible_to(user).select_related("department", "complaint__shop", "asked_by")
    waiting = list(rows.open().order_by("due_at", "id")[: SHOWN + 1])
    done = rows.filter(status__in=(Inquiry.Status.ANSWERED, Inquiry.Status.WITHDRAWN)).order_by("-asked_at", "-id")
    return Asked(waiting[:SHOWN], list(done[:OVER]), shortened=len(waiting) > SHOWN)


def open_count(user: Any) -> int:
    """How many wait for an answer; counted no further than a badge can show."""
    return Inquiry.objects.visible_to(user).open().order_by()[:COUNT_LIMIT].count()


def late(inquiries: list[Inquiry], *, now: datetime) -> int:
    """How many of these should have been answered by now."""
    return sum(inquiry.due_at < now for inquiry in inquiries)
