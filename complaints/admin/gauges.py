"""A stored clock as the case page shows it: budget, used, left and paused, in words and as a bar."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from complaints import sla
from complaints.models import Complaint, Deadline
from complaints.operations.clocks import terms_of
from complaints.queries.policies import Rulebook
from complaints.sla import Kind


@dataclass(frozen=True, slots=True)
class Gauge:
    """`percent` of the time until the due moment is used; spans are in working time where the budget is."""

    deadline: Deadline
    tone: str
    percent: int
    used: timedelta
    left: timedelta
    paused: timedelta
    budget: timedelta
    about: str
    """What the clock watches, where there may be several of its kind: the promise, the department that was asked."""

    @property
    def over(self) -> timedelta | None:
        """By how much it is late, if it is."""
        return -self.left if self.left < timedelta(0) else None


def gauges(complaint: Complaint, now: datetime) -> list[Gauge]:
    """All clocks of a case; a work calendar is read once, and only if a clock runs in working time."""
    rules = Rulebook()
    about = {(Kind.PROMISE, promise.pk): promise.text for promise in complaint.promises.all()}
    about |= {(Kind.INQUIRY, inquiry.pk): inquiry.department.name for inquiry in complaint.inquiries.all()}
    return [
        gauge(deadline, rules, now, about.get((Kind(deadline.kind), deadline.subject), ""))
        for deadline in complaint.deadlines.all()
    ]


def gauge(deadline: Deadline, rules: Rulebook, now: datetime, about: str = "") -> Gauge:
    until = deadline.met_at or deadline.stopped_at or deadline.paused_at or now
    terms = terms_of(deadline, rules)
    used, left = sla.used(terms, until), sla.left(terms, until)
    allowed = used + left
    share = used / allowed if allowed > timedelta(0) else 1.0
    paused = sum((end - begin for begin, end in deadline.paused_spans), timedelta(0))
    if deadline.paused_at:
        paused += max(now - deadline.paused_at, timedelta(0))
    tone, percent = _tone(deadline, until), min(round(share * 100), 100)
    return Gauge(deadline, tone, percent, used, left, paused, deadline.budget, about)


def _tone(deadline: Deadline, until: datetime) -> str:
    if until > deadline.due_at:
        return "breached"
    if deadline.paused_at:
        return "waiting"
    if deadline.is_running:
        critical = deadline.critical_from
        return "risk" if critical and until >= critical else "neutral"
    return "done" if deadline.met_at else "waiting"
