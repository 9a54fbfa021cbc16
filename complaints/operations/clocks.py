"""Start, meet, stop, pause and recompute the clocks of one complaint; called with the complaint locked.

What decides about a clock stands in its own row (budget, calendar, pauses, cap, levels with their moments), so that the
sweep reads the row alone and a fact stays what it was when policies change.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from complaints import signals, sla
from complaints.lifecycle import State
from complaints.models import Complaint, Deadline, Inquiry, RecoveryClaim
from complaints.policy_effect import is_named
from complaints.queries.facts import first_reply_at, has_human_reply, holds_of_matter
from complaints.queries.policies import Rulebook
from complaints.sla import Kind, Target, Terms

_SHOWS_DUE: dict[Kind, Any] = {Kind.INQUIRY: Inquiry, Kind.RECOVERY: RecoveryClaim}
"""What shows itself when its clock is due, to people who do not see the clock."""


def settle(
    complaint: Complaint, *, now: datetime, returning: bool = False, abandoned: bool = False, resuming: bool = False
) -> None:
    """Make exactly the stage clock run that the present state needs, and store when the complaint is next due.

    A clock that is no longer needed was met, unless the work on it was given up (`abandoned`) or sent back
    (`returning`): then it stops; a call-back that sends the case back has been made, though. The first pass through a
    stage runs from the start of the round; a stage that is entered again (`returning`) has its whole budget from now.
    A merge that is undone (`resuming`) leaves both complaints as if it had not been: the stopped clock goes on with
    the time that it had, and so does a first response that was met by a reply which has left again; one that is met
    was met by the first of the replies that are there.
    """
    wanted = sla.clock_for(complaint.state, answered=has_human_reply(complaint))
    present = {deadline.kind: deadline for deadline in running(complaint).of_stage()}
    for kind, deadline in present.items():
        if kind != wanted and resuming and deadline.breached_at is None:
            deadline.delete()
        elif kind != wanted:
            made = returning and kind == Kind.CALLBACK
            end(deadline, now=now, met=made or not (abandoned or returning or resuming))
    if wanted is None:
        _end_with_the_case(complaint, now=now, met=not abandoned)
    elif wanted not in present:
        resumed = _resume(complaint, wanted, now=now) if resuming else None
        if not resumed:
            start_stage(complaint, wanted, _start_of(complaint, wanted, now=now, returning=returning), now=now)
    if resuming and wanted != Kind.FIRST_RESPONSE:
        _answered_when_it_was(complaint)
    store_next_due(complaint)


def first(complaint: Complaint, rules: Rulebook, *, now: datetime) -> Deadline:
    """The clock with which a complaint begins that is not written yet, and on the complaint when it is due."""
    deadline = Deadline(kind=Kind.FIRST_RESPONSE, started_at=complaint.round_started_at)
    _write(deadline, complaint, rules.target(complaint, Kind.FIRST_RESPONSE), rules, now=now)
    complaint.next_due_at, complaint.next_critical_at = deadline.due_at, deadline.critical_from
    return deadline


def start_first(deadline: Deadline, complaint: Complaint) -> None:
    """Let the clock of `first` run: the complaint is written by now."""
    deadline.complaint = complaint
    _save(deadline)


def watch(
    complaint: Complaint,
    kind: Kind,
    *,
    subject: int = 0,
    responsible: Any = None,
    started_at: datetime | None = None,
    due_at: datetime | None = None,
    now: datetime,
) -> Deadline:
    """Start a clock beside the stage: of a promise, an inquiry, a claim or a platform case.

    With `due_at` somebody has named its time, and it runs in calendar time; else the policy gives its budget. One that
    was stopped and is named again with the same times goes on: what it has told is not told again.
    """
    rules = Rulebook()
    started_at = started_at or now
    deadline = Deadline(complaint=complaint, kind=kind, subject=subject, responsible=responsible, started_at=started_at)
    if due_at is not None:
        same = complaint.deadlines.filter(kind=kind, subject=subject, started_at=started_at, due_at=due_at)
        deadline = same.filter(stopped_at__isnull=False).order_by("pk").last() or deadline
        deadline.stopped_at = None
        target = rules.target(complaint, kind)
        named = Target(budget=max(due_at - started_at, timedelta(0)), pausable=False, levels=target.levels)
        _write(deadline, complaint, named, rules, now=now, named=True)
    else:
        _write(deadline, complaint, rules.target(complaint, kind), rules, now=now)
    _save(deadline)
    store_next_due(complaint)
    return deadline


def unwatch(complaint: Complaint, kind: Kind, *, subject: int = 0, now: datetime, met: bool = True) -> None:
    """End the clock that watches this subject, if one runs."""
    for deadline in running(complaint).filter(kind=kind, subject=subject):
        end(deadline, now=now, met=met)
    store_next_due(complaint)


def recompute(complaint: Complaint, *, now: datetime, rules: Rulebook | None = None) -> bool:
    """Bring the running clocks to what holds now; met and breached facts stay (domain.md, section 4).

    A clock that is due at another time alerts anew; one whose time stays goes on. The platform's deadline stays what it
    is, but the policy says how long before it ours is due. Returns whether any time moved.
    """
    rules = rules or Rulebook()
    moved = False
    for deadline in running(complaint):
        moved |= _rewrite(deadline, complaint, rules, now=now)
        _save(deadline)
    store_next_due(complaint)
    return moved


def _rewrite(deadline: Deadline, complaint: Complaint, rules: Rulebook, *, now: datetime) -> bool:
    """Give a running clock what holds now, without saving; whether its time moved."""
    due_before = deadline.due_at
    kind = Kind(deadline.kind)
    if is_named(kind, deadline.policy_id):
        deadline.priority = complaint.priority
        if kind is Kind.PLATFORM:
            deadline.budget = (before_platform(complaint, rules) or deadline.started_at) - deadline.started_at
        _plan(deadline, rules.target(complaint, kind).levels, rules)
    else:
        _write(deadline, complaint, rules.target(complaint, kind), rules, now=now)
    if deadline.due_at == due_before:
        return False
    deadline.level = deadline.failures = 0
    return True


def pause(complaint: Complaint, *, now: datetime) -> None:
    """Stop the time of the clocks that a hold pauses; the complaint is on hold already."""
    for deadline in running(complaint).filter(paused_at=None, pausable=True):
        deadline.paused_at = max(now, deadline.started_at)
        _save(deadline)
    store_next_due(complaint)


def go_on(complaint: Complaint, *, now: datetime) -> None:
    """Let paused clocks run again, due as much later as they stood still; the complaint is on hold no more.

    `now` is when the hold was over.
    """
    rules = Rulebook()
    for deadline in running(complaint).filter(paused_at__isnull=False):
        due_before = deadline.due_at
        _close_pause(deadline, deadline.paused_at, now=now)
        _plan(deadline, levels_of(deadline), rules)
        if deadline.due_at != due_before:
            deadline.level = 0
        _save(deadline)
    store_next_due(complaint)


def terms_of(deadline: Deadline, rules: Rulebook) -> Terms:
    """What decides when this clock is due."""
    return Terms(
        started_at=deadline.started_at,
        budget=deadline.budget,
        schedule=rules.schedule(deadline.calendar_id),
        pauses=tuple(deadline.paused_spans),
        latest_at=deadline.latest_at,
    )


def store_next_due(complaint: Complaint) -> None:
    """Store when the complaint must be looked at next: the first clock that runs, or the end of its hold.

    An ended one is looked at only where the customer has come back.
    """
    clocks = [one for one in complaint.deadlines.running() if one.paused_at is None]
    if not complaint.is_open:
        clocks = [one for one in clocks if one.kind == Kind.FIRST_RESPONSE]
    first = min(clocks, key=lambda one: (one.due_at, one.pk), default=None)
    due_at = sla.earliest([first.due_at if first else None, complaint.hold_until if complaint.is_open else None])
    complaint.next_due_at = due_at
    complaint.next_critical_at = first.critical_from if first and first.due_at == due_at else None
    complaint.save(update_fields=["next_due_at", "next_critical_at"])


def running(complaint: Complaint) -> Any:
    """The running clocks, locked: a sweep may be firing one, and what it writes must not be written over."""
    return complaint.deadlines.running().select_for_update().order_by("pk")


def _start_of(complaint: Complaint, kind: Kind, *, now: datetime, returning: bool) -> datetime:
    if kind is Kind.CALLBACK:
        return complaint.resolved_at or now
    again = returning or _of_round(complaint).filter(kind=kind, stopped_at__isnull=False).exists()
    return now if again else complaint.clocks_from


def _of_round(complaint: Complaint) -> Any:
    """The clocks of this round, without those from a start that came with a merge and has left again."""
    return complaint.deadlines.filter(round=complaint.round, started_at__gte=complaint.clocks_from)


def start_stage(complaint: Complaint, kind: Kind, started_at: datetime, *, now: datetime) -> None:
    """Time on hold since `started_at` does not count: a clock that runs from the start of the round missed none."""
    rules = Rulebook()
    target = rules.target(complaint, kind)
    deadline = Deadline(complaint=complaint, kind=kind, started_at=started_at)
    if target.pausable and (complaint.matter_since or (started_at < now and complaint.state != State.NEW)):
        deadline.pauses = pauses_since(complaint, started_at)
        deadline.paused_at = max(complaint.held_at, started_at) if complaint.held_at else None
    _write(deadline, complaint, target, rules, now=now)
    _save(deadline)


def pauses_since(complaint: Complaint, moment: datetime) -> list[list[str]]:
    """The holds since then as a clock stores them, without one that is on."""
    return [[begin.isoformat(), end.isoformat()] for begin, end in holds_of_matter(complaint, moment)]


def _write(
    deadline: Deadline, complaint: Complaint, target: Target, rules: Rulebook, *, now: datetime, named: bool = False
) -> None:
    """Give the clock what holds for it now, without saving; it stands still exactly if a hold pauses it."""
    deadline.round = deadline.round if deadline.pk else complaint.round
    deadline.priority = complaint.priority
    deadline.policy_id = None if named else complaint.policy_id
    deadline.budget, deadline.pausable = target.budget, target.pausable
    deadline.calendar_id = None if named else rules.calendar_id(complaint, target)
    deadline.latest_at = latest_at(complaint, Kind(deadline.kind), rules)
    held = complaint.held_at is not None and deadline.pausable
    if deadline.paused_at and not held:
        _close_pause(deadline, deadline.paused_at, now=min(now, complaint.hold_until or now))
    _plan(deadline, target.levels, rules)
    if held and not deadline.paused_at:
        deadline.paused_at = max(now, deadline.started_at)


def latest_at(complaint: Complaint, kind: Kind, rules: Rulebook) -> datetime | None:
    """When the platform's deadline, less the margin, wants this clock due at the latest."""
    return before_platform(complaint, rules) if kind in sla.CAPPED else None


