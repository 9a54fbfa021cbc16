"""The same case of the same program is known again; case 17 of another program is another one."""

from typing import Any

import pytest

from complaints.intake.cases import case_of
from complaints.intake.fields import BY_HAND
from complaints.intake.layouts import Column, Holds, Kind, Layout
from complaints.intake.rows import ReadRow

pytestmark = pytest.mark.django_db


def layout(*columns: str, name: str = BY_HAND) -> Layout:
    named = tuple(Column("case", Kind.IDENTIFIER, (column,)) for column in columns)
    return Layout(name=name, label="", platform="", signature=columns, columns=named, holds=Holds.CASES)


def source(row: ReadRow, of: Layout, shop: Any) -> str:
    return case_of(row, of, shop).source


def test_numbers_of_files_with_other_columns_are_other_cases(shop: Any) -> None:
    row = ReadRow(2, ["17"], {"case": "17", "text": "碎了"}, ())
    ours = layout("工单号", "内容")

    assert source(row, ours, shop) == source(row, layout("内容", "工单号"), shop)
    assert source(row, ours, shop) != source(row, layout("Ticket", "Text"), shop)


def test_a_layout_that_is_known_keeps_its_numbers_whatever_columns_a_file_has(shop: Any) -> None:
    row = ReadRow(2, ["17"], {"case": "17", "text": "碎了"}, ())
    known, longer = layout("退款编号", name="tmall"), layout("退款编号", "备注", name="tmall")

    assert source(row, known, shop) == source(row, longer, shop)


def test_a_row_without_a_number_is_known_by_all_that_it_says(shop: Any) -> None:
    same, other = ({"case": "", "text": text} for text in ("碎了", "碎了！"))
    of = layout("内容")

    assert source(ReadRow(2, [], same, ()), of, shop) == source(ReadRow(9, [], same, ()), of, shop)
    assert source(ReadRow(2, [], same, ()), of, shop) != source(ReadRow(2, [], other, ()), of, shop)
