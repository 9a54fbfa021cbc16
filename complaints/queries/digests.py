"""What the digests report, for many people or shops at once: the queries do not grow with their number."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber

from complaints.lifecycle import State
from complaints.models import Complaint, Deadline, Promise, Shop

LINES = 10
"""Of each section; the others are counted."""

OLDEST = 5


@dataclass(frozen=True, slots=True)
class Line:
    case: Complaint
    due_at: datetime


@dataclass(slots=True)
class Section:
    """The most urgent lines, and how many there are in all."""

    total: int = 0
    lines: list[Line] = field(default_factory=list)

    @property
    def more(self) -> int:
        return self.total - len(self.lines)


@dataclass(slots=True)
class Day:
    """What waits for one person; a complaint that waits for its call-back stands there and nowhere else."""

    overdue: Section = field(default_factory=Section)
    today: Section = field(default_factory=Section)
    promises: Section = field(default_factory=Section)
    callbacks: Section = field(default_factory=Section)


@dataclass(slots=True)
class ShopWeek:
    """What happened in one shop in a week, and what is overdue the longest now."""

    shop: Shop
    received: int = 0
    closed: int = 0
    breached: dict[str, int] = field(default_factory=dict)
    broken: int = 0
    oldest: list[Complaint] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.received or self.closed or self.breached or self.broken or self.oldest)


def days(people: Iterable[int], *, now: datetime, tonight: datetime) -> dict[int, Day]:
    """The day of each of these people who has anything to do, in four queries."""
    found: dict[int, Day] = defaultdict(Day)
    mine = _of_case(Complaint.objects.open().filter(assignee__in=people)).annotate(person=F("assignee"))
    own, calls = mine.exclude(state=State.AWAITING_FOLLOWUP), mine.filter(state=State.AWAITING_FOLLOWUP)
    for name, rows in (
        ("overdue", own.filter(next_due_at__lte=now)),
        ("today", own.filter(next_due_at__gt=now, next_due_at__lt=tonight)),
        ("callbacks", calls.filter(next_due_at__lt=tonight)),
    ):
        for case in _first(rows, "assignee", "next_due_at", LINES):
            _add(getattr(found[case.person], name), case, case, case.next_due_at)
    promises = Promise.objects.filter(status=Promise.Status.OPEN, due_at__lt=tonight).filter(
        complaint__in=Complaint.objects.open().filter(assignee__in=people).values("pk")
    )
    related = _of_case(promises, "complaint__").select_related("complaint").annotate(person=F("complaint__assignee"))
    for promise in _first(related, "complaint__assignee", "due_at", LINES):
        _add(found[promise.person].promises, promise, promise.complaint, promise.due_at)
    return found


def weeks(begin: datetime, end: datetime, *, now: datetime) -> dict[int, ShopWeek]:
    """The week of each active shop, in six queries."""
    found = {shop.pk: ShopWeek(shop) for shop in Shop.objects.filter(active=True).order_by("code")}
    cases = Complaint.objects.filter(shop__in=found).order_by()
    received = cases.filter(received_at__gte=begin, received_at__lt=end)
    closed = cases.filter(closed_at__gte=begin, closed_at__lt=end).exclude(state=State.MERGED)
    broken = Promise.objects.filter(status=Promise.Status.BROKEN, due_at__gte=begin, due_at__lt=end).order_by()
    for shop, number in _per_shop(received, "shop"):
        found[shop].received = number
    for shop, number in _per_shop(closed, "shop"):
        found[shop].closed = number
    for shop, number in _per_shop(broken.filter(complaint__shop__in=found), "complaint__shop"):
        found[shop].broken = number
    breaches = Deadline.objects.filter(breached_at__gte=begin, breached_at__lt=end, complaint__shop__in=found)
    counted = breaches.order_by().values_list("complaint__shop", "kind").annotate(number=Count("pk"))
    for shop, kind, number in counted:
        found[shop].breached[kind] = number
    late = _of_case(Complaint.objects.overdue(now).filter(shop__in=found))
    for case in _first(late, "shop", "next_due_at", OLDEST):
        found[case.shop_id].oldest.append(case)
    return found


def _per_shop(rows: Any, shop: str) -> Iterable[tuple[int, int]]:
    return rows.values_list(shop).annotate(number=Count("pk"))


def _of_case(rows: Any, path: str = "") -> Any:
    """With what a line says of a case; each encrypted field costs a decryption, and a line needs none of these."""
    related = (f"{path}{name}" for name in ("shop", "customer", "issue_type"))
    return rows.select_related(*related).defer(f"{path}customer__phone", f"{path}customer__email")


def _first(rows: Any, partition: str, moment: str, number: int) -> Any:
    """The first rows of each partition, with the count of all of them."""
    place = Window(RowNumber(), partition_by=[F(partition)], order_by=[F(moment).asc(), F("pk").asc()])
    total = Window(Count("pk"), partition_by=[F(partition)])
    return rows.annotate(place=place, total=total).filter(Q(place__lte=number)).order_by(partition, "place")


def _add(section: Section, row: Any, case: Complaint, due_at: datetime) -> None:
    section.total = row.total
    section.lines.append(Line(case, due_at))
