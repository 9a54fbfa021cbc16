"""What the demo's knowledge manager has done: listings checked, one of them mended, a delicate product confirmed."""

from datetime import datetime, timedelta
from typing import Any

from complaints.models import Order
from complaints.models.complaint import Channel
from complaints.operations import confirmations, listings, products
from complaints.operations.confirmations import Confirmation
from complaints.operations.listings import Listing
from knowledge.models import ConfirmationText

from .company import Company, read

TEXT = "SPECIAL-NOTICE"
BEFORE_THE_ORDER = timedelta(minutes=20)
CONFIRMED = 2
"""So many of the latest orders have a confirmation; the others show what is missing."""


def check(company: Company, *, now: datetime) -> None:
    """Check the listings in the order of time, through the operations that people use."""
    manager = company.staff[company.roles["knowledge_manager"][0]]
    known = {product["id"]: product for product in read("products.json")}
    for entry in sorted(read("listings.json"), key=lambda entry: -entry["days"]):
        product = known[entry["product"]]
        text = Listing(
            title=product["title"], text=entry["text"], kind=entry.get("kind", "normal"), product_id=product["id"]
        )
        then = now - timedelta(days=entry["days"])
        checked = listings.check(company.shops[product["shop"]], text, actor=manager, now=then)
        if entry.get("prone"):
            products.set_dispute_prone(checked.product.pk, prone=True, actor=manager, now=then)
            _confirm(product, actor=manager, now=now)


def _confirm(product: Any, *, actor: Any, now: datetime) -> None:
    text = ConfirmationText.objects.in_force().get(code=TEXT)
    orders = Order.objects.filter(lines__title=product["title"], placed_at__isnull=False).distinct()
    for order in orders.order_by("-placed_at")[:CONFIRMED]:
        placed: Any = order.placed_at
        given = Confirmation(
            shop=order.shop, text=text, confirmed_at=placed - BEFORE_THE_ORDER, channel=Channel.PLATFORM_CHAT,
            product_id=product["id"], product=product["title"], order=order.number,
        )  # fmt: skip
        confirmations.record(given, actor=actor, now=now)
