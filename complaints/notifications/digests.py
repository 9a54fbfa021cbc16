"""The digests of a morning and of a week."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from complaints.models import AlertPreference, Deadline, OutboxMessage

from .links import case_link, list_link, wishes_link
from .text import letter

if TYPE_CHECKING:
    from complaints.queries.digests import Day, ShopWeek

OLDEST = 10
"""So many of the longest overdue cases are named."""


def morning_mail(wish: AlertPreference, day: "Day", on: date, *, now: datetime) -> OutboxMessage:
    """What waits for this person today."""
    sections = {
        name: {"section": section, "lines": [(line, case_link(line.case)) for line in section.lines]}
        for name, section in (
            ("overdue", day.overdue), ("today", day.today), ("promises", day.promises), ("callbacks", day.callbacks),
        )
    }  # fmt: skip
    facts = {"day": day, "sections": sections, "date": on, "now": now}
    return _mail(wish, "morning", facts, key=f"digest:morning:{wish.user_id}:{on.isoformat()}", now=now)


def weekly_mail(
    wish: AlertPreference, shops: Sequence["ShopWeek"], monday: date, sunday: date, *, now: datetime
) -> OutboxMessage:
    """What happened in the person's shops from Monday to Sunday."""
    breaches: Counter[str] = Counter()
    for week in shops:
        breaches.update(week.breached)
    oldest = sorted((case for week in shops for case in week.oldest), key=lambda case: (case.next_due_at, case.pk))
    facts: dict[str, Any] = {
        "shops": [(week, sum(week.breached.values())) for week in shops],
        "received": sum(week.received for week in shops),
        "closed": sum(week.closed for week in shops),
        "broken": sum(week.broken for week in shops),
        "breached": breaches.total(),
        "breaches": [(kind.label, breaches[kind]) for kind in Deadline.Kind if breaches[kind]],
        "oldest": [(case, case_link(case)) for case in oldest[:OLDEST]],
        "monday": monday,
        "sunday": sunday,
        "now": now,
    }
    year, number, _day = monday.isocalendar()
    return _mail(wish, "weekly", facts, key=f"digest:weekly:{wish.user_id}:{year}-W{number:02d}", now=now)


def _mail(wish: AlertPreference, name: str, facts: dict[str, Any], *, key: str, now: datetime) -> OutboxMessage:
    text = letter(name, wish.language, facts | {"list_link": list_link(), "wishes_link": wishes_link()})
    return OutboxMessage(
        audience=OutboxMessage.Audience.STAFF,
        recipient=wish.user,
        address=wish.user.email,
        dedup_key=key,
        created_at=now,
        **text,
    )
