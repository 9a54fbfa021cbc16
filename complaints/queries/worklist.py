"""The work list: tabs, filters, search and keyset pages, each served by one index whatever the number of rows."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.lifecycle import State
from complaints.models import Complaint, Customer, Order, Promise, WebSubmission
from complaints.models.complaint import ENDED_STATES, ComplaintQuerySet

from .counting import CountUpTo

PAGE = 50
COUNT_LIMIT = 100
SOON = timedelta(hours=2)
FOUND_LIMIT = 500
NAMESAKES = 1000
SERIAL_DIGITS = 4
_NUMBER = re.compile(r"(?P<day>A\d{8})(-(?P<serial>\d{0,6}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tab:
    code: str
    label: Any
    rows: Callable[[ComplaintQuerySet, Any, datetime], ComplaintQuerySet]
    ended: bool = False


def _promised_today(rows: ComplaintQuerySet, user: Any, now: datetime) -> ComplaintQuerySet:
    tonight = timezone.localtime(now).replace(hour=23, minute=59, second=59)
    promises = Promise.objects.filter(status=Promise.Status.OPEN, due_at__lte=tonight)
    return rows.open().filter(pk__in=promises.values("complaint_id"))


def _ended(rows: ComplaintQuerySet, user: Any, now: datetime) -> ComplaintQuerySet:
    return rows.filter(state__in=ENDED_STATES)


TABS = {
    tab.code: tab
    for tab in (
        Tab("mine", _("My work"), lambda rows, user, now: rows.assigned_to(user)),
        Tab("due_soon", _("Due soon"), lambda rows, user, now: rows.due_between(now, now + SOON)),
        Tab("overdue", _("Overdue"), lambda rows, user, now: rows.overdue(now)),
        Tab("unassigned", _("Unassigned"), lambda rows, user, now: rows.unassigned()),
        Tab("promised", _("Promised today"), _promised_today),
        Tab("callbacks", _("Call-backs"), lambda rows, user, now: rows.filter(state=State.AWAITING_FOLLOWUP)),
        Tab("came_back", _("Came back"), lambda rows, user, now: rows.came_back()),
        Tab("open", _("All open"), lambda rows, user, now: rows.open()),
        Tab("ended", _("Ended"), _ended, ended=True),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the reader asked for; every value has been validated."""

    tab: str = "mine"
    shop: int | None = None
    stage: str = ""
    priority: str = ""
    text: str = ""
    after: tuple[datetime, int] | None = None
    before: tuple[datetime, int] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Complaint]
    has_next: bool
    has_previous: bool


def counts(user: Any, *, now: datetime) -> dict[str, int]:
    """Rows per tab, in one query; COUNT_LIMIT means "so many or more". The ended ones are not counted."""
    visible = Complaint.objects.visible_to(user)
    subqueries: dict[str, Any] = {
        tab.code: CountUpTo(tab.rows(visible, user, now).order_by().values("pk")[:COUNT_LIMIT])
        for tab in TABS.values()
        if not tab.ended
    }
    rows: Any = get_user_model().objects.filter(pk=user.pk).values(**subqueries)
    return rows.get()


def page(user: Any, wanted: Wanted, *, now: datetime, size: int = PAGE) -> Page:
    """One page of the list, the most urgent first (the latest first where nothing is due any more)."""
    tab = TABS[wanted.tab]
    rows = Complaint.objects.visible_to(user)
    if wanted.text:
        rows, moment, descending = found(rows, wanted.text), "received_at", True
    else:
        rows = tab.rows(rows, user, now)
        moment, descending = ("received_at", True) if tab.ended else ("next_due_at", False)
    return _keyset(_narrowed(rows, wanted), wanted, moment=moment, descending=descending, size=size)


