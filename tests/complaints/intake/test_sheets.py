import csv
import io
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from benchmarks.intake.files import write_workbook
from complaints.intake import delimited, sheets, workbook, xml_pieces
from complaints.intake.order_files import Entry, open_order_file
from complaints.intake.problem import Problem
from complaints.intake.sheets import open_sheets
from tests.factories.exports import DOUYIN, PDD, TAOBAO, csv_text, workbook_bytes, xlsx_bytes

# 𠮷 needs the four-byte form that GB18030 has and GBK has not.
TABLE = [["订单号", "备注", "金额"], ["4100123456789012345", "𠮷野家，送\n“两”件", "1,5"], ["2", "a;b", ""]]


def rows_of(content: bytes | Path) -> list[tuple[int, list[Any]]]:
    return [(number, list(cells)) for sheet in open_sheets(content) for number, cells in sheet.rows()]


def written(delimiter: str, quoting: int = csv.QUOTE_MINIMAL) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=quoting).writerows(TABLE)
    return text.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_text_is_read_in_each_encoding_and_with_each_delimiter(encoding: str, delimiter: str, quoting: int) -> None:
    content = written(delimiter, quoting).encode(encoding)
    assert rows_of(content) == list(enumerate(TABLE, 1))


def test_gb18030_bytes_as_taobao_writes_them() -> None:
    content = b'"\xb6\xa9\xb5\xa5\xb1\xe0\xba\xc5","\xc2\xf2\xbc\xd2"\r\n"=""4100""","\x95\x34\xb2\x35"\r\n'
    assert rows_of(content) == [(1, ["订单编号", "买家"]), (2, ['="4100"', "𠮷"])]


def test_rows_count_as_a_spreadsheet_counts_them() -> None:
    content = b'\n\na,b\n"1\n2",3\n\n4,5'
    assert rows_of(content) == [(1, []), (2, []), (3, ["a", "b"]), (4, ["1\n2", "3"]), (5, []), (6, ["4", "5"])]


def test_workbook_rows_keep_their_numbers_and_long_text_ids() -> None:
    content = workbook_bytes([["a", "b"], [], ["4100123456789012345", 7]])
    assert rows_of(content) == [(1, ["a", "b"]), (3, ["4100123456789012345", 7])]


def test_workbook_that_states_a_wrong_size_is_read_whole() -> None:
    content = _edited(workbook_bytes([["a", "b"], ["1", "2"]]), b'ref="A1:B2"', b'ref="A1"')
    assert rows_of(content) == [(1, ["a", "b"]), (2, ["1", "2"])]


def test_workbook_is_read_on_from_any_of_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size of the blocks in which it is read; texts that rows share are found again."""
    table = [["a", "b"], *([f"<{number}>", "同"] for number in range(12))]
    write_workbook(tmp_path / "shared.xlsx", table)
    for block in (7, 100, 1 << 16):
        monkeypatch.setattr(xml_pieces, "BLOCK", block)
        (sheet,) = open_sheets(tmp_path / "shared.xlsx")
        whole = list(sheet.rows_from(0))
        assert [list(cells) for _number, cells, _mark in whole] == table
        for place, (_number, _cells, mark) in enumerate(whole):
            assert list(sheet.rows_from(mark)) == whole[place:]


def test_each_table_of_a_workbook_is_offered() -> None:
    assert len(open_sheets(workbook_bytes([["a"]], [["b"]]))) == 2


def test_workbook_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "LAST_ROW", 100)
    content = _edited(workbook_bytes([["a"], ["b"]]), b'<row r="2"', b'<row r="101"')
    with pytest.raises(workbook.DamagedWorkbook):
        rows_of(content)


def test_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "LARGEST_UNPACKED", 1000)
    with pytest.raises(workbook.WorkbookTooLarge):
        open_sheets(workbook_bytes([["a"]]))


def test_file_is_told_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    renamed = tmp_path / "orders.csv"
    renamed.write_bytes(workbook_bytes([["a", "b"]]))
    assert rows_of(renamed) == [(1, ["a", "b"])]


def test_sheet_can_be_read_again() -> None:
    (sheet,) = open_sheets(b"a,b\n1,2\n")
    assert list(sheet.rows()) == list(sheet.rows())


def test_sheet_left_in_the_middle_closes_its_file(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(b"a,b\n" * 10)
    (sheet,) = open_sheets(path)
    rows = sheet.rows()
    next(rows)
    rows.close()
    assert [str(warning.message) for warning in recwarn.list] == []


# ------------------------------------------------------------------ what cannot be read


def _zip(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


def _edited(content: bytes, old: bytes, new: bytes) -> bytes:
    """The workbook with a piece of its first table replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            assert name != "xl/worksheets/sheet1.xml" or old in part
            target.writestr(name, part.replace(old, new) if name == "xl/worksheets/sheet1.xml" else part)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", sheets.EmptyFile),
        (b" \r\n\t\n", sheets.EmptyFile),
        (b" " * 10_000, sheets.EmptyFile),
        (sheets.OLE + b"\0" * 600, sheets.OldWorkbook),
        (_zip("orders.csv"), sheets.OtherArchive),
        (_zip(), sheets.OtherArchive),
        (_zip("content.xml", "mimetype"), sheets.OtherWorkbook),
        (_zip("xl/workbook.bin"), sheets.OtherWorkbook),
        (_zip("xl/workbook.xml"), workbook.DamagedWorkbook),
        (b"PK\x03\x04 cut off", workbook.DamagedWorkbook),
        (b"<html><table><tr><td>1</td></tr></table></html>", sheets.WebPage),
        (b"\xef\xbb\xbf \n<!DOCTYPE html>", sheets.WebPage),
        ("<table>".encode("utf-16"), sheets.WebPage),
        (b"%PDF-1.7\n", sheets.Pdf),
        (b"a,b\n1,\x002\n", delimited.NotText),
        (b"a,b\n" * 400_000 + b"\0", delimited.NotText),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", delimited.NotText),
        (b"a,b\n\xff\xff\xff,\xff\n", delimited.UnknownEncoding),
        ("a,b\n1,二".encode()[:-1], delimited.CutOff),
        ("a,b\n1,二".encode("gb18030")[:-1], delimited.CutOff),
        (b'a,b\n1,"never closed\n3,4\n', delimited.CutOff),
        (b'a,b\n1,"' + b"x" * 200_000, delimited.DamagedRow),
    ],
)
def test_what_is_no_sheet_is_named(content: bytes, problem: type[Problem]) -> None:
    with pytest.raises(problem) as caught:
        rows_of(content)
    assert "%" not in caught.value.text


