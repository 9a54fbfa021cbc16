"""What buyers confirmed before they ordered (R2.2): by hand or from a program, each once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from complaints.matter_keys import order_number
from complaints.models import ConfirmationRecord, Shop
from complaints.models.customer import Fact, fingerprint
from complaints.refusals import Refused
from knowledge.models import ConfirmationText

from . import products

CLOCKS_DIFFER = timedelta(minutes=5)


class BuyerMissing(Refused):
    message = _("Give the order number or the buyer's id on the platform.")


class ProductMissing(Refused):
    message = _("Name the product by its id or its title.")


class StillToCome(Refused):
    message = _("This moment is still to come. A confirmation is recorded after it was given.")


class NotPublishedThen(Refused):
    message = _("This version was published on %(day)s, after the buyer confirmed. Name the one that the buyer saw.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """That somebody confirmed a text about a product. `source` names the delivery; empty for what is typed."""

    shop: Shop
    text: ConfirmationText
    confirmed_at: datetime
    channel: str
    product_id: str = ""
    product: str = ""
    order: str = ""
    buyer: str = ""
    via: str = ""
    source: str = ""


def record(one: Confirmation, *, actor: Any, now: datetime) -> ConfirmationRecord:
    """Keep it; a delivery that came before is not kept twice.

    Raises BuyerMissing, ProductMissing, StillToCome, NotPublishedThen.
    """
    number, buyer = order_number(one.order), one.buyer.strip()
    if not number and not buyer:
        raise BuyerMissing
    if not one.product_id.strip() and not one.product.strip():
        raise ProductMissing
    if one.confirmed_at > now + CLOCKS_DIFFER:
        raise StillToCome
    with transaction.atomic():
        named = products.Named(one.product_id.strip(), one.product.strip())
        (product,) = products.locked(one.shop, [named], now=now)
        known = ConfirmationRecord.objects.filter(source=one.source).first() if one.source else None
        if known:
            return known
        # Only of what is new: a delivery that names no version means another one once that is published.
        _refuse_unpublished(one)
        return ConfirmationRecord.objects.create(
            shop=one.shop, product=product, order_number=number,
            buyer_hash=fingerprint(Fact.BUYER, buyer) if buyer else "", text=one.text, confirmed_at=one.confirmed_at,
            channel=one.channel, recorded_at=now, recorded_by=actor, via=one.via, source=one.source,
        )  # fmt: skip


def _refuse_unpublished(one: Confirmation) -> None:
    """Nobody confirmed what could not be read yet; the default texts have always been there."""
    published = one.text.published_at
    if published and one.confirmed_at < published - CLOCKS_DIFFER:
        raise NotPublishedThen(day=date_format(timezone.localtime(published), "DATE_FORMAT"))
