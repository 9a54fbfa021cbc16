"""Get back from the courier or the supplier what their fault has cost (R5.5).

A claim goes its own way: it may be filed, answered and settled when the complaint is closed long since.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints import sla
from complaints.lifecycle import State
from complaints.models import Complaint, RecoveryClaim
from complaints.refusals import ReasonMissing, Refused

from . import clocks
from .ended import MergedAway
from .inquiries import DueInThePast
from .locking import locked, record

Status = RecoveryClaim.Status


class ClaimGone(Refused):
    message = _("This claim does not belong to this complaint any more.")
    panel = "recovery"


class ClaimSettled(Refused):
    message = _("This claim is settled already: %(status)s.")
    panel = "recovery"


class AnsweredAlready(Refused):
    message = _("An answer to this claim is recorded already. Record how it ended.")
    panel = "recovery"


class FiledAlready(Refused):
    message = _("Exactly this is claimed already.")
    panel = "recovery"


class MoreThanClaimed(Refused):
    message = _("Only %(amount)s was claimed. Check the amount.")
    panel = "recovery"


def file(
    complaint_id: int,
    *,
    against: str,
    name: str,
    amount: Decimal,
    reference: str = "",
    due_at: datetime | None = None,
    actor: Any,
    now: datetime,
) -> RecoveryClaim:
    """Claim an amount; without `due_at` the policy says how long they may take to answer.

    Whether liability names them is for the page to say: a courier's time limit does not wait for our conclusion.
    Raises DueInThePast, FiledAlready, MergedAway.
    """
    if due_at and due_at <= now:
        raise DueInThePast
    with locked(complaint_id) as complaint:
        if complaint.state == State.MERGED:
            raise MergedAway(number=complaint.merged_into.number if complaint.merged_into else "")
        what = {"against": against, "name": name.strip(), "amount": amount, "reference": reference.strip()}
        if complaint.claims.open().filter(**what).exists():
            raise FiledAlready
        claim = RecoveryClaim.objects.create(
            complaint=complaint, filed_by=actor, filed_at=now, due_at=due_at or now,
            currency=complaint.order.currency if complaint.order else "CNY", **what,
        )  # fmt: skip
        clock = clocks.watch(complaint, sla.Kind.RECOVERY, subject=claim.pk, responsible=actor, now=now, due_at=due_at)
        claim.due_at = clock.due_at
        _record(complaint, claim, "recovery_filed", actor=actor, now=now)
    return claim


def record_answer(complaint_id: int, claim_id: int, *, note: str, actor: Any, now: datetime) -> RecoveryClaim:
    """They have answered: the clock is met, the claim stays open until it is settled.

    Raises ClaimGone, ClaimSettled, AnsweredAlready.
    """
    with locked(complaint_id) as complaint:
        claim = _open(complaint, claim_id)
        if claim.status == Status.ANSWERED:
            raise AnsweredAlready
        claim.status, claim.answered_at, claim.note = Status.ANSWERED, now, note.strip()
        claim.save(update_fields=["status", "answered_at", "note"])
        clocks.unwatch(complaint, sla.Kind.RECOVERY, subject=claim.pk, now=now)
        _record(complaint, claim, "recovery_answered", actor=actor, now=now, reason=note.strip())
    return claim


def recover(
    complaint_id: int, claim_id: int, amount: Decimal, *, note: str = "", actor: Any, now: datetime
) -> RecoveryClaim:
    """The money is back, all of it or a part. Raises MoreThanClaimed, ClaimGone, ClaimSettled."""
    with locked(complaint_id) as complaint:
        claim = _open(complaint, claim_id)
        if amount > claim.amount:
            raise MoreThanClaimed(amount=claim.amount)
        claim.recovered_amount = amount
        _settle(complaint, claim, Status.RECOVERED, note, actor=actor, now=now)
    return claim


def lose(complaint_id: int, claim_id: int, *, reason: str, actor: Any, now: datetime) -> RecoveryClaim:
    """They pay nothing. Raises ReasonMissing, ClaimGone, ClaimSettled."""
    return _give_up(complaint_id, claim_id, Status.LOST, reason, actor=actor, now=now)


def withdraw(complaint_id: int, claim_id: int, *, reason: str, actor: Any, now: datetime) -> RecoveryClaim:
    """We do not ask any more. Raises ReasonMissing, ClaimGone, ClaimSettled."""
    return _give_up(complaint_id, claim_id, Status.WITHDRAWN, reason, actor=actor, now=now)


def _give_up(
    complaint_id: int, claim_id: int, status: Status, reason: str, *, actor: Any, now: datetime
) -> RecoveryClaim:
    if not reason.strip():
        raise ReasonMissing
    with locked(complaint_id) as complaint:
        claim = _open(complaint, claim_id)
        _settle(complaint, claim, status, reason, actor=actor, now=now)
    return claim


def _settle(
    complaint: Complaint, claim: RecoveryClaim, status: Status, note: str, *, actor: Any, now: datetime
) -> None:
    """End the claim; who pays or refuses has thereby answered."""
    if status != Status.WITHDRAWN and claim.answered_at is None:
        claim.answered_at = now
    claim.status, claim.settled_at, claim.note = status, now, note.strip() or claim.note
    claim.save(update_fields=["status", "settled_at", "note", "answered_at", "recovered_amount"])
    clocks.unwatch(complaint, sla.Kind.RECOVERY, subject=claim.pk, now=now, met=status != Status.WITHDRAWN)
    _record(complaint, claim, f"recovery_{status}", actor=actor, now=now, reason=note.strip())


def _open(complaint: Complaint, claim_id: int) -> RecoveryClaim:
    claim = complaint.claims.filter(pk=claim_id).first()
    if claim is None:
        raise ClaimGone
    if not claim.is_open:
        raise ClaimSettled(status=claim.get_status_display())
    return claim


def _record(
    complaint: Complaint, claim: RecoveryClaim, kind: str, *, actor: Any, now: datetime, reason: str = ""
) -> None:
    amount = claim.amount if claim.recovered_amount is None else claim.recovered_amount
    record(
        complaint, kind, actor=actor, now=now, reason=reason,
        claim=claim.pk, against=claim.against, name=claim.name, cost=str(amount),
    )  # fmt: skip
