from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from complaints.intake import cells, order_files, rows, snapshots
from complaints.intake.layouts import LAYOUTS, recognise
from complaints.intake.order_files import OrderFile, Refusal, open_order_file
from complaints.intake.problem import Problem
from complaints.operations.customers import Person
from complaints.operations.orders import OrderSnapshot
from tests.factories.exports import (
    DOUYIN,
    DOUYIN_AFTERSALE,
    PDD,
    TAOBAO,
    TMALL_REFUND,
    csv_bytes,
    csv_text,
    workbook_bytes,
    xlsx_bytes,
)


def snapshots_of(file: OrderFile) -> list[OrderSnapshot]:
    return [entry.snapshot for entry in file.entries() if entry.snapshot]


def refusals_of(file: OrderFile) -> list[Refusal]:
    return [refusal for entry in file.entries() for refusal in entry.refusals]


def findings_of(file: OrderFile) -> list[tuple[int, str, type[Problem]]]:
    return [(found.row, each.column, type(each.problem)) for found in refusals_of(file) for each in found.findings]


def only(*rows: dict[str, Any], **options: Any) -> OrderSnapshot:
    (snapshot,) = snapshots_of(open_order_file(csv_bytes(rows, **options)))
    return snapshot


# ------------------------------------------------------------------ what each platform tells


def test_taobao_order() -> None:
    order = only(TAOBAO, encoding="gb18030")
    assert order.number == "4100123456789012345"
    assert order.person == Person(buyer="豆浆不加糖", name="郑凯文", phone="13800000007")
    assert (order.status, order.after_sales, order.seller_note) == ("卖家已发货，等待买家确认", "", "")
    assert order.paid_amount == Decimal("118.00")
    assert order.placed_at == datetime(2026, 11, 18, 1, 30, tzinfo=UTC)
    assert order.paid_at == datetime(2026, 11, 18, 1, 30, 41, tzinfo=UTC)
    assert (order.courier, order.tracking_number) == ("顺丰速运", "SF1384496319378")
    (line,) = order.lines
    assert (line.title, line.quantity, line.amount) == ("骨瓷餐具套装", 2, Decimal("128.00"))


def test_pdd_order() -> None:
    order = only(PDD)
    assert order.number == "261118-126283164610251"
    assert not order.person.known
    assert order.after_sales == "无售后或售后取消"
    assert order.placed_at == order.paid_at == datetime(2026, 11, 18, 12, 15, 9, tzinfo=UTC)
    assert (order.shipped_at, order.received_at) == (datetime(2026, 11, 19, 0, 0, tzinfo=UTC), None)
    (line,) = order.lines
    assert (line.product_id, line.variant, line.seller_code) == ("405617729483", "5卷共100只", "QM-LJD-5")
    assert (line.quantity, line.amount, order.paid_amount) == (1, Decimal("15.90"), Decimal("12.90"))


def test_pdd_order_without_its_time_is_dated_by_its_number() -> None:
    order = only({**PDD, "订单成交时间": ""})
    assert (order.placed_at, order.paid_at) == (None, None)
    assert order.placed_about == datetime(2026, 11, 17, 16, tzinfo=UTC)


def test_number_without_a_date_dates_nothing() -> None:
    assert only({**PDD, "订单号": "269918-126283164610251"}).placed_about is None


def test_douyin_order_with_encrypted_receiver() -> None:
    order = only(DOUYIN)
    assert order.number == "6912576842106333031"
    assert not order.person.known
    assert (order.after_sales, order.seller_note, order.received_at) == ("", "", None)
    assert (order.courier, order.tracking_number) == ("中通快递", "73610555582883")
    (line,) = order.lines
    assert (line.number, line.seller_code, line.amount) == ("6912576842106333031", "HX-FZ-1000", Decimal("69.90"))


def test_person_of_douyin_is_taken_when_it_is_readable() -> None:
    order = only({**DOUYIN, "收件人": "王小明", "收件人手机号": "13800000007"})
    assert order.person == Person(name="王小明", phone="13800000007")


@pytest.mark.parametrize(("row", "status"), [(TAOBAO, "等待买家付款"), (PDD, "待支付"), (DOUYIN, "待支付")])
def test_order_that_waits_for_its_payment_has_paid_nothing(row: dict[str, Any], status: str) -> None:
    assert only({**row, "订单状态": status}).paid_amount == 0


