from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from complaints.models import Complaint, Shop
from tests.factories.exports import TAOBAO, TMALL_REFUND, csv_bytes

pytestmark = pytest.mark.django_db

REFUND = {**TMALL_REFUND, "退款状态": "待处理", "买家退款原因": "商品破损"}


def test_after_sales_cases_go_in_by_the_command(shop: Shop, media: Any, tmp_path: Path) -> None:
    path, errors, out = tmp_path / "refunds.csv", tmp_path / "errors.csv", StringIO()
    path.write_bytes(
        csv_bytes([REFUND, {**REFUND, "退款编号": ""}, {**REFUND, "退款编号": "2101", "退款状态": "退款成功"}])
    )
    with translation.override("en"):
        call_command(
            "import_complaints", str(path), "--shop", shop.code, "--errors", str(errors), stdout=out, stderr=StringIO()
        )
    assert out.getvalue().strip() == "refunds.csv: 1 new, 0 joined, 0 known, 1 left out, 1 refused"
    assert Complaint.objects.count() == 1
    assert errors.read_text("utf-8-sig").splitlines()[1].startswith(",")
    assert errors.stat().st_mode & 0o777 == 0o600


def test_orders_are_no_complaints(shop: Shop, media: Any, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(csv_bytes([TAOBAO]))
    with pytest.raises(CommandError):
        call_command("import_complaints", str(path), "--shop", shop.code)
    assert not Complaint.objects.exists()
