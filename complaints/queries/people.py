"""Who is there: leads, supervisors and managers per shop, in the same few queries for any number of shops."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import F, Q

from complaints.models import Absence, AlertPreference, Department
from complaints.sla import SHOP_MANAGER, SUPERVISOR, TEAM_LEAD

HANDLERS = ("agent", "team_lead", "supervisor")
OF_ALL_SHOPS = (SUPERVISOR, SHOP_MANAGER)


@dataclass(frozen=True, slots=True)
class People:
    """Who may hear of the clocks of one shop: role -> active people, the owners, and the ids of all who are absent."""

    roles: dict[str, list[Any]]
    owners: list[Any]
    absent: frozenset[int]


def escalation(shop_ids: Iterable[int], *, now: datetime) -> dict[int, People]:
    """The people of each shop. Leads are members of the shop; the higher roles and the owners serve all shops."""
    shops = set(shop_ids)
    users = get_user_model().objects.filter(is_active=True, is_staff=True).order_by("pk")
    leads: dict[int, list[Any]] = defaultdict(list)
    for lead in users.filter(groups__name=TEAM_LEAD, shops__in=shops).annotate(shop_id=F("shops")):
        leads[lead.shop_id].append(lead)
    higher: dict[str, list[Any]] = {role: [] for role in OF_ALL_SHOPS}
    owners: dict[int, Any] = {}
    above = users.filter(Q(groups__name__in=OF_ALL_SHOPS) | Q(is_superuser=True)).annotate(role=F("groups__name"))
    for person in above:
        if person.role in higher:
            higher[person.role].append(person)
        if person.is_superuser:
            owners[person.pk] = person
    absent = frozenset(Absence.objects.at(now).values_list("user_id", flat=True))
    return {shop: People(higher | {TEAM_LEAD: leads[shop]}, list(owners.values()), absent) for shop in shops}


def assignable(shops: Any, *, besides: int | None = None) -> Any:
    """Active staff of the shop (an id) or of any of the shops (a query of ids) who may handle complaints, by name.

    `besides` is somebody who was chosen before and stays a choice, even after leaving.
    """
    of_shop = {"shops": shops} if isinstance(shops, int) else {"shops__in": shops}
    able = Q(is_active=True, is_staff=True, groups__name__in=HANDLERS, **of_shop)
    return (
        get_user_model()
        .objects.filter(able | Q(pk=besides) if besides else able)
        .distinct()
        .order_by("first_name", "username")
    )


def wishes(people: Iterable[Any]) -> list[AlertPreference]:
    """How each of these people wants to be told, in their order; who has said nothing is told by the defaults."""
    people = list(people)
    said = {wish.user_id: wish for wish in AlertPreference.objects.filter(user__in=people)}
    found = [said.get(person.pk) or AlertPreference() for person in people]
    for wish, person in zip(found, people, strict=True):
        wish.user = person
    return found


def answering(*, besides: Iterable[int] = ()) -> Any:
    """Active staff whose role lets them answer for a department, by name; and who did before, even after leaving."""
    able = Q(is_active=True, is_staff=True, groups__permissions__codename="answer_inquiry")
    people = get_user_model().objects.filter(able | Q(pk__in=list(besides)))
    return people.distinct().order_by("first_name", "username")


def answerer(department: Department, *, now: datetime) -> Any:
    """Who answers for a department: its head, else its first member who is there; None where nobody is left."""
    members = list(department.members.filter(is_active=True).order_by("pk"))
    head = department.lead
    people = [head, *members] if head and head.is_active else members
    away = set(Absence.objects.at(now).filter(user__in=people).values_list("user", flat=True))
    return next((person for person in people if person.pk not in away), people[0] if people else None)
