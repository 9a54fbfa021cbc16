"""Working time against a model that walks minute by minute, against what must hold for any schedule, and by hand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints import working_time
from complaints.working_time import (
    CLOSED,
    DAY,
    HORIZON,
    EmptyInterval,
    Hours,
    OutsideDay,
    OverlappingIntervals,
    Schedule,
    Span,
    add,
    between,
    checked,
    merged,
)

MINUTE = timedelta(minutes=1)
H = timedelta(hours=1)
SHANGHAI, BERLIN, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
# Clocks change at midnight (Santiago), by half an hour (Lord Howe), and a whole day was left out (Apia, 2011).
ODD = tuple(map(ZoneInfo, ("America/Santiago", "Australia/Lord_Howe", "Pacific/Apia")))

OFFICE: Hours = ((540, 720), (780, 1080))
WEEK = (OFFICE,) * 5 + (CLOSED, CLOSED)


# ---------------------------------------------------------------- an independent, slow model


def model_open(schedule: Schedule, start: datetime) -> Iterator[datetime]:
    """Each minute from `start` on (a whole one) that is working time, found by looking at the wall clock.

    The wall clock is never put back within a day: while an hour is shown twice, it stands still at its latest reading.
    """
    at = start.astimezone(schedule.zone).replace(hour=0, minute=0, fold=0).astimezone(UTC)
    latest, today = -1, None
    while True:
        local = at.astimezone(schedule.zone)
        if local.date() != today:
            latest, today = -1, local.date()
        latest = max(latest, local.hour * 60 + local.minute)
        special = schedule.days.get(local.date())
        hours = schedule.week[local.weekday()] if special is None else special
        if at >= start and any(begin <= latest < end for begin, end in hours):
            yield at
        at += MINUTE


def counts(at: datetime, pauses: list[Span]) -> bool:
    return not any(begin <= at < end for begin, end in pauses)


def model_add(start: datetime, minutes: int, schedule: Schedule, pauses: list[Span]) -> datetime:
    left = minutes
    for at in model_open(schedule, start):
        if not counts(at, pauses):
            continue
        if left == 0:
            return at
        left -= 1
        if left == 0:
            return at + MINUTE
    raise AssertionError("the model goes on for ever")


def model_between(a: datetime, b: datetime, schedule: Schedule, pauses: list[Span]) -> timedelta:
    used = 0
    for at in model_open(schedule, a):
        if at >= b:
            return used * MINUTE
        used += counts(at, pauses)
    raise AssertionError("the model goes on for ever")


# ---------------------------------------------------------------- random schedules


# Around the nights on which clocks change in one of the zones, and around ordinary days.
AROUND = [
    datetime(2026, 3, 28, tzinfo=UTC),
    datetime(2026, 10, 24, tzinfo=UTC),
    datetime(2026, 3, 7, tzinfo=UTC),
    datetime(2026, 10, 31, tzinfo=UTC),
    datetime(2026, 10, 3, tzinfo=UTC),
    datetime(2026, 4, 4, tzinfo=UTC),
    datetime(2011, 12, 29, tzinfo=UTC),
]


@st.composite
def hours(draw: Callable[..., Any]) -> Hours:
    """Up to four intervals of one day; they may reach from midnight to midnight."""
    number = draw(st.integers(0, 4))
    edges = draw(st.lists(st.integers(0, DAY), min_size=2 * number, max_size=2 * number, unique=True))
    edges.sort()
    return tuple(zip(edges[::2], edges[1::2], strict=True))


@dataclass(frozen=True)
class Case:
    schedule: Schedule
    start: datetime
    pauses: list[Span]


@st.composite
def cases(draw: Callable[..., Any], zones: tuple[ZoneInfo, ...] = (SHANGHAI, BERLIN, NEW_YORK, *ODD)) -> Case:
    """A schedule that is open for some hours of each week, a start near a change of clocks, and some pauses."""
    week = [draw(hours()) for _ in range(7)]
    week[draw(st.integers(0, 6))] = ((draw(st.integers(0, 600)), draw(st.integers(840, DAY))),)
    around = draw(st.sampled_from(AROUND))
    first = around.date() - timedelta(days=1)
    days = draw(st.dictionaries(st.integers(0, 5).map(lambda n: first + timedelta(days=n)), hours(), max_size=5))
    minute = st.integers(0, 4 * DAY).map(lambda n: around + n * MINUTE)
    pauses = draw(st.lists(st.tuples(minute, minute), max_size=4))
    return Case(Schedule(draw(st.sampled_from(zones)), tuple(week), days), draw(minute), pauses)


budgets = st.integers(0, 3 * DAY).map(lambda n: n * MINUTE)
odd_budgets = st.timedeltas(timedelta(0), timedelta(days=20))


@settings(max_examples=80)
@given(case=cases(), minutes=st.integers(0, 600))
def test_a_budget_ends_where_the_model_says(case: Case, minutes: int) -> None:
    found = add(case.start, minutes * MINUTE, case.schedule, case.pauses)
    assert found == model_add(case.start, minutes, case.schedule, case.pauses)


@settings(max_examples=80)
@given(case=cases(), minutes=st.integers(0, 4 * DAY))
def test_time_between_is_what_the_model_counts(case: Case, minutes: int) -> None:
    end = case.start + minutes * MINUTE
    assert between(case.start, end, case.schedule, case.pauses) == model_between(
        case.start, end, case.schedule, case.pauses
    )


@settings(max_examples=100)
@given(case=cases(), minutes=st.integers(0, 4 * DAY))
def test_it_is_open_when_time_passes(case: Case, minutes: int) -> None:
    at = case.start + minutes * MINUTE
    assert case.schedule.is_open(at) == bool(between(at, at + MINUTE, case.schedule))


# ---------------------------------------------------------------- what holds for any


@given(case=cases(), budget=odd_budgets)
def test_adding_and_measuring_are_inverse(case: Case, budget: timedelta) -> None:
    due = add(case.start, budget, case.schedule, case.pauses)
    assert between(case.start, due, case.schedule, case.pauses) == budget


@given(case=cases(), span=st.timedeltas(timedelta(0), timedelta(days=60)))
def test_measuring_and_adding_come_back_to_the_last_moment_of_work(case: Case, span: timedelta) -> None:
    end = case.start + span
    used = between(case.start, end, case.schedule, case.pauses)
    back = add(case.start, used, case.schedule, case.pauses)
    if used:
        assert back <= end
        assert not between(back, end, case.schedule, case.pauses)
    else:
        assert not between(case.start, back, case.schedule, case.pauses)


@given(case=cases(), one=budgets, two=budgets)
def test_more_budget_is_never_due_earlier(case: Case, one: timedelta, two: timedelta) -> None:
    small, large = sorted((one, two))
    early = add(case.start, small, case.schedule, case.pauses)
    late = add(case.start, large, case.schedule, case.pauses)
    assert case.start <= early <= late
    # A budget of nothing ends where work begins, which may be after closing time of a budget that ends there.
    assert early < late or small == large


@given(case=cases(), one=budgets, two=budgets)
def test_a_later_start_is_never_due_earlier(case: Case, one: timedelta, two: timedelta) -> None:
    other = case.start + one
    early = add(case.start, two, case.schedule, case.pauses)
    assert early <= add(other, two, case.schedule, case.pauses)


@given(case=cases(), one=budgets, two=budgets)
def test_a_budget_may_be_spent_in_two_parts(case: Case, one: timedelta, two: timedelta) -> None:
    whole = add(case.start, one + two, case.schedule, case.pauses)
    first = add(case.start, one, case.schedule, case.pauses)
    parts = add(first, two, case.schedule, case.pauses)
    assert whole == parts or two == timedelta(0)


@given(case=cases(), one=budgets, two=budgets)
def test_spans_that_meet_add_up(case: Case, one: timedelta, two: timedelta) -> None:
    middle, end = case.start + one, case.start + one + two
    whole = between(case.start, end, case.schedule, case.pauses)
    assert whole == between(case.start, middle, case.schedule, case.pauses) + between(
        middle, end, case.schedule, case.pauses
    )


@given(case=cases(), span=budgets)
def test_work_and_pauses_make_up_the_working_time(case: Case, span: timedelta) -> None:
    end = case.start + span
    paused = sum(
        (
            between(max(begin, case.start), min(stop, end), case.schedule)
            for begin, stop in merged(case.pauses)
        ),
        timedelta(0),
    )  # fmt: skip
    assert between(case.start, end, case.schedule, case.pauses) + paused == between(case.start, end, case.schedule)


@given(case=cases(), budget=budgets)
def test_a_pause_moves_the_due_time_by_the_work_that_it_took(case: Case, budget: timedelta) -> None:
    without = add(case.start, budget, case.schedule)
    due = add(case.start, budget, case.schedule, case.pauses)
    assert due >= without
    if budget:
        lost = between(case.start, due, case.schedule) - budget
        assert lost == sum(
            (between(max(begin, case.start), min(end, due), case.schedule) for begin, end in merged(case.pauses)),
            timedelta(0),
        )


@given(case=cases(), budget=budgets)
def test_pauses_in_any_order_and_in_pieces_are_the_same_pauses(case: Case, budget: timedelta) -> None:
    pieces = [piece for begin, end in case.pauses for middle in [begin + (end - begin) / 2] for piece in
              ((middle, end), (begin, middle), (begin, end))]  # fmt: skip
    assert add(case.start, budget, case.schedule, pieces) == add(case.start, budget, case.schedule, case.pauses)


@given(case=cases(), budget=odd_budgets)
def test_without_a_schedule_every_second_counts(case: Case, budget: timedelta) -> None:
    assert add(case.start, budget) == case.start + budget
    assert between(case.start, case.start + budget) == budget
    later = [span for span in case.pauses if span[0] >= case.start]
    paused = sum((end - begin for begin, end in merged(later)), timedelta(0))
    due = add(case.start, timedelta(days=10) + budget, pauses=later)
    assert due == case.start + timedelta(days=10) + budget + paused


@given(case=cases(), span=budgets)
def test_nothing_passes_backwards(case: Case, span: timedelta) -> None:
    assert between(case.start + span, case.start, case.schedule, case.pauses) == timedelta(0)


@given(case=cases(), budget=budgets)
def test_the_zone_in_which_moments_are_written_changes_nothing(case: Case, budget: timedelta) -> None:
    due = add(case.start, budget, case.schedule, case.pauses).astimezone(UTC)
    for zone in (BERLIN, NEW_YORK):
        pauses = [(begin.astimezone(zone), end.astimezone(zone)) for begin, end in case.pauses]
        assert add(case.start.astimezone(zone), budget, case.schedule, pauses) == due
        assert between(case.start.astimezone(zone), due.astimezone(zone), case.schedule, pauses) == budget


@given(spans=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8))
def test_merged_pauses_are_the_same_minutes_apart_from_one_another(spans: list[tuple[int, int]]) -> None:
    zero = datetime(2026, 1, 1, tzinfo=UTC)
    joined = merged((zero + begin * MINUTE, zero + end * MINUTE) for begin, end in spans)
    covered = {minute for begin, end in spans for minute in range(begin, end)}
    assert {minute for begin, end in joined for minute in range((begin - zero) // MINUTE, (end - zero) // MINUTE)} == (
        covered
    )
    assert all(one[1] < two[0] for one, two in zip(joined, joined[1:], strict=False))
    assert all(begin < end for begin, end in joined)


# ---------------------------------------------------------------- worked by hand


def office(zone: ZoneInfo = SHANGHAI, **days: Hours) -> Schedule:
    """Monday to Friday 9-12 and 13-18; `d2026_10_01=()` is a day of its own."""
    return Schedule(zone, WEEK, {date(*map(int, name[1:].split("_"))): hours for name, hours in days.items()})


CHINA = office(
    d2026_10_01=CLOSED,
    d2026_10_02=CLOSED,
    d2026_10_05=CLOSED,
    d2026_10_06=CLOSED,
    d2026_10_07=CLOSED,
    # Sunday before and Saturday after are worked, the one as usual, the other until noon.
    d2026_09_20=OFFICE,
    d2026_10_10=((600, 840),),
    # A half day, and a day on which the shop takes stock.
    d2026_12_31=((540, 720),),
    d2026_11_11=CLOSED,
)

WORKED = [
    # start, budget, due (all local)
    ("2026-11-20 10:00", 2 * H, "2026-11-20 12:00", "a budget that ends at the lunch break is due when it begins"),
    ("2026-11-20 10:00", 2 * H + MINUTE, "2026-11-20 13:01", "a minute more goes on after lunch"),
    ("2026-11-20 12:30", H, "2026-11-20 14:00", "a start in the lunch break begins after it"),
    ("2026-11-20 16:00", 2 * H, "2026-11-20 18:00", "due at closing time, not on Monday"),
    ("2026-11-20 16:00", 2 * H + MINUTE, "2026-11-23 09:01", "a minute more is due on Monday"),
    ("2026-11-20 18:00", H, "2026-11-23 10:00", "a start at closing time begins on Monday"),
    ("2026-11-20 07:00", H, "2026-11-20 10:00", "a start before hours begins at the opening"),
    ("2026-11-21 15:00", 8 * H, "2026-11-23 18:00", "a start at the weekend, a whole day"),
    ("2026-11-20 10:00", timedelta(0), "2026-11-20 10:00", "nothing, in hours"),
    ("2026-11-20 20:00", timedelta(0), "2026-11-23 09:00", "nothing, outside hours: at the next opening"),
    ("2026-09-30 17:00", 2 * H, "2026-10-08 10:00", "over the national holidays"),
    ("2026-10-03 12:00", H, "2026-10-08 10:00", "a start within the holidays"),
    ("2026-09-18 17:00", 2 * H, "2026-09-20 10:00", "a Sunday that is worked"),
    ("2026-10-09 17:00", 2 * H, "2026-10-10 11:00", "a Saturday that is worked with hours of its own"),
    ("2026-10-09 18:00", 5 * H, "2026-10-12 10:00", "which are four"),
    ("2026-12-31 10:00", 3 * H, "2027-01-01 10:00", "a half day"),
    ("2026-11-10 17:00", 2 * H, "2026-11-12 10:00", "the shop is closed for a day"),
    ("2026-11-20 10:00", 40 * H, "2026-11-27 10:00", "five working days"),
]


def local(text: str, zone: ZoneInfo = SHANGHAI, fold: int = 0) -> datetime:
    """In UTC: Python finds no moment of an hour shown twice equal to one in another zone."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(("start", "budget", "due", "_why"), WORKED, ids=[row[-1] for row in WORKED])
