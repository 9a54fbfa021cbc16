"""Put the open complaints under the policies anew after these were changed, in the background.

A changed policy bears a mark, and the id of the last complaint that has been put under it since: a worker that dies
leaves the others to go on there, and one that was never woken is replaced by the next tick.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Min, Q

from complaints import waking
from complaints.models import Complaint, SlaPolicy
from complaints.queries.policies import Rulebook

from . import clocks, remedies
from .classification import classify
from .locking import locked, record, save_change

log = logging.getLogger(__name__)

RECOMPUTE = "complaints.tasks.recompute"

BATCH = 100
BATCHES = 20
"""Of one run; what is left waits for the next tick."""

LATECOMERS = timedelta(minutes=2)
"""Longer than any registration takes: one that read the policies before the change may appear so long after it."""

APPLIED = "policy_applied"


def policies_changed(policy_ids: Iterable[int], *, now: datetime) -> None:
    """Mark what was changed, and wake a worker once the transaction is through."""
    SlaPolicy.objects.filter(pk__in=policy_ids).update(recompute_requested_at=now, recomputed_up_to=0)
    transaction.on_commit(wake, robust=True)


def wake() -> None:
    """Ask a worker to begin."""
    waking.wake(RECOMPUTE)


def reapply(*, now: datetime) -> int:
    """Go on with the open complaints in the order of their ids; returns how many were put under the policies."""
    done = 0
    for _turn in range(BATCHES):
        marks = _marks()
        if not marks:
            break
        start = min(marks.values(), key=lambda mark: mark[1])[1]
        batch = list(Complaint.objects.open().filter(pk__gt=start).order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not batch:
            done += _end(marks, now=now)
            break
        _apply(batch, now=now)
        _moved_on(marks, batch[-1])
        done += len(batch)
    return done


def _marks() -> dict[int, tuple[datetime, int]]:
    """Id of each marked policy -> since when, and how far."""
    rows = SlaPolicy.objects.values_list("pk", "recompute_requested_at", "recomputed_up_to")
    return {pk: (at, up_to) for pk, at, up_to in rows.filter(recompute_requested_at__isnull=False) if at}


def _apply(complaint_ids: Iterable[int], *, now: datetime) -> None:
    """Each complaint in a transaction of its own; one that cannot be done does not hold up the others."""
    for pk in complaint_ids:
        try:
            apply_policy(pk, now=now)
        except (OperationalError, InterfaceError):  # the database, not the complaint: it goes on there the next time
            raise
        except Exception:  # the others must have their clocks
            log.exception("complaint %s cannot be put under the policies", pk)


def apply_policy(complaint_id: int, *, now: datetime) -> None:
    """Put one complaint under the policy that fits it, and its running clocks under what that says.

    The policies are read under the lock: whoever changes them meanwhile asks this complaint again, after us.
    """
    with locked(complaint_id) as complaint:
        if complaint.is_open:
            put_under(complaint, Rulebook(), now=now)


def reconsider(order_ids: Iterable[int], *, now: datetime) -> None:
    """What was paid for these orders is known now, or known better: policies may ask for it."""
    open_about = Complaint.objects.open().filter(order__in=list(order_ids)).order_by("pk")
    _apply(list(open_about.values_list("pk", flat=True)), now=now)


def put_under(complaint: Complaint, rules: Rulebook, *, now: datetime) -> None:
    """`apply_policy` for a caller that holds the lock."""
    before = complaint.priority
    changed = classify(complaint, rules)
    if complaint.priority != before:
        save_change(complaint, "policy", "priority")
        remedies.reassess(complaint)
        record(complaint, APPLIED, actor=None, now=now, changes={"priority": [before, complaint.priority]})
    elif changed:
        complaint.save(update_fields=["policy"])
    clocks.recompute(complaint, now=now, rules=rules)


def _moved_on(marks: dict[int, tuple[datetime, int]], last: int) -> None:
    """All have come so far, except those that were changed meanwhile."""
    for pk, (requested_at, up_to) in marks.items():
        if up_to < last:
            _as_marked(pk, requested_at).update(recomputed_up_to=last)


def _end(marks: dict[int, tuple[datetime, int]], *, now: datetime) -> int:
    """All have been asked; wait for latecomers, ask those, and take the marks away."""
    ripe = {pk: at for pk, (at, _up_to) in marks.items() if at <= now - LATECOMERS}
    if not ripe:
        return 0
    around = Q()
    for at in ripe.values():
        around |= Q(created_at__range=(at - LATECOMERS, at + LATECOMERS))
    late = list(Complaint.objects.open().filter(around).order_by("pk").values_list("pk", flat=True))
    _apply(late, now=now)
    for pk, requested_at in ripe.items():
        _as_marked(pk, requested_at).update(recompute_requested_at=None, recomputed_up_to=0)
    return len(late)


def _as_marked(pk: int, requested_at: datetime) -> Any:
    """The policy, unless it has been changed since."""
    return SlaPolicy.objects.filter(pk=pk, recompute_requested_at=requested_at)


def pending() -> datetime | None:
    """Since when open complaints wait to be put under the policies; None when none does."""
    return SlaPolicy.objects.aggregate(since=Min("recompute_requested_at"))["since"]


def waiting() -> int:
    """How many open complaints have still to be asked."""
    marks = _marks()
    if not marks:
        return 0
    return Complaint.objects.open().order_by().filter(pk__gt=min(up_to for _at, up_to in marks.values())).count()
