"""A clerk who takes cases from registration to closing, and goes on when the database is taken away meanwhile."""

from __future__ import annotations

import time
import uuid
from decimal import Decimal
from pathlib import Path
from typing import TextIO

from django.db import Error, connection
from django.utils import timezone

from complaints.models import ComplaintEvent, Shop
from complaints.operations.customers import Person
from complaints.operations.typed_orders import TypedOrder
from tests.factories.complaints import bring, registered

ROAD = ("accepted", "verifying", "proposing", "negotiating", "executing", "awaiting_followup", "closed")


def walk(log: str, stop: str, place: int, of: int) -> dict[str, int]:
    """Walk until the file `stop` is there; confirmed steps are noted in the log, which outlives the process."""
    over, seen = Path(stop), {"cases": 0, "cut": 0}
    with Path(log).open("a") as confirmed:
        while not over.exists():
            try:
                _one_case(confirmed, over)
                seen["cases"] += 1
            except Error:
                seen["cut"] += 1
                connection.close()
                time.sleep(0.05)
    return seen


def _one_case(confirmed: TextIO, over: Path) -> None:
    shop = Shop.objects.get()
    agent = shop.members.get(username="agent")
    name = uuid.uuid4().hex[:10]
    person = Person(name="王小明", phone=str(uuid.uuid4().int)[:11], email=f"{name}@mail.example", buyer=name)
    now = timezone.now()
    order = TypedOrder(number=name, product="书桌", paid_amount=Decimal(199))
    case = registered(shop, actor=agent, now=now, order=None, typed_order=order, person=person)
    print(case.pk, "new", file=confirmed, flush=True)
    for state in ROAD:
        if over.exists():
            return
        case = bring(case, state, actor=agent, now=now)
        print(case.pk, state, file=confirmed, flush=True)


def unconfirmed(log: str) -> list[str]:
    """Steps that were confirmed and of which the history knows nothing."""
    steps = [line.split() for line in Path(log).read_text().splitlines()] if Path(log).exists() else []
    cases = {int(pk) for pk, _state in steps}
    events = ComplaintEvent.objects.filter(complaint__in=cases).exclude(to_state="")
    told = set(events.values_list("complaint", "to_state"))
    return [f"{pk} {state}" for pk, state in steps if (int(pk), state) not in told]