def found(rows: ComplaintQuerySet, text: str) -> ComplaintQuerySet:
    """By number (or its beginning), number of the web form's receipt, order number, or the customer's exact name,
    phone, e-mail or buyer id.

    With a merged complaint the one is found in which the case goes on.
    Each way has an index of its own and is asked alone: together they would make the planner walk the list to its end
    for something that does not exist. Of a great many, the latest are found.
    """
    text = text.strip()
    same = Customer.objects.matching(text)
    customers: Any = list(same.values_list("pk", flat=True)[: NAMESAKES + 1])
    ways = [
        rows.filter(order__in=list(Order.objects.filter(number=text).values_list("pk", flat=True)[:COUNT_LIMIT])),
        rows.filter(customer__in=customers if len(customers) <= NAMESAKES else same),
    ]
    if first_and_last := _numbers(text):
        ways.append(rows.filter(number__range=first_and_last))
    if (sent := WebSubmission.objects.named(text)) and sent.contact:
        ways.append(rows.filter(pk=sent.contact.complaint_id))
    ids: set[int] = set()
    into: set[int] = set()
    for way in ways:
        for pk, target in way.order_by("-received_at", "-id").values_list("pk", "merged_into")[:FOUND_LIMIT]:
            ids.add(pk)
            into |= {target} if target else set()
    return rows.filter(pk__in=ids | _survivors(into - ids))


def _survivors(merged_into: set[int]) -> set[int]:
    """Those into which something was merged, and where these were merged on; a query for each step."""
    found = set(merged_into)
    while merged_into:
        steps = Complaint.objects.filter(pk__in=merged_into, merged_into__isnull=False)
        merged_into = {pk for pk in steps.values_list("merged_into", flat=True) if pk} - found
        found |= merged_into
    return found


def _numbers(text: str) -> tuple[str, str] | None:
    """The first and the last number that begin with this text, from a whole day on; None if none can.

    A range, since SQLite uses no index for beginnings; its ends have the form of a number, so that any collation puts
    them where they belong.
    """
    match = _NUMBER.fullmatch(text.upper())
    if match is None:
        return None
    day, serial = match["day"], match["serial"] or ""
    if len(serial) >= SERIAL_DIGITS:
        return f"{day}-{serial}", f"{day}-{serial}9"
    return f"{day}-{serial:0<{SERIAL_DIGITS}}", f"{day}-{serial:9<{SERIAL_DIGITS}}9"


def position(complaint: Complaint, wanted: Wanted) -> tuple[datetime | None, int]:
    """Where a row stands in the order of the list."""
    by_receipt = wanted.text or TABS[wanted.tab].ended
    return (complaint.received_at if by_receipt else complaint.next_due_at, complaint.pk)


def _narrowed(rows: QuerySet[Complaint], wanted: Wanted) -> QuerySet[Complaint]:
    if wanted.shop:
        rows = rows.filter(shop_id=wanted.shop)
    if wanted.stage:
        rows = rows.filter(state=wanted.stage)
    if wanted.priority:
        rows = rows.filter(priority=wanted.priority)
    # Each encrypted field costs a decryption per row, and a row shows one of them.
    rows = rows.select_related("shop", "customer", "assignee")
    return rows.defer("customer__phone", "customer__email", "customer__buyer")


def _keyset(rows: Any, wanted: Wanted, *, moment: str, descending: bool, size: int) -> Page:
    """Read one row more than shown, from a position instead of an offset: every page costs the same."""
    backwards = wanted.before is not None
    down = descending != backwards
    order = f"-{moment}" if down else moment, "-id" if down else "id"
    start = wanted.before or wanted.after
    if start:
        rows = rows.filter(_beyond(moment, start, down))
    read = list(rows.order_by(*order)[: size + 1])
    if wanted.text and not start and len(read) <= size:
        # All on one page: the complaint in which a merged one goes on stands before it.
        read.sort(key=lambda one: one.state == State.MERGED)
    more = len(read) > size
    shown = read[:size]
    _name(shown)
    if backwards:
        return Page(shown[::-1], has_next=True, has_previous=more)
    return Page(shown, has_next=more, has_previous=start is not None)


def _name(rows: list[Complaint]) -> None:
    """Who has no name is called by the buyer id: read for all of them at once."""
    nameless = [row.customer for row in rows if row.customer and not row.customer.name]
    buyers = dict(Customer.objects.filter(pk__in=[one.pk for one in nameless]).values_list("pk", "buyer"))
    for customer in nameless:
        customer.buyer = buyers.get(customer.pk)


def _beyond(moment: str, start: tuple[datetime, int], down: bool) -> Q:
    """Rows after `start`; the first condition is redundant but lets every planner enter the index there."""
    when, pk = start
    side = "lt" if down else "gt"
    return Q(**{f"{moment}__{side}e": when}) & (Q(**{f"{moment}__{side}": when}) | Q(**{f"id__{side}": pk}))