def test_a_budget_of_working_time(start: str, budget: timedelta, due: str, _why: str) -> None:
    assert add(local(start), budget, CHINA) == local(due)
    assert between(local(start), local(due), CHINA) == budget


PAUSED = [
    # pauses of a budget of 4 hours from Friday 10:00, due
    ([], "2026-11-20 15:00"),
    ([("2026-11-20 11:00", "2026-11-20 14:00")], "2026-11-20 17:00"),
    ([("2026-11-20 12:00", "2026-11-20 13:00")], "2026-11-20 15:00"),
    ([("2026-11-20 09:00", "2026-11-20 11:00")], "2026-11-20 16:00"),
    ([("2026-11-20 15:00", "2026-11-23 12:00")], "2026-11-20 15:00"),
    ([("2026-11-20 14:00", "2026-11-23 10:00")], "2026-11-23 11:00"),
    ([("2026-11-20 11:00", "2026-11-20 11:30"), ("2026-11-20 11:15", "2026-11-20 12:00")], "2026-11-20 16:00"),
    ([("2026-11-20 11:00", "2026-11-20 11:00")], "2026-11-20 15:00"),
    ([("2026-11-20 12:00", "2026-11-20 11:00")], "2026-11-20 15:00"),
]


@pytest.mark.parametrize(("pauses", "due"), PAUSED)
def test_paused_working_time_does_not_count(pauses: list[tuple[str, str]], due: str) -> None:
    spans = [(local(begin), local(end)) for begin, end in pauses]
    assert add(local("2026-11-20 10:00"), 4 * H, CHINA, spans) == local(due)


