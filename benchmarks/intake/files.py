"""How fast files come in, and what memory they take: `python -m benchmarks.intake.files` (F12, R3.1).

Exports of 10,000 and 100,000 orders, as CSV and as XLSX, each in a process of its own: rows per second of reading,
judging and writing, and the peak of the process's memory beside what the desk takes by itself. Wanted: time grows with
the rows, memory does not, and 300 MB are enough.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import django

from benchmarks import memory

LIMIT_MB = 300
PARTS = ("upload", "read", "judge", "write")
SIZES = (10_000, 100_000)
NAMES = (
    "订单编号", "买家会员名", "买家应付货款", "买家实际支付金额", "订单状态",
    "收货人姓名", "收货地址", "联系手机", "订单创建时间", "订单付款时间",
    "宝贝标题", "宝贝种类", "物流单号", "物流公司", "订单备注",
    "宝贝总数量", "店铺名称",
)  # fmt: skip


def rows(count: int) -> Iterator[list[str]]:
    """Orders of different people, as unlike each other as real ones."""
    for n in range(count):
        yield [
            str(4_100_000_000_000_000_000 + n * 7), f"买家{n}", "128.00", "118.00", "卖家已发货，等待买家确认",
            f"收货人{n}", f"浙江省 杭州市 西湖区 文三路 {n} 号", f"1{3_000_000_000 + n}", "2026-11-18 09:30:00",
            "2026-11-18 09:30:41", f"骨瓷餐具套装 {n % 500}", "1", f"No:SF{1_000_000_000_000 + n}", "顺丰速运",
            f"备注 {n}", "2", "晴木家居天猫店",
        ]  # fmt: skip


def write(path: Path, count: int) -> None:
    if path.suffix == ".csv":
        with path.open("w", encoding="gb18030", newline="") as file:
            csv.writer(file).writerows([NAMES, *rows(count)])
        return
    write_workbook(path, chain([list(NAMES)], rows(count)))


def write_workbook(path: Path, table: Iterable[list[str]]) -> None:
    """With the texts in a table that the cells share, as spreadsheet programs and the platforms write them.

    The library that we read with writes each text into its cell, which is the easier case.
    """
    places: dict[str, int] = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in PARTS_OF_A_WORKBOOK.items():
            book.writestr(name, text)
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode())
            for number, row in enumerate(table, 1):
                cells = "".join(f'<c t="s"><v>{places.setdefault(text, len(places))}</v></c>' for text in row)
                sheet.write(f'<row r="{number}">{cells}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")
        with book.open("xl/sharedStrings.xml", "w", force_zip64=True) as texts:
            texts.write(f'<sst xmlns="{MAIN}">'.encode())
            for text in places:
                texts.write(f"<si><t>{escape(text)}</t></si>".encode())
            texts.write(b"</sst>")


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PARTS_OF_A_WORKBOOK = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPE}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="1" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
}


def measure(path: Path) -> dict[str, float]:
    """Import the file in this process; seconds of each part, and the memory at the beginning and at its peak."""
    from django.core.files.uploadedfile import TemporaryUploadedFile
    from django.utils import timezone

    from complaints.intake import reading
    from complaints.models import Order, Shop
    from complaints.operations import import_jobs

    shop, _new = Shop.objects.get_or_create(code="bench", defaults={"name": "晴木家居天猫店", "platform": "taobao"})
    Order.objects.filter(shop=shop).count()
    before = memory.peak_mb()
    upload = TemporaryUploadedFile(path.name, "text/csv", path.stat().st_size, None)
    with path.open("rb") as file:
        while chunk := file.read(1 << 16):
            upload.write(chunk)
    upload.seek(0)
    marks = [time.perf_counter()]
    began = time.process_time()
    job = import_jobs.add(reading.take(upload, shop, user=None), now=timezone.now())
    marks.append(time.perf_counter())
    _work(job, lambda: job.rows_total is None)
    marks.append(time.perf_counter())
    _work(job, lambda: job.state == "previewing")
    marks.append(time.perf_counter())
    import_jobs.start(job.pk, now=timezone.now())
    _work(job, lambda: job.state == "running")
    marks.append(time.perf_counter())
    assert (job.state, job.created) == ("done", job.rows_total), (job.state, job.problem, job.created)
    cpu = time.process_time() - began
    parts = {name: end - start for name, start, end in zip(PARTS, marks, marks[1:], strict=False)}
    return parts | {"cpu": cpu, "before": before, "peak": memory.peak_mb()}


def _work(job: Any, wanted: Callable[[], bool]) -> None:
    """A slice after the other, as long as it is wanted."""
    from django.utils import timezone

    from complaints.intake import running

    job.refresh_from_db()
    while wanted():
        running.go_on(now=timezone.now())
        job.refresh_from_db()


def _in_a_process_of_its_own(path: Path, environment: dict[str, str]) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.intake.files", "--one", str(path)],
        env=os.environ | environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(found: dict[tuple[str, int], dict[str, float]]) -> str:
    lines = [
        "| file | rows | upload s | read s | judge s | write s "
        "| rows/s | rows per CPU second | memory MB | of it the import |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for (kind, count), one in found.items():
        whole = sum(one[name] for name in PARTS)
        parts = " | ".join(f"{one[name]:.1f}" for name in PARTS)
        lines.append(
            f"| {kind} | {count:,} | {parts} | {count / whole:,.0f} | {count / one['cpu']:,.0f} "
            f"| {one['peak']:.0f} | {one['peak'] - one['before']:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--one", type=Path, help="import this file and print what it took")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the figures into this page")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    if options.one:
        print(json.dumps(measure(options.one)))
        return
    from benchmarks import report

    found: dict[tuple[str, int], dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in options.sizes:
            for kind in ("csv", "xlsx"):
                path = Path(folder) / f"orders-{count}.{kind}"
                # In a process of its own, for the texts of a workbook are in memory until they are written.
                subprocess.run([sys.executable, "-c", _WRITER, str(path), str(count)], check=True)
                found[kind, count] = _measured(path, Path(folder) / f"desk-{kind}-{count}")
                print(table({(kind, count): found[kind, count]}).splitlines()[-1], flush=True)
    text = f"{report.machine()}\n\n{table(found)}"
    print(text)
    if options.write:
        report.write(options.write, "files", text)
    worst = max(one["peak"] for one in found.values())
    sys.exit(0 if worst <= LIMIT_MB else f"{worst:.0f} MB, more than {LIMIT_MB}")


_WRITER = """
import sys; from pathlib import Path; from benchmarks.intake.files import write
write(Path(sys.argv[1]), int(sys.argv[2]))
"""


def _measured(path: Path, var: Path) -> dict[str, float]:
    """On the database of the environment, emptied of what this benchmark wrote; else on an SQLite file of its own."""
    environment: dict[str, Any] = {"AMENDS_VAR": str(var), "AMENDS_ENV_FILE": ""}
    var.mkdir()
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], env=os.environ | environment, check=True, capture_output=True
    )
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", _EMPTY], env=os.environ | environment, check=True,
        capture_output=True,
    )  # fmt: skip
    return _in_a_process_of_its_own(path, environment)


_EMPTY = """
from complaints.models import Customer, ImportJob, Order, OrderLine
OrderLine.objects.filter(order__shop__code="bench").delete()
Order.objects.filter(shop__code="bench").delete()
Customer.objects.filter(orders=None, complaints=None).delete()
ImportJob.objects.filter(shop__code="bench").delete()
"""

if __name__ == "__main__":
    main()
