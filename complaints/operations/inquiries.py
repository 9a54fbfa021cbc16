"""Ask departments about a complaint, and write down what they say (R4.5).

Whoever answers need not see the complaint: every function takes the inquiry by its id within it.
"""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints import sla
from complaints.models import Complaint, Department, Inquiry
from complaints.queries.people import answerer
from complaints.refusals import ReasonMissing, Refused

from . import clocks
from .conversation import EmptyText
from .ended import refuse_ended
from .locking import locked, record


class DepartmentClosed(Refused):
    message = _("%(department)s is not asked any more. Choose another department.")
    panel = "inquiries"


class AskedAlready(Refused):
    message = _("Exactly this is asked already and has no answer yet.")
    panel = "inquiries"


class DueInThePast(Refused):
    message = _("This time is already over. Name a later one.")
    panel = "inquiries"


class InquiryGone(Refused):
    message = _("This inquiry does not belong to this complaint any more.")
    panel = "inquiries"


class InquiryOver(Refused):
    message = _("This inquiry is over already: %(status)s.")
    panel = "inquiries"


def ask(
    complaint_id: int,
    department: Department,
    question: str,
    *,
    due_at: datetime | None = None,
    actor: Any,
    now: datetime,
) -> Inquiry:
    """Ask a department; without `due_at` the policy says how long it may take.

    Raises EmptyText, DueInThePast, DepartmentClosed, AskedAlready, ComplaintOver.
    """
    question = question.strip()
    if not question:
        raise EmptyText
    if due_at and due_at <= now:
        raise DueInThePast
    with locked(complaint_id) as complaint:
        refuse_ended(complaint)
        if not department.active:
            raise DepartmentClosed(department=department.label)
        if complaint.inquiries.open().filter(department=department, question=question).exists():
            raise AskedAlready
        inquiry = Inquiry.objects.create(
            complaint=complaint, department=department, question=question, asked_by=actor, asked_at=now,
            due_at=due_at or now,
        )  # fmt: skip
        owner = answerer(department, now=now)
        clock = clocks.watch(complaint, sla.Kind.INQUIRY, subject=inquiry.pk, responsible=owner, now=now, due_at=due_at)
        inquiry.due_at = clock.due_at
        _record(complaint, "inquiry_asked", inquiry, actor=actor, now=now)
    return inquiry


def answer(complaint_id: int, inquiry_id: int, text: str, *, told_by: str = "", actor: Any, now: datetime) -> Inquiry:
    """The answer, by a member of the department or, with `told_by`, as somebody on the case heard it by phone.

    Raises EmptyText, InquiryGone, InquiryOver.
    """
    if not text.strip():
        raise EmptyText
    with locked(complaint_id) as complaint:
        inquiry = _open(complaint, inquiry_id)
        inquiry.status, inquiry.answer, inquiry.told_by = Inquiry.Status.ANSWERED, text.strip(), told_by.strip()
        inquiry.answered_by, inquiry.answered_at = actor, now
        inquiry.save(update_fields=["status", "answer", "told_by", "answered_by", "answered_at"])
        clocks.unwatch(complaint, sla.Kind.INQUIRY, subject=inquiry.pk, now=now)
        _record(complaint, "inquiry_answered", inquiry, actor=actor, now=now)
    return inquiry


def need_time(
    complaint_id: int, inquiry_id: int, until: datetime, *, reason: str, actor: Any, now: datetime
) -> Inquiry:
    """The department says when it will answer, and why not earlier. What was due stays due.

    Raises ReasonMissing, DueInThePast, InquiryGone, InquiryOver.
    """
    if not reason.strip():
        raise ReasonMissing
    if until <= now:
        raise DueInThePast
    with locked(complaint_id) as complaint:
        inquiry = _open(complaint, inquiry_id)
        inquiry.expected_at, inquiry.expected_reason = until, reason.strip()
        inquiry.save(update_fields=["expected_at", "expected_reason"])
        _record(complaint, "inquiry_delayed", inquiry, actor=actor, now=now, reason=reason, until=until.isoformat())
    return inquiry


def withdraw(complaint_id: int, inquiry_id: int, *, reason: str, actor: Any, now: datetime) -> Inquiry:
    """Go on without the answer, with a reason (R1.2).

    Raises ReasonMissing, InquiryGone, InquiryOver.
    """
    if not reason.strip():
        raise ReasonMissing
    with locked(complaint_id) as complaint:
        inquiry = _open(complaint, inquiry_id)
        _withdraw(complaint, inquiry, reason=reason.strip(), actor=actor, now=now)
    return inquiry


def withdraw_all(complaint: Complaint, *, actor: Any, now: datetime) -> None:
    """The complaint has ended: nobody waits for these answers any more. For a caller that holds the lock."""
    for inquiry in complaint.inquiries.open().select_related("department"):
        _withdraw(complaint, inquiry, reason="", actor=actor, now=now)


def _withdraw(complaint: Complaint, inquiry: Inquiry, *, reason: str, actor: Any, now: datetime) -> None:
    inquiry.status, inquiry.reason = Inquiry.Status.WITHDRAWN, reason
    inquiry.save(update_fields=["status", "reason"])
    clocks.unwatch(complaint, sla.Kind.INQUIRY, subject=inquiry.pk, now=now, met=False)
    _record(complaint, "inquiry_withdrawn", inquiry, actor=actor, now=now, reason=reason)


def _open(complaint: Complaint, inquiry_id: int) -> Inquiry:
    inquiry = complaint.inquiries.select_related("department").filter(pk=inquiry_id).first()
    if inquiry is None:
        raise InquiryGone
    if not inquiry.is_open:
        raise InquiryOver(status=inquiry.get_status_display())
    return inquiry


def _record(
    complaint: Complaint, kind: str, inquiry: Inquiry, *, actor: Any, now: datetime, reason: str = "", **data: Any
) -> None:
    record(
        complaint, kind, actor=actor, now=now, reason=reason,
        inquiry=inquiry.pk, department=inquiry.department.name, **data,
    )  # fmt: skip
