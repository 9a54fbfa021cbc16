"""Options for the customer: prepared, approved, carried out (R5.1-R5.6)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints import notifications, remedy_rules
from complaints.lifecycle import State
from complaints.models import Approval, Complaint, Remedy
from complaints.outbox import enqueue
from complaints.refusals import ApprovalMissing, ReasonMissing, Refused

from . import wording
from .locking import locked, record, save_change

LABELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PREPARED_IN = (State.VERIFYING, State.PROPOSING)
_DEARER_IN = {Remedy.Status.PREPARED: _PREPARED_IN, Remedy.Status.CHOSEN: (State.EXECUTING,)}
_TO_COME = (Remedy.Status.PREPARED, Remedy.Status.OFFERED, Remedy.Status.CHOSEN)


class NotPreparedNow(Refused):
    message = _("Options are prepared during verification and proposal, not in the stage “%(state)s”.")
    panel = "remedies"


class TooManyOptions(Refused):
    message = _("A round has at most 26 options.")
    panel = "remedies"


class SelfApproval(Refused):
    message = _("Nobody approves an option of their own. Ask a colleague.")
    panel = "remedies"


class NothingToSign(Refused):
    message = _("There is nothing for you to approve on this option.")
    panel = "remedies"


class NotExecutedNow(Refused):
    message = _("Only the option that the customer chose is carried out, and only in the stage “Executing”.")
    panel = "remedies"


class OverApprovedCost(Refused):
    message = _("%(cost)s is more than the approved %(approved)s. Raise the cost first, and have it approved.")
    panel = "remedies"


class CostFixed(Refused):
    message = _("The cost is raised before an option is offered, or while the chosen one is carried out.")
    panel = "remedies"


class NotMore(Refused):
    message = _("The option is planned with %(planned)s already. Name a higher cost.")
    panel = "remedies"


class OptionGone(Refused):
    message = _("This option does not exist any more.")
    panel = "remedies"


class OptionFixed(Refused):
    message = _("An option that was offered already cannot be removed.")
    panel = "remedies"


def prepare(
    complaint_id: int, *, kind: str, text: str, cost: Decimal, actor: Any, version: int, now: datetime
) -> Remedy:
    """Add an option with the next free letter; cost and matter decide the approval level.

    The customer reads `text`. Raises PhraseBlocked, NotPreparedNow, TooManyOptions.
    """
    wording.refuse_blocked(text, now=now)
    with locked(complaint_id, version=version) as complaint:
        if complaint.state not in _PREPARED_IN:
            raise NotPreparedNow(state=complaint.get_state_display())
        used = set(complaint.remedies.filter(round=complaint.round).values_list("label", flat=True))
        label = next((letter for letter in LABELS if letter not in used), "")
        if not label:
            raise TooManyOptions
        remedy = Remedy.objects.create(
            complaint=complaint,
            round=complaint.round,
            label=label,
            kind=kind,
            text=text,
            estimated_cost=cost,
            approval_level=_level(complaint, kind, cost),
            proposed_by=actor,
        )
        save_change(complaint, "version")
        record(
            complaint, "option_prepared", actor=actor, now=now,
            option=label, remedy_kind=kind, cost=str(cost), level=remedy.approval_level,
        )  # fmt: skip
    return remedy


def discard(complaint_id: int, remedy_id: int, *, actor: Any, version: int, now: datetime) -> None:
    """Take back an option that was not offered yet."""
    with locked(complaint_id, version=version) as complaint:
        remedy = _remedy(complaint, remedy_id)
        if remedy.status != Remedy.Status.PREPARED:
            raise OptionFixed
        remedy.delete()
        save_change(complaint, "version")
        record(complaint, "option_discarded", actor=actor, now=now, option=remedy.label)


def approve(complaint_id: int, remedy_id: int, *, actor: Any, version: int, now: datetime) -> Remedy:
    """Sign an option with the first missing signature that the actor may give (R5.3).

    One person never signs twice nor signs an own proposal. Raises SelfApproval, NothingToSign.
    """
    with locked(complaint_id, version=version) as complaint:
        remedy = _remedy(complaint, remedy_id)
        if remedy.proposed_by_id == actor.pk:
            raise SelfApproval
        mine = [permission for permission in remedy.unsigned if actor.has_perm(f"complaints.{permission}")]
        if not mine or remedy.approvals.filter(by=actor).exists():
            raise NothingToSign
        Approval.objects.create(remedy=remedy, permission=mine[0], by=actor, cost=remedy.estimated_cost, at=now)
        save_change(complaint, "version")
        record(
            complaint, "option_approved", actor=actor, now=now,
            option=remedy.label, signed_as=mine[0], cost=str(remedy.estimated_cost),
        )  # fmt: skip
    return remedy


def raise_cost(
    complaint_id: int, remedy_id: int, *, cost: Decimal, reason: str, actor: Any, version: int, now: datetime
) -> Remedy:
    """Plan an option with a higher cost: the level is found anew, and who signed for less has to sign again (R5.3).

    The actor answers for the new cost as for an own proposal; the event names the signatures that are void now.
    Raises CostFixed, NotMore, ReasonMissing.
    """
    with locked(complaint_id, version=version) as complaint:
        remedy = _remedy(complaint, remedy_id)
        planned = remedy.estimated_cost
        if complaint.state not in _DEARER_IN.get(Remedy.Status(remedy.status), ()):
            raise CostFixed
        if cost <= planned:
            raise NotMore(planned=planned)
        if not reason.strip():
            raise ReasonMissing
        remedy.estimated_cost, remedy.proposed_by = cost, actor
        remedy.approval_level = _level(complaint, remedy.kind, cost)
        remedy.save(update_fields=["estimated_cost", "proposed_by", "approval_level"])
        void = [[one.permission, one.by_id, str(one.cost)] for one in remedy.approvals.order_by("pk")]
        remedy.approvals.all().delete()
        save_change(complaint, "version")
        record(
            complaint, "cost_raised", actor=actor, now=now, reason=reason.strip(),
            option=remedy.label, before=str(planned), cost=str(cost), level=remedy.approval_level, void=void,
        )  # fmt: skip
    return remedy


def execute(
    complaint_id: int, remedy_id: int, facts: Mapping[str, Any], *, actor: Any, version: int, now: datetime
) -> Remedy:
    """Write down the facts of carrying the chosen option out; complete facts make it done and tell the customer.

    `facts` maps field names of Remedy (see `remedy_rules.REQUIRED_FACTS`) to values; unfinished facts may be saved.
    Raises NotExecutedNow, ApprovalMissing, OverApprovedCost.
    """
    with locked(complaint_id, version=version) as complaint:
        remedy = _remedy(complaint, remedy_id)
        if complaint.state != State.EXECUTING or remedy.status != Remedy.Status.CHOSEN:
            raise NotExecutedNow
        if remedy.unsigned:
            raise ApprovalMissing(labels=remedy.label)
        for name in (*remedy.required_facts, "actual_cost", "execution_note"):
            if facts.get(name) not in (None, ""):
                setattr(remedy, name, facts[name])
        _check_cost(complaint, remedy)
        done = not remedy.missing_facts
        if done:
            remedy.status, remedy.executed_at = Remedy.Status.DONE, now
            remedy.actual_cost = remedy.estimated_cost if remedy.actual_cost is None else remedy.actual_cost
            enqueue.enqueue(notifications.remedy_done_mails(remedy, now=now))
        remedy.save()
        save_change(complaint, "version")
        record(complaint, "remedy_done" if done else "remedy_progress", actor=actor, now=now, option=remedy.label)
    return remedy


def reassess(complaint: Complaint) -> None:
    """Find the approval level of options anew that may still be carried out, for a caller that changed its grounds.

    Signatures stay: a higher level asks for other ones.
    """
    for remedy in complaint.remedies.filter(round=complaint.round, status__in=_TO_COME):
        remedy.approval_level = _level(complaint, remedy.kind, remedy.estimated_cost)
        remedy.save(update_fields=["approval_level"])


def _check_cost(complaint: Complaint, remedy: Remedy) -> None:
    """Spending more than planned is possible only within the level that was approved (R5.3).

    The levels without an upper limit approve the amount itself: not a cent more goes without new signatures.
    """
    if remedy.actual_cost is None or remedy.actual_cost <= remedy.estimated_cost:
        return
    order = list(remedy_rules.Level)
    approved = order.index(remedy_rules.Level(remedy.approval_level))
    needed = order.index(_level(complaint, remedy.kind, remedy.actual_cost))
    if needed > approved or approved >= order.index(remedy_rules.Level.L3):
        raise OverApprovedCost(cost=remedy.actual_cost, approved=remedy.estimated_cost)


def _level(complaint: Complaint, kind: str, cost: Decimal) -> remedy_rules.Level:
    paid = complaint.order.paid_amount if complaint.order else None
    return remedy_rules.approval_level(
        remedy_rules.amount_at_stake(kind, cost, paid),
        paid,
        issue_root=complaint.issue_type.root_code if complaint.issue_type else "",
        priority=complaint.priority,
    )


def _remedy(complaint: Complaint, remedy_id: int) -> Remedy:
    remedy = complaint.remedies.filter(round=complaint.round, pk=remedy_id).first()
    if remedy is None:
        raise OptionGone
    remedy.complaint = complaint
    return remedy