def before_platform(complaint: Complaint, rules: Rulebook) -> datetime | None:
    """When we are due for the platform's case; None where there is none."""
    if complaint.platform_due_at is None or complaint.platform_opened_at is None:
        return None
    margin = rules.target(complaint, Kind.PLATFORM).budget
    return sla.before_platform(complaint.platform_opened_at, complaint.platform_due_at, margin)


def _plan(deadline: Deadline, levels: sla.Levels, rules: Rulebook) -> None:
    terms = terms_of(deadline, rules)
    deadline.due_at = sla.due(terms)
    deadline.plan = sla.plan(terms, levels)


def levels_of(deadline: Deadline) -> sla.Levels:
    """The clock's levels without their moments."""
    return tuple((warn.level, warn.audience) for warn in deadline.plan)


def _save(deadline: Deadline) -> None:
    """Save a running clock; the sweep looks at it when its next level is reached, and not while it stands still."""
    deadline.next_alert_at = None if deadline.paused_at else sla.next_alert(deadline.plan, after=deadline.level)
    deadline.save()
    if deadline.kind in _SHOWS_DUE:
        _SHOWS_DUE[Kind(deadline.kind)].objects.filter(pk=deadline.subject).update(due_at=deadline.due_at)
    if deadline.kind == Kind.CALLBACK:
        signals.callback_moved.send(sender=Complaint, complaint=deadline.complaint, due_at=deadline.due_at)


