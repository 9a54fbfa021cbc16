"""Of two complaints that are one the earliest start holds, and each has its own again when they are two."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from complaints.models import Complaint, Deadline, Shop
from complaints.operations import conversation, holding, merging, progress, sweeping
from tests.factories.complaints import NOW, bring, current, registered
from tests.unchanged import everything_about

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MERGED = NOW + 90 * MINUTE
UNDONE = NOW + 110 * MINUTE
"""By then neither of the two is late."""
NOON = NOW + 4 * HOUR


@pytest.fixture
def lead(user_with: Callable[..., Any]) -> Any:
    return user_with("team_lead")


@pytest.fixture
def earlier(shop: Shop, agent: Any) -> Complaint:
    return registered(shop, actor=agent, title="早来的")


@pytest.fixture
def later(shop: Shop, agent: Any, earlier: Complaint) -> Complaint:
    """About the same order, an hour afterwards."""
    return registered(shop, actor=agent, order=earlier.order, now=NOW + HOUR, title="晚来的")


def merge(source: Complaint, target: Complaint, lead: Any, now: Any = MERGED) -> None:
    merging.merge(source.pk, target.pk, reason="同一件事", actor=lead, version=current(source).version, now=now)


def unmerge(source: Complaint, lead: Any, now: Any = UNDONE, back: tuple[str, ...] = ()) -> None:
    version = current(source).version
    merging.unmerge(source.pk, reason="是两件事", back=back, actor=lead, version=version, now=now)


def running(case: Complaint) -> Deadline:
    return current(case).deadlines.running().of_stage().get()


def reply(case: Complaint, agent: Any, now: Any, words: str = "马上核实") -> Any:
    return conversation.reply(case.pk, words, channel="phone", actor=agent, now=now)


def test_the_clock_runs_from_the_start_of_the_one_that_came_first(
    earlier: Complaint, later: Complaint, lead: Any
) -> None:
    merge(earlier, later, lead)
    clock, after = running(later), current(later)
    assert (clock.kind, clock.started_at, clock.due_at) == ("first_response", NOW, NOW + 2 * HOUR)
    assert (after.next_due_at, after.matter_since, after.round_started_at) == (NOW + 2 * HOUR, NOW, NOW + HOUR)
    assert after.events.get(kind="merged_in").data == {"number": earlier.number, "since": NOW.isoformat()}


def test_the_one_that_came_first_keeps_its_start(earlier: Complaint, later: Complaint, lead: Any) -> None:
    before = everything_about(earlier)["Deadline"]
    merge(later, earlier, lead)
    assert everything_about(earlier)["Deadline"] == before
    assert current(earlier).matter_since is None


def test_the_survivor_is_overdue_when_the_matter_is(earlier: Complaint, later: Complaint, lead: Any) -> None:
    merge(earlier, later, lead)
    sweeping.sweep(now=NOON)
    assert running(later).breached_at == NOW + 2 * HOUR


def test_clocks_that_start_later_run_from_there_too(
    earlier: Complaint, later: Complaint, agent: Any, lead: Any
) -> None:
    merge(earlier, later, lead)
    reply(later, agent, MERGED)
    assert (running(later).kind, running(later).due_at) == ("verification", NOW + 24 * HOUR)


def test_undone_both_have_the_start_that_they_had(earlier: Complaint, later: Complaint, lead: Any) -> None:
    before = {case: everything_about(case)["Deadline"] for case in (earlier, later)}
    merge(earlier, later, lead)
    unmerge(earlier, lead)
    assert {case: everything_about(case)["Deadline"] for case in (earlier, later)} == before
    assert current(later).matter_since is None
    assert current(later).next_due_at == NOW + 3 * HOUR


def test_a_breach_of_the_common_start_stays_a_fact_beside_the_own_clock(
    earlier: Complaint, later: Complaint, lead: Any
) -> None:
    merge(earlier, later, lead)
    sweeping.sweep(now=NOON)
    unmerge(earlier, lead, now=NOON)
    broken, own = later.deadlines.order_by("started_at")
    assert (broken.breached_at, broken.stopped_at) == (NOW + 2 * HOUR, NOON)
    assert (own.is_running, own.due_at, own.breached_at) == (True, NOW + 3 * HOUR, None)


def test_what_was_met_meanwhile_is_met_by_the_own_clock(
    earlier: Complaint, later: Complaint, agent: Any, lead: Any
) -> None:
    """The survivor's own reply: in time for itself, late for the one that had come first."""
    merge(earlier, later, lead)
    replied_at = NOW + 150 * MINUTE
    reply(later, agent, replied_at)
    unmerge(earlier, lead, now=NOON)
    late, response = later.deadlines.filter(kind="first_response").order_by("started_at")
    assert (late.met_at, late.breached_at) == (replied_at, NOW + 2 * HOUR)
    assert (response.met_at, response.breached_at) == (replied_at, None)
    assert (running(later).kind, running(later).due_at) == ("verification", NOW + 25 * HOUR)
    assert running(earlier).kind == "first_response"


