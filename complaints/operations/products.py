"""Products as the shop's listings name them: found again whether by id or by title, else entered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import Q

from complaints.matter_keys import product_mark
from complaints.models import Product, Shop

from .changelog import record_change


@dataclass(frozen=True)
class Named:
    """How somebody names a product: by its id, by its title, or both."""

    product_id: str
    title: str

    @cached_property
    def mark(self) -> str:
        return product_mark(self.product_id or self.title)

    @cached_property
    def title_mark(self) -> str:
        return product_mark(self.title) if self.title else ""


def locked(shop: Shop, names: Sequence[Named], *, now: datetime) -> list[Product]:
    """The product of each name, in their order, locked until the transaction ends; unknown ones are entered.

    A product that was known by its title alone gets the id with which it is named now.
    """
    known = _Known(shop, names)
    if fresh := {one.mark: one for one in names if known.find(one) is None}:
        Product.objects.bulk_create(
            (
                Product(
                    shop=shop, product_id=one.product_id, title=one.title or one.product_id, mark=mark,
                    title_mark=one.title_mark, created_at=now,
                )
                for mark, one in fresh.items()
            ),
            ignore_conflicts=True,
        )  # fmt: skip
        known = _Known(shop, names)
    return [known.get(one) for one in names]


def set_dispute_prone(product_id: int, *, prone: bool, actor: Any, now: datetime) -> None:
    """Ask buyers of the product to confirm before they order, or no longer; done already, nothing happens."""
    with transaction.atomic():
        product = Product.objects.select_for_update(no_key=True).get(pk=product_id)
        if product.dispute_prone != prone:
            product.dispute_prone = prone
            product.save(update_fields=["dispute_prone"])
            record_change(product, {"dispute_prone": [not prone, prone]}, actor=actor, now=now)


class _Known:
    """The products of the shop that any of the names may mean, locked in the order in which everybody locks them."""

    def __init__(self, shop: Shop, names: Iterable[Named]) -> None:
        marks = {one.mark for one in names}
        title_marks = {one.title_mark for one in names} - {""}
        rows = Product.objects.select_for_update(no_key=True).filter(shop=shop).order_by("pk")
        self._by_mark: dict[str, Product] = {}
        self._by_title: dict[str, list[Product]] = {}
        for product in rows.filter(Q(mark__in=marks) | Q(title_mark__in=title_marks)):
            self._by_mark[product.mark] = product
            self._by_title.setdefault(product.title_mark, []).append(product)

    def find(self, named: Named) -> Product | None:
        """By the same mark; else by the title, where one of the two has no id."""
        if found := self._by_mark.get(named.mark):
            return found
        alike = self._by_title.get(named.title_mark, []) if named.title else []
        return next((one for one in alike if not one.product_id or not named.product_id), None)

    def get(self, named: Named) -> Product:
        """The product, with the id if it had none so far."""
        product = self.find(named)
        if product is None:
            raise Product.DoesNotExist
        if named.product_id and not product.product_id:
            product.product_id, product.mark = named.product_id, named.mark
            self._by_mark[product.mark] = product
            product.save(update_fields=["product_id", "mark"])
        return product
