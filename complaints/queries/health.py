"""How the desk is behind its pages: what `/readyz` answers with, and what the banner of the staff pages says.

Ages are measured by the database's clock, which also wrote the moments. The reason codes are explained, each with its
mend, in `docs/operating.md`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import Now
from django.utils import timezone

from complaints.models import Heartbeat, Mailbox, OutboxMessage, WorkCalendar

MISSED_TICKS = 3
SHORTEST_SILENCE = timedelta(seconds=30)
"""Longer than one run of delivery against a server that hangs, however short the ticks are."""

TICKS = {Heartbeat.Part.SWEEP: 1, Heartbeat.Part.DELIVER: 1, Heartbeat.Part.MEND: 10}
"""How many ticks lie between two rounds of a part, as in the beat table."""

LONGEST_WAIT = timedelta(minutes=5)
"""Of a message that is due; one that was refused and is put off is not due."""

COUNT_LIMIT = 1000
ANNOUNCED_FROM = 11
"""The State Council announces the holidays of a year in the November before."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. A reason without failing is a warning; no reason: all is well."""

    name: str
    reason: str = ""
    failing: bool = False
    numbers: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standstill:
    """What of the background stands still ("all", "sweep" or "deliver"), and since when."""

    part: str
    span: timedelta


def checks(*, now: datetime) -> list[Check]:
    """Everything that the database can tell, in six queries."""
    return [*_background(silences()), _outbox(), _dead_letters(), _mailboxes(), _calendar(now=now)]


def standstill() -> Standstill | None:
    """What keeps alerts or mails from going out at this moment; one query."""
    return _standstill(silences())


def silences() -> dict[str, timedelta]:
    """How long ago each part did its last round (or was expected for the first time)."""
    silence = ExpressionWrapper(Now() - F("at"), output_field=DurationField())
    return dict(Heartbeat.objects.annotate(silence=silence).values_list("part", "silence"))


def allowed_silence(part: str) -> timedelta:
    """After that the part counts as stopped: three missed rounds."""
    ticks = MISSED_TICKS * TICKS[Heartbeat.Part(part)]
    return max(timedelta(seconds=settings.AMENDS_TICK_SECONDS * ticks), SHORTEST_SILENCE)


def _background(silent: dict[str, timedelta]) -> list[Check]:
    return [_pulse(part, silent.get(part)) for part in Heartbeat.Part]


def _pulse(part: str, silence: timedelta | None) -> Check:
    allowed = allowed_silence(part)
    numbers = {"allowed_seconds": _seconds(allowed)}
    if silence is None:
        return Check(part, "never_ran", failing=True, numbers=numbers)
    stopped = silence > allowed
    return Check(part, "stopped" if stopped else "", stopped, {"age_seconds": _seconds(silence)} | numbers)


def _standstill(silent: dict[str, timedelta]) -> Standstill | None:
    """A desk that has never been set up has no row yet, and nothing that could stand still."""
    watched = (Heartbeat.Part.SWEEP, Heartbeat.Part.DELIVER)
    stopped = [part for part in watched if part in silent and silent[part] > allowed_silence(part)]
    if not stopped:
        return None
    part = "all" if len(stopped) == len(watched) else str(stopped[0])
    return Standstill(part, min(silent[part] for part in stopped))


def _outbox() -> Check:
    """The oldest message that could have been sent by now."""
    waited = ExpressionWrapper(Now() - F("next_attempt_at"), output_field=DurationField())
    oldest: Any = OutboxMessage.objects.due(Now()).annotate(waited=waited).values_list("waited", flat=True).first()
    age = oldest or timedelta()
    late = age > LONGEST_WAIT
    return Check("outbox", "waiting" if late else "", late, {"oldest_seconds": _seconds(age)})


def _dead_letters() -> Check:
    """Messages that a person must decide about; the desk works on, hence a warning."""
    status = OutboxMessage.Status
    troubled = OutboxMessage.objects.filter(status__in=(status.DEAD, status.UNCERTAIN)).order_by()
    count = troubled[:COUNT_LIMIT].count()
    return Check("dead_letters", "undelivered" if count else "", numbers={"count": count})


def _mailboxes() -> Check:
    """Mailboxes of ours that we cannot read; the provider or a changed password, hence a warning."""
    count = Mailbox.objects.unreadable().order_by()[:COUNT_LIMIT].count()
    return Check("mailboxes", "unreadable" if count else "", numbers={"count": count})


def _calendar(*, now: datetime) -> Check:
    """Whether the calendars in use know the holidays of this year, and from November on those of the next one."""
    used = WorkCalendar.objects.filter(Q(is_default=True) | Q(shops__active=True)).distinct()
    calendars = list(used.prefetch_related("years"))
    if not any(calendar.is_default for calendar in calendars):
        return Check("calendar", "no_default", failing=True)
    today = timezone.localdate(now)
    found = {_year_reason(calendar, today) for calendar in calendars if calendar.region} - {""}
    reason = next((reason for reason in YEAR_REASONS if reason in found), "")
    return Check("calendar", reason, failing=reason == "year_missing", numbers={"year": today.year})


YEAR_REASONS = ("year_missing", "year_not_announced", "next_year_not_announced")
"""The worst first."""


def _year_reason(calendar: WorkCalendar, today: date) -> str:
    announced = {year.year: year.announced for year in calendar.years.all()}
    if today.year not in announced:
        return "year_missing"
    if not announced[today.year]:
        return "year_not_announced"
    coming = today.month >= ANNOUNCED_FROM and not announced.get(today.year + 1)
    return "next_year_not_announced" if coming else ""


def overall(found: Iterable[Check]) -> str:
    """ok, degraded (a warning), or failing."""
    found = list(found)
    if any(check.failing for check in found):
        return "failing"
    return "degraded" if any(check.reason for check in found) else "ok"


def _seconds(span: timedelta) -> int:
    return max(int(span.total_seconds()), 0)
