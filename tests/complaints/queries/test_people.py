"""Who may hear of the clocks of a shop."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from complaints.models import Absence
from complaints.queries import people
from tests.factories.complaints import ShopFactory

HOUR = timedelta(hours=1)


def test_leads_are_those_of_the_shop_and_the_others_serve_all(
    shop: Any, staff: dict[str, Any], user_with: Callable[..., Any], now: datetime
) -> None:
    elsewhere = ShopFactory()
    lead = user_with("team_lead", shops=[elsewhere])
    found = people.escalation([shop.pk, elsewhere.pk], now=now)
    assert found[shop.pk].roles["team_lead"] == [staff["team_lead"]]
    assert found[elsewhere.pk].roles["team_lead"] == [lead]
    for group in found.values():
        assert group.roles["supervisor"] == [staff["supervisor"]]
        assert group.roles["shop_manager"] == [staff["shop_manager"]]
        assert group.owners == []


def test_owner_of_several_roles_stands_in_each_of_them(shop: Any, now: datetime) -> None:
    owner = get_user_model().objects.create_superuser("owner")
    for role in ("supervisor", "shop_manager", "agent"):
        owner.groups.add(Group.objects.get(name=role))
    group = people.escalation([shop.pk], now=now)[shop.pk]
    assert group.owners == group.roles["supervisor"] == group.roles["shop_manager"] == [owner]


@pytest.mark.parametrize("gone", [{"is_active": False}, {"is_staff": False}])
def test_nobody_counts_who_cannot_log_in(shop: Any, staff: dict[str, Any], now: datetime, gone: dict[str, Any]) -> None:
    get_user_model().objects.update(**gone)
    group = people.escalation([shop.pk], now=now)[shop.pk]
    assert not any(group.roles.values())


@pytest.mark.parametrize(
    ("begins", "ends", "absent"),
    [(-1, 1, True), (0, 1, True), (-2, 0, False), (1, 2, False)],
)
def test_absence_counts_from_its_first_moment_to_its_last(
    shop: Any, agent: Any, now: datetime, begins: int, ends: int, absent: bool
) -> None:
    Absence.objects.create(user=agent, starts_at=now + begins * HOUR, ends_at=now + ends * HOUR)
    assert (agent.pk in people.escalation([shop.pk], now=now)[shop.pk].absent) is absent


def test_people_of_many_shops_take_no_more_queries(
    shop: Any, now: datetime, django_assert_num_queries: Callable[..., Any]
) -> None:
    shops = [shop.pk, *[ShopFactory().pk for _ in range(5)]]
    with django_assert_num_queries(3):
        people.escalation(shops, now=now)
