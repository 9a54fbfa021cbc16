"""The demo's orders, on the way that real ones take: a platform's export, read by the importer."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from complaints.intake.importing import import_orders, shop_for
from complaints.intake.order_files import Refusal, open_order_file
from complaints.models import Order

from .company import dice, read
from .exports import write_exports
from .plan import plan_orders

OrderPlaces = Mapping[tuple[str, int], Order]


class ExportRefused(Exception):
    """The importer has refused a row of the demo's own exports."""


def bring_in(company: Mapping[str, Any], *, now: datetime) -> OrderPlaces:
    """Write the exports of all shops, import them, and return the orders by shop and place in its file."""
    material = {"now": now, "company": company, "products": read("products.json"), "buyers": read("buyers.json")}
    with TemporaryDirectory(prefix="amends-demo-") as folder:
        for path in write_exports(Path(folder), rng=dice(), **material):
            file = open_order_file(path)
            import_orders(file, shop=shop_for(file), now=now, on_refusal=_fail)
    stored = {(order.shop.code, order.number): order for order in Order.objects.select_related("shop")}
    planned = plan_orders(rng=dice(), **material)
    return {(shop, order.index): stored[shop, order.number] for shop, orders in planned.items() for order in orders}


def _fail(refusal: Refusal) -> None:
    raise ExportRefused(f"row {refusal.row}: {[str(finding.problem) for finding in refusal.findings]}")