def _close_pause(deadline: Deadline, paused_at: datetime, *, now: datetime) -> None:
    deadline.pauses = [*deadline.pauses, [paused_at.isoformat(), max(now, paused_at).isoformat()]]
    deadline.paused_at = None


def _resume(complaint: Complaint, kind: Kind, *, now: datetime) -> Deadline | None:
    ended = _of_round(complaint).filter(kind=kind)
    if kind is not Kind.FIRST_RESPONSE:
        ended = ended.filter(stopped_at__isnull=False)
    deadline = ended.order_by(F("stopped_at").asc(nulls_first=True), "pk").last()
    if deadline:
        take_up(deadline, complaint, now=now)
    return deadline


def take_up(deadline: Deadline, complaint: Complaint, *, now: datetime) -> None:
    """Let a clock that has ended go on; what holds may be something else by now, for nobody recomputed it."""
    deadline.stopped_at = deadline.met_at = None
    _rewrite(deadline, complaint, Rulebook(), now=now)
    _save(deadline)


def begin_at(deadline: Deadline, complaint: Complaint, started_at: datetime) -> None:
    """Let a clock that has breached nothing begin at another time, without saving."""
    due_before, deadline.started_at = deadline.due_at, started_at
    deadline.pauses = pauses_since(complaint, started_at) if deadline.pausable else []
    deadline.paused_at = max(deadline.paused_at, started_at) if deadline.paused_at else None
    _plan(deadline, levels_of(deadline), Rulebook())
    if deadline.due_at != due_before:
        deadline.level = deadline.failures = 0


