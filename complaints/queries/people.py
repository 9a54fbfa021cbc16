"""Who is there: leads, supervisors and managers per shop, in one query for any number of shops."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import F, Q

from complaints.models import Absence, Department

HANDLERS = ("agent", "team_lead", "supervisor")
ESCALATION = ("team_lead", "supervisor", "shop_manager")


def escalation(shop_ids: Iterable[int]) -> dict[int, dict[str, list[Any]]]:
    """For each shop: role -> active people. Leads are members of the shop; the higher roles serve all shops."""
    people: dict[int, dict[str, list[Any]]] = {shop: defaultdict(list) for shop in shop_ids}
    users = get_user_model().objects.filter(is_active=True, is_staff=True)
    leads = users.filter(groups__name="team_lead", shops__in=people).annotate(shop_id=F("shops")).order_by("pk")
    for lead in leads:
        people[lead.shop_id]["team_lead"].append(lead)
    for role in ESCALATION[1:]:
        for person in users.filter(groups__name=role).order_by("pk"):
            for roles in people.values():
                roles[role].append(person)
    return people


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
