"""Clock arithmetic against the table of the process, and what must hold for any clock."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from complaints import sla, working_time
from complaints.lifecycle import State
from complaints.sla import ASSIGNEE, BREACH, CHAIN, LEVELS, SHOP_MANAGER, TEAM_LEAD, Kind, Terms, Warn
from complaints.working_time import Schedule

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
"""10:00 on a Friday in Shanghai."""

H = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)

BUDGETS_BY_HAND = {
    # first response, verification, proposal, execution, call-back
    "P1": (H / 4, 4 * H, 12 * H, 24 * H, 24 * H),
    "P2": (H / 2, 12 * H, 24 * H, 48 * H, 24 * H),
    "P3": (2 * H, 24 * H, 36 * H, 72 * H, 24 * H),
    "P4": (8 * H, 48 * H, 72 * H, 120 * H, 24 * H),
}
KINDS_BY_HAND = ("first_response", "verification", "proposal", "execution", "callback")
PERCENTS = [level for level, _audience in LEVELS]

OFFICE = Schedule(ZoneInfo("Asia/Shanghai"), (((540, 720), (780, 1080)),) * 5 + ((), ()), {date(2026, 11, 23): ()})

budgets = st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=40))
moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC))
shares = st.floats(min_value=0, max_value=3)


@st.composite
def terms(draw: Callable[..., Any]) -> Terms:
    """Calendar or working time, with pauses or without, capped or not."""
    start = draw(moments)
    spans = st.timedeltas(timedelta(0), timedelta(days=20))
    pauses = [(start + one, start + one + two) for one, two in draw(st.lists(st.tuples(spans, spans), max_size=3))]
    return Terms(
        started_at=start,
        budget=draw(budgets),
        schedule=draw(st.sampled_from([None, OFFICE])),
        pauses=tuple(pauses),
        latest_at=draw(st.none() | spans.map(lambda span: start - timedelta(days=1) + span)),
    )


def plain(budget: timedelta = 2 * H, **more: Any) -> Terms:
    return Terms(started_at=START, budget=budget, **more)


def levels_of(warns: list[Warn]) -> list[int]:
    return [warn.level for warn in warns]


# ---------------------------------------------------------------- budgets


@pytest.mark.parametrize(
    ("priority", "kind", "budget"),
    [(p, k, b) for p, row in BUDGETS_BY_HAND.items() for k, b in zip(KINDS_BY_HAND, row, strict=True)],
)
def test_a_clock_is_due_after_the_budget_of_its_priority(priority: str, kind: str, budget: timedelta) -> None:
    target = sla.default_target(priority, Kind(kind))
    assert sla.due(plain(target.budget)) == START + budget
    assert not target.working
    assert target.levels == LEVELS


@pytest.mark.parametrize("kind", sla.BUDGETED)
def test_a_more_urgent_priority_never_has_more_time(kind: Kind) -> None:
    dues = [sla.due(plain(sla.default_target(priority, kind).budget)) for priority in ("P1", "P2", "P3", "P4")]
    assert dues == sorted(dues)
    assert dues[0] > START


@pytest.mark.parametrize("kind", list(Kind))
def test_a_hold_pauses_the_clocks_whose_work_waits_for_the_customer(kind: Kind) -> None:
    assert sla.default_target("P3", kind).pausable == (kind in {"verification", "proposal", "execution"})


def test_a_budget_of_working_time_runs_in_working_hours() -> None:
    assert sla.due(plain(7 * H, schedule=OFFICE)) == START + 8 * H
    # Monday is closed.
    assert sla.due(plain(8 * H, schedule=OFFICE)) == START + timedelta(days=4)


def test_pauses_put_the_due_time_off() -> None:
    pauses = ((START + H, START + 4 * H),)
    assert sla.due(plain(pauses=pauses)) == START + 5 * H
    # Three hours, of which an hour of lunch would not have counted.
    assert sla.due(plain(schedule=OFFICE, pauses=pauses)) == START + 5 * H


# ---------------------------------------------------------------- the cap of a platform case


@pytest.mark.parametrize(
    ("latest", "due"),
    [(None, 2 * H), (3 * H, 2 * H), (2 * H, 2 * H), (H, H), (timedelta(0), timedelta(0)), (-H, timedelta(0))],
)
def test_a_cap_brings_the_due_time_forward_and_never_before_the_start(latest: timedelta | None, due: timedelta) -> None:
    capped = plain(latest_at=None if latest is None else START + latest)
    assert sla.due(capped) == START + due


def test_under_a_cap_the_warnings_share_the_time_that_is_left() -> None:
    capped = plain(10 * H, latest_at=START + 2 * H)
    assert [sla.level_time(capped, level) - START for level in PERCENTS] == [H, 1.6 * H, 2 * H, 7 * H, 12 * H]


def test_a_cap_outside_working_hours_warns_in_time() -> None:
    night = datetime(2026, 11, 20, 16, tzinfo=UTC)
    capped = plain(40 * H, schedule=OFFICE, latest_at=night)
    assert sla.due(capped) == night
    # Seven hours of work are left until then: half of them is 14:30.
    assert sla.level_time(capped, 50) == START + 4.5 * H
    assert sla.level_time(capped, 100) == night


@given(clock=terms())
def test_a_cap_never_puts_anything_off(clock: Terms) -> None:
    free = Terms(started_at=clock.started_at, budget=clock.budget, schedule=clock.schedule, pauses=clock.pauses)
    due = sla.due(clock)
    assert clock.started_at <= due <= max(sla.due(free), clock.started_at)
    if clock.latest_at:
        assert due <= max(clock.latest_at, clock.started_at)
    else:
        assert due == sla.due(free)


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
    assert levels_of(sla.reached(sla.plan(plain(), LEVELS), after=0, now=now)) == fired


def test_levels_of_working_time_are_reached_in_working_hours() -> None:
    clock = plain(8 * H, schedule=OFFICE)
    at = {warn.level: warn.at for warn in sla.plan(clock, LEVELS)}
    local = {level: f"{moment.astimezone(OFFICE.zone):%m-%d %H:%M}" for level, moment in at.items()}
    assert local == {50: "11-20 15:00", 80: "11-20 17:24", 100: "11-24 10:00", 150: "11-24 15:00", 200: "11-25 10:00"}


def test_the_plan_says_who_hears_of_each_level() -> None:
    plan = sla.plan(plain(), ((100, (ASSIGNEE, TEAM_LEAD)), (10, (SHOP_MANAGER,))))
    assert plan == (
        Warn(10, START + H / 5, (SHOP_MANAGER,)),
        Warn(100, START + 2 * H, (ASSIGNEE, TEAM_LEAD)),
    )


@given(clock=terms())
def test_the_hundredth_percent_is_the_due_moment(clock: Terms) -> None:
    assert sla.level_time(clock, 100) == sla.due(clock)


@given(clock=terms())
def test_higher_levels_come_later(clock: Terms) -> None:
    times = [warn.at for warn in sla.plan(clock, LEVELS)]
    assert times == sorted(times)
    assert clock.started_at <= times[0]


@given(clock=terms(), level=st.integers(1, 100))
def test_a_level_is_reached_when_so_much_of_the_budget_is_used(clock: Terms, level: int) -> None:
    assume(clock.latest_at is None)
    assert sla.used(clock, sla.level_time(clock, level)) == clock.budget * level / 100


@given(clock=terms(), looks=st.lists(shares, max_size=12))
def test_no_level_fires_twice_and_no_breach_is_missed(clock: Terms, looks: list[float]) -> None:
    plan = sla.plan(clock, LEVELS)
    length = plan[-1].at - clock.started_at
    fired: list[int] = []
    last = 0
    for share in sorted(looks):
        levels = levels_of(sla.reached(plan, after=last, now=clock.started_at + length * share))
        fired += levels
        last = levels[-1] if levels else last
    assert fired == sorted(set(fired))
    end = clock.started_at + length * max(looks, default=0)
    due = [warn.level for warn in plan if warn.level >= BREACH and warn.at <= end and looks]
    assert [level for level in fired if level >= BREACH] == due


@given(clock=terms(), share=shares, after=st.sampled_from([0, *PERCENTS]))
def test_a_warning_is_only_given_while_it_is_news(clock: Terms, share: float, after: int) -> None:
    now = clock.started_at + clock.budget * share
    levels = levels_of(sla.reached(sla.plan(clock, LEVELS), after=after, now=now))
    assert all(level > after for level in levels)
    assert not (any(level < BREACH for level in levels) and len(levels) > 1)


@given(clock=terms(), after=st.sampled_from([0, *PERCENTS]))
def test_the_next_look_is_exactly_when_something_is_due(clock: Terms, after: int) -> None:
    plan = sla.plan(clock, LEVELS)
    at = sla.next_alert(plan, after=after)
    if at is None:
        assert after == PERCENTS[-1]
        assert sla.reached(plan, after=after, now=plan[-1].at + 100 * clock.budget) == []
    else:
        assert sla.reached(plan, after=after, now=at) != []
        assert sla.reached(plan, after=after, now=at - MOMENT) == []


def test_a_clock_is_at_risk_from_its_last_warning_on() -> None:
    assert sla.critical_from(sla.plan(plain(), LEVELS)) == START + 1.6 * H
    assert sla.critical_from(sla.plan(plain(), ((100, (ASSIGNEE,)), (150, (SHOP_MANAGER,))))) is None
    assert sla.critical_from(()) is None


# ---------------------------------------------------------------- levels as edited


def test_levels_are_put_in_order_and_their_audience_along_the_chain() -> None:
    edited = [(150, [SHOP_MANAGER, ASSIGNEE]), (30, [TEAM_LEAD])]
    assert sla.checked_levels(edited) == ((30, (TEAM_LEAD,)), (150, (ASSIGNEE, SHOP_MANAGER)))
    assert sla.checked_levels([]) == ()
    assert sla.checked_levels(LEVELS) == LEVELS
    assert sla.checked_levels([(1, CHAIN), (1000, CHAIN)]) == ((1, CHAIN), (1000, CHAIN))


@pytest.mark.parametrize(
    "levels",
    [
        [(0, [ASSIGNEE])],
        [(-50, [ASSIGNEE])],
        [(1001, [ASSIGNEE])],
        [(50, [ASSIGNEE]), (50, [TEAM_LEAD])],
        [(50, [])],
        [(50, ["customer"])],
        [(50, [ASSIGNEE, "everybody"])],
    ],
)
def test_what_cannot_be_a_level_is_refused(levels: list[tuple[int, list[str]]]) -> None:
    with pytest.raises(ValueError, match=r"level|audience"):
        sla.checked_levels(levels)


# ---------------------------------------------------------------- used and left


@given(clock=terms(), one=shares, two=shares)
def test_what_is_used_grows_with_time_and_what_is_left_shrinks(clock: Terms, one: float, two: float) -> None:
    early, late = sorted((clock.started_at + clock.budget * one, clock.started_at + clock.budget * two))
    used = [sla.used(clock, at) for at in (early, late)]
    left = [sla.left(clock, at) for at in (early, late)]
    assert used == sorted(used)
    assert used[0] >= timedelta(0)
    assert left == sorted(left, reverse=True)


@given(clock=terms(), share=shares)
def test_used_and_left_make_up_the_budget(clock: Terms, share: float) -> None:
    at = clock.started_at + clock.budget * share
    whole = working_time.between(clock.started_at, sla.due(clock), clock.schedule, clock.pauses)
    assert sla.used(clock, at) + sla.left(clock, at) == whole
    assert whole == clock.budget or clock.latest_at is not None


def test_nothing_is_used_before_the_start() -> None:
    clock = plain(H)
    assert sla.used(clock, START - H) == timedelta(0)
    assert sla.used(clock, START + H / 2) == H / 2
    assert sla.used(clock, START + 2 * H) == 2 * H
    assert [sla.left(clock, START + n * H) for n in (0, 1, 2)] == [H, timedelta(0), -H]


def test_the_weekend_is_neither_used_nor_late() -> None:
    clock = plain(7 * H, schedule=OFFICE)
    for days in (1, 2, 3):
        saturday = START + timedelta(days=days)
        assert (sla.used(clock, saturday), sla.left(clock, saturday)) == (7 * H, timedelta(0))


def test_the_earliest_of_the_moments_that_exist() -> None:
    assert sla.earliest([None, START + H, START]) == START
    assert sla.earliest([None]) is None
    assert sla.earliest([]) is None
