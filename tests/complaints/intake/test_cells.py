from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.formula import ArrayFormula

from complaints.intake import cells
from complaints.intake.cells import read
from complaints.intake.layouts import Kind
from complaints.intake.problem import Problem

TEN_OCLOCK = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "cell",
    [
        "4100123456789012345",
        "\t4100123456789012345",
        "4100123456789012345\t",
        '="4100123456789012345"',
        "'4100123456789012345",
        ' \t="4100123456789012345" ',
        "\ufeff4100123456789012345",
        "４１００１２３４５６７８９０１２３４５",
        4100123456789012345,
    ],
)
def test_long_number_is_exact_however_it_is_wrapped(cell: Any) -> None:
    assert read(cell, Kind.IDENTIFIER) == "4100123456789012345"


@pytest.mark.parametrize(
    "cell",
    [4.100123456789012e18, 1e15, "4.10012345678901E+18", "2.026112212345679E+20", "4.100123456789012E18", "4E+18"],
)
def test_number_whose_digits_are_lost_is_refused(cell: Any) -> None:
    with pytest.raises(cells.DigitsLost):
        read(cell, Kind.IDENTIFIER)


@pytest.mark.parametrize("cell", [123456789012345.0, 123456789012345, "123456789012345"])
def test_number_of_fifteen_digits_survives_a_spreadsheet(cell: Any) -> None:
    assert read(cell, Kind.IDENTIFIER) == "123456789012345"


def test_seller_code_that_looks_like_a_power_stays() -> None:
    assert read("2E05", Kind.IDENTIFIER) == "2E05"


@pytest.mark.parametrize("cell", [12.5, True, date(2026, 11, 20), time(1), float("nan"), float("inf")])
def test_what_is_no_number_of_a_platform_is_refused(cell: Any) -> None:
    with pytest.raises((cells.NotAnIdentifier, cells.DigitsLost)):
        read(cell, Kind.IDENTIFIER)


@pytest.mark.parametrize("cell", [None, "", "-", "--", " ", "\t", "null", "'null", '=""', "****", "＊＊", "#N/A"])
@pytest.mark.parametrize("kind", Kind)
def test_empty_and_starred_cells_hold_nothing(cell: Any, kind: Kind) -> None:
    assert read(cell, kind) is None


@pytest.mark.parametrize(
    "cell", ["王**", "*小明", "138****0007", "##r3J0b2xs==##", "$$MTM4MDA=$$", "~AES~x1~", "t**1", "王＊＊", "=A1"]
)
@pytest.mark.parametrize("kind", [Kind.PERSONAL, Kind.PHONE])
def test_masked_and_encrypted_people_are_unknown(cell: str, kind: Kind) -> None:
    assert read(cell, kind) is None


def test_person_is_read_without_wrapping() -> None:
    assert read("'13800000007", Kind.PHONE) == "13800000007"
    assert read(13800000007.0, Kind.PHONE) == "13800000007"
    assert read(" 王小明 ", Kind.PERSONAL) == "王小明"