NIGHT: Hours = ((0, DAY),)


def test_a_night_on_which_clocks_are_put_forward_has_an_hour_less() -> None:
    night = Schedule(BERLIN, (((60, 240),),) * 7)
    assert between(local("2026-03-29 00:00", BERLIN), local("2026-03-29 06:00", BERLIN), night) == 2 * H
    assert add(local("2026-03-29 01:30", BERLIN), H, night) == local("2026-03-29 03:30", BERLIN)


def test_hours_that_begin_or_end_in_the_skipped_hour_do_so_when_it_is_skipped() -> None:
    change = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    opens = Schedule(BERLIN, (((150, 240),),) * 7)
    assert opens.spans(date(2026, 3, 29)) == ((change, change + H),)
    closes = Schedule(BERLIN, (((60, 150),),) * 7)
    assert closes.spans(date(2026, 3, 29)) == ((change - H, change),)
    within = Schedule(BERLIN, (((125, 175),),) * 7)
    assert within.spans(date(2026, 3, 29)) == ()


def test_a_night_on_which_clocks_are_put_back_has_an_hour_more() -> None:
    night = Schedule(BERLIN, (((60, 240),),) * 7)
    assert between(local("2026-10-25 00:00", BERLIN), local("2026-10-25 06:00", BERLIN), night) == 4 * H
    assert add(local("2026-10-25 01:30", BERLIN), H, night) == local("2026-10-25 02:30", BERLIN)
    assert add(local("2026-10-25 01:30", BERLIN), 2 * H, night) == local("2026-10-25 02:30", BERLIN, fold=1)


