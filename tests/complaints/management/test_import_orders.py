import csv
import stat
from collections.abc import Callable, Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from complaints.intake import importing
from complaints.management.commands import import_orders
from complaints.models import Customer, Order, OrderLine, Shop
from complaints.operations import orders
from complaints.operations.orders import Written
from followups.demo import exports
from followups.demo.company import read
from tests.factories.exports import DOUYIN, PDD, TAOBAO, TMALL_REFUND, csv_bytes, xlsx_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def shops() -> dict[str, Shop]:
    rows = [
        ("qm-tm", "晴木家居天猫店", "taobao"),
        ("qm-pdd", "晴木家居拼多多店", "pdd"),
        ("qm-dy", "晴木抖音店", "douyin"),
    ]
    return {code: Shop.objects.create(code=code, name=name, platform=platform) for code, name, platform in rows}


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Path]:
    """Write rows, or bytes, to a file of this name."""

    def write(name: str, *rows: Any, make: Callable[..., bytes] = csv_bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(rows[0] if isinstance(rows[0], bytes) else make(rows))
        return path

    return write


def run(*args: Any) -> tuple[str, str]:
    """What the command writes to stdout and stderr."""
    out, err = StringIO(), StringIO()
    call_command("import_orders", *map(str, args), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


# ------------------------------------------------------------------ what goes in


def test_orders_of_three_platforms_go_to_their_shops(shops: dict[str, Shop], export: Callable[..., Path]) -> None:
    out, err = run(
        export("taobao.csv", csv_bytes([TAOBAO], encoding="gb18030")),
        export("pdd.csv", PDD),
        export("douyin.xlsx", DOUYIN, make=xlsx_bytes),
    )
    assert out.splitlines() == [
        "taobao.csv → 晴木家居天猫店 (Taobao / Tmall orders): 1 new, 0 changed, 0 unchanged; 0 rows refused",
        "pdd.csv → 晴木家居拼多多店 (Pinduoduo orders): 1 new, 0 changed, 0 unchanged; 0 rows refused",
        "douyin.xlsx → 晴木抖音店 (Douyin orders): 1 new, 0 changed, 0 unchanged; 0 rows refused",
    ]
    assert err == ""
    assert set(Order.objects.values_list("number", "shop__code")) == {
        ("4100123456789012345", "qm-tm"),
        ("261118-126283164610251", "qm-pdd"),
        ("6912576842106333031", "qm-dy"),
    }


def test_masked_people_are_not_stored(shops: dict[str, Shop], export: Callable[..., Path]) -> None:
    run(export("douyin.csv", DOUYIN), export("taobao.csv", {**TAOBAO, "收货人姓名": "郑**", "联系手机": "138****0007"}))
    customer = Customer.objects.get()
    assert (customer.buyer, customer.name, customer.phone) == ("豆浆不加糖", None, None)


def test_demo_exports_are_read_to_the_last_order(shops: dict[str, Shop], tmp_path: Path, now: datetime) -> None:
    Shop.objects.all().delete()
    company = read("company.json")
    for shop in company["shops"]:
        Shop.objects.create(code=shop["code"], name=shop["name"], platform=shop["platform"])
    material = {"now": now, "company": company, "products": read("products.json"), "buyers": read("buyers.json")}
    paths = exports.write_exports(tmp_path, rng=Random(1), **material)
    planned = exports.plan_orders(rng=Random(1), **material)
    _out, err = run(*paths)
    assert err == ""
    wanted = {(code, order.number) for code, found in planned.items() for order in found}
    assert set(Order.objects.values_list("shop__code", "number")) == wanted
    for order in (order for found in planned.values() for order in found):
        pieces = OrderLine.objects.filter(order__number=order.number).values_list("quantity", flat=True)
        assert sum(pieces) == order.quantity
    stored = [*Order.objects.values(), *OrderLine.objects.values()]
    run(*paths)
    assert [*Order.objects.values(), *OrderLine.objects.values()] == stored


def test_same_file_twice_changes_nothing(shops: dict[str, Shop], export: Callable[..., Path]) -> None:
    path = export("pdd.csv", PDD, {**PDD, "订单号": "261118-2", "订单成交时间": ""})
    run(path)
    before = [*Order.objects.values(), *OrderLine.objects.values()]
    out, _err = run(path)
    assert "0 new, 0 changed, 2 unchanged" in out
    assert [*Order.objects.values(), *OrderLine.objects.values()] == before


def test_later_export_counts_as_changed(shops: dict[str, Shop], export: Callable[..., Path]) -> None:
    run(export("pdd.csv", PDD))
    out, _err = run(export("pdd.csv", {**PDD, "订单状态": "已收货", "快递单号": "****"}))
    assert "0 new, 1 changed, 0 unchanged" in out
    assert Order.objects.values_list("status", "tracking_number").get() == ("已收货", "YT8962646785389")


def test_many_orders_go_in_batches(
    shops: dict[str, Shop], export: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    def write(shop: Shop, snapshots: list[Any], *, now: datetime) -> Written:
        sizes.append(len(snapshots))
        return orders.write_orders(shop, snapshots, now=now)

    monkeypatch.setattr(importing, "write_orders", write)
    out, _err = run(export("pdd.csv", *({**PDD, "订单号": f"261118-{place}"} for place in range(1201))))
    assert sizes == [500, 500, 201]
    assert "1201 new" in out


# ------------------------------------------------------------------ bad rows


def test_bad_rows_are_named_and_the_others_are_imported(shops: dict[str, Shop], export: Callable[..., Path]) -> None:
    path = export("pdd.csv", PDD, {**PDD, "订单号": "4.1E+18"}, {**PDD, "订单号": "261118-2", "发货时间": "昨天"})
    out, err = run(path)
    assert out.endswith("1 new, 0 changed, 0 unchanged; 2 rows refused\n")
    lines = err.splitlines()
    assert lines[0].startswith("pdd.csv, row 3: 订单号: A spreadsheet program has rounded this number (4.1E+18)")
    assert lines[1] == "pdd.csv, row 4: 发货时间: “昨天” is not a time like 2026-11-20 10:30:00."
    assert len(lines) == 2


def test_after_a_hundred_bad_rows_the_rest_is_counted(shops: dict[str, Shop], export: Callable[..., Path]) -> None:
    bad = [{**PDD, "订单号": f"261118-{place}", "发货时间": "昨天"} for place in range(150)]
    out, err = run(export("pdd.csv", PDD, *bad))
    assert "150 rows refused" in out
    assert len(err.splitlines()) == 101


def test_nothing_readable_is_an_error(shops: dict[str, Shop], export: Callable[..., Path]) -> None:
    with pytest.raises(CommandError, match="No row could be read") as caught:
        run(export("pdd.csv", {**PDD, "订单号": ""}))
    assert caught.value.returncode == 1


def test_file_without_orders_is_no_error(shops: dict[str, Shop], export: Callable[..., Path]) -> None:
    out, err = run(export("pdd.csv", csv_bytes([PDD]).splitlines()[0]))
    assert (out, err) == ("pdd.csv: there are no orders in this file.\n", "")


def test_refused_rows_are_written_to_be_mended(
    shops: dict[str, Shop], export: Callable[..., Path], tmp_path: Path
) -> None:
    bad = {
        **PDD,
        "订单号": "261118-2",
        "发货时间": "昨天",
        "商品": "=HYPERLINK(0)",
        "商家备注": "+1",
        "商品id": "4100123456789012345",
    }
    errors = tmp_path / "refused.csv"
    _out, err = run(export("pdd.csv", PDD, bad), "--errors", errors)
    assert f"The refused rows are in {errors}." in err
    assert errors.read_bytes().startswith(b"\xef\xbb\xbf")
    assert stat.S_IMODE(errors.stat().st_mode) == 0o600
    with errors.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["File"], row["Row"]) == ("pdd.csv", "3")
    assert row["What is wrong"] == "发货时间: “昨天” is not a time like 2026-11-20 10:30:00."
    assert (row["商品"], row["商家备注"], row["商品id"]) == ("'=HYPERLINK(0)", "'+1", "\t4100123456789012345")

    errors.write_text(errors.read_text("utf-8-sig").replace("昨天", "2026-11-19 08:00:00", 2), "utf-8-sig")
    assert "1 new" in run(errors)[0]
    order = Order.objects.get(number="261118-2")
    assert (order.seller_note, order.lines.get().product_id) == ("+1", "4100123456789012345")


def test_refused_rows_of_several_files_share_a_table(
    shops: dict[str, Shop], export: Callable[..., Path], tmp_path: Path
) -> None:
    errors = tmp_path / "refused.csv"
    first = export("1.csv", PDD, {**PDD, "订单号": "x"})
    second = export("2.csv", DOUYIN, {**DOUYIN, "订单应付金额": "?", "主订单编号": "69999"})
    run(first, second, "--errors", errors)
    with errors.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["File"], row["订单号"], row["主订单编号"]) for row in rows] == [
        ("1.csv", "x", ""),
        ("2.csv", "", "69999"),
    ]


