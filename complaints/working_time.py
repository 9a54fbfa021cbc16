"""Working time: opening hours, holidays, make-up workdays, and the arithmetic of budgets on them (domain.md, 4).

Pure, standard library only. Moments are aware datetimes; hours are minutes of the local day. Without a schedule, time
is calendar time: every second counts.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

DAY = 24 * 60
"""Minutes of a day, which is also how the end of one is written."""

HORIZON = timedelta(days=20 * 366)
"""So far opening hours are followed; beyond, every second counts. Thus no clock fails to start for a calendar that
somebody has closed altogether, or for a budget of some thousand hours."""

FAR = datetime.max.replace(tzinfo=UTC)

Hours = tuple[tuple[int, int], ...]
"""Opening hours of one day: (from, until) in minutes of the local day, in order, not touching one another twice."""

Span = tuple[datetime, datetime]

CLOSED: Hours = ()


class BadHours(ValueError):
    """Opening hours that no day can have; `interval` is the one that is wrong."""

    def __init__(self, interval: tuple[int, int]) -> None:
        self.interval = interval
        super().__init__(f"{type(self).__name__}: {interval}")


class EmptyInterval(BadHours):
    """It ends when it begins, or before."""


class OutsideDay(BadHours):
    """It begins before midnight or ends after it."""


class OverlappingIntervals(BadHours):
    """It begins before the one before it has ended."""


def checked(intervals: Iterable[Sequence[int]]) -> Hours:
    """The intervals in order. Raises EmptyInterval, OutsideDay, OverlappingIntervals."""
    hours = tuple(sorted((int(begin), int(end)) for begin, end in intervals))
    until = 0
    for begin, end in hours:
        if begin < 0 or end > DAY:
            raise OutsideDay((begin, end))
        if end <= begin:
            raise EmptyInterval((begin, end))
        if begin < until:
            raise OverlappingIntervals((begin, end))
        until = end
    return hours


@dataclass(frozen=True, slots=True)
class Schedule:
    """When work is done: hours per weekday (Monday first), and days that have hours of their own (none: closed)."""

    zone: tzinfo
    week: tuple[Hours, ...]
    days: Mapping[date, Hours] = field(default_factory=dict)
    _known: dict[date, tuple[Span, ...]] = field(default_factory=dict, compare=False, repr=False)

    def hours(self, day: date) -> Hours:
        """The opening hours of a local day."""
        return self.days.get(day, self.week[day.weekday()])

    def spans(self, day: date) -> tuple[Span, ...]:
        """The same as moments, in UTC; a day on which clocks are put forward or back is shorter or longer."""
        spans = self._known.get(day)
        if spans is None:
            moments = ((self._moment(day, begin), self._moment(day, end)) for begin, end in self.hours(day))
            spans = self._known[day] = tuple((begin, end) for begin, end in moments if begin < end)
        return spans

    def open_from(self, start: datetime) -> Iterator[Span]:
        """Working time from `start` on, in order; what lies beyond the horizon is one span."""
        day, last = start.astimezone(self.zone).date(), (start + HORIZON).astimezone(self.zone).date()
        while day <= last:
            for begin, end in self.spans(day):
                if end > start:
                    yield max(begin, start), end
            day += timedelta(days=1)
        yield self._moment(day, 0), FAR

    def is_open(self, moment: datetime) -> bool:
        return any(begin <= moment < end for begin, end in self.spans(moment.astimezone(self.zone).date()))

    def _moment(self, day: date, minute: int) -> datetime:
        """A local time as a moment; one that is skipped when clocks are put forward is the moment of the change."""
        local = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
        moment = local.replace(tzinfo=self.zone).astimezone(UTC)
        if moment.astimezone(self.zone).replace(tzinfo=None) == local:
            return moment
        return self._change(local.replace(tzinfo=self.zone, fold=1).astimezone(UTC), moment)

    def _change(self, before: datetime, after: datetime) -> datetime:
        """The second between the two at which the zone changes its distance from UTC."""
        final = after.astimezone(self.zone).utcoffset()

        def has_changed(second: int) -> bool:
            return (before + timedelta(seconds=second)).astimezone(self.zone).utcoffset() == final

        seconds = range(int((after - before).total_seconds()) + 1)
        return before + timedelta(seconds=bisect_left(seconds, True, key=has_changed))


def add(start: datetime, budget: timedelta, schedule: Schedule | None = None, pauses: Sequence[Span] = ()) -> datetime:
    """When a budget that begins at `start` is used up; time in `pauses` does not count.

    A budget that ends at closing time ends at the closing instant, not at the next opening. One of nothing ends where
    it would begin. Raises ValueError for a negative budget.
    """
    if budget < timedelta(0):
        raise ValueError("a budget cannot be negative")
    left = budget
    for begin, end in _working(start, schedule, pauses):
        if left <= end - begin:
            return begin + left
        left -= end - begin
    raise OverflowError(f"{budget} from {start:%Y-%m-%d}")


def between(a: datetime, b: datetime, schedule: Schedule | None = None, pauses: Sequence[Span] = ()) -> timedelta:
    """Working time from `a` to `b` that lies in no pause; nothing when `b` is not later."""
    used = timedelta(0)
    a, b = a.astimezone(UTC), b.astimezone(UTC)
    if b <= a:
        return used
    for begin, end in _working(a, schedule, pauses):
        if begin >= b:
            break
        used += min(end, b) - begin
    return used


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time as spans in order that do not touch; those of no length are left out."""
    result: list[Span] = []
    moments = sorted((begin.astimezone(UTC), end.astimezone(UTC)) for begin, end in spans)
    for begin, end in moments:
        if begin >= end:
            continue
        if result and begin <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((begin, end))
    return result


def _working(start: datetime, schedule: Schedule | None, pauses: Sequence[Span]) -> Iterator[Span]:
    """Time that counts, from `start` on, in order."""
    # Arithmetic on moments: a local zone would count its hours by the wall clock.
    start = start.astimezone(UTC)
    always: Iterable[Span] = [(start, FAR)]
    spans = schedule.open_from(start) if schedule else always
    return _without(spans, merged(pauses)) if pauses else iter(spans)


def _without(spans: Iterable[Span], pauses: Sequence[Span]) -> Iterator[Span]:
    """The spans less the pauses; both in order."""
    place = 0
    for begin, end in spans:
        at = begin
        while place < len(pauses) and pauses[place][1] <= at:
            place += 1
        following = place
        while following < len(pauses) and pauses[following][0] < end:
            if pauses[following][0] > at:
                yield at, pauses[following][0]
            at = max(at, pauses[following][1])
            following += 1
        if at < end:
            yield at, end
