"""Clock arithmetic against the table of the process, and what must hold for any clock."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints import sla
from complaints.lifecycle import State
from complaints.sla import BREACH, LEVELS, WARN_LEVELS, Kind

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
H = timedelta(hours=1)

BUDGETS_BY_HAND = {
    # first response, verification, proposal, execution, call-back
    "P1": (H / 4, 4 * H, 12 * H, 24 * H, 24 * H),
    "P2": (H / 2, 12 * H, 24 * H, 48 * H, 24 * H),
    "P3": (2 * H, 24 * H, 36 * H, 72 * H, 24 * H),
    "P4": (8 * H, 48 * H, 72 * H, 120 * H, 24 * H),
}
KINDS_BY_HAND = ("first_response", "verification", "proposal", "execution", "callback")

budgets = st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=40))
moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC))
shares = st.floats(min_value=0, max_value=3)


# ---------------------------------------------------------------- budgets


@pytest.mark.parametrize(
    ("priority", "kind", "budget"),
    [(p, k, b) for p, row in BUDGETS_BY_HAND.items() for k, b in zip(KINDS_BY_HAND, row, strict=True)],
)
def test_a_clock_is_due_after_the_budget_of_its_priority(priority: str, kind: str, budget: timedelta) -> None:
    assert sla.due(START, priority, Kind(kind)) == START + budget


@pytest.mark.parametrize("kind", list(Kind))
def test_a_more_urgent_priority_never_has_more_time(kind: Kind) -> None:
    dues = [sla.due(START, priority, kind) for priority in ("P1", "P2", "P3", "P4")]
    assert dues == sorted(dues)


# ---------------------------------------------------------------- which clock runs


CLOCKS_BY_HAND = {
    "new": ("first_response", "verification"),
    "accepted": ("verification", "verification"),
    "verifying": ("verification", "verification"),
    "proposing": ("proposal", "proposal"),
    "negotiating": ("execution", "execution"),
    "executing": ("execution", "execution"),
    "awaiting_followup": ("callback", "callback"),
    "closed": (None, None),
    "merged": (None, None),
    "withdrawn": (None, None),
    "unfounded": (None, None),
}


def test_the_table_of_clocks_names_every_stage() -> None:
    assert set(CLOCKS_BY_HAND) == set(State.values)


@pytest.mark.parametrize("state", State.values)
def test_each_stage_has_its_one_clock(state: str) -> None:
    unanswered, answered = CLOCKS_BY_HAND[state]
    assert sla.clock_for(state, answered=False) == unanswered
    assert sla.clock_for(state, answered=True) == answered


# ---------------------------------------------------------------- levels


@pytest.mark.parametrize(
    ("minutes", "fired"),
    [
        (0, []),
        (59, []),
        (60, [50]),
        (95, [50]),
        (96, [80]),
        (119, [80]),
        (120, [100]),
        (180, [100, 150]),
        (239, [100, 150]),
        (240, [100, 150, 200]),
        (60 * 24 * 30, [100, 150, 200]),
    ],
)
def test_a_clock_of_two_hours_never_looked_at_before_fires_what_still_matters(minutes: int, fired: list[int]) -> None:
    now = START + timedelta(minutes=minutes)
    assert sla.reached(START, START + 2 * H, after=0, now=now) == fired


@given(start=moments, budget=budgets)
def test_the_hundredth_percent_is_the_due_moment(start: datetime, budget: timedelta) -> None:
    assert sla.level_time(start, start + budget, 100) == start + budget


@given(start=moments, budget=budgets)
def test_higher_levels_come_later(start: datetime, budget: timedelta) -> None:
    times = [sla.level_time(start, start + budget, level) for level in LEVELS]
    assert times == sorted(times)
    assert start <= times[0]


@given(start=moments, budget=budgets, looks=st.lists(shares, max_size=12))
def test_no_level_fires_twice_and_no_breach_is_missed(start: datetime, budget: timedelta, looks: list[float]) -> None:
    fired: list[int] = []
    last = 0
    for share in sorted(looks):
        levels = sla.reached(start, start + budget, after=last, now=start + budget * share)
        fired += levels
        last = levels[-1] if levels else last
    assert fired == sorted(set(fired))
    end = start + budget * max(looks, default=0)
    due = [level for level in LEVELS if level >= BREACH and sla.level_time(start, start + budget, level) <= end]
    assert [level for level in fired if level >= BREACH] == due


@given(start=moments, budget=budgets, share=shares, after=st.sampled_from([0, *LEVELS]))
def test_a_warning_is_only_given_while_it_is_news(start: datetime, budget: timedelta, share: float, after: int) -> None:
    levels = sla.reached(start, start + budget, after=after, now=start + budget * share)
    assert all(level > after for level in levels)
    assert not (set(WARN_LEVELS) & set(levels) and len(levels) > 1)


@given(start=moments, budget=budgets, after=st.sampled_from([0, *LEVELS]))
def test_the_next_look_is_exactly_when_something_is_due(start: datetime, budget: timedelta, after: int) -> None:
    due_at = start + budget
    at = sla.next_alert(start, due_at, after=after)
    if at is None:
        assert after == LEVELS[-1]
        assert sla.reached(start, due_at, after=after, now=due_at + 100 * budget) == []
    else:
        assert sla.reached(start, due_at, after=after, now=at) != []
        assert sla.reached(start, due_at, after=after, now=at - timedelta(microseconds=1)) == []


# ---------------------------------------------------------------- the gauge


@given(start=moments, budget=budgets, one=shares, two=shares)
def test_the_share_used_grows_with_time(start: datetime, budget: timedelta, one: float, two: float) -> None:
    early, late = sorted((start + budget * one, start + budget * two))
    used = [sla.share_used(start, start + budget, at) for at in (early, late)]
    assert used == sorted(used)
    assert used[0] >= 0


def test_nothing_is_used_before_the_start() -> None:
    assert sla.share_used(START, START + H, START - H) == 0
    assert sla.share_used(START, START + H, START + H / 2) == 0.5
    assert sla.share_used(START, START + H, START + 2 * H) == 2


def test_the_earliest_of_the_moments_that_exist() -> None:
    assert sla.earliest([None, START + H, START]) == START
    assert sla.earliest([None]) is None
    assert sla.earliest([]) is None
