"""What buyers confirmed is kept once, for somebody and about something, and never changes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import translation

from complaints.models import ConfirmationRecord, OrderLine, Product
from complaints.operations import confirmations
from complaints.operations.confirmations import Confirmation
from complaints.queries.listings import doubts
from knowledge.models import ConfirmationText
from knowledge.operations import confirmation_texts
from tests.factories.complaints import OrderFactory
from tests.factories.listings import ConfirmationFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(shop: Any, now: Any) -> Confirmation:
    text = ConfirmationText.objects.get(code="MADE-TO-ORDER")
    return Confirmation(
        shop=shop,
        text=text,
        confirmed_at=now,
        channel="platform_chat",
        product="定制桌",
        order="２０２６ 1",
        source="a",
    )


def test_it_is_kept_with_text_time_and_channel(one: Confirmation, agent: Any, now: Any) -> None:
    record = confirmations.record(one, actor=agent, now=now)
    assert (record.order_number, record.product.title, record.text) == ("20261", "定制桌", one.text)
    assert (record.confirmed_at, record.channel, record.recorded_by) == (now, "platform_chat", agent)


def test_a_delivery_that_comes_twice_is_kept_once(one: Confirmation, now: Any) -> None:
    assert confirmations.record(one, actor=None, now=now) == confirmations.record(one, actor=None, now=now)
    confirmations.record(replace(one, source=""), actor=None, now=now)
    assert ConfirmationRecord.objects.count() == 2


def test_the_buyer_is_known_by_a_fingerprint_alone(one: Confirmation, now: Any) -> None:
    record = confirmations.record(replace(one, order="", buyer="tb_wang"), actor=None, now=now)
    assert len(record.buyer_hash) == 64
    assert "tb_wang" not in str(ConfirmationRecord.objects.filter(pk=record.pk).values().get())


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"order": " "}, confirmations.BuyerMissing),
        ({"product": " "}, confirmations.ProductMissing),
    ],
)
def test_of_nobody_or_about_nothing_is_refused(values: Any, refusal: Any, one: Confirmation, now: Any) -> None:
    with pytest.raises(refusal):
        confirmations.record(replace(one, **values), actor=None, now=now)
    assert not ConfirmationRecord.objects.exists()


def test_what_is_still_to_come_is_refused(one: Confirmation, now: Any) -> None:
    later = replace(one, confirmed_at=now + timedelta(minutes=6))
    with pytest.raises(confirmations.StillToCome):
        confirmations.record(later, actor=None, now=now)


def published(now: Any) -> ConfirmationText:
    words = {"code": "MADE-TO-ORDER", "name": "定制", "text": "请确认", "text_en": ""}
    return confirmation_texts.publish(**words, seen=confirmation_texts.mark(), actor=None, now=now)


def test_a_version_that_was_published_later_cannot_have_been_confirmed(one: Confirmation, now: Any) -> None:
    new = replace(one, text=published(now), confirmed_at=now - timedelta(minutes=6))
    with translation.override("en"), pytest.raises(confirmations.NotPublishedThen) as refused:
        confirmations.record(new, actor=None, now=now)
    assert "Nov. 20, 2026" in refused.value.text
    assert not ConfirmationRecord.objects.exists()
    assert not Product.objects.exists()
    confirmations.record(replace(new, confirmed_at=now - timedelta(minutes=5)), actor=None, now=now)


def test_the_default_version_has_always_been_there(one: Confirmation, now: Any) -> None:
    confirmations.record(replace(one, confirmed_at=now - timedelta(days=900)), actor=None, now=now)


def test_a_delivery_that_was_kept_stays_so_when_another_version_is_meant_by_now(one: Confirmation, now: Any) -> None:
    earlier = replace(one, confirmed_at=now - timedelta(days=1))
    kept = confirmations.record(earlier, actor=None, now=now)
    assert confirmations.record(replace(earlier, text=published(now)), actor=None, now=now) == kept


@pytest.mark.parametrize(
    ("values", "lines", "doubtful"),
    [
        ({"product_id": "1"}, [("1", "别的标题")], False),
        ({"product_id": "1"}, [("2", "定制桌")], True),
        ({"product_id": "1"}, [("", "定制 桌")], False),
        ({}, [("2", "别的"), ("3", "定制桌")], False),
        ({}, [("2", "别的")], True),
        ({"order": "", "buyer": "tb_wang"}, [("2", "别的")], False),
        ({}, [], False),
    ],
)
def test_of_an_order_with_other_products_it_is_said(
    values: Any, lines: list[Any], doubtful: bool, one: Confirmation, shop: Any, now: Any
) -> None:
    ours, theirs = OrderFactory(shop=shop, number="20261"), OrderFactory(number="20261")
    OrderLine.objects.all().delete()
    OrderLine.objects.create(order=theirs, position=1, title="别的")
    for position, (number, title) in enumerate(lines, start=1):
        OrderLine.objects.create(order=ours, position=position, product_id=number, title=title)
    record = confirmations.record(replace(one, **values), actor=None, now=now)
    assert bool(doubts(record)) == doubtful


def test_of_an_order_that_nobody_knows_nothing_is_said(one: Confirmation, now: Any) -> None:
    assert doubts(confirmations.record(one, actor=None, now=now)) == []


@pytest.mark.parametrize(
    "sql",
    ["UPDATE complaints_confirmationrecord SET channel = 'x'", "DELETE FROM complaints_confirmationrecord"],
)
def test_a_record_never_changes(sql: str, shop: Any) -> None:
    ConfirmationFactory(product=ProductFactory(shop=shop))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_each_change_of_a_text_is_another_version(content: None, agent: Any, now: Any) -> None:
    words = {"code": "MADE-TO-ORDER", "name": "定制", "text": "请确认", "text_en": ""}
    made = confirmation_texts.publish(**words, seen=confirmation_texts.mark(), actor=agent, now=now)
    assert (made.number, made.author, made.published_at) == (2, agent, now)
    assert confirmation_texts.is_in_force(**words)
    assert not confirmation_texts.is_in_force(**words | {"text": "请您确认"})
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ConfirmationText.objects.filter(pk=made.pk).update(text="改写")