def test_hours_that_begin_or_end_in_the_hour_shown_twice_do_so_the_first_time() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    opens = Schedule(BERLIN, (((150, 240),),) * 7)
    assert opens.spans(date(2026, 10, 25)) == ((first, first + 2.5 * H),)
    closes = Schedule(BERLIN, (((60, 150),),) * 7)
    assert closes.spans(date(2026, 10, 25)) == ((first - 1.5 * H, first),)


def test_whole_days_are_as_long_as_they_are() -> None:
    always = Schedule(BERLIN, (NIGHT,) * 7)
    lengths = {date(2026, 3, 29): 23, date(2026, 10, 25): 25, date(2026, 11, 20): 24}
    for day, length in lengths.items():
        assert sum((end - begin for begin, end in always.spans(day)), timedelta(0)) == length * H
    start = local("2026-01-01 00:00", BERLIN)
    assert add(start, timedelta(days=365), always) == start.astimezone(UTC) + timedelta(days=365)


def test_a_day_that_a_country_left_out_has_no_time() -> None:
    always = Schedule(ZoneInfo("Pacific/Apia"), (NIGHT,) * 7)
    assert always.spans(date(2011, 12, 30)) == ()
    midnight = datetime(2011, 12, 30, 10, 0, tzinfo=UTC)
    assert add(midnight - H, 2 * H, always) == midnight + H


