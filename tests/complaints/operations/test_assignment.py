"""Who works on a complaint."""

from collections.abc import Callable
from typing import Any

import pytest

from complaints.admin.allotting_words import why_nobody
from complaints.admin.displays import event_details
from complaints.models import Complaint, Shop
from complaints.operations import assignment
from complaints.operations.assignment import AccusedOfIt, AlreadyTaken, AlreadyTheirs, NotOnThisShop, NotYours
from complaints.operations.ended import ComplaintOver
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


# ---------------------------------------------------------------- passed on


def pass_on(complaint: Complaint, assignee: Any, actor: Any, **values: Any) -> Complaint:
    step = {"reason": "今天请假", "actor": actor, "version": current(complaint).version, "now": NOW} | values
    return assignment.pass_on(complaint.pk, assignee, **step)


def test_an_agent_passes_an_own_case_on(case: Callable[..., Any], agent: Any, user_with: Callable[..., Any]) -> None:
    complaint, colleague = case("verifying"), user_with("agent")
    pass_on(complaint, colleague, agent)
    event = complaint.events.get(kind="passed_on")
    assert current(complaint).assignee == colleague
    assert (event.actor, event.reason, event.data) == (agent, "今天请假", {"before": agent.pk, "after": colleague.pk})


def test_nobody_passes_on_what_is_not_theirs(case: Callable[..., Any], user_with: Callable[..., Any]) -> None:
    complaint, stranger = case("verifying"), user_with("agent")
    with nothing_written(complaint), pytest.raises(NotYours):
        pass_on(complaint, stranger, stranger)


def test_a_case_is_passed_on_only_to_somebody_who_can_work_on_it(
    case: Callable[..., Any], agent: Any, user_with: Callable[..., Any]
) -> None:
    accused = user_with("agent")
    complaint, ended = case("verifying", accused=accused), case("closed")
    for person, refusal in (
        (user_with("agent", shops=[ShopFactory()]), NotOnThisShop),
        (accused, AccusedOfIt),
        (agent, AlreadyTheirs),
    ):
        with nothing_written(complaint), pytest.raises(refusal):
            pass_on(complaint, person, agent)
    with nothing_written(ended), pytest.raises(ComplaintOver):
        pass_on(ended, user_with("agent"), agent)


def test_a_case_that_was_passed_back_waits_for_somebody(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    pass_on(complaint, None, agent)
    assert current(complaint).assignee is None
    assert complaint.events.get(kind="passed_on").data == {"before": agent.pk, "after": None}


def test_the_rule_never_gives_a_case_back_to_who_has_passed_it_back(
    case: Callable[..., Any], shop: Shop, agent: Any, user_with: Callable[..., Any]
) -> None:
    shop.allots_cases = True
    shop.save()
    colleague = user_with("agent")
    complaint = case("verifying")
    assert pass_on(complaint, None, agent).assignee == colleague
    given = complaint.events.filter(kind="assigned").latest("pk")
    assert (given.actor, given.data["before"], given.data["after"]) == (None, None, colleague.pk)
    assert pass_on(complaint, None, colleague).assignee is None
    assert assignment.allot(complaint.pk, now=NOW) is False
    assert current(complaint).assignee is None


def test_a_lead_gives_cases_of_others_away(case: Callable[..., Any], agent: Any, user_with: Callable[..., Any]) -> None:
    complaint, lead, colleague = case("verifying"), user_with("team_lead"), user_with("agent")
    version = current(complaint).version
    assignment.reassign(complaint.pk, colleague, reason="生病", actor=lead, version=version, now=NOW)
    assert current(complaint).assignee == colleague
    with nothing_written(complaint), pytest.raises(StaleVersion):
        assignment.reassign(complaint.pk, agent, reason="生病", actor=lead, version=version, now=NOW)


def test_the_person_complained_about_gets_the_case_by_no_way(
    case: Callable[..., Any], agent: Any, user_with: Callable[..., Any]
) -> None:
    free, lead = case("new", assignee=None, accused=agent), user_with("team_lead")
    with nothing_written(free):
        with pytest.raises(AccusedOfIt):
            assignment.claim(free.pk, actor=agent, now=NOW)
        with pytest.raises(AccusedOfIt):
            assign(free, agent, lead)


def test_a_rule_that_finds_nobody_says_why(case: Callable[..., Any], agent: Any, shop: Shop) -> None:
    Shop.objects.update(allots_cases=True)
    mine = case("verifying")
    after = assignment.pass_on(mine.pk, None, reason="休假", actor=agent, version=current(mine).version, now=NOW)
    event = after.events.get(kind="passed_on")
    assert (after.assignee_id, event.data["after"]) == (None, None)
    assert event.data["waits"]
    assert why_nobody(event.data["waits"]) in event_details(event, sees_liability=False)
