"""What the columns of a file can mean for us, for files that no platform's layout fits."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override, pgettext

from .layouts import ENDED, LAYOUTS, Column, Holds, Kind, Layout, plain

BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of ours that a column may fill, and by which parts of its name that is guessed, the surest first."""

    name: str
    label: Any
    kind: Kind
    guesses: tuple[str, ...]
    required: bool = False


ORDER_NUMBER = ("订单编号", "订单号", "主订单", "平台单号", "交易编号", "order number", "order no", "orderid", "订单")
BUYER = ("买家会员名", "买家昵称", "会员名", "买家id", "旺旺", "昵称", "会员", "buyer")
PERSON_NAME = ("收货人姓名", "收货人", "收件人", "姓名", "客户名", "name", "customer")
PHONE = ("手机号", "联系手机", "手机", "联系电话", "联系方式", "电话", "phone", "mobile")
PRODUCT = ("宝贝标题", "商品名称", "商品标题", "产品名称", "选购商品", "商品", "产品", "product", "item", "title")

FIELDS: dict[str, tuple[Field, ...]] = {
    Holds.ORDERS: (
        Field("number", _("order number"), Kind.IDENTIFIER, ORDER_NUMBER, required=True),
        Field("buyer", _("buyer id"), Kind.PERSONAL, BUYER),
        Field("name", _("name"), Kind.PERSONAL, PERSON_NAME),
        Field("phone", _("phone"), Kind.PHONE, PHONE),
        Field("status", _("status on the platform"), Kind.TEXT, ("订单状态", "交易状态", "状态", "status")),
        Field("after_sales", _("after-sales status"), Kind.TEXT, ("售后状态", "退款状态")),
        Field("paid_amount", _("paid"), Kind.MONEY, ("实付金额", "实际支付", "实付", "支付金额", "paid", "total")),
        Field("placed_at", _("ordered at"), Kind.TIME, ("下单时间", "创建时间", "提交时间", "订单时间", "ordered")),
        Field("paid_at", _("paid at"), Kind.TIME, ("付款时间", "支付时间", "paid at")),
        Field("shipped_at", _("shipped at"), Kind.TIME, ("发货时间", "shipped")),
        Field("received_at", _("received at"), Kind.TIME, ("收货时间", "签收时间", "完成时间", "delivered")),
        Field("courier", _("courier"), Kind.TEXT, ("快递公司", "物流公司", "承运商", "courier", "carrier")),
        Field("tracking_number", _("tracking number"), Kind.IDENTIFIER, ("快递单号", "物流单号", "运单号", "tracking")),
        Field("seller_note", _("seller's note"), Kind.TEXT, ("卖家备注", "商家备注", "订单备注", "备注", "note")),
        Field("line_number", _("sub-order number"), Kind.IDENTIFIER, ("子订单",)),
        Field("title", _("product"), Kind.TEXT, PRODUCT),
        Field("product_id", _("product id"), Kind.IDENTIFIER, ("商品id", "商品编号", "宝贝id", "product id")),
        Field("variant", _("specification"), Kind.TEXT, ("规格", "sku", "variant")),
        Field("seller_code", _("seller's code"), Kind.IDENTIFIER, ("商家编码", "货号", "款号")),
        Field("quantity", _("quantity"), Kind.QUANTITIES, ("数量", "件数", "quantity", "qty")),
        Field("amount", _("amount of the product"), Kind.MONEY, ("商品金额", "商品总价", "货款", "小计", "amount")),
    ),
    Holds.CASES: (
        Field("text", _("what the customer says"), Kind.TEXT,
              ("投诉内容", "投诉描述", "问题描述", "内容", "反馈", "描述", "说明", "description", "text", "message"),
              required=True),
        Field("title", _("title"), Kind.TEXT, ("投诉标题", "标题", "主题", "subject", "title")),
        Field("reason", _("reason"), Kind.TEXT, ("投诉原因", "退款原因", "原因", "问题类型", "类型", "reason", "type")),
        Field("demand", _("demand"), Kind.TEXT, ("诉求", "要求", "期望", "demand", "request")),
        Field("case", _("number of the case"), Kind.IDENTIFIER,
              ("投诉编号", "投诉单号", "售后单号", "退款编号", "工单号", "工单编号", "工单", "case", "ticket")),
        Field("order_number", _("order number"), Kind.IDENTIFIER, ORDER_NUMBER),
        Field("product", _("product"), Kind.TEXT, PRODUCT),
        Field("received_at", _("complained at"), Kind.TIME,
              ("投诉时间", "申请时间", "创建时间", "提交时间", "时间", "日期", "date", "created", "time")),
        Field("status", _("status on the platform"), Kind.TEXT, ("处理状态", "售后状态", "状态", "status")),
        Field("refund", _("amount demanded"), Kind.MONEY, ("退款金额", "金额", "amount")),
        Field("paid_amount", _("paid"), Kind.MONEY, ("实付金额", "实际支付", "实付", "支付金额", "paid")),
        Field("buyer", _("buyer id"), Kind.PERSONAL, BUYER),
        Field("name", _("name"), Kind.PERSONAL, PERSON_NAME),
        Field("phone", _("phone"), Kind.PHONE, PHONE),
        Field("email", _("e-mail"), Kind.PERSONAL, ("邮箱", "邮件", "email", "e-mail")),
    ),
}  # fmt: skip


