"""The desk as its web processes serve it, and beside it one row alone, and the rows of one complaint."""

import itertools
import json
import os
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import transaction  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

from complaints.models import (  # noqa: E402
    ApiAnswer,
    ApiKey,
    Complaint,
    ComplaintEvent,
    Contact,
    Customer,
    Deadline,
    Matter,
    Order,
    OrderLine,
    Shop,
)

_serial = itertools.count(1)
HOURS = timedelta(hours=2)
MATTER_KEYS = 5
"""As many as an order, a phone, a buyer, a product and an issue make."""


@csrf_exempt
def bare(request: HttpRequest) -> JsonResponse:
    """Read the JSON, create, answer."""
    complaint = _complaint(json.loads(request.body), timezone.now())
    return JsonResponse({"number": complaint.number}, status=201)


@csrf_exempt
def rows(request: HttpRequest) -> JsonResponse:
    """Write the rows that a complaint by the API has, in one transaction, and look at nothing: no key, no rival, no
    policy, no customer who is known.
    """
    sent, now = json.loads(request.body), timezone.now()
    with transaction.atomic():
        order = Order.objects.create(
            shop_id=_shop_id(), number=sent["order_number"], paid_amount=sent["amount"], source="typed", updated_at=now
        )
        OrderLine.objects.create(order=order, position=1, title=sent["product"], amount=sent["amount"])
        person = sent["person"]
        customer = Customer.objects.create(
            platform="taobao", name=person["name"], phone=person["phone"], buyer=person["buyer_id"], created_at=now
        )
        complaint = _complaint(sent, now, order=order, customer=customer)
        keys = [Matter(key=f"{complaint.number}:{n}", complaint=complaint, seen_at=now) for n in range(MATTER_KEYS)]
        Matter.objects.bulk_create(keys)
        contact = Contact.objects.create(
            complaint=complaint, direction="in", channel="api", body=sent["text"], at=now, source=complaint.number
        )
        Deadline.objects.create(
            complaint=complaint, kind="first_response", budget=HOURS, priority="P3", started_at=now, due_at=now + HOURS
        )
        ComplaintEvent.objects.create(
            complaint=complaint, at=now, kind="registered", version=1, data={"contact": contact.pk}
        )
        answer = {"number": complaint.number}
        ApiAnswer.objects.create(
            key_id=_key_id(), name=complaint.number, fingerprint="-", status=201, body=json.dumps(answer), at=now
        )
    return JsonResponse(answer, status=201)


def _complaint(sent: dict[str, Any], now: datetime, **of: Any) -> Complaint:
    return Complaint.objects.create(
        number=f"B{os.getpid()}-{next(_serial)}", shop_id=_shop_id(), title=sent["text"], description=sent["text"],
        demand=sent["demand"], channel="api", received_at=now, round_started_at=now, created_at=now, **of,
    )  # fmt: skip


@cache
def _shop_id() -> int:
    """Read once; ours learns it from the key."""
    return int(Shop.objects.values_list("pk", flat=True)[0])


@cache
def _key_id() -> int:
    return int(ApiKey.objects.values_list("pk", flat=True)[0])


urlpatterns = [path("bare", bare), path("rows", rows), path("", include("config.urls"))]
settings.ROOT_URLCONF = __name__

from config.wsgi import application  # noqa: E402

__all__ = ["application"]
