"""Who works on a complaint."""

from collections.abc import Callable
from typing import Any

import pytest

from complaints.models import Complaint
from complaints.operations import assignment
from complaints.operations.assignment import AlreadyTaken, NotOnThisShop
from complaints.operations.locking import StaleVersion
from tests.factories.complaints import NOW, ShopFactory, current
from tests.unchanged import nothing_written


@pytest.fixture
def free(case: Callable[..., Any]) -> Complaint:
    """A complaint that nobody works on."""
    return case("new", assignee=None)


def assign(complaint: Complaint, assignee: Any, actor: Any, **values: Any) -> Complaint:
    step = {"reason": "班次交接", "actor": actor, "version": current(complaint).version, "now": NOW} | values
    return assignment.assign(complaint.pk, assignee, **step)


def test_the_first_to_claim_has_the_case(free: Complaint, agent: Any, user_with: Callable[..., Any]) -> None:
    assignment.claim(free.pk, actor=agent, now=NOW)
    after = current(free)
    assert (after.assignee, after.version) == (agent, free.version + 1)
    event = after.events.get(kind="assigned")
    assert (event.actor, event.data) == (agent, {"before": None, "after": agent.pk})
    with nothing_written(free), pytest.raises(AlreadyTaken) as refused:
        assignment.claim(free.pk, actor=user_with("agent"), now=NOW)
    assert agent.first_name in refused.value.text


def test_claiming_the_own_case_again_changes_nothing(free: Complaint, agent: Any) -> None:
    assignment.claim(free.pk, actor=agent, now=NOW)
    with nothing_written(free):
        assignment.claim(free.pk, actor=agent, now=NOW)


def test_a_lead_hands_a_case_over_with_a_reason(
    case: Callable[..., Any], agent: Any, user_with: Callable[..., Any]
) -> None:
    complaint, lead, colleague = case("verifying"), user_with("team_lead"), user_with("agent")
    assign(complaint, colleague, lead)
    after = current(complaint)
    event = after.events.get(kind="assigned")
    assert (after.assignee, after.version) == (colleague, complaint.version + 1)
    assert (event.actor, event.reason) == (lead, "班次交接")
    assert event.data == {"before": agent.pk, "after": colleague.pk}


def test_nobody_is_given_a_case_that_they_cannot_see(free: Complaint, user_with: Callable[..., Any]) -> None:
    lead = user_with("team_lead")
    strangers = [
        user_with("agent", shops=[ShopFactory()]),
        user_with("agent", is_active=False),
        user_with("department"),
        user_with("knowledge_manager"),
    ]
    for stranger in strangers:
        with nothing_written(free), pytest.raises(NotOnThisShop):
            assign(free, stranger, lead)


def test_a_supervisor_of_all_shops_can_be_given_any_case(free: Complaint, user_with: Callable[..., Any]) -> None:
    supervisor = user_with("supervisor", shops=[])
    assert assign(free, supervisor, user_with("team_lead")).assignee == supervisor


def test_a_stale_assignment_writes_nothing(free: Complaint, agent: Any, user_with: Callable[..., Any]) -> None:
    lead = user_with("team_lead")
    assignment.claim(free.pk, actor=agent, now=NOW)
    with nothing_written(free), pytest.raises(StaleVersion):
        assign(free, user_with("agent"), lead, version=free.version)
