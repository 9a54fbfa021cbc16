"""Thousands of clocks that fall due, written in seconds; each with one level and one person who hears of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from complaints import sla
from complaints.models import AlertPreference, Channel, Complaint, ComplaintEvent, Customer, Deadline, Shop

BUDGET = timedelta(hours=2)
PER_AGENT = 40
"""Clocks of one agent: fewer than a person's alerts are bundled at, with what the attack adds on top."""

BATCH = 1000
ASSIGNEE_ONLY: sla.Levels = ((sla.BREACH, (sla.ASSIGNEE,)),)


def write(dues: list[datetime], *, now: datetime, levels: sla.Levels = ASSIGNEE_ONLY) -> int:
    """New, unanswered complaints whose first response is due at these moments; returns how many."""
    with transaction.atomic():
        shop, customer = Shop.objects.get(), _customer(now)
        agents = _agents(shop, 1 + len(dues) // PER_AGENT)
        last = Complaint.objects.count()
        cases = [
            Complaint(
                number=f"L{now:%Y%m%d}-{last + place:05d}", shop=shop, customer=customer, title="桌面划痕",
                channel=Channel.PHONE, description="划痕", demand="退款", no_order_reason="售前", priority="P3",
                assignee=agents[place % len(agents)], received_at=due - BUDGET, round_started_at=due - BUDGET,
                created_at=due - BUDGET, next_due_at=due, last_contact_at=due - BUDGET,
            )
            for place, due in enumerate(dues, start=1)
        ]  # fmt: skip
        Complaint.objects.bulk_create(cases, batch_size=BATCH)
        ComplaintEvent.objects.bulk_create(_registered(cases), batch_size=BATCH)
        Deadline.objects.bulk_create(_clocks(cases, levels), batch_size=BATCH)
    return len(cases)


def spread(number: int, begin: datetime, length: timedelta, *, seed: int = 1) -> list[datetime]:
    """So many moments at random, in no order."""
    dice = random.Random(seed)
    return [begin + length * dice.random() for _ in range(number)]


def _registered(cases: list[Complaint]) -> Iterator[ComplaintEvent]:
    for case in cases:
        yield ComplaintEvent(
            complaint=case, at=case.created_at, kind="registered", to_state=case.state, version=case.version
        )


def _clocks(cases: list[Complaint], levels: sla.Levels) -> Iterator[Deadline]:
    for case in cases:
        started_at, due_at = case.received_at, case.next_due_at
        terms = sla.Terms(started_at=started_at, budget=BUDGET)
        clock = Deadline(
            complaint=case, kind=Deadline.Kind.FIRST_RESPONSE, budget=BUDGET, priority=case.priority,
            started_at=started_at, due_at=due_at,
        )  # fmt: skip
        clock.plan = sla.plan(terms, levels)
        clock.next_alert_at = sla.next_alert(clock.plan, after=0)
        yield clock


def _customer(now: datetime) -> Customer:
    known = Customer.objects.filter(platform="taobao").first()
    return known or Customer.objects.create(
        platform="taobao", name="王小明", email="buyer@mail.example", created_at=now
    )


def _agents(shop: Shop, number: int) -> list[object]:
    """So many agents of the shop who want each alert by itself, and no digests."""
    users = get_user_model().objects
    begin = users.count()
    made = users.bulk_create(
        get_user_model()(
            username=f"load{place}", first_name=f"员工{place}", email=f"load{place}@staff.example", is_staff=True,
            password="!",
        )
        for place in range(begin, begin + number)
    )  # fmt: skip
    role = Group.objects.get(name="agent")
    get_user_model().groups.through.objects.bulk_create(
        get_user_model().groups.through(user=user, group=role) for user in made
    )
    Shop.members.through.objects.bulk_create(Shop.members.through(shop=shop, user=user) for user in made)
    AlertPreference.objects.bulk_create(
        AlertPreference(user=user, bundle_over=50, morning_digest=False, weekly_digest=False) for user in made
    )
    return made
