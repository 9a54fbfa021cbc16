"""Channels, deliveries and subscriptions; and a sender that signs as our documentation says, not with our code."""

import base64
import hashlib
import hmac
import json
from typing import Any

from django.test import Client

from complaints.models import HookChannel, HookDelivery, Subscription

SECRET = "whsec_incoming-secret"
OLD_SECRET = "whsec_incoming-secret-before"

MAPPING = {
    "fields": {
        "order_number": {"path": "order.no"},
        "text": {"path": "messages[*].text || reason"},
        "title": {"path": "title"},
        "name": {"path": "buyer.name"},
        "phone": {"path": "buyer.mobile || buyer.phone"},
        "buyer": {"path": "buyer.id"},
        "email": {"path": "buyer.mail"},
        "issue_type": {"path": "reason_code", "values": [["7", "LOGI-03"], ["*", "QUAL-01"]]},
        "demand": {"path": "demand", "default": "尽快处理"},
        "time": {"path": "created"},
        "product": {"path": "order.items[0].title"},
    },
}

PAYLOAD: dict[str, Any] = {
    "event": "complaint.created",
    "order": {"no": 405512345678901234, "items": [{"title": "胡桃木书桌 120 cm"}]},
    "buyer": {"id": "b-778", "name": "王小明", "mobile": "13812345678"},
    "messages": [{"text": "桌面有划痕"}, {"text": "要求换货"}],
    "reason_code": 7,
    "created": "2026-11-20 09:30:00",
}


def channel_of(shop: Any, **values: Any) -> HookChannel:
    given = {"code": "erp", "name": "旧ERP", "secret": SECRET, "mapping": MAPPING} | values
    return HookChannel.objects.create(shop=shop, **given)


def delivery_of(channel: HookChannel, number: int = 0, *, payload: Any = None, **values: Any) -> HookDelivery:
    from tests.factories.complaints import NOW

    given = {
        "delivery_id": f"d-{number}", "digest": "0" * 64, "received_at": NOW,
        "payload": json.dumps(PAYLOAD if payload is None else payload, ensure_ascii=False),
    } | values  # fmt: skip
    return HookDelivery.objects.create(channel=channel, **given)


def subscription_to(url: str, **values: Any) -> Subscription:
    given = {"name": "仓库ERP", "url": url, "secret": SECRET, "events": ["complaint.registered"]} | values
    return Subscription.objects.create(**given)


def signature(secret: str, delivery_id: str, stamp: int | str, body: bytes) -> str:
    signed = hmac.new(secret.encode(), f"{delivery_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()


def deliver(
    body: Any, *, now: Any, code: str = "erp", delivery_id: str = "d-1", secret: str = SECRET, client: Any = None,
    **headers: Any,
) -> Any:  # fmt: skip
    """Send a delivery as the other side does; keyword arguments are headers that it gets wrong."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    stamp = str(headers.pop("stamp", int(now.timestamp())))
    given = {
        "Amends-Id": delivery_id, "Amends-Timestamp": stamp,
        "Amends-Signature": signature(secret, delivery_id, stamp, raw),
    } | headers  # fmt: skip
    content_type = given.pop("content_type", "application/json")
    return (client or Client(enforce_csrf_checks=True)).post(
        f"/api/v1/hooks/{code}", raw, content_type=content_type, headers=given
    )
