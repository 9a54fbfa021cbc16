"""Who hears of a level: up the chain, past the absent, and never nobody as long as there is anybody."""

from types import SimpleNamespace
from typing import Any

import pytest

from complaints import notifications
from complaints.queries.people import People
from complaints.sla import ASSIGNEE, SHOP_MANAGER, SUPERVISOR, TEAM_LEAD

AGENT, LEAD, SECOND_LEAD, BOSS, MANAGER, OWNER = range(1, 7)


def person(pk: int, *, active: bool = True) -> Any:
    return SimpleNamespace(pk=pk, is_active=active)


def people(*absent: int, without: tuple[str, ...] = ()) -> People:
    roles = {TEAM_LEAD: [person(LEAD)], SUPERVISOR: [person(BOSS)], SHOP_MANAGER: [person(MANAGER)]}
    there = {role: persons for role, persons in roles.items() if role not in without}
    return People(there, [person(OWNER)], frozenset(absent))


def told(roles: tuple[str, ...], assignee: Any, group: People) -> list[int]:
    return [someone.pk for someone in notifications.audience(roles, assignee, group)]


AT_50, AT_100, AT_150, AT_200 = (ASSIGNEE,), (ASSIGNEE, TEAM_LEAD), (SUPERVISOR,), (SHOP_MANAGER,)


@pytest.mark.parametrize(
    ("roles", "absent", "expected"),
    [
        (AT_50, (), [AGENT]),
        (AT_50, (AGENT,), [LEAD]),
        (AT_50, (AGENT, LEAD), [BOSS]),
        (AT_50, (AGENT, LEAD, BOSS), [MANAGER]),
        (AT_50, (AGENT, LEAD, BOSS, MANAGER), [AGENT]),
        (AT_50, (LEAD, BOSS), [AGENT]),
        (AT_100, (), [AGENT, LEAD]),
        (AT_100, (AGENT,), [LEAD]),
        (AT_100, (LEAD,), [AGENT, BOSS]),
        (AT_100, (AGENT, LEAD), [BOSS]),
        (AT_100, (AGENT, LEAD, BOSS, MANAGER), [AGENT, LEAD]),
        (AT_150, (BOSS,), [MANAGER]),
        (AT_150, (BOSS, MANAGER), [BOSS]),
        (AT_200, (AGENT, LEAD, BOSS), [MANAGER]),
        (AT_200, (MANAGER,), [MANAGER]),
    ],
)
def test_absent_people_are_passed_over_up_the_chain(
    roles: tuple[str, ...], absent: tuple[int, ...], expected: list[int]
) -> None:
    assert told(roles, person(AGENT), people(*absent)) == expected


@pytest.mark.parametrize(
    ("roles", "without", "expected"),
    [
        (AT_50, (), [LEAD]),
        (AT_50, (TEAM_LEAD,), [BOSS]),
        (AT_100, (TEAM_LEAD, SUPERVISOR), [MANAGER]),
        (AT_200, (SHOP_MANAGER,), [OWNER]),
        (AT_50, (TEAM_LEAD, SUPERVISOR, SHOP_MANAGER), [OWNER]),
    ],
)
@pytest.mark.parametrize("assignee", [None, person(AGENT, active=False)], ids=["unassigned", "gone"])
def test_where_a_role_has_nobody_the_next_one_hears_it_and_the_owner_in_the_end(
    assignee: Any, roles: tuple[str, ...], without: tuple[str, ...], expected: list[int]
) -> None:
    assert told(roles, assignee, people(without=without)) == expected


def test_one_of_two_leads_is_enough() -> None:
    group = People({TEAM_LEAD: [person(LEAD), person(SECOND_LEAD)]}, [], frozenset({LEAD}))
    assert told((TEAM_LEAD,), None, group) == [SECOND_LEAD]


def test_who_is_assignee_and_lead_hears_it_once() -> None:
    assert told(AT_100, person(LEAD), people()) == [LEAD]


def test_nobody_hears_it_where_there_is_nobody_at_all() -> None:
    assert told(AT_100, None, People({}, [], frozenset())) == []