def guess_kind(header: Sequence[Any]) -> str:
    """Complaints where a column looks like what somebody says, orders otherwise."""
    names = [plain(name).casefold() for name in header]
    telling = ("投诉", "售后", "退款编号", "工单", "诉求", "complaint", "ticket", "问题描述")
    return Holds.CASES if any(word in name for name in names for word in telling) else Holds.ORDERS


def guess(kind: str, header: Sequence[Any]) -> dict[str, int]:
    """Field -> column, by name: an equal name before one that holds the word; each column once."""
    names = [plain(name).casefold() for name in header]
    found: dict[str, int] = {}
    for fits in (str.__eq__, str.__contains__):
        for field in FIELDS[kind]:
            if field.name in found:
                continue
            words = [plain(word).casefold() for word in field.guesses]
            places = (place for word in words for place, name in enumerate(names) if name and fits(name, word))
            free = next((place for place in places if place not in found.values()), None)
            if free is not None:
                found[field.name] = free
    return found


def unnamed(kind: str, columns: Mapping[str, int]) -> list[Any]:
    """The labels of the required fields that no column fills."""
    return [field.label for field in FIELDS[kind] if field.required and field.name not in columns]


def layout_of(job: Any) -> Layout:
    """The platform's layout of a job, or the one that its columns make."""
    if job.layout:
        return LAYOUTS[job.layout]
    fields = {field.name: field for field in FIELDS[job.kind]}
    columns = tuple(
        Column(name, fields[name].kind, (), place=place) for name, place in job.columns.items() if name in fields
    )
    return Layout(
        name=BY_HAND,
        label=_("columns named by hand"),
        platform=job.shop.platform,
        signature=(),
        columns=columns,
        line_rows=job.several_rows,
        separators=(";", "；"),
        unpaid=("等待买家付款", "待支付", "待付款"),
        ended=ENDED,
        required=tuple(name for name, field in fields.items() if field.required),
        holds=Holds(job.kind),
    )


def signature(header: Sequence[Any]) -> str:
    """Equal for files with the same columns in the same order; what we wrote beside refused rows does not count."""
    ours = own_columns()
    names = [plain(name) for name in header]
    return hashlib.sha256("\x1f".join(name for name in names if name not in ours).encode()).hexdigest()


def own_columns() -> set[str]:
    """The names, in each language, of the columns with which refused rows are given back."""
    names = set()
    for code, _label in settings.LANGUAGES:
        with override(code):
            names |= {plain(pgettext("column", "Row")), plain(pgettext("column", "What is wrong"))}
    return names