def test_phone_comes_from_the_second_column_when_the_first_is_empty() -> None:
    assert only({**TAOBAO, "联系手机": "", "联系电话": "0571-88000000"}).person.phone == "0571-88000000"


def test_long_texts_are_cut_to_what_the_table_holds() -> None:
    order = only(
        {
            **TAOBAO,
            "宝贝标题": "长" * 400,
            "订单备注": "注" * 600,
            "物流单号": ";".join(["SF1384496319378"] * 1 + ["YT1"] * 60),
        }
    )
    assert (len(order.lines[0].title), len(order.seller_note)) == (300, 500)
    assert order.lines[0].title.endswith("…")
    assert len(order.tracking_number) == 120


# ------------------------------------------------------------------ several products


def test_merged_sub_orders_become_lines() -> None:
    order = only(
        {
            **DOUYIN,
            "子订单编号": "\t691;692",
            "选购商品": "凤爪;草莓脆",
            "商品规格": "辣;甜",
            "商家编码": "A;B",
            "商品数量": "2",
        }
    )
    assert [(line.number, line.title, line.variant, line.seller_code, line.quantity) for line in order.lines] == [
        ("691", "凤爪", "辣", "A", 1),
        ("692", "草莓脆", "甜", "B", 1),
    ]
    assert [line.amount for line in order.lines] == [None, None]
    assert order.paid_amount == Decimal("69.90")


@pytest.mark.parametrize(("stated", "quantities"), [("5", [4, 1]), ("3;2", [3, 2]), ("1", [1, 1]), ("", [1, 1])])
def test_pieces_of_merged_lines_add_up_to_what_is_stated(stated: str, quantities: list[int]) -> None:
    order = only({**DOUYIN, "子订单编号": "691;692", "选购商品": "凤爪;草莓脆", "商品数量": stated})
    assert [line.quantity for line in order.lines] == quantities


def test_title_that_does_not_divide_stays_one_line() -> None:
    order = only({**DOUYIN, "子订单编号": "691;692", "选购商品": "凤爪;草莓脆;赠品", "商品数量": "3"})
    assert [(line.number, line.title, line.quantity) for line in order.lines] == [("691;692", "凤爪;草莓脆;赠品", 3)]


def test_taobao_titles_divide_when_they_are_as_many_as_the_kinds() -> None:
    merged = {**TAOBAO, "宝贝标题": "餐具，加湿器", "宝贝种类": "2", "宝贝总数量": "2"}
    assert [line.title for line in only(merged).lines] == ["餐具", "加湿器"]
    assert [line.title for line in only({**merged, "宝贝种类": "1"}).lines] == ["餐具，加湿器"]


def test_rows_of_one_order_become_its_lines_and_their_amounts_add_up() -> None:
    second = {
        **DOUYIN,
        "子订单编号": "\t692",
        "选购商品": "草莓脆",
        "订单应付金额": "30.10",
        "快递信息": "YT1-圆通速递",
    }
    order = only(DOUYIN, second)
    assert [line.title for line in order.lines] == ["柠檬脱骨凤爪", "草莓脆"]
    assert order.paid_amount == Decimal("100.00")
    assert (order.tracking_number, order.courier) == ("73610555582883;YT1", "中通快递 / 圆通速递")


def test_different_states_of_sub_orders_are_all_told() -> None:
    second = {**DOUYIN, "子订单编号": "692", "订单状态": "待发货", "发货时间": "-"}
    order = only(DOUYIN, second)
    assert order.status == "已发货 / 待发货"
    assert order.shipped_at == datetime(2026, 11, 19, 2, tzinfo=UTC)


@pytest.mark.parametrize("row", [TAOBAO, PDD, DOUYIN])
def test_row_that_occurs_twice_counts_once(row: dict[str, Any]) -> None:
    order = only(row, row)
    assert len(order.lines) == 1
    assert order == only(row)


def test_rows_of_an_order_find_each_other_across_the_file() -> None:
    others = [{**DOUYIN, "主订单编号": f"69{number:017d}"} for number in range(700)]
    second = {**DOUYIN, "子订单编号": "692", "选购商品": "草莓脆"}
    found = snapshots_of(open_order_file(csv_bytes([DOUYIN, *others, second])))
    assert len(found) == 701
    assert [len(order.lines) for order in found if order.number == "6912576842106333031"] == [2]


