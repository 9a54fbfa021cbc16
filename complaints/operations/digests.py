"""Send the digests: each morning of a workday to everybody with something to do, on Mondays to those who lead.

Both are sent late when the desk stood still at their time, and once whatever happens: the identity of a mail names the
person and the day. Who had nothing to read at that time gets no mail later in the day.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from complaints import notifications
from complaints.models import Absence, Heartbeat, OutboxMessage, Shop, WorkCalendar
from complaints.outbox import enqueue
from complaints.queries import digests
from complaints.queries.people import wishes
from complaints.sla import SHOP_MANAGER, SUPERVISOR, TEAM_LEAD

log = logging.getLogger(__name__)

MORNING, WEEKLY = "digest.morning", "digest.weekly"
"""Names under which it is noted that all mails of the day or week are written."""

AT = time(8, 30)
MORNING_UNTIL = time(12)
WEEKLY_UNTIL = time(20)
"""Of Tuesday."""

BATCH = 200


def send_digests(*, now: datetime) -> int:
    """Write the digests whose time has come; returns the number of mails."""
    return _send_morning(now=now) + _send_weekly(now=now)


def _send_morning(*, now: datetime) -> int:
    local = timezone.localtime(now)
    if not AT <= local.time() < MORNING_UNTIL or _is_done(MORNING, _at(local, AT)) or not _is_workday(local):
        return 0
    tonight = _at(local + timedelta(days=1), time())
    people = _readers().exclude(alert_preference__morning_digest=False)
    people = people.exclude(pk__in=Absence.objects.at(now).values("user_id"))
    sent, after = 0, 0
    while batch := list(people.filter(pk__gt=after)[:BATCH]):
        days = digests.days([person.pk for person in batch], now=now, tonight=tonight)
        sent += _send(
            (wish.user_id, partial(notifications.morning_mail, wish, days[wish.user_id], local.date(), now=now))
            for wish in wishes(person for person in batch if person.pk in days)
        )
        after = batch[-1].pk
    _note(MORNING, now)
    return sent


def _send_weekly(*, now: datetime) -> int:
    local = timezone.localtime(now)
    monday = _at(local - timedelta(days=local.weekday()), time())
    begins, ends = _at(monday, AT), _at(monday + timedelta(days=1), WEEKLY_UNTIL)
    if not begins <= local < ends or _is_done(WEEKLY, begins):
        return 0
    before = _at(monday - timedelta(days=7), time())
    weeks = {shop: week for shop, week in digests.weeks(before, monday, now=now).items() if not week.is_empty}
    days = before.date(), (monday - timedelta(days=1)).date()
    leaders, shops = _leaders()
    own = {
        person.pk: [week for shop, week in weeks.items() if shop in shops.get(person.pk, weeks)] for person in leaders
    }
    sent = _send(
        (wish.user_id, partial(notifications.weekly_mail, wish, own[wish.user_id], *days, now=now))
        for wish in wishes(person for person in leaders if own[person.pk])
    )
    _note(WEEKLY, now)
    return sent


def _readers() -> Any:
    """Who can get a mail at all."""
    return get_user_model().objects.filter(is_active=True, is_staff=True).exclude(email="").order_by("pk")


def _leaders() -> tuple[list[Any], dict[int, set[int]]]:
    """Those who lead and want the weekly digest; and the shops of those among them who do not see all."""
    people = _readers().exclude(alert_preference__weekly_digest=False)
    leads = list(people.filter(groups__name=TEAM_LEAD))
    higher = list(people.filter(groups__name__in=(SUPERVISOR, SHOP_MANAGER)).distinct())
    shops: dict[int, set[int]] = {lead.pk: set() for lead in leads if lead not in higher}
    for person, shop in Shop.members.through.objects.filter(user__in=shops).values_list("user_id", "shop_id"):
        shops[person].add(shop)
    return [*higher, *(lead for lead in leads if lead.pk in shops)], shops


def _send(mails: Iterable[tuple[int, Callable[[], OutboxMessage]]]) -> int:
    """Write the mails of a batch in one transaction; one that cannot be composed holds up nobody else's."""
    composed = []
    for person, compose in mails:
        try:
            composed.append(compose())
        except Exception:
            log.exception("the digest of person %s cannot be written", person)
    with transaction.atomic():
        enqueue.enqueue(composed)
    return len(composed)


def _at(day: datetime, at: time) -> datetime:
    """That time of the day, in the desk's time zone."""
    return datetime.combine(day.date(), at, tzinfo=timezone.get_current_timezone())


def _is_workday(day: datetime) -> bool:
    calendar = WorkCalendar.objects.filter(is_default=True).first()
    return calendar is None or bool(calendar.schedule().hours(day.date()))


def _is_done(part: str, since: datetime) -> bool:
    return Heartbeat.objects.filter(part=part, at__gte=since).exists()


def _note(part: str, now: datetime) -> None:
    Heartbeat.objects.update_or_create(part=part, defaults={"at": now})
