"""A large workbook goes through the memory and does not stay in it."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from benchmarks.intake.files import write_workbook
from complaints.intake import spool, xml_pieces
from complaints.intake.layouts import TAOBAO_ORDERS
from complaints.intake.reading import batches
from complaints.intake.rows import RowReader
from complaints.intake.sheets import open_sheets

HEADER = ["订单编号", "订单状态", "宝贝标题", "收货人姓名", "订单备注"]


def workbook(path: Path, rows: int) -> Path:
    """A workbook whose texts are all different, and shared as spreadsheet programs write them."""
    numbers = range(rows)
    write_workbook(
        path, [HEADER, *([f"41001234567{n:08d}", *(f"{name}{n}" * 4 for name in HEADER[1:])] for n in numbers)]
    )
    return path


def peak(task: Callable[[], Any]) -> int:
    """The most bytes that the task had in hand at once."""
    tracemalloc.start()
    try:
        task()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_pieces, "BLOCK", 8 << 10)
    small, large = workbook(tmp_path / "small.xlsx", 400), workbook(tmp_path / "large.xlsx", 1400)

    def into_a_spool(path: Path) -> None:
        reader = RowReader(TAOBAO_ORDERS, HEADER, exact=False)
        with spool.opened(path.with_suffix(".rows")) as rows:
            (sheet,) = open_sheets(path, texts=rows.texts)
            for batch in batches(sheet, reader, after=1):
                rows.add(batch)
            assert rows.count() == rows.last() - 1

    def by_the_library_alone(path: Path) -> None:
        for _row in load_workbook(path, read_only=True).active.iter_rows(values_only=True):
            pass

    monkeypatch.setattr("complaints.intake.reading.BATCH", 100)
    monkeypatch.setattr(spool, "RECENT_TEXTS", 100)
    # The first run imports modules and fills caches.
    into_a_spool(small)
    small.with_suffix(".rows").unlink()
    growth = peak(lambda: into_a_spool(large)) - peak(lambda: into_a_spool(small))
    control = peak(lambda: by_the_library_alone(large)) - peak(lambda: by_the_library_alone(small))
    assert control > 300_000, "the control shows what holding everything costs"
    assert growth < control / 2
