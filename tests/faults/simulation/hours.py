"""Working time counted the dumb way: look at every single minute of the clock on the wall.

Knows nothing of the desk. Moments are whole numbers, hundredths of a second since 1970, which makes half of an odd
number of seconds exact.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = 100
MINUTE = 60 * SECOND
QUARTER = 15 * MINUTE
HOUR = 60 * MINUTE
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Span = tuple[int, int]
Hours = Sequence[Sequence[int]]


def ticks(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=10)


def moment(at: int) -> datetime:
    return EPOCH + at * timedelta(milliseconds=10)


class Always:
    """Calendar time."""

    def worked(self, until: int) -> int:
        return until

    def reached(self, worked: int) -> int:
        return worked


class Opening:
    """Working time of one calendar within a stretch of time, from a list of its open minutes."""

    def __init__(self, zone: str, week: Sequence[Hours], days: Mapping[date, Hours], begin: int, end: int) -> None:
        self.spans = _open_minutes(ZoneInfo(zone), week, days, begin, end)
        self.begins = [begin for begin, _end in self.spans]
        self.sums = [0]
        for opened, closed in self.spans:
            self.sums.append(self.sums[-1] + closed - opened)

    def worked(self, until: int) -> int:
        """Open time from the beginning of all things."""
        place = bisect_right(self.begins, until)
        if not place:
            return 0
        begin, end = self.spans[place - 1]
        return self.sums[place - 1] + min(until, end) - begin

    def reached(self, worked: int) -> int:
        """The first moment by which so much has been worked: at closing time rather than at the next opening."""
        place = bisect_left(self.sums, worked) - 1
        return self.spans[place][0] + worked - self.sums[place]


def _open_minutes(
    zone: ZoneInfo, week: Sequence[Hours], days: Mapping[date, Hours], begin: int, end: int
) -> list[Span]:
    spans: list[list[int]] = []
    known: dict[date, frozenset[int]] = {}
    # No zone changes its distance from UTC within a quarter of an hour.
    for quarter in range(begin - begin % QUARTER, end, QUARTER):
        wall = datetime.fromtimestamp(quarter // SECOND, zone)
        today = wall.date()
        if today not in known:
            hours = days.get(today, week[today.weekday()])
            known[today] = frozenset(one for from_, until in hours for one in range(from_, until))
        first, open_minutes = wall.hour * 60 + wall.minute, known[today]
        for offset in range(15):
            if first + offset in open_minutes:
                minute = quarter + offset * MINUTE
                if spans and spans[-1][1] == minute:
                    spans[-1][1] = minute + MINUTE
                else:
                    spans.append([minute, minute + MINUTE])
    return [(one[0], one[1]) for one in spans]


Calendar = Always | Opening


def used(calendar: Calendar, begin: int, until: int, pauses: Iterable[Span]) -> int:
    """Time worked between two moments, less what of it lies in pauses (which do not overlap)."""
    total = calendar.worked(until) - calendar.worked(begin) if until > begin else 0
    for pause in pauses:
        first, last = max(pause[0], begin), min(pause[1], until)
        if first < last:
            total -= calendar.worked(last) - calendar.worked(first)
    return total


def after(calendar: Calendar, begin: int, budget: int, pauses: Iterable[Span]) -> int:
    """When a budget is used up: as if there were no pauses, then later by each pause that comes before."""
    at = calendar.reached(calendar.worked(begin) + budget)
    for first, last in sorted(pauses):
        if first < at and last > begin:
            at = calendar.reached(calendar.worked(at) + calendar.worked(last) - calendar.worked(max(first, begin)))
    return at