def test_a_schedule_that_never_opens_makes_no_clock_fail() -> None:
    never = Schedule(SHANGHAI, (CLOSED,) * 7)
    start = local("2026-11-20 10:00")
    for budget in (timedelta(0), H, 1000 * H):
        due = add(start, budget, never)
        assert start + HORIZON <= due - budget < start + HORIZON + 24 * H
        assert between(start, due, never) == budget
    assert between(local("2026-11-20 10:00"), local("2026-11-23 10:00"), never) == timedelta(0)
    assert not never.is_open(local("2026-11-20 10:00"))


def test_a_single_day_that_opens_is_found_however_far() -> None:
    once = Schedule(SHANGHAI, (CLOSED,) * 7, {date(2036, 2, 29): ((600, 660),)})
    assert add(local("2026-11-20 10:00"), H, once) == local("2036-02-29 11:00")
    assert add(local("2026-11-20 10:00"), H + MINUTE, once) > local("2046-01-01 00:00")


def test_a_budget_of_more_hours_than_the_horizon_has_is_due_after_it() -> None:
    start = local("2026-11-20 10:00")
    due = add(start, 366 * 24 * H * 10, CHINA)
    assert due > start + HORIZON
    assert between(start, due, CHINA) == 366 * 24 * H * 10
    assert add(start, 10 * HORIZON) == start + 10 * HORIZON


