"""An order that no export has brought yet, typed by a clerk or told by a channel (R3.1)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from complaints.models import Order, OrderLine, Shop


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedOrder:
    """An order that no export has brought yet, typed by the clerk."""

    number: str
    product: str
    paid_amount: Decimal | None = None


def enter_order(shop: Shop, typed: TypedOrder, *, now: datetime) -> tuple[Order, bool]:
    """The order of this number, locked, and whether it has just been entered as it was typed: then nobody else knows
    of it.
    """
    try:
        with transaction.atomic():
            order = Order.objects.create(
                shop=shop, number=typed.number, paid_amount=typed.paid_amount, source=Order.Source.TYPED,
                updated_at=now,
            )  # fmt: skip
    except IntegrityError:
        return locked_order(Order.objects.get(shop=shop, number=typed.number)), False
    OrderLine.objects.create(order=order, position=1, title=typed.product, amount=typed.paid_amount)
    return order, True


def locked_order(order: Order) -> Order:
    """The order, locked until the transaction ends: of two who complain about it at once one is the second."""
    rows = Order.objects.select_for_update(no_key=True, of=("self",)).select_related("customer", "shop")
    return rows.get(pk=order.pk)