# ------------------------------------------------------------------ headers


def test_full_width_signs_and_blanks_in_a_header_make_no_difference() -> None:
    wide = str.maketrans({"(": "（", ")": "）"})
    row = {f" {name.translate(wide)}\t": value for name, value in PDD.items()}
    assert only(row) == only(PDD)


def test_header_may_stand_below_blank_lines_and_a_title() -> None:
    text = "\r\n\r\n店铺订单导出\r\n" + csv_text([TAOBAO])
    file = open_order_file(text.encode())
    assert file.header_row == 4
    assert len(snapshots_of(file)) == 1


def test_columns_may_stand_in_any_order_with_others_between() -> None:
    row = {"序号": "1", **dict(reversed(DOUYIN.items())), "备用": "x"}
    assert only(row) == only(DOUYIN)


def test_optional_columns_may_be_missing() -> None:
    order = only({"订单编号": "4100123456789012345", "订单状态": "交易成功", "宝贝标题": "杯"})
    assert (order.status, order.paid_amount, order.placed_at) == ("交易成功", None, None)


@pytest.mark.parametrize("row", [TMALL_REFUND, DOUYIN_AFTERSALE])
@pytest.mark.parametrize("make", [csv_bytes, xlsx_bytes])
def test_after_sales_files_are_no_orders(row: dict[str, Any], make: Callable[..., bytes]) -> None:
    with pytest.raises(order_files.AfterSalesFile):
        open_order_file(make([row]))


def test_unknown_columns_are_named() -> None:
    with pytest.raises(order_files.UnknownLayout) as caught:
        open_order_file("日期,金额\n1,2\n".encode())
    assert "日期" in caught.value.text


def test_layout_can_be_named() -> None:
    assert open_order_file(csv_bytes([PDD]), layout="pdd_order").layout.name == "pdd_order"
    with pytest.raises(order_files.ColumnsMissing) as caught:
        open_order_file(csv_bytes([PDD]), layout="douyin_order")
    assert "主订单编号" in caught.value.text
    with pytest.raises(order_files.UnknownLayoutName):
        open_order_file(csv_bytes([PDD]), layout="jd")


def test_every_layout_knows_its_own_header() -> None:
    for layout in LAYOUTS.values():
        assert recognise(layout.signature) is layout
        names = {name for column in layout.columns for name in column.names}
        assert not layout.holds_orders or names.issuperset(layout.signature)


def test_orders_may_be_on_a_later_table_of_a_workbook() -> None:
    content = workbook_bytes([["说明"], ["请勿修改"]], [list(PDD), list(PDD.values())])
    assert len(snapshots_of(open_order_file(content))) == 1


def test_header_without_rows_holds_no_orders() -> None:
    file = open_order_file(csv_text([PDD]).splitlines()[0].encode())
    assert (file.rows, list(file.entries())) == (0, [])


def test_blank_rows_are_left_out() -> None:
    text = csv_text([PDD]) + "\r\n" + "," * (len(PDD) - 1) + "\r\n"
    file = open_order_file(text.encode())
    assert (file.rows, findings_of(file)) == (1, [])


# ------------------------------------------------------------------ workbooks


def test_workbook_tells_the_same_as_the_text() -> None:
    for row in (TAOBAO, PDD, DOUYIN):
        (order,) = snapshots_of(open_order_file(xlsx_bytes([row])))
        assert order == only(row)


def test_typed_cells_of_a_workbook() -> None:
    row = {
        **PDD,
        "订单成交时间": datetime(2026, 11, 18, 20, 15, 9),
        "商品id": 405617729483,
        "商品数量(件)": 1,
        "商品总价(元)": 15.9,
        "用户实付金额(元)": 12.9,
    }
    (order,) = snapshots_of(open_order_file(xlsx_bytes([row])))
    assert order == only(PDD)


def test_numeric_order_number_is_refused_in_its_row_alone() -> None:
    file = open_order_file(
        xlsx_bytes([TAOBAO, {**TAOBAO, "订单编号": 4100123456789012345.0}, {**TAOBAO, "订单编号": "77777"}])
    )
    assert findings_of(file) == [(3, "订单编号", cells.DigitsLost)]
    assert [order.number for order in snapshots_of(file)] == ["4100123456789012345", "77777"]