def test_a_budget_is_never_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        add(local("2026-11-20 10:00"), -MINUTE, CHINA)


# ---------------------------------------------------------------- hours as stored


@pytest.mark.parametrize(
    ("intervals", "refusal"),
    [
        ([(540, 540)], EmptyInterval),
        ([(720, 540)], EmptyInterval),
        ([(-1, 540)], OutsideDay),
        ([(540, DAY + 1)], OutsideDay),
        ([(540, 720), (719, 800)], OverlappingIntervals),
        ([(540, 1080), (600, 660)], OverlappingIntervals),
    ],
)
def test_hours_that_no_day_has_are_refused(intervals: list[tuple[int, int]], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        checked(intervals)


def test_hours_are_put_in_order_and_may_touch() -> None:
    assert checked([[780, 1080], [540, 780]]) == ((540, 780), (780, 1080))
    assert checked([(0, DAY)]) == NIGHT
    assert checked([]) == CLOSED


# ---------------------------------------------------------------- what it costs


class Counted(dict[date, Hours]):
    """Days that differ; counts how often one is looked up."""

    looked_up = 0

    def get(self, day: Any, default: Any = None) -> Any:
        self.looked_up += 1
        return super().get(day, default)


@pytest.mark.parametrize("years", [1, 2, 4])
def test_a_long_budget_looks_at_each_day_once(years: int) -> None:
    days = Counted({date(2026, 10, day): CLOSED for day in range(1, 8)})
    schedule = Schedule(SHANGHAI, WEEK, days)
    start = local("2026-01-01 09:00")
    due = add(start, years * 250 * 8 * H, schedule)
    walked = (due.astimezone(SHANGHAI).date() - start.astimezone(SHANGHAI).date()).days + 1
    assert days.looked_up == walked


def test_levels_and_pauses_of_a_clock_read_no_day_again() -> None:
    days = Counted()
    schedule = Schedule(SHANGHAI, WEEK, days)
    start = local("2026-01-01 09:00")
    pauses = [(start + n * 24 * H, start + n * 24 * H + H) for n in range(300)]
    due = add(start, 250 * 8 * H, schedule, pauses)
    between(start, due, schedule, pauses)
    read = days.looked_up
    for percent in range(1, 100):
        add(start, 250 * 8 * H * percent / 100, schedule, pauses)
        between(start, due, schedule, pauses)
    assert days.looked_up == read


def test_a_year_of_pauses_is_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    class Pauses(list[Span]):
        def __getitem__(self, place: Any) -> Any:
            looks.append(place)
            return super().__getitem__(place)

    joined = working_time.merged
    monkeypatch.setattr(working_time, "merged", lambda spans: Pauses(joined(spans)))
    start = local("2026-01-01 09:00")
    number = 300
    add(start, 250 * 8 * H, CHINA, [(start + n * 24 * H, start + n * 24 * H + H) for n in range(number)])
    # A few looks for each opening and each pause, not one for each pair of them.
    assert len(looks) < 12 * (2 * 365 + number)
