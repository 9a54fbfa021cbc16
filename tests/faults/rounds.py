"""The rounds of the background at simulated moments; runs in a clerk's process."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from complaints import sla
from complaints.models import Alert, Complaint, ComplaintEvent
from complaints.operations import sweeping, telling
from tests.faults import load

BEGIN = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)
ROLES = {sla.TEAM_LEAD: "team_lead", sla.SUPERVISOR: "supervisor", sla.SHOP_MANAGER: "shop_manager"}

_day: dict[str, timedelta] = {}


def begin_day(clocks: int, length: float) -> None:
    """Clocks that begin and fall due within the day, with all levels."""
    _day["length"] = timedelta(seconds=length)
    dues = load.spread(clocks, BEGIN + load.BUDGET, _day["length"] - load.BUDGET)
    load.write(dues, now=BEGIN, levels=sla.LEVELS)


def tick(at: float) -> None:
    """What a beat wakes, with this many seconds of the day gone."""
    now = BEGIN + timedelta(seconds=at)
    sweeping.sweep(now=now)
    telling.tell(now=now)


def end_day() -> dict[str, int]:
    """Alerts that are missing, too many or of nobody's asking, by arithmetic of its own."""
    wanted = Counter(_wanted(BEGIN + _day["length"]))
    found = Counter(Alert.objects.values_list("complaint__number", "level", "recipient__username"))
    breaches = Counter(ComplaintEvent.objects.filter(kind="breached").values_list("complaint", flat=True))
    return {
        "wanted": sum(wanted.values()),
        "lost": len(set(wanted) - set(found)),
        "strange": len(set(found) - set(wanted)),
        "doubled": sum(found.values()) - len(found),
        "breaches_doubled": sum(breaches.values()) - len(breaches),
        "untold": Alert.objects.filter(told_at=None).count(),
    }


def _wanted(end: datetime) -> list[tuple[str, int, str]]:
    rows = Complaint.objects.filter(number__startswith="L").values_list("number", "next_due_at", "assignee__username")
    return [
        (number, percent, ROLES.get(role, assignee))
        for number, due, assignee in rows
        for percent, audience in sla.LEVELS
        for role in audience
        if due + load.BUDGET * (percent - 100) / 100 <= end
    ]
