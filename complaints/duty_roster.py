"""Who is to have the next case: by skill, shift, absence and load, in turn among equals (R7.3).

Pure. A week is seven lists of hours, Monday first, each from one minute of the day until another; hours that end when
they begin or before go on after midnight.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from complaints.working_time import DAY, BadHours, EmptyInterval, OutsideDay, OverlappingIntervals

WEEK = 7 * DAY
USUAL_LIMIT = 30
LARGEST_LIMIT = 200
"""Open cases are counted no further than this, so that a full desk costs the same as a busy one."""

Shifts = tuple[tuple[int, int], ...]
Week = tuple[Shifts, ...]

ALWAYS: Week = ((),) * 7


def checked_week(week: Iterable[Iterable[Sequence[int]]]) -> Week:
    """The shifts of each day in order. Raises EmptyInterval, OutsideDay, OverlappingIntervals."""
    days = tuple(tuple(sorted((int(begin), int(end)) for begin, end in day)) for day in week)
    if len(days) != 7:
        raise ValueError("a week has seven days")
    for begin, end in (shift for day in days for shift in day):
        if begin < 0 or begin >= DAY or end < 0 or end > DAY:
            raise OutsideDay((begin, end))
        if begin == end:
            raise EmptyInterval((begin, end))
    _refuse_overlaps(days)
    return days


def _refuse_overlaps(week: Week) -> None:
    """Also of Sunday night with Monday morning."""
    spans = sorted(_spans(week))
    following = [*spans[1:], *((begin + WEEK, end + WEEK) for begin, end in spans[:1])]
    for (_begin, end), (begin, until) in zip(spans, following, strict=True):
        if begin < end:
            raise _overlap(begin, until)


def _overlap(begin: int, end: int) -> BadHours:
    return OverlappingIntervals((begin % DAY, end % DAY or DAY))


def _spans(week: Week) -> list[tuple[int, int]]:
    """The shifts in minutes of the week; the last one may end after it."""
    return [
        (day * DAY + begin, day * DAY + (end if end > begin else end + DAY))
        for day, shifts in enumerate(week)
        for begin, end in shifts
    ]


def on_duty(week: Week, local: datetime) -> bool:
    """Whether a shift runs at this local time. Who has entered none is always there."""
    minute = _minute_of_week(local)
    spans = _spans(week)
    return not spans or any(begin <= minute < end or begin <= minute + WEEK < end for begin, end in spans)


def next_shift(week: Week, local: datetime) -> datetime | None:
    """When the next shift begins, by the local clock; None for somebody who has no shifts."""
    minute = _minute_of_week(local)
    waits = [(begin - minute) % WEEK or WEEK for begin, _end in _spans(week)]
    return local.replace(second=0, microsecond=0) + timedelta(minutes=min(waits)) if waits else None


def _minute_of_week(local: datetime) -> int:
    return local.weekday() * DAY + local.hour * 60 + local.minute


class Bar(StrEnum):
    """Why somebody gets no case now; in the order in which it is looked at, hence the last one came closest."""

    OFF = "off"
    ACCUSED = "accused"
    PASSED = "passed"
    SKILL = "skill"
    ABSENT = "absent"
    SHIFT = "shift"
    FULL = "full"


class Because(StrEnum):
    """What decided between those who could have it."""

    ONLY = "only"
    LOAD = "load"
    TURN = "turn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who works for the shop."""

    person: int
    takes: bool = True
    handles: bool | None = None
    """Whether this kind of issue is named among the skills; None where no skills are named, which means all."""
    absent: bool = False
    on_duty: bool = True
    has_shifts: bool = False
    load: int = 0
    limit: int = USUAL_LIMIT
    given: int = 0
    """How many the rule has given to this person so far."""
    last_given_at: datetime | None = None

    @property
    def share(self) -> Fraction:
        """How much of the limit is used: 12 of 24 is as much as 15 of 30."""
        return Fraction(self.load, max(self.limit, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What the rule has to know of a case."""

    accused: int | None = None
    passed_by: frozenset[int] = frozenset()
    """Those who have given it back to the rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Who gets the case, and why."""

    candidate: Candidate
    among: int
    because: Because


@dataclass(frozen=True, slots=True)
class Nobody:
    """Nobody can have it now; `closest` is what bars those who came closest, None where nobody works for the shop."""

    closest: Bar | None


def bar(candidate: Candidate, matter: Matter) -> Bar | None:
    """The first reason against this person, if there is one."""
    reasons = {
        Bar.OFF: not candidate.takes,
        Bar.ACCUSED: candidate.person == matter.accused,
        Bar.PASSED: candidate.person in matter.passed_by,
        Bar.SKILL: candidate.handles is False,
        Bar.ABSENT: candidate.absent,
        Bar.SHIFT: not candidate.on_duty,
        Bar.FULL: candidate.load >= candidate.limit,
    }
    return next((reason for reason in Bar if reasons[reason]), None)


def ranked(candidates: Iterable[Candidate], matter: Matter) -> list[Candidate]:
    """Those who can have it: the lowest relative load first, among equals who was given one longest ago."""
    return sorted((one for one in candidates if bar(one, matter) is None), key=_rank)


def _rank(candidate: Candidate) -> tuple[Fraction, float, int, int]:
    last = candidate.last_given_at
    return candidate.share, last.timestamp() if last else 0.0, candidate.given, candidate.person


def choose(candidates: Sequence[Candidate], matter: Matter) -> Choice | Nobody:
    """The one who gets the case."""
    able = ranked(candidates, matter)
    if not able:
        bars = [reason for one in candidates if (reason := bar(one, matter))]
        return Nobody(max(bars, key=list(Bar).index) if bars else None)
    if len(able) == 1:
        because = Because.ONLY
    else:
        because = Because.TURN if able[0].share == able[1].share else Because.LOAD
    return Choice(candidate=able[0], among=len(able), because=because)
