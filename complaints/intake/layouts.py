"""The platforms' export files as data: by which columns a file is known, and which column means what.

A new layout is a new entry in LAYOUTS. Column names are written as `plain` leaves them: half-width, without blanks.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.models import Platform


class Kind(StrEnum):
    """What a cell holds, and so how it is read."""

    IDENTIFIER = "identifier"
    TEXT = "text"
    PERSONAL = "personal"
    PHONE = "phone"
    MONEY = "money"
    QUANTITIES = "quantities"
    TIME = "time"
    PARCELS = "parcels"


class Holds(StrEnum):
    """What the rows of a file are."""

    ORDERS = "orders"
    CASES = "complaints"


@dataclass(frozen=True, slots=True)
class Column:
    """A field and the columns that may hold it; where several are there, the first with a known value counts.

    `place` of a column that a person pointed at (from 0); its name may occur twice, or be missing.
    """

    field: str
    kind: Kind
    names: tuple[str, ...]
    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One kind of export file.

    `signature`: the columns that every file of this kind has. `separators`: what joins the products of an order that
    are merged into one row. `line_rows`: each row is one product, and the amounts of its rows add up. `unpaid`: states
    in which the amount to be paid has not been paid. `dated_numbers`: order numbers begin with YYMMDD. `ended`: parts
    of the states in which the platform is through with a case. `required`: the fields that a row cannot do without.
    """

    name: str
    label: Any
    platform: str
    signature: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    separators: tuple[str, ...] = ()
    line_rows: bool = False
    unpaid: tuple[str, ...] = ()
    dated_numbers: bool = False
    ended: tuple[str, ...] = ()
    required: tuple[str, ...] = ("number",)
    holds: Holds = Holds.ORDERS

    @property
    def holds_orders(self) -> bool:
        return self.holds == Holds.ORDERS

    @property
    def key(self) -> str:
        """The field that says which rows belong together."""
        return "number" if self.holds_orders else "case"


def _column(field: str, kind: Kind, *names: str) -> Column:
    return Column(field, kind, names)


TAOBAO_ORDERS = Layout(
    name="taobao_order_list",
    label=_("Taobao / Tmall orders"),
    platform=Platform.TAOBAO,
    signature=("订单编号", "订单状态", "宝贝标题"),
    separators=("，", ","),
    unpaid=("等待买家付款",),
    columns=(
        _column("number", Kind.IDENTIFIER, "订单编号"),
        _column("shop_name", Kind.TEXT, "店铺名称"),
        _column("buyer", Kind.PERSONAL, "买家会员名"),
        _column("name", Kind.PERSONAL, "收货人姓名"),
        _column("phone", Kind.PHONE, "联系手机", "联系电话"),
        _column("status", Kind.TEXT, "订单状态"),
        _column("paid_amount", Kind.MONEY, "买家实际支付金额"),
        _column("placed_at", Kind.TIME, "订单创建时间"),
        _column("paid_at", Kind.TIME, "订单付款时间"),
        _column("shipped_at", Kind.TIME, "发货时间"),
        _column("received_at", Kind.TIME, "确认收货时间"),
        _column("courier", Kind.TEXT, "物流公司"),
        _column("tracking_number", Kind.IDENTIFIER, "物流单号"),
        _column("seller_note", Kind.TEXT, "订单备注", "商家备注"),
        _column("title", Kind.TEXT, "宝贝标题"),
        _column("products", Kind.QUANTITIES, "宝贝种类"),
        _column("quantity", Kind.QUANTITIES, "宝贝总数量"),
        _column("amount", Kind.MONEY, "买家应付货款"),
    ),
)

PDD_ORDERS = Layout(
    name="pdd_order",
    label=_("Pinduoduo orders"),
    platform=Platform.PDD,
    signature=("订单号", "订单状态", "商品id"),
    line_rows=True,
    unpaid=("待支付", "待付款"),
    dated_numbers=True,
    columns=(
        _column("number", Kind.IDENTIFIER, "订单号"),
        _column("shop_name", Kind.TEXT, "店铺名称"),
        _column("name", Kind.PERSONAL, "收货人", "收件人"),
        _column("phone", Kind.PHONE, "手机", "手机号"),
        _column("status", Kind.TEXT, "订单状态"),
        _column("after_sales", Kind.TEXT, "售后状态"),
        _column("paid_amount", Kind.MONEY, "用户实付金额(元)"),
        # The deal is closed by paying: there is no other moment in this file.
        _column("placed_at", Kind.TIME, "订单成交时间"),
        _column("paid_at", Kind.TIME, "支付时间", "订单成交时间"),
        _column("shipped_at", Kind.TIME, "发货时间"),
        _column("received_at", Kind.TIME, "确认收货时间"),
        _column("courier", Kind.TEXT, "快递公司"),
        _column("tracking_number", Kind.IDENTIFIER, "快递单号"),
        _column("seller_note", Kind.TEXT, "商家备注"),
        _column("title", Kind.TEXT, "商品"),
        _column("product_id", Kind.IDENTIFIER, "商品id"),
        _column("variant", Kind.TEXT, "商品规格"),
        _column("seller_code", Kind.IDENTIFIER, "商家编码-规格维度", "商家编码-商品维度"),
        _column("quantity", Kind.QUANTITIES, "商品数量(件)"),
        _column("amount", Kind.MONEY, "商品总价(元)"),
    ),
)

