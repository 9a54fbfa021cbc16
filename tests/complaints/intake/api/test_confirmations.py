"""A shop's program sends what buyers confirmed: once, for its own shop, and each mistake is named."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from complaints.models import ConfirmationRecord, OrderLine, Product
from knowledge.models import ConfirmationText
from knowledge.operations import confirmation_texts
from tests.factories.complaints import OrderFactory

pytestmark = pytest.mark.usefixtures("frozen")

PATH = "/confirmations"
BODY = {
    "text": "MADE-TO-ORDER",
    "confirmed_at": "2026-11-19T10:00:00+08:00",
    "order_number": "2026112212345",
    "product_id": "682934511",
    "product": "刻字保温杯",
}


def test_a_confirmation_is_kept_with_text_version_time_and_channel(program: Any, shop: Any) -> None:
    answer = program.post(PATH, BODY | {"channel": "platform_chat"})
    record = ConfirmationRecord.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": record.pk, "text": "MADE-TO-ORDER", "version": 1, "product_id": "682934511", "product": "刻字保温杯",
        "order_number": "2026112212345", "confirmed_at": answer.json()["confirmed_at"], "channel": "platform_chat",
        "warning": None,
    }  # fmt: skip
    assert (record.shop, record.via, record.recorded_by) == (shop, "ERP", None)
    assert Product.objects.get().product_id == "682934511"


@pytest.mark.parametrize(("hours", "late"), [(-1, True), (0, False), (1, False)])
def test_one_after_the_order_is_kept_and_answered_with_a_warning(
    hours: int, late: bool, program: Any, shop: Any
) -> None:
    confirmed = datetime.fromisoformat(BODY["confirmed_at"])
    OrderFactory(shop=shop, number=BODY["order_number"], placed_at=confirmed + timedelta(hours=hours))
    OrderFactory(number=BODY["order_number"], placed_at=confirmed - timedelta(days=1))
    OrderLine.objects.update(title=BODY["product"])
    answer = program.post(PATH, BODY)
    assert (answer.status_code, bool(answer.json()["warning"])) == (201, late)
    assert ConfirmationRecord.objects.count() == 1


def test_all_that_the_order_tells_against_it_is_in_the_warning(program: Any, shop: Any) -> None:
    confirmed = datetime.fromisoformat(BODY["confirmed_at"])
    OrderFactory(shop=shop, number=BODY["order_number"], placed_at=confirmed - timedelta(hours=1))
    answer = program.post(PATH, BODY, accept_language="en")
    assert answer.status_code == 201
    assert answer.json()["warning"].splitlines() == [
        "This was confirmed after the order was placed; it will not show that the buyer knew before.",
        "The order as we know it has no such product.",
    ]


def test_the_same_request_again_gets_the_same_answer_and_nothing_is_kept_twice(program: Any) -> None:
    first, second = (program.post(PATH, BODY, idempotency_key="a-1") for _ in range(2))
    assert (first.content, second.headers["Idempotency-Replayed"]) == (second.content, "true")
    assert ConfirmationRecord.objects.count() == 1
    assert program.post(PATH, BODY | {"product": "别的"}, idempotency_key="a-1").status_code == 422


def test_an_older_version_can_be_named_and_the_one_of_the_time_is_meant_otherwise(program: Any, now: Any) -> None:
    confirmation_texts.publish(
        code="MADE-TO-ORDER", name="定制", text="新", text_en="", seen=confirmation_texts.mark(), actor=None, now=now
    )
    body = BODY | {"confirmed_at": now.isoformat()}
    assert program.post(PATH, body).json()["version"] == 2
    assert program.post(PATH, body | {"version": 1}).json()["version"] == 1
    assert program.post(PATH, BODY).json()["version"] == 1


def test_a_version_from_after_the_confirmation_is_refused(program: Any, now: Any) -> None:
    confirmation_texts.publish(
        code="MADE-TO-ORDER", name="定制", text="新", text_en="", seen=confirmation_texts.mark(), actor=None, now=now
    )
    answer = program.post(PATH, BODY | {"version": 2})
    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [("text", "not_published_then")]
    assert not ConfirmationRecord.objects.exists()
    assert program.post(PATH, BODY | {"version": 1}).status_code == 201


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"order_number": ""}, "order_number", "buyer_missing"),
        ({"product_id": " ", "product": ""}, "product_id", "product_missing"),
        ({"confirmed_at": "2026-11-20T10:06:00+08:00"}, "confirmed_at", "in_the_future"),
        ({"text": "NONE"}, "text", "unknown_text"),
        ({"version": 7}, "text", "unknown_text"),
        ({"chanel": "phone"}, "chanel", "extra_forbidden"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_kept(values: Any, field: str, code: str, program: Any) -> None:
    answer = program.post(PATH, BODY | values)
    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]
    assert not ConfirmationRecord.objects.exists()
    assert not Product.objects.exists()


def test_it_is_kept_for_the_shop_of_the_key(issued: Any, program: Any) -> None:
    program.post(PATH, BODY)
    assert ConfirmationRecord.objects.get().shop == issued().key.shop


def test_the_buyers_id_goes_no_further_than_its_fingerprint(program: Any) -> None:
    answer = program.post(PATH, BODY | {"order_number": "", "buyer_id": "tb_wang_88"})
    assert answer.status_code == 201
    assert "tb_wang_88" not in answer.content.decode()
    assert ConfirmationRecord.objects.get().buyer_hash


def test_the_default_texts_are_there(program: Any) -> None:
    assert set(ConfirmationText.objects.in_force().values_list("code", flat=True)) == {
        "MADE-TO-ORDER", "SPECIAL-NOTICE",
    }  # fmt: skip
