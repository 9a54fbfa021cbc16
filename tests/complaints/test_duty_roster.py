"""Who gets the next case, over all rosters that can be."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.duty_roster import (
    ALWAYS,
    Bar,
    Because,
    Candidate,
    Choice,
    Matter,
    Nobody,
    bar,
    checked_week,
    choose,
    next_shift,
    on_duty,
)
from complaints.working_time import DAY, BadHours

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)

people = st.builds(
    Candidate,
    person=st.integers(1, 10**6),
    takes=st.sampled_from([True, True, False]),
    handles=st.sampled_from([None, True, False]),
    absent=st.sampled_from([False, False, True]),
    on_duty=st.sampled_from([True, True, False]),
    load=st.integers(0, 12),
    limit=st.integers(1, 12),
    given=st.integers(0, 5),
    last_given_at=st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),
)
rosters = st.lists(people, max_size=8, unique_by=lambda one: one.person)
days = st.lists(st.tuples(st.integers(0, DAY - 1), st.integers(0, DAY)), max_size=3)
weeks = st.lists(days, min_size=7, max_size=7)


def matters(roster: list[Candidate]) -> st.SearchStrategy[Matter]:
    ids = st.sampled_from([one.person for one in roster] or [0])
    return st.builds(Matter, accused=st.none() | ids, passed_by=st.frozensets(ids, max_size=2))


@given(rosters, st.data())
def test_nobody_who_is_barred_gets_it_and_nobody_who_may_has_less_to_do(
    roster: list[Candidate], data: st.DataObject
) -> None:
    matter = data.draw(matters(roster))
    able = [one for one in roster if bar(one, matter) is None]
    chosen = choose(roster, matter)
    if isinstance(chosen, Nobody):
        assert not able
        return
    assert chosen.candidate in able
    assert chosen.among == len(able)
    assert chosen.candidate.share == min(one.share for one in able)
    assert chosen.candidate.person not in {matter.accused, *matter.passed_by}
    assert chosen.candidate.load < chosen.candidate.limit


@given(rosters, st.data())
def test_neither_the_order_nor_those_who_are_barred_decide(roster: list[Candidate], data: st.DataObject) -> None:
    matter = data.draw(matters(roster))
    able = [one for one in roster if bar(one, matter) is None]
    shuffled = data.draw(st.permutations(roster))
    assert choose(shuffled, matter) == choose(roster, matter)
    if able:
        assert choose(able, matter) == choose(roster, matter)


@given(st.integers(1, 6), st.integers(0, 40), st.integers(1, 9))
def test_equals_take_turns(number: int, cases: int, limit: int) -> None:
    roster = {n: Candidate(person=n, limit=limit) for n in range(1, number + 1)}
    got: Counter[int] = Counter()
    for place in range(cases):
        chosen = choose(list(roster.values()), Matter())
        if isinstance(chosen, Nobody):
            assert chosen.closest == Bar.FULL
            assert place == number * limit
            break
        one = chosen.candidate
        got[one.person] += 1
        given_at = MONDAY + timedelta(minutes=place)
        roster[one.person] = replace(one, load=one.load + 1, given=one.given + 1, last_given_at=given_at)
    counts = [got[n] for n in roster]
    assert max(counts) - min(counts) <= 1


def test_the_one_who_was_given_a_case_longest_ago_is_next() -> None:
    early, late = (Candidate(person=n, load=3, last_given_at=MONDAY + timedelta(hours=n)) for n in (1, 2))
    chosen = choose([late, early], Matter())
    assert isinstance(chosen, Choice)
    assert (chosen.candidate, chosen.because, chosen.among) == (early, Because.TURN, 2)


def test_load_counts_against_the_persons_own_limit() -> None:
    half, third = Candidate(person=1, load=5, limit=10), Candidate(person=2, load=10, limit=30)
    chosen = choose([half, third], Matter())
    assert isinstance(chosen, Choice)
    assert (chosen.candidate, chosen.because) == (third, Because.LOAD)
    alone = choose([half], Matter())
    assert isinstance(alone, Choice)
    assert alone.because == Because.ONLY


def test_where_nobody_can_take_it_the_one_who_came_closest_says_why() -> None:
    roster = [Candidate(person=1, absent=True), Candidate(person=2, load=30), Candidate(person=3, handles=False)]
    assert choose(roster, Matter()) == Nobody(Bar.FULL)
    assert choose(roster[::2], Matter()) == Nobody(Bar.ABSENT)
    assert choose([], Matter()) == Nobody(None)


@given(weeks, st.integers(0, 7 * DAY - 1))
def test_a_shift_runs_from_its_beginning_until_its_end_even_over_midnight(
    week: list[list[tuple[int, int]]], minute: int
) -> None:
    try:
        checked = checked_week(week)
    except BadHours:
        return
    worked = Counter(
        at % (7 * DAY)
        for day, shifts in enumerate(checked)
        for begin, end in shifts
        for at in range(day * DAY + begin, day * DAY + (end if end > begin else DAY + end))
    )
    assert not worked or max(worked.values()) == 1  # what was accepted does not overlap
    local = MONDAY + timedelta(minutes=minute)
    assert on_duty(checked, local) == (minute in worked or not worked)


@given(weeks)
def test_what_is_refused_overlaps_or_is_no_shift(week: list[list[tuple[int, int]]]) -> None:
    try:
        checked_week(week)
    except BadHours:
        shifts = [(day, *shift) for day, found in enumerate(week) for shift in found]
        minutes = Counter(
            at % (7 * DAY)
            for day, begin, end in shifts
            for at in range(day * DAY + begin, day * DAY + (end if end > begin else DAY + end))
        )
        assert any(begin == end for _day, begin, end in shifts) or max(minutes.values()) > 1


def test_a_night_shift_of_sunday_ends_on_monday_morning() -> None:
    week = checked_week([*([[]] * 6), [(22 * 60, 6 * 60)]])
    assert on_duty(week, MONDAY + timedelta(hours=5, minutes=59))
    assert not on_duty(week, MONDAY + timedelta(hours=6))
    with pytest.raises(BadHours):
        checked_week([[(300, 600)], *([[]] * 5), [(22 * 60, 6 * 60)]])


def test_the_next_shift_is_the_first_to_begin() -> None:
    week = checked_week([[(540, 720), (780, 1080)], *([[]] * 6)])
    assert next_shift(week, MONDAY + timedelta(hours=10)) == MONDAY + timedelta(hours=13)
    assert next_shift(week, MONDAY + timedelta(hours=13)) == MONDAY + timedelta(days=7, hours=9)
    assert next_shift(ALWAYS, MONDAY) is None