def test_cut_off_rows_are_named() -> None:
    with pytest.raises(delimited.CutOff) as caught:
        rows_of(b'a,b\n1,2\n3,"4\n')
    assert caught.value.names == {"row": 3}


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_cut_off_workbook_is_named(share: float) -> None:
    content = xlsx_bytes([PDD] * 20)
    with pytest.raises(workbook.DamagedWorkbook):
        rows_of(content[: int(len(content) * share)])


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(sheets.FileMissing):
        open_sheets(tmp_path / "no.csv")
    with pytest.raises(sheets.NotAFile):
        open_sheets(tmp_path)
    with pytest.raises(sheets.FileUnreadable):
        open_sheets(tmp_path / ("x" * 300))
    with pytest.raises(sheets.FileUnreadable):
        open_sheets(Path("a\0b"))


# ------------------------------------------------------------------ no input makes it stumble


def read_all(content: bytes) -> list[Entry]:
    """Every order of the file; the reader's own problems are an answer too, anything else is not."""
    with suppress(Problem):
        return list(open_order_file(content).entries())
    return []


HEADS = [csv_text([row]).encode(encoding) for row in (TAOBAO, PDD, DOUYIN) for encoding in ("utf-8", "gb18030")]
BOOKS = [xlsx_bytes([row, row]) for row in (TAOBAO, PDD, DOUYIN)]


@given(st.binary(max_size=400))
@example(sheets.OLE)
@example(b"PK\x03\x04")
@example(b"\xff\xfe\x00")
@example(b'"')
def test_arbitrary_bytes_are_read_or_refused_by_name(content: bytes) -> None:
    read_all(content)


@given(st.sampled_from(HEADS), st.binary(max_size=400))
def test_arbitrary_bytes_below_a_header_are_read_or_refused_by_name(head: bytes, rest: bytes) -> None:
    read_all(head + rest)


CELLS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["-", "****", "##x##", "4100123456789012345", "2026-11-20 10:00:00", "=A1", "1;2", "a，b", "-1", "9" * 50]
    ),
)


@given(st.sampled_from([TAOBAO, PDD, DOUYIN]), st.data())
def test_arbitrary_cells_are_read_or_refused_by_name(row: dict[str, Any], data: st.DataObject) -> None:
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(row)), CELLS))
    rows = [row, {**row, **changed}]
    text = csv_text(rows)
    entries = read_all(text.encode())
    assert not entries or sum(entry.rows for entry in entries) <= len(rows)


@given(st.sampled_from(BOOKS), st.integers(0, 10**9), st.binary(min_size=1, max_size=8))
def test_damaged_workbook_is_read_or_refused_by_name(book: bytes, place: int, damage: bytes) -> None:
    place %= len(book)
    read_all(book[:place] + damage + book[place + len(damage) :])


@given(st.binary(max_size=60), st.sampled_from([b"<v>", b'r="', b't="', b"<c ", b"</row>"]))
def test_workbook_with_odd_markup_is_read_or_refused_by_name(piece: bytes, place: bytes) -> None:
    content = _edited(workbook_bytes([list(PDD), list(PDD.values()), [1.5, 2]]), place, place + piece)
    read_all(content)


def test_the_checks_above_read_orders() -> None:
    for content, row in zip(
        [*HEADS, *BOOKS], [TAOBAO, TAOBAO, PDD, PDD, DOUYIN, DOUYIN, TAOBAO, PDD, DOUYIN], strict=True
    ):
        assert [entry.snapshot.lines[0].title for entry in read_all(content) if entry.snapshot] == [
            row.get("宝贝标题") or row.get("商品") or row.get("选购商品")
        ]
