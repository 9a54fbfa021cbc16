"""The text of a service policy as a page shows it, and which version holds when."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.policy_terms import Block, Period, blocks, in_force, left_behind, periods, published_mark

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Version:
    number: int
    effective_from: datetime | None
    ended_at: datetime | None = None
    own: bool = False


def days(n: float) -> datetime:
    return NOON + timedelta(days=n)


# ---------------------------------------------------------------- the text


def test_headings_lists_and_paragraphs_are_told_apart() -> None:
    text = "## 退货\n- 七天内\n- 完好\n请拍照\n再寄回\n\n另起一段\n\n- 又一条"
    assert blocks(text) == [
        Block("heading", ("退货",)),
        Block("list", ("七天内", "完好")),
        Block("paragraph", ("请拍照", "再寄回")),
        Block("paragraph", ("另起一段",)),
        Block("list", ("又一条",)),
    ]


def test_other_marks_are_words() -> None:
    odd = "# 一\n**粗**\n-没有空格\n##没有空格\n<b>x</b>"
    assert blocks(odd) == [Block("paragraph", tuple(odd.split("\n")))]


def test_two_headings_in_a_row_stay_two_and_a_mark_alone_shows_nothing() -> None:
    assert blocks("## 一\n## 二\n-  \n##\n") == [Block("heading", ("一",)), Block("heading", ("二",))]


@given(st.text(st.sampled_from("#- 甲a\n\t\r"), max_size=80))
def test_no_word_is_lost_or_made_up(text: str) -> None:
    shown = "".join(line for block in blocks(text) for line in block.lines)
    assert [c for c in shown if c in "甲a"] == [c for c in text if c in "甲a"]
    assert all(line.strip() == line and line for block in blocks(text) for line in block.lines)


# ---------------------------------------------------------------- what holds when


def test_a_version_holds_from_its_first_moment_until_the_next_one_begins() -> None:
    first, second = Version(1, days(0)), Version(2, days(10))
    tick = timedelta(microseconds=1)
    assert in_force([first, second], days(0) - tick) is None
    assert in_force([first, second], days(0)) is first
    assert in_force([first, second], days(10) - tick) is first
    assert in_force([first, second], days(10)) is second


def test_of_two_that_begin_together_the_later_one_holds() -> None:
    assert in_force([Version(3, days(0)), Version(2, days(0))], days(1)).number == 3


def test_one_that_begins_later_holds_though_it_was_published_earlier() -> None:
    waiting, at_once = Version(2, days(5)), Version(3, days(1))
    assert in_force([waiting, at_once], days(4)) is at_once
    assert in_force([waiting, at_once], days(6)) is waiting


def test_a_shops_own_terms_go_first_and_when_withdrawn_the_common_ones_hold_again() -> None:
    common, newer, own = Version(1, days(0)), Version(2, days(6)), Version(1, days(2), days(8), own=True)
    known = [common, newer, own]
    assert [in_force(known, days(n)) for n in (1, 2, 7, 8)] == [common, own, own, newer]


def test_one_taken_back_before_its_day_never_holds() -> None:
    first, taken_back = Version(1, days(0)), Version(2, days(5), days(3))
    assert in_force([first, taken_back], days(6)) is first
    assert periods([first, taken_back]) == [Period(first, days(0), None)]


def test_periods_tell_gaps_and_returns() -> None:
    common, own = Version(1, days(0)), Version(1, days(2), days(4), own=True)
    assert periods([own, common]) == [
        Period(common, days(0), days(2)),
        Period(own, days(2), days(4)),
        Period(common, days(4), None),
    ]
    ended, again = Version(1, days(0), days(2)), Version(2, days(3))
    assert periods([ended, again]) == [Period(ended, days(0), days(2)), Period(again, days(3), None)]
    assert periods([]) == []


@st.composite
def version(draw: st.DrawFn) -> Version:
    begins = draw(st.integers(0, 12))
    ends = draw(st.none() | st.integers(0, 12))
    return Version(draw(st.integers(1, 9)), days(begins), None if ends is None else days(ends), draw(st.booleans()))


@given(st.lists(version(), max_size=6, unique_by=lambda one: (one.own, one.number)))
def test_the_periods_say_at_each_moment_what_is_in_force(versions: list[Version]) -> None:
    told = periods(versions)
    for half_day in range(-2, 30):
        at = days(half_day / 2)
        held = [one.version for one in told if one.since <= at and (one.until is None or at < one.until)]
        assert held == [one for one in [in_force(versions, at)] if one]


# ---------------------------------------------------------------- what a person has seen, and what is old


@dataclass(frozen=True)
class Words:
    text: str = "七天"
    text_en: str = "seven days"


@pytest.mark.parametrize(
    ("before", "after", "stays"),
    [
        (Words(), Words(), ""),
        (Words(), Words("八天", "eight days"), ""),
        (Words(), Words(text="八天"), "text_en"),
        (Words(), Words(text_en="eight days"), "text"),
        (Words(text_en=""), Words(text="八天", text_en=""), ""),
        (Words(text_en=""), Words(), ""),
        (Words(), Words(text_en=""), ""),
        (None, Words(), ""),
    ],
)
def test_a_text_stays_behind_when_only_the_other_language_is_new(
    before: Words | None, after: Words, stays: str
) -> None:
    assert left_behind(before, after) == stays


@given(st.lists(st.sampled_from(["publish", "take back"]), max_size=12), st.randoms(use_true_random=False))
def test_the_same_mark_never_stands_for_two_states(steps: list[str], chance: Random) -> None:
    published: list[Version] = []
    known: dict[str, list[Version]] = {}
    for number, step in enumerate(steps, start=1):
        if step == "publish":
            published.append(Version(number, NOON))
        elif published:
            published.remove(chance.choice(published))
        assert known.setdefault(published_mark(published), list(published)) == published