def test_no_refused_rows_leave_an_empty_table(
    shops: dict[str, Shop], export: Callable[..., Path], tmp_path: Path
) -> None:
    errors = tmp_path / "refused.csv"
    errors.write_text("left from last week")
    _out, err = run(export("pdd.csv", PDD), "--errors", errors)
    assert err == ""
    assert len(errors.read_text("utf-8-sig").splitlines()) == 1


def test_refused_rows_never_overwrite_the_export(shops: dict[str, Shop], export: Callable[..., Path]) -> None:
    path = export("pdd.csv", PDD)
    with pytest.raises(CommandError, match="being imported"):
        run(path, "--errors", path.parent / "." / path.name)
    assert path.read_bytes() == csv_bytes([PDD])


def test_unwritable_place_for_refused_rows_is_named_before_the_import(
    shops: dict[str, Shop], export: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        run(export("pdd.csv", PDD), "--errors", tmp_path / "no folder" / "refused.csv")
    assert not Order.objects.exists()


# ------------------------------------------------------------------ what cannot be imported


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "old .xls format"),
        (b"PK\x03\x04", "damaged"),
        (b"<html></html>", "web page"),
        (b"a,\0b", "binary data"),
        (b"a,b,c\n1,2,3\n", "first columns are a, b, c"),
        (csv_bytes([TMALL_REFUND], encoding="gb18030"), "after-sales cases"),
        (csv_bytes([PDD])[:-1] + '"未完'.encode(), "cut off"),
    ],
)
def test_unreadable_file_is_one_sentence(
    shops: dict[str, Shop], export: Callable[..., Path], content: bytes, sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence) as caught:
        run(export("orders.csv", content))
    assert caught.value.returncode == 1
    assert "\n" not in str(caught.value)
    assert "orders.csv" in str(caught.value)