def test_a_reply_that_leaves_meets_nothing_where_it_was(
    earlier: Complaint, later: Complaint, agent: Any, lead: Any
) -> None:
    """Given since the merge, and the source's after all: its first response was met then, the other's was not."""
    merge(earlier, later, lead)
    given = reply(later, agent, MERGED)
    unmerge(earlier, lead, back=(f"contact-{given.pk}",))
    assert earlier.deadlines.get(kind="first_response").met_at == MERGED
    assert running(earlier).kind == "verification"
    own = running(later)
    assert (own.kind, own.due_at) == ("first_response", NOW + 3 * HOUR)


def test_the_holds_of_the_one_that_waited_alone_do_not_count(
    case: Callable[..., Any], shop: Shop, agent: Any, lead: Any
) -> None:
    first = case("verifying")
    step = {"actor": agent, "version": current(first).version, "now": NOW + HOUR}
    holding.hold(first.pk, reason="等照片", until=NOW + 48 * HOUR, **step)
    second = bring(registered(shop, actor=agent, order=first.order, now=NOW + 3 * HOUR), "verifying", actor=agent,
                   now=NOW + 3 * HOUR)  # fmt: skip
    merge(first, second, lead, now=NOON)
    # Held from the first hour to the third, when the other one came in and nobody waited any more.
    assert running(second).due_at == NOW + 26 * HOUR
    unmerge(first, lead, now=NOON + HOUR)
    assert running(second).due_at == NOW + 27 * HOUR


def test_a_hold_since_the_merge_counts_for_the_own_clock_too(
    case: Callable[..., Any], shop: Shop, agent: Any, lead: Any
) -> None:
    first = case("verifying")
    begun = NOW + 3 * HOUR
    second = bring(registered(shop, actor=agent, order=first.order, now=begun), "verifying", actor=agent, now=begun)
    merge(first, second, lead, now=NOON)
    step = {"actor": agent, "version": current(second).version}
    holding.hold(second.pk, reason="等照片", until=NOW + 48 * HOUR, now=NOON, **step)
    holding.resume(second.pk, actor=agent, version=current(second).version, now=NOON + 2 * HOUR)
    assert running(second).due_at == NOW + 26 * HOUR
    unmerge(first, lead, now=NOON + 3 * HOUR)
    assert running(second).due_at == begun + 26 * HOUR


@pytest.mark.parametrize("first_out", [0, 1])
def test_of_several_the_earliest_that_is_still_there_holds(
    first_out: int, earlier: Complaint, shop: Shop, agent: Any, lead: Any
) -> None:
    starts = [NOW, NOW + 20 * MINUTE, NOW + 40 * MINUTE]
    cases = [earlier, *(registered(shop, actor=agent, order=earlier.order, now=start) for start in starts[1:])]
    last = cases[2]
    for n in (1, 0):
        merge(cases[n], last, lead)
        assert running(last).due_at == starts[n] + 2 * HOUR
    unmerge(cases[first_out], lead)
    assert running(last).due_at == starts[1 - first_out] + 2 * HOUR
    unmerge(cases[1 - first_out], lead)
    assert running(last).due_at == starts[2] + 2 * HOUR
    assert last.deadlines.count() == 1


def test_the_start_goes_up_a_chain_and_down_again(earlier: Complaint, shop: Shop, agent: Any, lead: Any) -> None:
    between, last = (registered(shop, actor=agent, order=earlier.order, now=NOW + 20 * n * MINUTE) for n in (1, 2))
    merge(earlier, between, lead)
    merge(between, last, lead)
    assert running(last).started_at == NOW
    unmerge(earlier, lead)
    assert running(last).started_at == NOW + 20 * MINUTE
    unmerge(between, lead)
    assert (running(last).started_at, running(between).started_at) == (NOW + 40 * MINUTE, NOW + 20 * MINUTE)


def test_a_new_round_has_its_own_start(earlier: Complaint, later: Complaint, agent: Any, lead: Any) -> None:
    merge(earlier, later, lead)
    closed = bring(later, "closed", actor=agent, now=NOON)
    progress.reopen(closed.pk, reason="又坏了", actor=agent, version=closed.version, now=NOON + HOUR)
    assert (current(later).matter_since, running(later).started_at) == (None, NOON + HOUR)
    unmerge(earlier, lead, now=NOON + 2 * HOUR)
    assert running(later).started_at == NOON + HOUR


def test_a_stage_that_was_entered_again_keeps_its_budget(
    case: Callable[..., Any], shop: Shop, agent: Any, lead: Any
) -> None:
    begun = NOW + 3 * HOUR
    first = case("verifying")
    second = bring(registered(shop, actor=agent, order=first.order, now=begun), "negotiating", actor=agent, now=begun)
    progress.decline(second.pk, reason="都不要", actor=agent, version=second.version, now=NOON)
    due_at = current(second).deadlines.running().of_stage().get().due_at
    merge(first, second, lead, now=NOON + HOUR)
    assert running(second).due_at == due_at
