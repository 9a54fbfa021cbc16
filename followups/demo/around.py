"""What goes on around a case of the demo: waiting, the platform, promises, departments, money to get back.

Like the methods of `Case`, each function is one operation, at the moment it is given.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from complaints.models import Department, Inquiry, Promise, RecoveryClaim
from complaints.operations import holding, inquiries, platform_cases, promises, recovery
from complaints.operations.promises import Promised

from .case import Case

Record = Mapping[str, Any]


def hold(case: Case, now: datetime, *, waiting: Record) -> None:
    until = now + timedelta(hours=waiting["hours"])
    holding.hold(case.id, reason=waiting["reason"], until=until, now=now, **case.by(case.agent))


def enter_platform_case(case: Case, now: datetime, *, due_at: datetime, reference: str) -> None:
    platform_cases.set_deadline(case.id, due_at=due_at, reference=reference, now=now, **case.by(case.agent))


def renew_promise(case: Case, now: datetime, *, renewal: Record) -> None:
    """Another time for what is owed; the customer has heard of it, as the reason says."""
    owed = _owed(case)
    due_at = now + timedelta(hours=renewal["hours"])
    promised = Promised(text=renewal.get("text", owed.text), due_at=due_at, beyond_clock=True)
    promises.renew(case.id, owed.pk, promised, reason=renewal["reason"], now=now, **case.by(_person(case, renewal)))


def keep_promise(case: Case, now: datetime, *, kept: Record) -> None:
    promises.keep(case.id, _owed(case).pk, now=now, **case.by(_person(case, kept)))


def ask(case: Case, now: datetime, *, inquiry: Record) -> None:
    due_at = now + timedelta(hours=inquiry["due_hours"]) if "due_hours" in inquiry else None
    inquiries.ask(case.id, _department(inquiry), inquiry["question"], due_at=due_at, actor=case.agent, now=now)


def need_time(case: Case, now: datetime, *, inquiry: Record) -> None:
    more = inquiry["more_time"]
    until = now + timedelta(hours=more["hours"])
    actor = _person(case, more)
    inquiries.need_time(case.id, _asked(case, inquiry).pk, until, reason=more["reason"], actor=actor, now=now)


def answer(case: Case, now: datetime, *, inquiry: Record) -> None:
    """By a member of the department or, where it was told by phone, by whoever wrote it down."""
    actor = case.company.staff[inquiry["answered_by"]]
    told_by = inquiry.get("told_by", "")
    inquiries.answer(case.id, _asked(case, inquiry).pk, inquiry["answer"], told_by=told_by, actor=actor, now=now)


def claim_back(case: Case, now: datetime, *, claim: Record) -> None:
    what = {name: claim[name] for name in ("against", "name", "reference")}
    recovery.file(case.id, **what, amount=Decimal(claim["amount"]), actor=case.agent, now=now)


def recover(case: Case, now: datetime, *, claim: Record) -> None:
    paid = claim["recovered"]
    filed = RecoveryClaim.objects.get(complaint=case.id, reference=claim["reference"])
    recovery.recover(case.id, filed.pk, Decimal(paid["amount"]), note=paid["note"], actor=case.agent, now=now)


def _owed(case: Case) -> Promise:
    return Promise.objects.filter(complaint=case.id, settled_at=None).latest("pk")


def _asked(case: Case, inquiry: Record) -> Inquiry:
    return Inquiry.objects.get(complaint=case.id, department=_department(inquiry), question=inquiry["question"])


def _department(inquiry: Record) -> Department:
    return Department.objects.get(code=inquiry["department"])


def _person(case: Case, record: Record) -> Any:
    """Whoever the record names, else whoever handles the case."""
    return case.company.staff[record["by"]] if "by" in record else case.agent
