"""Who could have a case of a shop, as the rule sees them: one query, however many people there are."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from complaints.duty_roster import ALWAYS, LARGEST_LIMIT, USUAL_LIMIT, Candidate, Week, on_duty
from complaints.models import Absence, Complaint, DutyProfile, Shop, WorkCalendar

from .counting import CountUpTo
from .people import HANDLERS

BY_ITSELF = "agent"
"""The role whose members are given cases before anybody has entered anything about them."""


class Row(NamedTuple):
    """What is read of a person; the middle part is None for somebody about whom nothing has been entered."""

    person: int
    takes: bool | None
    limit: int | None
    week: list[Any] | None
    given: int | None
    last_given_at: datetime | None
    is_agent: bool
    choosy: bool
    handles: bool
    absent: bool
    load: int
    zone: str | None


def candidates(shop: Shop, issue_type: Any, *, now: datetime) -> list[Candidate]:
    """The members of the shop who may handle complaints, with regard to this type of issue (or none)."""
    roles = _groups().filter(group__name__in=HANDLERS).values("user")
    people = get_user_model().objects.filter(is_active=True, is_staff=True, shops=shop.pk, pk__in=roles)
    return _read(people, shop, issue_type, now=now)


def standing(people: Any, shop: Shop, *, now: datetime) -> dict[int, Candidate]:
    """How these people (a query of users) stand, by their ids."""
    them = get_user_model().objects.filter(pk__in=people.order_by().values("pk"))
    return {one.person: one for one in _read(them, shop, None, now=now)}


def _read(people: Any, shop: Shop, issue_type: Any, *, now: datetime) -> list[Candidate]:
    root = (issue_type.parent_id or issue_type.pk) if issue_type else None
    skills = DutyProfile.skills.through.objects.filter(dutyprofile=OuterRef("duty"))
    load = Complaint.objects.open().filter(assignee=OuterRef("pk")).order_by().values("pk")[:LARGEST_LIMIT]
    rows = people.order_by().values_list(
        "pk", "duty__takes_new_cases", "duty__limit", "duty__week", "duty__given", "duty__last_given_at",
        Exists(_groups().filter(group__name=BY_ITSELF, user=OuterRef("pk"))),
        Exists(skills),
        Exists(skills.filter(issuetype=root)),
        Exists(Absence.objects.at(now).filter(user=OuterRef("pk"))),
        CountUpTo(load),
        _zone(shop),
    )  # fmt: skip
    found = [Row(*row) for row in rows]
    local = now.astimezone(zone_of(found[0].zone)) if found else now
    return [_candidate(row, local, any_issue=root is None) for row in found]


def _groups() -> Any:
    return get_user_model().groups.through.objects.all()


def _zone(shop: Shop) -> Subquery:
    """The time zone of the shop's calendar, or of the default one."""
    its_own = Q(pk=shop.calendar_id) if shop.calendar_id else Q(is_default=True)
    return Subquery(WorkCalendar.objects.filter(its_own).order_by().values("time_zone")[:1])


def zone_of(name: str | None) -> tzinfo:
    return ZoneInfo(name) if name else timezone.get_default_timezone()


def _candidate(row: Row, local: datetime, *, any_issue: bool) -> Candidate:
    week = week_of(row.week)
    return Candidate(
        person=row.person,
        takes=row.is_agent if row.takes is None else row.takes,
        handles=None if any_issue or not row.choosy else row.handles,
        absent=row.absent,
        on_duty=on_duty(week, local),
        has_shifts=any(week),
        load=row.load,
        limit=row.limit or USUAL_LIMIT,
        given=row.given or 0,
        last_given_at=row.last_given_at,
    )


def week_of(stored: Iterable[Any] | None) -> Week:
    """The shifts as the rule takes them; the row has been checked when it was written."""
    return tuple(tuple((begin, end) for begin, end in day) for day in stored) if stored else ALWAYS