def test_tracking_number_that_lost_its_digits_is_refused() -> None:
    file = open_order_file(csv_bytes([{**TAOBAO, "物流单号": "7.3610555582883E+13"}]))
    assert findings_of(file) == [(2, "物流单号", cells.DigitsLost)]


def test_file_whose_long_numbers_all_end_in_zeros_was_saved_by_a_spreadsheet() -> None:
    rounded = [{**TAOBAO, "订单编号": f"41001234567890{digit}0000"} for digit in range(1, 4)]
    assert [problem for _row, _column, problem in findings_of(open_order_file(csv_bytes(rounded)))] == [
        cells.DigitsLost
    ] * 3
    assert findings_of(open_order_file(csv_bytes([*rounded, TAOBAO]))) == []


# ------------------------------------------------------------------ bad rows


def test_bad_rows_are_named_by_row_column_and_reason() -> None:
    bad = [
        {**TAOBAO, "订单编号": "100000001", "订单创建时间": "昨天", "买家实际支付金额": "很多"},
        {**TAOBAO, "订单编号": ""},
        {**TAOBAO, "订单编号": "合计"},
        {**TAOBAO, "订单编号": "4.1E+18"},
    ]
    file = open_order_file(csv_bytes([TAOBAO, *bad, {**TAOBAO, "订单编号": "100000002"}]))
    assert findings_of(file) == [
        (3, "买家实际支付金额", cells.NotAnAmount),
        (3, "订单创建时间", cells.NotATime),
        (4, "订单编号", rows.NumberMissing),
        (5, "订单编号", cells.NotAnIdentifier),
        (6, "订单编号", cells.DigitsLost),
    ]
    assert [order.number for order in snapshots_of(file)] == ["4100123456789012345", "100000002"]
    assert all(refusal.cells for refusal in refusals_of(file))


def test_order_with_a_bad_row_is_refused_whole() -> None:
    second = {**DOUYIN, "子订单编号": "692", "订单应付金额": "?"}
    file = open_order_file(csv_bytes([DOUYIN, second, {**DOUYIN, "主订单编号": "69999"}]))
    assert findings_of(file) == [(2, "", order_files.SiblingRefused), (3, "订单应付金额", cells.NotAnAmount)]
    assert [order.number for order in snapshots_of(file)] == ["69999"]


@pytest.mark.parametrize(("change", "problem"), [(-3, rows.RowCutShort), (1, rows.RowTooLong)])
def test_row_of_another_width_is_refused(change: int, problem: type[Problem]) -> None:
    header, row = csv_text([PDD, {**PDD, "订单号": "261118-2"}]).splitlines()[:2]
    row = ",".join(row.split(",")[:change]) if change < 0 else f"{row},x"
    file = open_order_file(f"{header}\n{row}\n".encode())
    assert findings_of(file) == [(2, "", problem)]


def test_empty_cells_behind_the_header_do_no_harm() -> None:
    header, row = csv_text([PDD]).splitlines()
    assert len(snapshots_of(open_order_file(f"{header}\n{row},,\n".encode()))) == 1
    assert len(snapshots_of(open_order_file(f"{header},,\n{row}\n".encode()))) == 1


def test_order_of_too_many_products_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "MOST_LINES", 2)
    many = [{**DOUYIN, "子订单编号": str(number)} for number in range(3)]
    file = open_order_file(csv_bytes(many))
    assert [problem for _row, _column, problem in findings_of(file)] == [
        snapshots.TooManyLines,
        order_files.SiblingRefused,
        order_files.SiblingRefused,
    ]


def test_amounts_that_add_up_to_too_much_are_refused() -> None:
    many = [{**DOUYIN, "子订单编号": str(number), "订单应付金额": "9999999999.99"} for number in range(2)]
    assert findings_of(open_order_file(csv_bytes(many)))[0][2] is cells.AmountTooLarge


def test_shops_that_the_file_names_are_known() -> None:
    file = open_order_file(csv_bytes([TAOBAO, {**TAOBAO, "订单编号": "77777", "店铺名称": "另一家店"}]))
    assert file.shop_names == {"晴木家居天猫店", "另一家店"}
    assert file.rows == 2