def test_missing_file_and_folder_are_one_sentence(shops: dict[str, Shop], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no such file"):
        run(tmp_path / "no.csv")
    with pytest.raises(CommandError, match="not a file"):
        run(tmp_path)


def test_nothing_is_written_when_one_of_the_files_is_unreadable(
    shops: dict[str, Shop], export: Callable[..., Path]
) -> None:
    with pytest.raises(CommandError, match=r"bad\.csv"):
        run(export("good.csv", PDD), export("bad.csv", b""))
    assert not Order.objects.exists()


# ------------------------------------------------------------------ which shop


def test_shop_is_the_one_that_the_file_names(shops: dict[str, Shop], export: Callable[..., Path]) -> None:
    other = Shop.objects.create(code="qm-2", name="晴木家居二店", platform="taobao")
    run(export("taobao.csv", {**TAOBAO, "店铺名称": "晴木家居二店"}))
    assert Order.objects.get().shop == other


def test_shop_can_be_named(shops: dict[str, Shop], export: Callable[..., Path]) -> None:
    closed = Shop.objects.create(code="qm-2", name="晴木家居二店", platform="taobao", active=False)
    run(export("taobao.csv", TAOBAO), "--shop", "qm-2")
    assert Order.objects.get().shop == closed


def test_only_active_shop_of_the_platform_is_taken(shops: dict[str, Shop], export: Callable[..., Path]) -> None:
    Shop.objects.create(code="closed", name="关了的店", platform="pdd", active=False)
    run(export("pdd.csv", PDD))
    assert Order.objects.get().shop == shops["qm-pdd"]


@pytest.mark.parametrize(
    ("rows", "args", "sentence"),
    [
        ([PDD], [], "does not tell which shop"),
        ([PDD], ["--shop", "nowhere"], "no shop with the code “nowhere”"),
        ([PDD], ["--shop", "qm-tm"], "on another platform"),
        (
            [{**PDD, "店铺名称": "晴木家居拼多多店"}, {**PDD, "店铺名称": "另一家", "订单号": "261118-2"}],
            [],
            "several shops: 另一家, 晴木家居拼多多店",
        ),
    ],
)
def test_unclear_shop_is_asked_for_with_the_codes(
    shops: dict[str, Shop], export: Callable[..., Path], rows: list[Any], args: list[str], sentence: str
) -> None:
    Shop.objects.create(code="qm-pdd2", name="二店", platform="pdd")
    with pytest.raises(CommandError, match=sentence) as caught:
        run(export("pdd.csv", *rows), *args)
    assert "qm-pdd (晴木家居拼多多店), qm-pdd2 (二店)" in str(caught.value)
    assert not Order.objects.exists()


def test_platform_without_a_shop_is_named(export: Callable[..., Path]) -> None:
    with pytest.raises(CommandError, match="no active shop for this file"):
        run(export("pdd.csv", PDD))


def test_layout_can_be_named(shops: dict[str, Shop], export: Callable[..., Path]) -> None:
    run(export("pdd.csv", PDD), "--layout", "pdd_order")
    with pytest.raises(CommandError, match="Columns are missing"):
        run(export("pdd.csv", PDD), "--layout", "douyin_order")
    with pytest.raises(CommandError, match="taobao_order_list"):
        run(export("pdd.csv", PDD), "--layout", "jd")


# ------------------------------------------------------------------ at the terminal


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_terminal_shows_a_line_that_is_drawn_anew(shops: dict[str, Shop], export: Callable[..., Path]) -> None:
    out = Terminal()
    path = export("pdd.csv", *({**PDD, "订单号": f"261118-{place}"} for place in range(600)))
    call_command("import_orders", str(path), stdout=out, stderr=StringIO(), no_color=True)
    assert "\r\x1b[Kpdd.csv: looked through 500 rows\r\x1b[K" in out.getvalue()
    assert "\r\x1b[Kpdd.csv: 83 %, 500 of 600 rows" in out.getvalue()
    assert out.getvalue().rpartition("\r\x1b[K")[2].startswith("pdd.csv → ")


def test_interrupted_import_says_what_is_in_and_how_to_go_on(
    shops: dict[str, Shop], export: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def write(shop: Shop, snapshots: list[Any], *, now: datetime) -> Written:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return orders.write_orders(shop, snapshots, now=now)

    monkeypatch.setattr(importing, "write_orders", write)
    path = export("pdd.csv", *({**PDD, "订单号": f"261118-{place}"} for place in range(600)))
    with pytest.raises(CommandError, match="start again to go on") as caught:
        run(path)
    assert caught.value.returncode == import_orders.INTERRUPTED
    assert Order.objects.count() == 500
    assert "100 new, 0 changed, 500 unchanged" in run(path)[0]


def test_sentences_are_in_the_language_of_the_desk(shops: dict[str, Shop], export: Callable[..., Path]) -> None:
    with translation.override("zh-hans"), pytest.raises(CommandError, match="空"):
        run(export("orders.csv", b""))


def test_unreadable_permissions_are_one_sentence(
    shops: dict[str, Shop], export: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = export("pdd.csv", PDD)

    def refused(*arguments: Any, **options: Any) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    # Root may read everything, so the refusal is the file system's word, not its deed.
    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(CommandError, match="cannot be opened"):
        run(path)
