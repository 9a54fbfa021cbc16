"""Products as the shop's listings name them: found again whether by id or by title, else entered."""

from collections.abc import Iterable, Mapping, Sequence
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

    A product that was known by its title alone gets the id with which it is named now. Each name is understood as if
    those before it had come on their own, so that two that mean one product never make two.
    """
    known = Known(shop, names, lock=True)
    found = [known.take(one, now=now) for one in names]
    # First these: a fresh product may have the mark that one of them gave up.
    Product.objects.bulk_update(known.numbered, ["product_id", "mark"], batch_size=100)
    if not known.fresh:
        return found
    Product.objects.bulk_create(known.fresh, ignore_conflicts=True)
    marks = [one.mark for one in known.fresh]
    rows = Product.objects.select_for_update(no_key=True).filter(shop=shop, mark__in=marks).order_by("pk")
    entered = {one.mark: one for one in rows}
    return [one if one.pk else entered[one.mark] for one in found]


def set_dispute_prone(product_id: int, *, prone: bool, actor: Any, now: datetime) -> None:
    """Ask buyers of the product to confirm before they order, or no longer; done already, nothing happens."""
    with transaction.atomic():
        product = Product.objects.select_for_update(no_key=True).get(pk=product_id)
        if product.dispute_prone != prone:
            product.dispute_prone = prone
            product.save(update_fields=["dispute_prone"])
            record_change(product, {"dispute_prone": [not prone, prone]}, actor=actor, now=now)


class Known:
    """The products of the shop that any of the names may mean; `lock`: in the order in which everybody locks them."""

    def __init__(self, shop: Shop, names: Iterable[Named], *, lock: bool) -> None:
        self.shop = shop
        self.fresh: list[Product] = []
        """Those that were named and are in no table yet."""
        self.numbered: list[Product] = []
        """Those that had no id until they were named with one."""
        marks, title_marks = set(), set()
        for one in names:
            marks.add(one.mark)
            title_marks.add(one.title_mark)
        rows = Product.objects.select_for_update(no_key=True) if lock else Product.objects.select_related("latest")
        self._by_mark: dict[str, Product] = {}
        self._by_title: dict[str, list[Product]] = {}
        named = Q(mark__in=marks) | Q(title_mark__in=title_marks - {""})
        for product in rows.filter(named, shop=shop).order_by("pk"):
            self._add(product)

    def find(self, named: Named) -> Product | None:
        """By the same mark; else by the title, where one of the two has no id."""
        if found := self._by_mark.get(named.mark):
            return found
        alike = self._by_title.get(named.title_mark, []) if named.title else []
        return next((one for one in alike if not one.product_id or not named.product_id), None)

    def take(self, named: Named, *, now: datetime) -> Product:
        """The product, with the id if it had none so far; one that is unknown becomes a fresh one."""
        product = self.find(named)
        if product is None:
            product = Product(
                shop=self.shop, product_id=named.product_id, title=named.title or named.product_id, mark=named.mark,
                title_mark=named.title_mark, created_at=now,
            )  # fmt: skip
            self.fresh.append(product)
            self._add(product)
        elif named.product_id and not product.product_id:
            self._number(product, named.product_id)
            if product.pk:
                self.numbered.append(product)
        return product

    def number(self, ids: Mapping[int, str]) -> None:
        """Take those of these primary keys for named with their ids before, though no table says so yet."""
        for product in list(self._by_mark.values()):
            if product.pk in ids and not product.product_id:
                self._number(product, ids[product.pk])

    def _number(self, product: Product, product_id: str) -> None:
        del self._by_mark[product.mark]
        product.product_id, product.mark = product_id, Named(product_id, "").mark
        self._by_mark[product.mark] = product

    def _add(self, product: Product) -> None:
        self._by_mark[product.mark] = product
        self._by_title.setdefault(product.title_mark, []).append(product)
