"""Import a file of orders into a shop, batch by batch; the command and the pages that take files call this."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice

from django.utils.translation import gettext_lazy as _

from complaints.models import Shop
from complaints.operations.orders import Written, write_orders

from .order_files import OrderFile, Refusal
from .problem import Problem

BATCH = 500


class UnknownShop(Problem):
    message = _("There is no shop with the code “%(code)s”. Known for this file are: %(codes)s.")


class OtherPlatform(Problem):
    message = _("The shop %(code)s is on another platform than this file (%(layout)s). Possible are: %(codes)s.")


class SeveralShops(Problem):
    message = _(
        "The file holds orders of several shops: %(names)s. Export each shop on its own, or name one of: %(codes)s."
    )


class ShopUnclear(Problem):
    message = _("The file does not tell which shop the orders are of. Name one with --shop: %(codes)s.")


class NoShop(Problem):
    message = _("There is no active shop for this file (%(layout)s) yet. Add the shop first.")


def shop_for(file: OrderFile, *, code: str = "") -> Shop:
    """The shop of this code, else the one that the file names, else the only active one on the platform.

    Raises UnknownShop, OtherPlatform, SeveralShops, ShopUnclear, NoShop, each with the codes that are possible.
    """
    shops = list(Shop.objects.filter(platform=file.layout.platform, active=True).order_by("code"))
    codes = ", ".join(f"{shop.code} ({shop.name})" for shop in shops) or "-"
    if code:
        return _shop_of_code(code, file, codes)
    if not shops:
        raise NoShop(layout=file.layout.label)
    if len(file.shop_names) > 1:
        raise SeveralShops(names=", ".join(sorted(file.shop_names)), codes=codes)
    named = [shop for shop in shops if shop.name in file.shop_names]
    found = named or shops
    if len(found) > 1:
        raise ShopUnclear(codes=codes)
    return found[0]


def import_orders(
    file: OrderFile,
    *,
    shop: Shop,
    now: datetime,
    on_refusal: Callable[[Refusal], object],
    on_progress: Callable[[int, Written], object] = lambda rows, written: None,
) -> Written:
    """Write the orders of the file, and hand over each row that was refused.

    One transaction for each batch of orders: what is stopped half-way goes on when it is started again. `on_progress`
    is told after each batch how far in the file it is (in rows) and what has been written.
    """
    rows, written = 0, Written()
    entries = file.entries()
    while batch := list(islice(entries, BATCH)):
        rows += sum(entry.rows for entry in batch)
        for entry in batch:
            for refusal in entry.refusals:
                on_refusal(refusal)
        written += write_orders(shop, [entry.snapshot for entry in batch if entry.snapshot], now=now)
        on_progress(rows, written)
    return written


def _shop_of_code(code: str, file: OrderFile, codes: str) -> Shop:
    """The shop of this code, active or not: old orders may be of a shop that is closed by now."""
    shop = Shop.objects.filter(code=code).first()
    if shop is None:
        raise UnknownShop(code=code, codes=codes)
    if shop.platform != file.layout.platform:
        raise OtherPlatform(code=code, layout=file.layout.label, codes=codes)
    return shop
