"""What staff hear of their alerts outside the admin: by e-mail, and in the groups of chat robots.

Of the customer they say the masked name only; the title and what was written about the case may hold more.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from complaints.models import Alert, AlertPreference, Deadline, OutboxMessage, Robot

from .alerts import happening
from .links import bell_link, case_link, inquiries_link, inquiry_link, wishes_link
from .text import chat, letter

LISTED = 50
"""So many alerts are listed in one message; the others are counted."""


def messages(
    alerts: Sequence[Alert], wish: AlertPreference, robots: Sequence[Robot], *, answers: bool = False, now: datetime
) -> list[OutboxMessage]:
    """What to send about these alerts of one person, the way the person wishes.

    Who `answers` for a department sees no cases: an inquiry leads to the page where it is answered.
    """
    person = wish.user
    if not alerts or not person.is_active:
        return []
    told = by_mail(alerts, wish, answers=answers, now=now) if wish.email and person.email else []
    for robot in robots:
        told += by_robot([alert for alert in alerts if _tells_of(robot, alert)], wish, robot, now=now)
    return told


def by_mail(
    alerts: Sequence[Alert], wish: AlertPreference, *, answers: bool = False, now: datetime
) -> list[OutboxMessage]:
    """A mail for each alert; a single one for more of them than the person wants at once."""
    if len(alerts) > wish.bundle_over:
        text = letter("bundle", wish.language, _bundle(alerts, now, answers))
        return [_mail(wish, text, key=f"bundle:{_first(alerts)}", complaint=None, now=now)]
    return [
        _mail(
            wish,
            letter("alert", wish.language, _single(alert, now, answers)),
            key=f"mail:{alert.dedup_key}",
            complaint=alert.complaint,
            now=now,
        )
        for alert in alerts
    ]


def by_robot(alerts: Sequence[Alert], wish: AlertPreference, robot: Robot, *, now: datetime) -> list[OutboxMessage]:
    """The same for the group of a robot, which hears of a clock once, however many of its members have the alert."""
    if len(alerts) > wish.bundle_over:
        text = chat("bundle", robot.language, _bundle(alerts, now) | {"person": wish.user})
        return [_said(robot, text, key=f"bundle:{_first(alerts)}", complaint=None, now=now)]
    return [
        _said(
            robot,
            chat("alert", robot.language, _single(alert, now)),
            key=happening(alert, alert.level),
            complaint=alert.complaint,
            now=now,
        )
        for alert in alerts
    ]


def _tells_of(robot: Robot, alert: Alert) -> bool:
    """A robot that names shops tells of those only; `shops` has been prefetched."""
    shops = {shop.pk for shop in robot.shops.all()}
    return not shops or alert.complaint.shop_id in shops


def _first(alerts: Sequence[Alert]) -> str:
    """Identity of a bundle: an alert is told once, and so stands in one only."""
    return f"{alerts[0].recipient_id}:{min(alert.pk for alert in alerts)}"


def _single(alert: Alert, now: datetime, answers: bool = False) -> dict[str, Any]:
    return {"alert": alert, "case": alert.complaint, "link": _link(alert, answers), "now": now} | _own_links(answers)


def _bundle(alerts: Sequence[Alert], now: datetime, answers: bool = False) -> dict[str, Any]:
    """The longest overdue first."""
    listed = sorted(alerts, key=lambda alert: (alert.due_at, alert.pk))[:LISTED]
    return {
        "count": len(alerts),
        "overdue": sum(alert.due_at <= now for alert in alerts),
        "more": len(alerts) - len(listed),
        "lines": [(alert, _link(alert, answers)) for alert in listed],
        "now": now,
    } | _own_links(answers)


def _link(alert: Alert, answers: bool) -> str:
    if answers and alert.kind == Deadline.Kind.INQUIRY:
        return inquiry_link(alert.subject)
    return case_link(alert.complaint)


def _own_links(answers: bool) -> dict[str, str]:
    return {"bell_link": inquiries_link() if answers else bell_link(), "wishes_link": wishes_link()}


def _mail(wish: AlertPreference, text: dict[str, str], *, key: str, complaint: Any, now: datetime) -> OutboxMessage:
    return OutboxMessage(
        complaint=complaint,
        audience=OutboxMessage.Audience.STAFF,
        recipient=wish.user,
        address=wish.user.email,
        dedup_key=key,
        created_at=now,
        **text,
    )


def _said(robot: Robot, text: dict[str, str], *, key: str, complaint: Any, now: datetime) -> OutboxMessage:
    return OutboxMessage(
        complaint=complaint,
        audience=OutboxMessage.Audience.STAFF,
        channel=OutboxMessage.Channel.ROBOT,
        robot=robot,
        # Where it goes to is read from the robot when it is sent; this is what the outbox shows.
        address=robot.name,
        dedup_key=f"robot:{robot.pk}:{key}",
        created_at=now,
        **text,
    )
