"""Budgets as people write them, in both languages, and back."""

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from complaints.admin import budgets
from complaints.admin.budgets import NotABudget


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("2小时", 120),
        ("2 小时", 120),
        ("2个小时", 120),
        ("９０分钟", 90),
        ("90分", 90),
        ("1天", 1440),
        ("1天4小时", 1680),
        ("1天零30分钟", 1470),
        ("1.5小时", 90),
        ("0.5天", 720),
        ("2 h", 120),
        ("2h 30min", 150),
        ("2 hours and 30 minutes", 150),
        ("90 min", 90),
        ("90m", 90),
        ("1 d", 1440),
        ("3 DAYS", 4320),
        ("1 hr", 60),
    ],
)
def test_a_span_is_read(text: str, minutes: int) -> None:
    typed = budgets.read(text)
    assert not typed.working
    assert typed.in_minutes(working=False) == minutes


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("8 工作小时", 480),
        ("8工作小时", 480),
        ("5个工作日", 2400),
        ("5 工作日", 2400),
        ("5 working days", 2400),
        ("8 working hours", 480),
        ("30 工作分钟", 30),
        ("工作时间 8 小时", 480),
    ],
)
def test_working_time_is_read_and_its_days_have_eight_hours(text: str, minutes: int) -> None:
    typed = budgets.read(text)
    assert typed.working
    assert typed.in_minutes(working=True) == minutes


@pytest.mark.parametrize("text", ["", "2", "zwei", "2 x", "小时", "2小时x", "-2小时", "2..5小时", "1/2 h", "9" * 60])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(NotABudget):
        budgets.read(text)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(15, "15 min"), (90, "90 min"), (120, "2 h"), (1440, "24 h"), (4320, "72 h"), (7200, "5 d")],
)
def test_a_span_is_said_as_it_is_spoken_of(minutes: int, text: str) -> None:
    with translation.override("en"):
        assert budgets.write(minutes) == text


@given(st.integers(1, 366 * 24 * 60), st.booleans(), st.sampled_from(["en", "zh-hans"]))
def test_what_is_said_is_read_as_the_same(minutes: int, working: bool, language: str) -> None:
    with translation.override(language):
        typed = budgets.read(budgets.write(minutes, days=not working))
    assert typed.in_minutes(working=working) == minutes
