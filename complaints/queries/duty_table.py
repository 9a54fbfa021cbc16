"""The table of who is on duty: skills, shifts, load and who is next; a few queries for any number of people."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import OuterRef

from complaints import duty_roster
from complaints.duty_roster import LARGEST_LIMIT, USUAL_LIMIT, Candidate, Choice, Matter, Shifts, Week
from complaints.models import Absence, Complaint, DutyProfile, Shop, WorkCalendar
from complaints.models.shop import ShopQuerySet

from .counting import CountUpTo
from .people import HANDLERS
from .roster import BY_ITSELF, week_of, zone_of


@dataclass(slots=True)
class Row:
    """One person."""

    user: Any
    profile: DutyProfile
    """What was entered, or the defaults."""
    takes: bool
    shops: list[Shop] = field(default_factory=list)
    next_in: list[Shop] = field(default_factory=list)
    """Shops whose next case goes to this person, whatever it is about."""
    load: int = 0
    away_until: datetime | None = None
    on_duty: bool = True
    today: Shifts = ()
    next_shift: datetime | None = None

    @property
    def week(self) -> Week:
        return week_of(self.profile.week)

    @property
    def skills(self) -> list[Any]:
        return list(self.profile.skills.all()) if self.profile.pk else []

    @property
    def is_full(self) -> bool:
        return self.load >= self.profile.limit


def people_of(user: Any, shops: Any = None) -> Any:
    """Those who handle complaints and whose duty this person sees: of the own shops, or all."""
    people = get_user_model().objects.filter(is_active=True, is_staff=True)
    roles = get_user_model().groups.through.objects.filter(group__name__in=HANDLERS)
    people = people.filter(pk__in=roles.values("user"))
    if shops is None and user.has_perm("complaints.view_all_shops"):
        return people
    seen = Shop.objects.visible_to(user) if shops is None else shops
    return people.filter(pk__in=Shop.members.through.objects.filter(shop__in=seen).values("user"))


def shops_of(user: Any) -> ShopQuerySet:
    return Shop.objects.visible_to(user).filter(active=True)


def table(user: Any, *, shop: Shop | None = None, now: datetime) -> list[Row]:
    """The people of the shops that this person sees, or of one of them, by name.

    The shops and the turn of everybody are those of all the shops, also where one is asked for.
    """
    return _rows(people_of(user, [shop.pk] if shop else None), user, shop=shop, now=now)


def of_one(person: Any, user: Any, *, now: datetime) -> Row:
    """How one of them stands; whose turn it is needs a look at all, and is not said."""
    (row,) = _rows(people_of(user).filter(pk=person.pk), user, shop=None, now=now)
    row.next_in = []
    return row


def _rows(people: Any, user: Any, *, shop: Shop | None, now: datetime) -> list[Row]:
    shops = list(shops_of(user).select_related("calendar"))
    people = people.prefetch_related("groups", "duty__skills")
    load = Complaint.objects.open().filter(assignee=OuterRef("pk")).order_by().values("pk")[:LARGEST_LIMIT]
    rows = [
        _row(person)
        for person in people.select_related("duty").annotate(load=CountUpTo(load)).order_by("first_name", "username")
    ]
    away = dict(Absence.objects.at(now).values_list("user", "ends_at"))
    works_for = _memberships(shops)
    default = WorkCalendar.objects.filter(is_default=True).values_list("time_zone", flat=True).first()
    known = {place.pk: place for place in shops}
    for row in rows:
        row.away_until = away.get(row.user.pk)
        row.shops = [known[pk] for pk in works_for.get(row.user.pk, ())]
        zone = row.shops[0].calendar.time_zone if row.shops and row.shops[0].calendar else default
        _clock_in(row, now.astimezone(zone_of(zone)))
    for place in shops:
        if place.allots_cases and (shop is None or shop.pk == place.pk):
            local = now.astimezone(zone_of(place.calendar.time_zone if place.calendar else default))
            _name_next(place, [row for row in rows if place in row.shops], local)
    return rows


def _row(person: Any) -> Row:
    profile = getattr(person, "duty", None)
    by_itself = any(group.name == BY_ITSELF for group in person.groups.all())
    takes = profile.takes_new_cases if profile else by_itself
    return Row(person, profile or DutyProfile(user=person, limit=USUAL_LIMIT), takes, load=person.load)


def _memberships(shops: list[Shop]) -> dict[int, list[int]]:
    found = defaultdict(list)
    pairs = Shop.members.through.objects.filter(shop__in=[shop.pk for shop in shops])
    for user, shop in pairs.order_by("shop__code").values_list("user", "shop"):
        found[user].append(shop)
    return found


def _clock_in(row: Row, local: datetime) -> None:
    """What the person's shifts say at this local time: today's ones, and when the next one begins."""
    row.on_duty = duty_roster.on_duty(row.week, local)
    row.today = row.week[local.weekday()]
    if not row.on_duty:
        row.next_shift = duty_roster.next_shift(row.week, local)


def _name_next(shop: Shop, rows: list[Row], local: datetime) -> None:
    choice = duty_roster.choose([_candidate(row, local) for row in rows], Matter())
    if isinstance(choice, Choice):
        next(row for row in rows if row.user.pk == choice.candidate.person).next_in.append(shop)


def _candidate(row: Row, local: datetime) -> Candidate:
    return Candidate(
        person=row.user.pk,
        takes=row.takes,
        absent=row.away_until is not None,
        on_duty=duty_roster.on_duty(row.week, local),
        load=row.load,
        limit=row.profile.limit,
        given=row.profile.given,
        last_given_at=row.profile.last_given_at,
    )