def was_met(deadline: Deadline, at: datetime) -> None:
    """Write down that a clock was met then, and whether that was late; a breach stays a fact."""
    _plan(deadline, levels_of(deadline), Rulebook())
    deadline.stopped_at = deadline.paused_at = deadline.next_alert_at = None
    deadline.met_at = max(at, deadline.started_at)
    if deadline.met_at > deadline.due_at and deadline.breached_at is None:
        deadline.breached_at = deadline.due_at
    deadline.save()


def _answered_when_it_was(complaint: Complaint) -> None:
    response = _of_round(complaint).filter(kind=Kind.FIRST_RESPONSE).order_by("pk").last()
    replied_at = first_reply_at(complaint) if response else None
    if response and replied_at and response.met_at != max(replied_at, response.started_at):
        was_met(response, replied_at)


def end(deadline: Deadline, *, now: datetime, met: bool) -> None:
    if deadline.paused_at:
        _close_pause(deadline, deadline.paused_at, now=min(now, deadline.complaint.hold_until or now))
        _plan(deadline, levels_of(deadline), Rulebook())
    if met:
        deadline.met_at = max(now, deadline.started_at)
    else:
        deadline.stopped_at = now
    if now > deadline.due_at and deadline.breached_at is None:
        deadline.breached_at = deadline.due_at
    deadline.next_alert_at = None
    deadline.save()


def _end_with_the_case(complaint: Complaint, *, now: datetime, met: bool) -> None:
    """A recovery claim outlives its case, but not its hold; a promise was answered before; the others have nothing to
    wait for.
    """
    others: Iterable[Deadline] = running(complaint).filter(kind__in=(Kind.PLATFORM, Kind.INQUIRY))
    for deadline in others:
        end(deadline, now=now, met=met and deadline.kind == Kind.PLATFORM)
    go_on(complaint, now=now)
