"""Promises counted per agent and shop, for a period and the one before it; and the promises behind each number."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from complaints.models import Promise, Shop
from complaints.models.complaint import about_visible
from complaints.models.staff import staff_name

PAGE = 50
Status = Promise.Status


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both ends included."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        return _midnight(self.last + timedelta(days=1))

    def before(self) -> "Period":
        """As many days right before; before a whole month, the month before."""
        last = self.first - timedelta(days=1)
        if self.first.day == 1 and self.last == _month_end(self.first):
            return Period(last.replace(day=1), last)
        return Period(self.first - (self.last - self.first) - timedelta(days=1), last)


def this_week(today: date) -> Period:
    monday = today - timedelta(days=today.weekday())
    return Period(monday, monday + timedelta(days=6))


def this_month(today: date) -> Period:
    return Period(today.replace(day=1), _month_end(today))


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many promises, by what has become of them; all of them were made in the period."""

    kept: int = 0
    broken: int = 0
    renewed: int = 0
    open: int = 0

    @property
    def made(self) -> int:
        return self.kept + self.broken + self.renewed + self.open

    @property
    def share(self) -> int | None:
        """Percent kept of those that are decided; a renewed one is not, its successor will be."""
        decided = self.kept + self.broken
        return round(100 * self.kept / decided) if decided else None

    def __add__(self, other: "Numbers") -> "Numbers":
        return Numbers(*(getattr(self, name) + getattr(other, name) for name in OUTCOMES))


OUTCOMES = ("kept", "broken", "renewed", "open")


@dataclass(frozen=True, slots=True)
class Line:
    """One agent or shop; `pk` None is the system, which promises in nobody's name."""

    pk: int | None
    name: str
    now: Numbers = Numbers()
    before: Numbers = Numbers()

    def __add__(self, other: "Line") -> "Line":
        return replace(self, now=self.now + other.now, before=self.before + other.before)


@dataclass(frozen=True, slots=True)
class Statistics:
    total: Line
    agents: list[Line]
    shops: list[Line]


def sees_others(user: Any) -> bool:
    """Who hands out work or looks over all shops sees everybody's numbers; others see their own."""
    return user.has_perm("complaints.assign_complaint") or user.has_perm("complaints.view_all_shops")


def promises_of(user: Any) -> QuerySet[Promise]:
    """The promises that this person may count: about visible complaints, and made by whom."""
    rows: QuerySet[Promise] = about_visible(Promise.objects.all(), user)
    return rows if sees_others(user) else rows.filter(made_by=user)


def statistics(user: Any, period: Period) -> Statistics:
    """Three queries: the counts per agent and shop (of the two periods only), the agents' names, the shops' names."""
    lines = [(row["made_by"], row["complaint__shop"], _line(row)) for row in _counted(user, period)]
    people = get_user_model().objects.in_bulk({agent for agent, _shop, _line in lines if agent})
    shops = Shop.objects.in_bulk({shop for _agent, shop, _line in lines})
    return Statistics(
        total=sum((line for _agent, _shop, line in lines), Line(None, "")),
        agents=_summed(((pk, staff_name(people.get(pk)), line) for pk, _shop, line in lines)),
        shops=_summed(((pk, shops[pk].name, line) for _agent, pk, line in lines)),
    )


def _counted(user: Any, period: Period) -> Iterable[Any]:
    """One row per agent and shop, with the count of each outcome in each of the two periods, which adjoin."""
    earlier = Q(made_at__lt=period.start)
    counts = {
        f"{when}_{outcome}": Count("pk", filter=which & Q(status=outcome))
        for when, which in (("now", ~earlier), ("before", earlier))
        for outcome in OUTCOMES
    }
    rows = promises_of(user).filter(made_at__gte=period.before().start, made_at__lt=period.end)
    return rows.order_by().values("made_by", "complaint__shop").annotate(**counts)


def _line(row: dict[str, Any]) -> Line:
    now, before = (Numbers(*(row[f"{when}_{outcome}"] for outcome in OUTCOMES)) for when in ("now", "before"))
    return Line(None, "", now, before)


def _summed(lines: Iterable[tuple[int | None, str, Line]]) -> list[Line]:
    """One line per name, those with the most broken promises first."""
    summed: dict[int | None, Line] = defaultdict(lambda: Line(None, ""))
    for pk, name, line in lines:
        summed[pk] = replace(summed[pk] + line, pk=pk, name=name)
    return sorted(summed.values(), key=lambda line: (-line.now.broken, -line.now.made, line.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which promises are listed; every value has been validated."""

    period: Period
    status: str = ""
    agent: int | None = None
    shop: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Promise]
    has_next: bool


def page(user: Any, wanted: Wanted, *, size: int = PAGE) -> Page:
    """The latest first; a page begins behind a promise instead of at an offset, so each costs the same."""
    rows = promises_of(user).filter(made_at__gte=wanted.period.start, made_at__lt=wanted.period.end)
    if wanted.status:
        rows = rows.filter(status=wanted.status)
    if wanted.agent:
        rows = rows.filter(made_by=wanted.agent)
    if wanted.shop:
        rows = rows.filter(complaint__shop=wanted.shop)
    last = promises_of(user).filter(pk=wanted.after).first() if wanted.after else None
    if last:
        rows = rows.filter(Q(made_at__lte=last.made_at), Q(made_at__lt=last.made_at) | Q(pk__lt=last.pk))
    read = list(rows.select_related("complaint__shop", "made_by").order_by("-made_at", "-pk")[: size + 1])
    return Page(read[:size], len(read) > size)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
