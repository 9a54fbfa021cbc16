"""The platform has intervened: its own deadline overrides our clocks (domain.md, section 3)."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint
from complaints.queries.policies import Rulebook
from complaints.refusals import Refused
from complaints.sla import Kind

from . import clocks
from .classification import classify
from .ended import refuse_ended
from .locking import locked, record, save_change

FIELDS = ("platform_opened_at", "platform_due_at", "platform_reference", "policy", "priority")


class PlatformDeadlinePast(Refused):
    message = _("The platform's deadline is already over. Check date and time.")


class NoPlatformCase(Refused):
    message = _("There is no platform case here.")


def set_deadline(
    complaint_id: int, *, due_at: datetime, reference: str = "", actor: Any, version: int, now: datetime
) -> Complaint:
    """Record the platform's case and deadline, or its new one; our clocks are due before it from now on.

    Raises PlatformDeadlinePast, ComplaintOver, StaleVersion.
    """
    if due_at <= now:
        raise PlatformDeadlinePast
    with locked(complaint_id, version=version) as complaint:
        refuse_ended(complaint)
        before = complaint.platform_due_at
        if before != due_at:
            complaint.platform_opened_at = now
        complaint.platform_due_at, complaint.platform_reference = due_at, reference.strip()
        _apply(complaint, now=now)
        record(
            complaint, "platform_case", actor=actor, now=now, number=complaint.platform_reference,
            before=before.isoformat() if before else None, due_at=due_at.isoformat(),
        )  # fmt: skip
    return complaint


def end(complaint_id: int, *, reason: str = "", actor: Any, version: int, now: datetime) -> Complaint:
    """The platform has closed its case: our own times hold again. Raises NoPlatformCase, StaleVersion."""
    with locked(complaint_id, version=version) as complaint:
        if complaint.platform_due_at is None:
            raise NoPlatformCase
        complaint.platform_opened_at = complaint.platform_due_at = None
        _apply(complaint, now=now, over=True)
        record(complaint, "platform_case_over", actor=actor, now=now, reason=reason)
    return complaint


def watch(complaint: Complaint, *, now: datetime, over: bool = False) -> None:
    """Let exactly the platform clock run that the complaint's platform case needs; the caller holds the lock.

    The clock of a case that is `over` was met; one with another deadline takes the place of the one before, and one
    with the same goes on: what it has told is not told again.
    """
    span = _span(complaint)
    running = complaint.deadlines.running().filter(kind=Kind.PLATFORM)
    if span and running.filter(started_at=span[0], due_at=span[1]).exists():
        return
    clocks.unwatch(complaint, Kind.PLATFORM, now=now, met=over)
    if span:
        clocks.watch(complaint, Kind.PLATFORM, started_at=span[0], due_at=span[1], now=now)


def _span(complaint: Complaint) -> tuple[datetime, datetime] | None:
    """From when until when the clock of the platform case runs; None where there is no case."""
    if complaint.platform_opened_at is None:
        return None
    due_at = clocks.before_platform(complaint, Rulebook())
    return (complaint.platform_opened_at, due_at) if due_at else None


def adopt(target: Complaint, source: Complaint, *, now: datetime) -> dict[str, Any]:
    """A complaint that is merged brings its platform case along; of two the earlier deadline holds.

    Returns, for the event of the merge, the case that had to give way: `give_back` finds it there.
    """
    theirs, ours = source.platform_due_at, target.platform_due_at
    if theirs is None or (ours and ours <= theirs):
        return {}
    displaced = {}
    if ours and target.platform_opened_at:
        moments = [target.platform_opened_at.isoformat(), ours.isoformat()]
        displaced = {"displaced": [*moments, target.platform_reference]}
    target.platform_opened_at, target.platform_due_at = source.platform_opened_at, theirs
    target.platform_reference = source.platform_reference
    _apply(target, now=now, counted=True)
    return displaced


def give_back(target: Complaint, source: Complaint, *, now: datetime) -> None:
    """The undoing of `adopt`, for a merge that is undone: the case is the source's alone again, and the target has the
    one that it had before.
    """
    if source.platform_due_at is None:
        return
    watch(source, now=now)
    if (target.platform_due_at, target.platform_reference) == (source.platform_due_at, source.platform_reference):
        target.platform_opened_at, target.platform_due_at, target.platform_reference = _displaced(target, source)
        _apply(target, now=now, counted=True)


def _displaced(target: Complaint, source: Complaint) -> tuple[datetime | None, datetime | None, str]:
    """The target's own platform case that gave way at the merge; none where there was none, or the target is over."""
    merged = target.events.filter(kind="merged_in", data__number=source.number).order_by("pk").last()
    if merged is None or "displaced" not in merged.data or not target.is_open:
        return None, None, target.platform_reference
    opened_at, due_at, reference = merged.data["displaced"]
    return datetime.fromisoformat(opened_at), datetime.fromisoformat(due_at), reference


def _apply(complaint: Complaint, *, now: datetime, over: bool = False, counted: bool = False) -> None:
    """`counted`: the caller has given the complaint its new version already."""
    rules = Rulebook()
    classify(complaint, rules)
    if counted:
        complaint.save(update_fields=FIELDS)
    else:
        save_change(complaint, *FIELDS)
    watch(complaint, now=now, over=over)
    clocks.recompute(complaint, now=now, rules=rules)