DOUYIN_ORDERS = Layout(
    name="douyin_order",
    label=_("Douyin orders"),
    platform=Platform.DOUYIN,
    signature=("主订单编号", "选购商品", "订单状态"),
    separators=(";", "；"),
    line_rows=True,
    unpaid=("待支付", "待付款"),
    columns=(
        _column("number", Kind.IDENTIFIER, "主订单编号"),
        _column("shop_name", Kind.TEXT, "店铺名称"),
        _column("name", Kind.PERSONAL, "收件人"),
        _column("phone", Kind.PHONE, "收件人手机号"),
        _column("status", Kind.TEXT, "订单状态"),
        _column("after_sales", Kind.TEXT, "售后状态"),
        _column("paid_amount", Kind.MONEY, "订单应付金额"),
        _column("placed_at", Kind.TIME, "订单提交时间"),
        _column("paid_at", Kind.TIME, "支付完成时间"),
        _column("shipped_at", Kind.TIME, "发货时间"),
        _column("received_at", Kind.TIME, "订单完成时间"),
        _column("parcels", Kind.PARCELS, "快递信息"),
        _column("courier", Kind.TEXT, "快递公司"),
        _column("tracking_number", Kind.IDENTIFIER, "快递单号"),
        _column("seller_note", Kind.TEXT, "商家备注"),
        _column("line_number", Kind.IDENTIFIER, "子订单编号"),
        _column("title", Kind.TEXT, "选购商品"),
        _column("product_id", Kind.IDENTIFIER, "商品ID"),
        _column("variant", Kind.TEXT, "商品规格"),
        _column("seller_code", Kind.IDENTIFIER, "商家编码"),
        _column("quantity", Kind.QUANTITIES, "商品数量"),
        _column("amount", Kind.MONEY, "订单应付金额"),
    ),
)

ENDED = ("成功", "关闭", "完成", "完结", "取消", "撤销", "撤回")
"""In the states of after-sales cases that are over, on each of the platforms."""

TMALL_REFUNDS = Layout(
    name="tmall_refund",
    label=_("Tmall refunds"),
    platform=Platform.TAOBAO,
    signature=("退款编号", "订单编号"),
    holds=Holds.CASES,
    required=("case",),
    ended=ENDED,
    columns=(
        _column("case", Kind.IDENTIFIER, "退款编号"),
        _column("order_number", Kind.IDENTIFIER, "订单编号"),
        _column("shop_name", Kind.TEXT, "店铺名称"),
        _column("buyer", Kind.PERSONAL, "买家会员名", "买家昵称"),
        _column("status", Kind.TEXT, "退款状态"),
        _column("ended_at", Kind.TIME, "退款完结时间"),
        _column("received_at", Kind.TIME, "退款的申请时间"),
        _column("product", Kind.TEXT, "宝贝标题"),
        _column("reason", Kind.TEXT, "买家退款原因"),
        _column("text", Kind.TEXT, "买家退款说明"),
        _column("refund", Kind.MONEY, "买家退款金额"),
        _column("paid_amount", Kind.MONEY, "买家实际支付金额"),
        _column("whole", Kind.TEXT, "部分退款_全部退款"),
        _column("return", Kind.TEXT, "是否需要退货"),
        _column("goods", Kind.TEXT, "货物状态"),
        _column("intervention", Kind.TEXT, "客服介入状态"),
        _column("parcel", Kind.TEXT, "发货物流信息"),
    ),
)

DOUYIN_AFTERSALES = Layout(
    name="douyin_aftersale",
    label=_("Douyin after-sales cases"),
    platform=Platform.DOUYIN,
    signature=("售后单号", "订单号"),
    holds=Holds.CASES,
    required=("case",),
    ended=ENDED,
    columns=(
        _column("case", Kind.IDENTIFIER, "售后单号"),
        _column("order_number", Kind.IDENTIFIER, "订单号"),
        _column("line_number", Kind.IDENTIFIER, "商品单号"),
        _column("shop_name", Kind.TEXT, "店铺名称"),
        _column("status", Kind.TEXT, "售后状态"),
        _column("received_at", Kind.TIME, "售后申请时间"),
        _column("product", Kind.TEXT, "商品名称", "选购商品"),
        _column("demand", Kind.TEXT, "售后类型"),
        _column("reason", Kind.TEXT, "售后原因", "申请原因"),
        _column("text", Kind.TEXT, "售后说明", "申请说明", "问题描述"),
        _column("refund", Kind.MONEY, "退商品金额(元)"),
    ),
)

LAYOUTS = {
    layout.name: layout for layout in (TMALL_REFUNDS, DOUYIN_AFTERSALES, TAOBAO_ORDERS, PDD_ORDERS, DOUYIN_ORDERS)
}


def plain(name: Any) -> str:
    """A column name for comparison: half-width, without blanks and what spreadsheet programs put around it."""
    text = unicodedata.normalize("NFKC", str(name)) if name is not None else ""
    return "".join(text.replace("\ufeff", "").split()).removeprefix('="').removeprefix("'").removesuffix('"')


def recognise(header: Iterable[Any]) -> Layout | None:
    """The layout whose signature is in this row; after-sales files come before the orders that they quote."""
    names = {plain(name) for name in header}
    return next((layout for layout in LAYOUTS.values() if names.issuperset(layout.signature)), None)
