"""Export files as the platforms write them, in bytes; each row starts from a believable order."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO, StringIO
from typing import Any

from openpyxl import Workbook

Row = Mapping[str, Any]

TAOBAO: Row = {
    "订单编号": '="4100123456789012345"',
    "买家会员名": "豆浆不加糖",
    "买家支付宝账号": "",
    "买家应付货款": "128.00",
    "总金额": "128.00",
    "买家实际支付金额": "118.00",
    "订单状态": "卖家已发货，等待买家确认",
    "买家留言": "",
    "收货人姓名": "郑凯文",
    "收货地址": "浙江省 杭州市 西湖区 文三路 1 号",
    "联系电话": "",
    "联系手机": "'13800000007",
    "订单创建时间": "2026-11-18 09:30:00",
    "订单付款时间": "2026-11-18 09:30:41",
    "宝贝标题": "骨瓷餐具套装",
    "宝贝种类": "1",
    "物流单号": "No:SF1384496319378",
    "物流公司": "顺丰速运",
    "订单备注": "'null",
    "宝贝总数量": "2",
    "店铺名称": "晴木家居天猫店",
}
PDD: Row = {
    "订单成交时间": "2026-11-18 20:15:09",
    "商品": "加厚抽绳垃圾袋",
    "订单号": "261118-126283164610251\t",
    "订单状态": "已发货，待收货",
    "商品总价(元)": "15.90",
    "用户实付金额(元)": "12.90",
    "商品数量(件)": "1",
    "发货时间": "2026-11-19 08:00:00",
    "确认收货时间": "",
    "商品id": "405617729483\t",
    "商品规格": "5卷共100只",
    "样式ID": "1405617729483",
    "商家编码-规格维度": "QM-LJD-5",
    "商家编码-商品维度": "QM-LJD",
    "商家备注": "",
    "售后状态": "无售后或售后取消",
    "快递单号": "YT8962646785389\t",
    "快递公司": "圆通速递",
    "省": "****",
}
DOUYIN: Row = {
    "主订单编号": "\t6912576842106333031",
    "子订单编号": "\t6912576842106333031",
    "选购商品": "柠檬脱骨凤爪",
    "商品规格": "500g×2盒",
    "商品数量": "1",
    "商家编码": "HX-FZ-1000",
    "订单应付金额": "69.90",
    "运费": "0.00",
    "收件人": "##r3J0b2xsb3c4Yw==##",
    "收件人手机号": "$$MTM4MDAwMDAwMDc=$$",
    "详细地址": "##aGFuZ3pob3U=##",
    "订单提交时间": "2026-11-18 21:00:05",
    "商家备注": "-",
    "订单完成时间": "-",
    "订单状态": "已发货",
    "售后状态": "-",
    "发货时间": "2026-11-19 10:00:00",
    "快递信息": "73610555582883-中通快递",
}
TMALL_REFUND: Row = {"退款编号": "2100", "订单编号": "4100123456789012345", "退款状态": "退款成功", "宝贝标题": "杯"}
DOUYIN_AFTERSALE: Row = {"售后单号": "7100", "订单号": "6912576842106333031", "售后状态": "退款成功"}


def csv_text(rows: Sequence[Row], *, delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> str:
    """The rows below a header of their columns."""
    text = StringIO(newline="")
    writer = csv.DictWriter(
        text, list(dict.fromkeys(name for row in rows for name in row)), delimiter=delimiter, quoting=quoting
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def csv_bytes(rows: Sequence[Row], *, encoding: str = "utf-8-sig", **dialect: Any) -> bytes:
    return csv_text(rows, **dialect).encode(encoding)


def xlsx_bytes(rows: Sequence[Row]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return workbook_bytes([names, *([row.get(name) for name in names] for row in rows)])


def workbook_bytes(*tables: Iterable[Sequence[Any]]) -> bytes:
    """A workbook with these tables, each a list of rows of cells."""
    book = Workbook()
    book.remove(book.active)
    for table in tables:
        sheet = book.create_sheet()
        for row in table:
            sheet.append(list(row))
    out = BytesIO()
    book.save(out)
    return out.getvalue()
