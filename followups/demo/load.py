"""Load the demo company: once, into an empty desk, through the operations that people use."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import waking
from complaints.models import Complaint, Customer, Deadline, Order, Shop
from complaints.operations import alerting, sweeping, telling
from complaints.outbox import enqueue
from complaints.refusals import Refused

from . import listings, quality
from .case import Case
from .company import Company, dice, found, read
from .household import furnish, share_out
from .orders import OrderPlaces, bring_in
from .script import Cue, cues

REPORTS = 4
TICK = timedelta(seconds=30)
"""The beat looks at the clocks now and then: who acts at the last moment is still in time."""

Report = Callable[[str], object]


class AlreadyLoaded(Refused):
    message = gettext_lazy("The demo company is here already; it can be loaded only once.")


class NotEmpty(Refused):
    message = gettext_lazy("There is data on this desk already. The demo is loaded only where there is none.")


class NameTaken(Refused):
    message = gettext_lazy("There is a user “%(name)s” already, and the demo has one of that name. Rename yours first.")


class MailWouldLeave(Refused):
    message = gettext_lazy(
        "EMAIL_URL is set, so reminders to the invented staff would go to your mail server. "
        "Load the demo on a desk without EMAIL_URL."
    )


@dataclass(frozen=True, slots=True)
class Loaded:
    """The company as it stands, and the password with which all of its staff log in."""

    company: Company
    password: str


def load(*, now: datetime, report: Report) -> Loaded:
    """Make the company, its orders and its complaints, in one transaction; `report` is told how far it is.

    Raises AlreadyLoaded, NotEmpty, NameTaken, MailWouldLeave; nothing is written then, nor by any other failure.
    """
    cases: list[Case] = []
    try:
        with waking.asleep(), transaction.atomic(), enqueue.as_past():
            record = read("company.json")
            _check_untouched(record)
            password = secrets.token_urlsafe(9)
            company = found(record, password=password)
            furnish(record, company, now=now)
            names = {"shops": len(company.shops), "people": len(company.staff)}
            report(_("%(shops)s shops and %(people)s people are there.") % names)
            orders = bring_in(record, now=now)
            report(_("%(count)s orders are imported from the exports of the platforms.") % {"count": len(orders)})
            cases += _cases(record, company, orders)
            _live_through(cases, now=now, report=report)
            share_out(record, company, now=now)
            quality.inspect(company, now=now)
            listings.check(company, now=now)
            telling.tell(now=now)
            _look_at_the_bell(company, now=now)
    except BaseException:
        _remove_files(cases)
        raise
    return Loaded(company, password)


def refuse_where_mail_leaves() -> None:
    if settings.EMAIL_BACKEND.endswith("SmtpBackend"):
        raise MailWouldLeave


def _check_untouched(record: Mapping[str, Any]) -> None:
    refuse_where_mail_leaves()
    if Shop.objects.filter(code__in=[shop["code"] for shop in record["shops"]]).exists():
        raise AlreadyLoaded
    if any(model.objects.exists() for model in (Shop, Complaint, Customer, Order)):
        raise NotEmpty
    names = [person["username"] for person in record["staff"]]
    if taken := get_user_model().objects.filter(username__in=names).values_list("username", flat=True).first():
        raise NameTaken(name=taken)


def _cases(record: Mapping[str, Any], company: Company, orders: OrderPlaces) -> list[Case]:
    buyers = {buyer["key"]: buyer for buyer in read("buyers.json")}
    rng = dice()
    return [
        Case(
            entry,
            company,
            texts=record["texts"],
            buyer=buyers[entry["buyer"]],
            order=None if entry["order_ref"] is None else orders[entry["shop"], entry["order_ref"]],
            rng=rng,
        )
        for entry in read("complaints.json")
    ]


def _live_through(cases: Sequence[Case], *, now: datetime, report: Report) -> None:
    """Play everything that happened, in the order of time over the whole company, and every alert when it was due."""
    course: list[tuple[datetime, Cue, Case]] = [
        (now - timedelta(hours=cue.hours), cue, case) for case in cases for cue in cues(case.record, now=now)
    ]
    course.sort(key=lambda entry: entry[0])
    for done, (moment, cue, case) in enumerate(course, 1):
        _fire_alerts(until=moment - TICK)
        cue.act(case, moment, **cue.values)
        if done * REPORTS // len(course) > (done - 1) * REPORTS // len(course):
            names = {"count": len(cases), "share": 100 * done // len(course)}
            report(_("%(count)s complaints, day by day: %(share)s %%") % names)
    _fire_alerts(until=now)


def _fire_alerts(*, until: datetime) -> None:
    while due := Deadline.objects.alert_due(until).values_list("next_alert_at", flat=True).first():
        sweeping.sweep(now=due)
        telling.tell(now=due)


def _look_at_the_bell(company: Company, *, now: datetime) -> None:
    """People have seen the alerts about clocks that run no more, and of a running one all but the latest."""
    running = set(Deadline.objects.running().values_list("complaint_id", "kind", "subject"))
    for person in company.staff.values():
        alerts = person.alerts.order_by("created_at", "pk").values_list("complaint_id", "kind", "subject", "pk")
        latest = {clock: pk for *clock_parts, pk in alerts if (clock := tuple(clock_parts)) in running}
        seen = [pk for *_clock, pk in alerts if pk not in latest.values()]
        alerting.mark_seen(person, seen, now=now)


def _remove_files(cases: Sequence[Case]) -> None:
    for name in [name for case in cases for name in case.files]:
        with suppress(OSError):
            default_storage.delete(name)
            default_storage.delete(str(PurePosixPath(name).parent))