@pytest.mark.parametrize("cell", ["无", "12", "1" * 41])
def test_what_is_no_phone_is_unknown(cell: str) -> None:
    assert read(cell, Kind.PHONE) is None


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("¥1,234.50", "1234.50"),
        ("￥1,234.50", "1234.50"),
        ("1234.5", "1234.50"),
        ("1234.5元", "1234.50"),
        ("0", "0.00"),
        ("１２.５", "12.50"),
        (59.900000000000006, "59.90"),
        (60, "60.00"),
        ("+3.00", "3.00"),
        ("12.", "12.00"),
    ],
)
def test_money(cell: Any, amount: str) -> None:
    assert read(cell, Kind.MONEY) == Decimal(amount)
    assert str(read(cell, Kind.MONEY)) == amount


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("abc", cells.NotAnAmount),
        ("1.234,50", cells.NotAnAmount),
        ("12,34", cells.NotAnAmount),
        ("1e5", cells.NotAnAmount),
        (float("nan"), cells.NotAnAmount),
        ("-1.00", cells.NegativeAmount),
        (-1.0, cells.NegativeAmount),
        ("10000000000.00", cells.AmountTooLarge),
        ("9" * 5000, cells.AmountTooLarge),
        ("=A1*2", cells.FormulaCell),
        (True, cells.NotAnAmount),
    ],
)
def test_what_is_no_money_is_refused(cell: Any, problem: type[Problem]) -> None:
    with pytest.raises(problem):
        read(cell, Kind.MONEY)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-11-20 10:00:00",
        "2026-11-20 10:00",
        "2026/11/20 10:00:00",
        "2026/11/20 10:00",
        "2026.11.20 10:00:00",
        "2026年11月20日 10:00:00",
        "2026年11月20日10时00分00秒",
        "2026-11-20T10:00:00",
        "2026-11-20 10:00:00.123",
        "2026-11-20T02:00:00+00:00",
        "2026-11-20T10:00:00+08:00",
        "２０２６-11-20 10：00：00",
        "\t2026-11-20 10:00:00\t",
        datetime(2026, 11, 20, 10),
        datetime(2026, 11, 20, 9, 59, 59, 999997),
        46346 + 10 / 24,
    ],
)
def test_times_are_those_of_shanghai(cell: Any) -> None:
    assert read(cell, Kind.TIME) == TEN_OCLOCK


def test_day_alone_is_its_midnight() -> None:
    midnight = datetime(2026, 11, 4, 16, tzinfo=UTC)
    assert {read(cell, Kind.TIME) for cell in ("2026-11-05", "2026/11/5", date(2026, 11, 5), 46331)} == {midnight}


@pytest.mark.parametrize(
    "cell",
    [
        "昨天",
        "2026-02-30 10:00:00",
        "2026-11-20 25:00:00",
        "1899-12-30",
        "2126-01-01",
        5,
        0.5,
        1e12,
        time(10),
        "10:00",
        True,
    ],
)
def test_what_is_no_time_is_refused(cell: Any) -> None:
    with pytest.raises(cells.NotATime):
        read(cell, Kind.TIME)


@pytest.mark.parametrize(("cell", "found"), [("2", (2,)), (2.0, (2,)), ("2.00", (2,)), ("3件", (3,)), ("1;2", (1, 2))])
def test_quantities(cell: Any, found: tuple[int, ...]) -> None:
    assert read(cell, Kind.QUANTITIES) == found


@pytest.mark.parametrize("cell", ["两件", "1.5", "-1", "99999999", 1.5, "=1+1"])
def test_what_is_no_quantity_is_refused(cell: Any) -> None:
    with pytest.raises(cells.NotAQuantity):
        read(cell, Kind.QUANTITIES)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("73610555582883-中通快递", (("73610555582883", "中通快递"),)),
        ("JDX01-1-2-京东物流", (("JDX01-1-2", "京东物流"),)),
        ("1-中通快递;2-圆通速递", (("1", "中通快递"), ("2", "圆通速递"))),
        ("SF13", (("SF13", ""),)),
    ],
)
def test_parcels(cell: str, found: tuple[tuple[str, str], ...]) -> None:
    assert read(cell, Kind.PARCELS) == found


def test_control_characters_leave_a_text() -> None:
    assert read("收到\x00\x07了\ud800", Kind.TEXT) == "收到 了"


def test_formula_over_several_cells_is_refused() -> None:
    with pytest.raises(cells.FormulaCell):
        read(ArrayFormula("A1:A2", "=B1"), Kind.TEXT)


def test_number_rounded_by_a_spreadsheet_ends_in_zeros() -> None:
    assert cells.rounded("4100123456789010000")
    assert not cells.rounded("4100123456789012000")
    assert not cells.rounded("410012345678901")


@given(
    st.one_of(st.text(), st.integers(), st.floats(), st.datetimes(), st.dates(), st.times(), st.booleans(), st.none()),
    st.sampled_from(Kind),
)
def test_any_cell_is_read_or_refused_by_name(cell: Any, kind: Kind) -> None:
    with suppress(Problem):
        read(cell, kind)
