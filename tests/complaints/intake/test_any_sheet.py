"""Whatever bytes and cells come in: they are read as they were written, or refused with a named problem."""

import string
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from complaints.intake import headers, spool
from complaints.intake.cells import DigitsLost, read
from complaints.intake.layouts import LAYOUTS, TMALL_REFUNDS, Kind
from complaints.intake.problem import Problem
from complaints.intake.refusals import FORMULA_SIGNS, escaped
from complaints.intake.rows import RowReader
from complaints.intake.sheets import open_sheets
from complaints.intake.workbook import WorkbookTooLarge
from tests.factories.exports import csv_bytes, workbook_bytes, xlsx_bytes

TEXT = st.text(
    st.characters(codec="gb18030", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp", "Cf", "Co", "Cn"]), max_size=20
)
IDS = st.text(string.digits, min_size=18, max_size=19).filter(lambda text: text[0] != "0" and text[15:].strip("0"))
CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), TEXT, IDS, st.decimals(allow_nan=False),
    st.datetimes(), st.dates(), st.times(), st.timedeltas(),
)  # fmt: skip


@given(
    st.one_of(
        st.binary(max_size=400), st.binary(max_size=200).map(lambda tail: "订单编号,订单状态\n".encode("gbk") + tail)
    )
)
@hypothesis(max_examples=100)
def test_any_bytes_are_read_or_refused_with_words(content: bytes) -> None:
    try:
        sheets = open_sheets(content)
        header = headers.find(sheets)
        for _number, cells in sheets[header.table].rows():
            assert isinstance(cells, list | tuple)
    except Problem as problem:
        said = problem.text
        assert said


@given(st.sampled_from(list(LAYOUTS.values())), st.lists(CELLS, max_size=25))
@hypothesis(max_examples=80)
def test_any_cells_make_a_row_with_values_or_findings(layout: Any, cells: list[Any]) -> None:
    names = [name for column in layout.columns for name in column.names]
    row = RowReader(layout, names, exact=False).read(2, cells)
    assert row.findings or all(row.values[field] for field in layout.required)
    assert all(finding.problem.text for finding in row.findings)


@given(st.lists(st.tuples(IDS, TEXT), min_size=3, max_size=6, unique_by=lambda row: row[0]),
       st.sampled_from(["utf-8-sig", "gb18030", "utf-16", "utf-16-le"]))  # fmt: skip
@hypothesis(max_examples=25)
def test_long_numbers_survive_every_encoding_and_wrapping(rows: list[tuple[str, str]], encoding: str) -> None:
    wrapped = [("\t{}", '="{}"', "'{}")[place % 3].format(number) for place, (number, _text) in enumerate(rows)]
    table = [{"退款编号": cell, "订单编号": cell, "退款状态": "申请"} for cell in wrapped]
    for content in (csv_bytes(table, encoding=encoding), xlsx_bytes(table)):
        (sheet,) = open_sheets(content)
        (_one, header), *found = sheet.rows()
        reader = RowReader(TMALL_REFUNDS, header, exact=sheet.exact)
        assert [reader.read(number, cells).case for number, cells in found] == [number for number, _text in rows]


@given(st.integers(10**15, 10**20))
@hypothesis(max_examples=50)
def test_number_that_a_spreadsheet_has_rounded_is_never_taken(number: int) -> None:
    for lost in (float(number), f"{float(number):.14E}"):
        with pytest.raises(DigitsLost):
            read(lost, Kind.IDENTIFIER)


@given(st.lists(st.lists(CELLS.filter(lambda cell: repr(cell) != "nan"), max_size=6), min_size=1, max_size=5))
@hypothesis(max_examples=25)
def test_rows_come_out_of_the_spool_as_they_went_in(rows: list[list[Any]]) -> None:
    with TemporaryDirectory() as folder, spool.opened(Path(folder) / "rows") as kept:
        kept.add((number, str(number % 2 or ""), cells, 0) for number, cells in enumerate(rows, 1))
        kept.add((number, "", [], 0) for number in range(1, len(rows) + 1))
        found = {number: cells for _first, group in kept.groups() for number, cells in group}
    assert found == dict(enumerate(rows, 1))


@given(st.one_of(TEXT, st.builds(str.__add__, st.sampled_from(FORMULA_SIGNS), TEXT)))
def test_no_text_runs_in_a_spreadsheet(text: str) -> None:
    assert not escaped(text).lstrip(" ").startswith(tuple(sign for sign in FORMULA_SIGNS if sign != "\t"))


@pytest.mark.parametrize("place", [0, 1])
def test_one_text_without_end_is_a_bomb(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes that unpack to one enormous cell are refused before the cell is in memory."""
    monkeypatch.setattr("complaints.intake.xml_pieces.LARGEST_PIECE", 100_000)
    row = ["订单编号", "a"] if place else ["x" * 30_000] * 5
    content = workbook_bytes([row, ["1" * 30_000 if place else "1"] * 5])
    with pytest.raises(WorkbookTooLarge):
        [list(sheet.rows()) for sheet in open_sheets(content)]
