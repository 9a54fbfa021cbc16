"""What the two libraries know, and that no year and no region makes anything fail."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.public_holidays import known_region, public_year

# 国务院办公厅关于2026年部分节假日安排的通知
OFF_2026 = {
    "元旦": ("2026-01-01", 3),
    "春节": ("2026-02-15", 9),
    "清明": ("2026-04-04", 3),
    "劳动节": ("2026-05-01", 5),
    "端午": ("2026-06-19", 3),
    "中秋": ("2026-09-25", 3),
    "国庆节": ("2026-10-01", 7),
}
WORKED_2026 = {"2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"}


def test_the_announced_year_of_china_has_its_holidays_and_make_up_workdays() -> None:
    year = public_year("CN", 2026)
    assert year.announced
    assert {day.day.isoformat() for day in year.days if day.works} == WORKED_2026
    off = [day.day for day in year.days if not day.works]
    assert len(off) == sum(length for _, length in OFF_2026.values())
    for name, (first, length) in OFF_2026.items():
        start = date.fromisoformat(first).toordinal()
        assert {date.fromordinal(start + n) for n in range(length)} <= set(off), name
    assert next(day.name for day in year.days if day.day == date(2026, 10, 1)) == "国庆节"
    assert list(year.days) == sorted(year.days)


def test_a_year_of_china_not_yet_announced_has_the_days_of_the_law() -> None:
    year = public_year("CN", 2027)
    assert not year.announced
    assert not any(day.works for day in year.days)
    assert {date(2027, 1, 1), date(2027, 2, 6), date(2027, 5, 1), date(2027, 10, 1)} <= {day.day for day in year.days}


def test_other_countries_name_their_days_long_ahead() -> None:
    year = public_year("DE", 2030)
    assert year.announced
    assert date(2030, 10, 3) in {day.day for day in year.days}


def test_without_a_region_there_is_nothing_to_wait_for() -> None:
    assert public_year("", 2026) == (True, ())


@given(
    region=st.sampled_from(["CN", "DE", "US", "JP", "XX", "", "cn", "中国", "CHN"]) | st.text(max_size=3),
    year=st.integers(1, 9999),
)
def test_nothing_fails_for_a_year_or_region_that_nobody_knows(region: str, year: int) -> None:
    found = public_year(region, year)
    assert all(day.day.year == year for day in found.days)
    assert len({day.day for day in found.days}) == len(found.days)
    assert found.days or not found.announced or region == ""


@pytest.mark.parametrize(("region", "known"), [("CN", True), ("DE", True), ("XX", False), ("cn", False), ("", False)])
def test_a_region_is_a_country_code(region: str, known: bool) -> None:
    assert known_region(region) is known
