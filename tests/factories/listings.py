"""Products with their listings, and what buyers confirmed about them."""

from datetime import timedelta
from typing import Any

import factory

from complaints.matter_keys import product_mark
from complaints.models import Channel, ConfirmationRecord, Product
from complaints.operations import listings
from complaints.operations.listings import Listing
from knowledge.models import ConfirmationText
from tests.factories.complaints import NOW, ShopFactory

POOR = "手感很好，送礼首选。"
WHOLE = "规格：120 × 60 cm。材质：胡桃木。使用说明：避免暴晒，用湿布擦拭。付款后48小时内发货。"
"""A text that says everything that a normal listing must say, and nothing that is marked."""


class ProductFactory(factory.django.DjangoModelFactory):
    """A product that was never checked; `checked` makes one with a check."""

    class Meta:
        model = Product

    shop = factory.SubFactory(ShopFactory)
    product_id = factory.Sequence(lambda n: f"68{n:07d}")
    title = factory.Sequence(lambda n: f"胡桃木书桌 {n}")
    mark = factory.LazyAttribute(lambda one: product_mark(one.product_id or one.title))
    title_mark = factory.LazyAttribute(lambda one: product_mark(one.title))
    created_at = NOW

    class Params:
        made_to_order = factory.Trait(kind="made_to_order")
        prone = factory.Trait(dispute_prone=True)
        unnumbered = factory.Trait(product_id="")


def checked(shop: Any, *, title: str = "胡桃木书桌", text: str = POOR, now: Any = NOW, **values: Any) -> Product:
    """A product whose listing was checked."""
    return listings.check(shop, Listing(title=title, text=text, **values), actor=None, now=now).product


class ConfirmationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ConfirmationRecord

    product = factory.SubFactory(ProductFactory)
    shop = factory.SelfAttribute("product.shop")
    order_number = "2026112212345"
    text = factory.LazyFunction(lambda: ConfirmationText.objects.get(code="MADE-TO-ORDER", number=1))
    confirmed_at = NOW - timedelta(days=1)
    channel = Channel.PLATFORM_CHAT
    recorded_at = NOW
