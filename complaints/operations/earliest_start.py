"""Of two complaints that are one the earliest start holds: the clocks of the stage run from there, and back again.

A clock that gives way is stopped and keeps what it has told; it goes on when the merge is undone.
"""

from datetime import datetime
from typing import Any

from complaints.models import Complaint, Deadline
from complaints.queries.facts import merged_this_round
from complaints.sla import STAGE_KINDS, Kind

from . import clocks

FROM_THE_START = tuple(kind for kind in STAGE_KINDS if kind is not Kind.CALLBACK)
"""Clocks that run from the start of the round; the call-back runs from the resolution."""


def hold(target: Complaint, source: Complaint, *, now: datetime) -> dict[str, Any]:
    """For a merge, both locked: the target's clock runs from the source's start where that is earlier.

    A stage that was entered again keeps the whole budget that it had anew. Returns what the event of the merge tells.
    """
    before, earlier = target.clocks_from, source.clocks_from
    if earlier >= before:
        return {}
    target.matter_since = earlier
    target.save(update_fields=["matter_since"])
    own = clocks.running(target).filter(kind__in=FROM_THE_START, started_at=before)
    for deadline in own:
        clocks.end(deadline, now=now, met=False)
        clocks.start_stage(target, Kind(deadline.kind), earlier, now=now)
    return {"since": earlier.isoformat()}


def give_back(target: Complaint, *, now: datetime) -> None:
    """For a merge that is undone: the clocks run from the earliest start among those that are still merged into it."""
    longest = merged_this_round(target).first()
    since = longest.since if longest and longest.since < target.round_started_at else None
    if since == target.matter_since:
        return
    target.matter_since = since
    target.save(update_fields=["matter_since"])
    lapsed = target.deadlines.filter(
        round=target.round, kind__in=FROM_THE_START, started_at__lt=target.clocks_from
    )  # fmt: skip
    for deadline in lapsed.select_for_update().order_by("pk"):
        _replace(deadline, target, now=now)


def _replace(lapsed: Deadline, target: Complaint, *, now: datetime) -> None:
    """Let the target's own clock stand where one from another start has stood; a breach stays a fact, beside it."""
    own = _given_way(lapsed, target)
    ran, met_at = lapsed.is_running, lapsed.met_at
    if own is None and lapsed.breached_at is None:
        own = lapsed
        clocks.begin_at(own, target, target.clocks_from)
    else:
        _stood_still(own, lapsed)
        _drop(lapsed, now=now)
    if own and ran:
        clocks.take_up(own, target, now=now)
    elif own and met_at:
        clocks.was_met(own, met_at)
    elif own is lapsed:
        lapsed.save()


def _given_way(lapsed: Deadline, target: Complaint) -> Deadline | None:
    """The clock that ran from the start which holds now, until a merge brought an earlier one."""
    same = target.deadlines.filter(kind=lapsed.kind, round=lapsed.round, started_at=target.clocks_from)
    return same.filter(stopped_at__isnull=False).order_by("pk").last()


def _stood_still(own: Deadline | None, lapsed: Deadline) -> None:
    """While it was stopped the other one knew of the holds."""
    if own is None or own.stopped_at is None:
        return
    since = own.stopped_at
    spans = [(max(begin, since), end) for begin, end in lapsed.paused_spans if end > since]
    own.pauses = [*own.pauses, *([begin.isoformat(), end.isoformat()] for begin, end in spans)]
    own.paused_at = max(lapsed.paused_at, since) if lapsed.paused_at else None


def _drop(lapsed: Deadline, *, now: datetime) -> None:
    if lapsed.breached_at is None:
        lapsed.delete()
    elif lapsed.is_running:
        clocks.end(lapsed, now=now, met=False)
