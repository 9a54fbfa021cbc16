"""The demo company's orders, written as the export files of three platforms.

`export_layouts.json` holds the platforms' columns and their words for a status.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random

from .company import read
from .plan import CHINA, PlannedLine, PlannedOrder, Record, plan_orders

Row = dict[str, str]


def write_exports(
    folder: Path,
    *,
    now: datetime,
    company: Record,
    products: Sequence[Record],
    buyers: Sequence[Record],
    rng: Random,
) -> list[Path]:
    """Write one export per shop into `folder` and return the paths in the order of the shops."""
    planned = plan_orders(now=now, company=company, products=products, buyers=buyers, rng=rng)
    layouts = read("export_layouts.json")
    stamp = now.astimezone(CHINA).strftime("%Y%m%d%H%M")
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for shop in company["shops"]:
        platform = shop["platform"]
        layout = layouts[platform]
        path = folder / f"{layout['file_name']}{stamp}.csv"
        rows = [row for order in planned[shop["code"]] for row in ROWS[platform](order, layout["statuses"], rng)]
        rows = [layout["constants"] | row for row in rows]
        with path.open("w", encoding=layout["encoding"], newline="") as file:
            writer = csv.DictWriter(
                file,
                layout["columns"],
                restval=layout["empty"],
                quoting=csv.QUOTE_ALL if layout["quote_all"] else csv.QUOTE_MINIMAL,
            )
            writer.writeheader()
            writer.writerows(rows)
        paths.append(path)
    return paths


def _joined(lines: Sequence[PlannedLine], name: str, separator: str) -> str:
    """One field of several lines in one cell, as the platforms merge them."""
    return separator.join(str(getattr(line, name)) for line in lines)


def _cipher(rng: Random, mark: str, length: int) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return f"{mark}{''.join(rng.choices(letters, k=length))}={mark}"


def _time(moment: datetime | None, empty: str = "") -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else empty


def taobao_rows(order: PlannedOrder, statuses: Mapping[str, str], _rng: Random) -> list[Row]:
    """One row per order, titles merged; the id as a formula and the mobile behind an apostrophe, against Excel."""
    buyer, paid = order.buyer, order.payable if order.paid_at else Decimal("0.00")
    return [
        {
            "订单编号": f'="{order.number}"',
            "买家会员名": buyer["buyer_id"],
            "买家应付货款": f"{order.payable:.2f}",
            "总金额": f"{order.payable:.2f}",
            "买家实际支付金额": f"{paid:.2f}",
            "订单状态": statuses[order.status],
            "收货人姓名": buyer["name"],
            "收货地址": f"{buyer['province']} {buyer['city']} {buyer['district']} {buyer['address']}",
            "联系手机": f"'{buyer['phone']}",
            "订单创建时间": _time(order.created_at),
            "订单付款时间": _time(order.paid_at),
            "宝贝标题": _joined(order.lines, "title", "，"),
            "宝贝种类": str(len(order.lines)),
            "物流单号": order.tracking_number,
            "物流公司": order.courier,
            "宝贝总数量": str(order.quantity),
            "店铺Id": order.shop["platform_shop_id"],
            "店铺名称": order.shop["name"],
            "订单关闭原因": "退款" if order.status == "closed" else "订单未关闭",
        }
    ]


def pdd_rows(order: PlannedOrder, statuses: Mapping[str, str], _rng: Random) -> list[Row]:
    """One row per order, which holds one product; ids before a tab, a closed order without its time."""
    line, closed = order.lines[0], order.status == "closed"
    return [
        {
            "订单成交时间": "" if closed else _time(order.paid_at),
            "商品": line.title,
            "订单号": f"{order.number}\t",
            "订单状态": statuses[order.status],
            "商品总价(元)": f"{order.goods:.2f}",
            "店铺优惠折扣(元)": f"{order.discount:.2f}",
            "用户实付金额(元)": f"{order.payable:.2f}",
            "商家实收金额(元)": f"{order.payable:.2f}",
            "商品数量(件)": str(line.quantity),
            "发货时间": _time(order.shipped_at),
            "确认收货时间": _time(order.received_at),
            "商品id": f"{line.product_id}\t",
            "商品规格": line.spec,
            "样式ID": f"{line.sku_id}\t",
            "商家编码-规格维度": line.sku,
            "商家编码-商品维度": line.sku.rpartition("-")[0],
            "售后状态": "退款成功" if closed else "无售后或售后取消",
            "快递单号": f"{order.tracking_number}\t" if order.tracking_number else "",
            "快递公司": order.courier,
        }
    ]


def douyin_rows(order: PlannedOrder, statuses: Mapping[str, str], rng: Random) -> list[Row]:
    """One row per sub-order, or all of an order merged with `;`; ids behind a tab, the receiver as ciphertext."""
    closed = order.status == "closed"
    rows = []
    for lines in [order.lines] if order.index % 2 else [(line,) for line in order.lines]:
        goods = sum((line.price * line.quantity for line in lines), Decimal("0.00"))
        discount = order.discount if lines[0] is order.lines[0] else Decimal("0.00")
        rows.append(
            {
                "主订单编号": f"\t{order.number}",
                "子订单编号": f"\t{_joined(lines, 'number', ';')}",
                "选购商品": _joined(lines, "title", ";"),
                "商品规格": _joined(lines, "spec", ";"),
                "商品数量": str(sum(line.quantity for line in lines)),
                "商家编码": _joined(lines, "sku", ";"),
                "订单应付金额": f"{goods - discount:.2f}",
                "收件人": _cipher(rng, "##", 22),
                "收件人手机号": _cipher(rng, "$$", 26),
                "详细地址": _cipher(rng, "##", 48),
                "订单提交时间": _time(order.created_at),
                "订单完成时间": _time(order.received_at, "-"),
                "订单状态": statuses[order.status],
                "售后状态": "退款成功" if closed else "-",
                "取消原因": "不想要了" if closed else "-",
                "发货时间": _time(order.shipped_at, "-"),
                "商家实际承担优惠金额": f"{discount:.2f}",
                "快递信息": f"{order.tracking_number}-{order.courier}" if order.courier else "-",
            }
        )
    return rows


ROWS: dict[str, Callable[[PlannedOrder, Mapping[str, str], Random], list[Row]]] = {
    "taobao": taobao_rows,
    "pdd": pdd_rows,
    "douyin": douyin_rows,
}
