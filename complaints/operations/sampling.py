"""Which replies are looked at: some of each agent's in a week, drawn at random, so that nobody can choose."""

import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import blake2b
from heapq import nsmallest
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint, Contact, ReplyReview, SampleDraw, SampleWeek, Shop
from complaints.models.contact import HUMAN_REPLY
from complaints.refusals import Refused

WEEK = timedelta(days=7)
USUAL = 5
MOST = 50
"""Replies of one agent in a week."""


class WeekNotOver(Refused):
    message = _("This week is not over: what is written in the rest of it could not be drawn. Choose an earlier one.")


class OutOfRange(Refused):
    message = _("Draw between 1 and %(most)s replies per agent.")


@dataclass(frozen=True, slots=True)
class Drawn:
    """What came of a drawing: replies added, of how many agents, and how many agents have written fewer than asked."""

    added: int
    agents: int
    short: int


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def last_week(now: datetime) -> date:
    """Monday of the latest week that is over, in the zone of the desk."""
    return monday_of(timezone.localdate(now)) - WEEK


def draw(monday: date, *, per_agent: int, shop: Shop | None = None, actor: Any, now: datetime) -> Drawn:
    """Bring each agent's sample of the week up to `per_agent` replies, of the cases that the inspector sees.

    Every reply has a place in an order that the week's seed decides, and the first ones are taken: drawing again,
    or more, goes on in that order and never takes one twice. One that was left out is replaced.
    Raises WeekNotOver, OutOfRange.
    """
    monday = monday_of(monday)
    if monday > last_week(now):
        raise WeekNotOver
    if not 1 <= per_agent <= MOST:
        raise OutOfRange(most=MOST)
    with transaction.atomic():
        SampleWeek.objects.get_or_create(monday=monday, defaults={"seed": secrets.token_hex(8)})
        week = SampleWeek.objects.select_for_update(no_key=True).get(pk=monday)
        chosen, drawn = _choose(week, per_agent, shop, actor)
        ReplyReview.objects.bulk_create(
            [ReplyReview(contact_id=reply, week=week, author_id=author) for author, reply in chosen], batch_size=500
        )
        SampleDraw.objects.create(week=week, shop=shop, per_agent=per_agent, added=drawn.added, actor=actor, at=now)
    return drawn


def _choose(week: SampleWeek, per_agent: int, shop: Shop | None, actor: Any) -> tuple[list[tuple[int, int]], Drawn]:
    """Author and reply of each one to be added, in random order: their numbers tell nothing of their time."""
    waiting = _replies(week, shop, actor)
    kept = _kept(week, shop)
    chosen, short = [], 0
    for author, replies in waiting.items():
        missing = per_agent - kept[author]
        taken = nsmallest(missing, replies, key=lambda reply: _place(week.seed, reply)) if missing > 0 else []
        short += len(taken) < missing
        chosen += [(author, reply) for reply in taken]
    chosen.sort(key=lambda pair: _place(week.seed, pair[1]))
    return chosen, Drawn(len(chosen), len({author for author, _reply in chosen}), short)


def _replies(week: SampleWeek, shop: Shop | None, actor: Any) -> dict[int, list[int]]:
    """Author -> ids of the replies of the week that are in no sample: numbers only, however long the texts are."""
    begin = timezone.make_aware(datetime.combine(week.monday, time.min))
    end = timezone.make_aware(datetime.combine(week.monday + WEEK, time.min))
    rows = Contact.objects.filter(HUMAN_REPLY, at__gte=begin, at__lt=end, review=None).order_by()
    if not actor.has_perm("complaints.view_all_shops"):
        rows = rows.filter(complaint__in=Complaint.objects.visible_to(actor))
    if shop:
        rows = rows.filter(complaint__shop=shop)
    found: dict[int, list[int]] = defaultdict(list)
    pairs: Iterable[tuple[Any, int]] = rows.values_list("author_id", "pk").iterator(chunk_size=5000)
    for author, reply in pairs:
        found[author].append(reply)
    return found


def _kept(week: SampleWeek, shop: Shop | None) -> Counter[int]:
    """Author -> how many are in the sample already, but for those that were left out."""
    rows = week.reviews.exclude(status=ReplyReview.Status.SKIPPED)
    if shop:
        rows = rows.filter(contact__complaint__shop=shop)
    return Counter(rows.values_list("author_id", flat=True))


def _place(seed: str, reply: int) -> bytes:
    """Where in the order of this seed the reply stands; it is the same whatever other replies there are."""
    return blake2b(f"{seed}:{reply}".encode(), digest_size=16).digest()
