"""The demo company's orders, written as the export files of three platforms.

``orders.json`` pins the orders that the demo complaints are about to a place in their shop's file; the places
between are filled from the given random source, newest order first as the platforms do. ``export_layouts.json``
holds the platforms' columns and their words for a status.
"""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

Record = Mapping[str, Any]
Row = dict[str, str]

HERE = Path(__file__).resolve().parent
CHINA = timezone(timedelta(hours=8))
OLDEST_HOURS = 59.5 * 24


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the orders that fill a shop's file are drawn from."""

    skus: list[str]
    buyers: list[str]
    couriers: list[str]
    chance_of_two: float


@dataclass(frozen=True, kw_only=True)
class PlannedLine:
    number: str
    product_id: str
    title: str
    sku: str
    sku_id: str
    spec: str
    price: Decimal
    quantity: int


@dataclass(frozen=True, kw_only=True)
class PlannedOrder:
    """One order of the demo; `index` is its place in the shop's file, the times are in China's zone."""

    shop: Record
    index: int
    number: str
    buyer: Record
    status: str
    created_at: datetime
    paid_at: datetime | None
    shipped_at: datetime | None
    received_at: datetime | None
    courier: str
    tracking_number: str
    discount: Decimal
    lines: tuple[PlannedLine, ...]

    @property
    def goods(self) -> Decimal:
        return sum((line.price * line.quantity for line in self.lines), Decimal("0.00"))

    @property
    def payable(self) -> Decimal:
        return self.goods - self.discount

    @property
    def quantity(self) -> int:
        return sum(line.quantity for line in self.lines)


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
    layouts = _read("export_layouts.json")
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


def plan_orders(
    *,
    now: datetime,
    company: Record,
    products: Sequence[Record],
    buyers: Sequence[Record],
    rng: Random,
) -> dict[str, list[PlannedOrder]]:
    """Every order of each shop in file order, by the shop's code.

    Equal `now` and an equally seeded `rng` give equal orders: what is planned here is what `write_exports` writes.
    """
    layouts = _read("export_layouts.json")
    catalogue = {variant["sku"]: (product, variant) for product in products for variant in product["variants"]}
    people = {buyer["key"]: buyer for buyer in buyers}
    pins = _read("orders.json")
    planned = {}
    for shop in company["shops"]:
        choices = Choices(
            skus=[sku for sku, (product, _variant) in catalogue.items() if product["shop"] == shop["code"]],
            buyers=[key for key, buyer in people.items() if buyer["shop"] == shop["code"]],
            couriers=list(layouts["couriers"]),
            chance_of_two=layouts[shop["platform"]]["chance_of_two_products"],
        )
        planned[shop["code"]] = [
            _plan_order(
                shop, index, entry, people[entry["buyer"]], catalogue, layouts["couriers"][entry["courier"]], now, rng
            )
            for index, entry in enumerate(_fill_gaps(pins[shop["code"]], choices, rng))
        ]
    return planned


def _joined(lines: Sequence[PlannedLine], name: str, separator: str) -> str:
    """One field of several lines in one cell, as the platforms merge them."""
    return separator.join(str(getattr(line, name)) for line in lines)


def _read(name: str) -> Any:
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def _fill_gaps(plan: Record, choices: Choices, rng: Random) -> list[Record]:
    """The pinned entries at their places and random ones between them; ages grow with the place."""
    entries: list[Record] = []
    newest = 0.4
    for pin in plan["pinned"]:
        entries += _random_entries(pin["index"] - len(entries), newest, pin["age_hours"], choices, rng)
        entries.append(pin)
        newest = pin["age_hours"]
    return entries + _random_entries(plan["count"] - len(entries), newest, OLDEST_HOURS, choices, rng)


def _random_entries(count: int, newest: float, oldest: float, choices: Choices, rng: Random) -> list[Record]:
    return [
        {
            "buyer": rng.choice(choices.buyers),
            "age_hours": age,
            "status": _random_status(age, rng),
            "courier": rng.choice(choices.couriers),
            "discount": rng.choice(("0.00", "0.00", "0.00", "2.00", "3.00")),
            "lines": [
                {"sku": sku, "quantity": rng.choice((1, 1, 1, 1, 2, 3))}
                for sku in rng.sample(choices.skus, 2 if rng.random() < choices.chance_of_two else 1)
            ],
        }
        for age in sorted(rng.uniform(newest, oldest) for _ in range(count))
    ]


def _random_status(age_hours: float, rng: Random) -> str:
    if age_hours < 1.5:
        return "unpaid"
    if rng.random() < 0.05:
        return "closed"
    if age_hours < 30:
        return "to_ship"
    return "shipped" if age_hours < 110 else "received"


def _plan_order(
    shop: Record,
    index: int,
    entry: Record,
    buyer: Record,
    catalogue: Mapping[str, tuple[Record, Record]],
    courier: Record,
    now: datetime,
    rng: Random,
) -> PlannedOrder:
    status = entry["status"]
    created = (now.astimezone(CHINA) - timedelta(hours=entry["age_hours"])).replace(microsecond=0)
    sent = status in ("shipped", "received")
    shipped = created + timedelta(minutes=rng.randint(180, 1500)) if sent else None
    received = shipped + timedelta(minutes=rng.randint(1200, 2000)) if shipped and status == "received" else None
    number = _order_number(shop["platform"], created, rng)
    return PlannedOrder(
        shop=shop,
        index=index,
        number=number,
        buyer=buyer,
        status=status,
        created_at=created,
        paid_at=None if status == "unpaid" else created + timedelta(seconds=rng.randint(8, 240)),
        shipped_at=shipped,
        received_at=received,
        courier=courier["name"] if sent else "",
        tracking_number=courier["prefix"] + _digits(rng, courier["digits"]) if sent else "",
        discount=Decimal(entry.get("discount", "0.00")),
        lines=tuple(
            _plan_line(line, place, number, *catalogue[line["sku"]]) for place, line in enumerate(entry["lines"])
        ),
    )


def _plan_line(line: Record, place: int, order_number: str, product: Record, variant: Record) -> PlannedLine:
    return PlannedLine(
        number=order_number if place == 0 else f"{order_number[:-4]}{(int(order_number[-4:]) + place) % 10000:04d}",
        product_id=product["id"],
        title=product["title"],
        sku=variant["sku"],
        sku_id=variant["sku_id"],
        spec=variant["spec"],
        price=Decimal(variant["price"]),
        quantity=line["quantity"],
    )


def _order_number(platform: str, created: datetime, rng: Random) -> str:
    """A number as the platform forms it: 19 digits, or for Pinduoduo the date and 15 digits."""
    if platform == "pdd":
        return f"{created:%y%m%d}-{_digits(rng, 15)}"
    return ("69" if platform == "douyin" else "41") + _digits(rng, 17)


def _digits(rng: Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


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
