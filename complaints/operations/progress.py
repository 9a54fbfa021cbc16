"""Take a complaint from stage to stage: one function per transition of `lifecycle`.

Each one, in a single transaction: lock the row, compare the version, transition, save, event row, clocks, outbox rows.
All raise StaleVersion and the refusals of the step (see `lifecycle`); nothing is written then.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from complaints import signals
from complaints.lifecycle import STEPS, CaseFacts, State
from complaints.models import Complaint, Contact, Remedy
from complaints.queries import case_documents
from complaints.queries.facts import case_facts
from complaints.queries.policies import Rulebook
from complaints.refusals import NotPossibleNow
from knowledge.operations import indexing

from . import clocks, conversation, holding, inquiries, promises, reapplying, reopening
from .locking import locked, record, save_change
from .promises import Promised

_GIVEN_UP = {"withdraw", "find_unfounded", "merge"}
_ENDS = {"close", "withdraw", "find_unfounded"}
_SENT_BACK = {"decline", "supplement", "reopen"}
_BACK = {"reopen", "unmerge"}
"""From the end: the policies may have changed meanwhile, and only open complaints were put under them."""


def accept(
    complaint_id: int,
    *,
    body: str = "",
    channel: str = "",
    promise: Promised | None = None,
    still_open: frozenset[int] = frozenset(),
    actor: Any,
    version: int,
    now: datetime,
) -> Complaint:
    """Accept the complaint; with `body` the first reply goes out in the same transaction."""

    def prepare(complaint: Complaint) -> dict[str, Any]:
        if body:
            conversation.reply_to(
                complaint, body, channel=channel, promise=promise, still_open=still_open, actor=actor, now=now
            )
        return {}

    return _advance("accept", complaint_id, prepare, actor=actor, version=version, now=now)


def start_verification(complaint_id: int, *, actor: Any, version: int, now: datetime) -> Complaint:
    """Begin to establish the facts."""
    return _advance("start_verification", complaint_id, actor=actor, version=version, now=now)


def conclude_verification(complaint_id: int, *, actor: Any, version: int, now: datetime) -> Complaint:
    """Facts, liability and root cause stand; go on to the options."""
    return _advance("conclude_verification", complaint_id, actor=actor, version=version, now=now)


def offer(complaint_id: int, *, single_option_reason: str = "", actor: Any, version: int, now: datetime) -> Complaint:
    """Put the prepared options to the customer (R5.2)."""

    def prepare(complaint: Complaint) -> dict[str, Any]:
        if single_option_reason:
            complaint.single_option_reason = single_option_reason
        complaint.remedies.filter(round=complaint.round, status=Remedy.Status.PREPARED).update(
            status=Remedy.Status.OFFERED
        )
        return {}

    return _advance("offer", complaint_id, prepare, actor=actor, version=version, now=now, reason=single_option_reason)


def decline(complaint_id: int, *, reason: str, actor: Any, version: int, now: datetime) -> Complaint:
    """The customer wants none of the options; the reason is theirs."""

    def prepare(complaint: Complaint) -> dict[str, Any]:
        complaint.remedies.filter(round=complaint.round, status=Remedy.Status.OFFERED).update(
            status=Remedy.Status.DECLINED
        )
        return {}

    return _advance("decline", complaint_id, prepare, actor=actor, version=version, now=now, reason=reason)


def agree(
    complaint_id: int, *, label: str, words: str, channel: str, actor: Any, version: int, now: datetime
) -> Complaint:
    """Record which option the customer chose, with the words and the channel that show it (R5.2)."""

    def prepare(complaint: Complaint) -> dict[str, Any]:
        options = complaint.remedies.filter(round=complaint.round, status=Remedy.Status.OFFERED)
        if not options.filter(label=label).exists() or not words.strip():
            return {}
        contact = conversation.hear(
            complaint, words, channel=channel, purpose=Contact.Purpose.CHOICE, actor=actor, now=now
        )
        options.filter(label=label).update(status=Remedy.Status.CHOSEN, chosen_at=now, choice_contact=contact)
        options.exclude(label=label).update(status=Remedy.Status.DECLINED)
        return {}

    return _advance("agree", complaint_id, prepare, actor=actor, version=version, now=now, option=label)


def resolve(complaint_id: int, *, actor: Any, version: int, now: datetime) -> Complaint:
    """The remedy is carried out; the storey above creates the follow-up in the same transaction."""
    return _advance("resolve", complaint_id, actor=actor, version=version, now=now, announce=signals.resolved)


def close(
    complaint_id: int, *, satisfaction: int | None, attempts: int, actor: Any, version: int, now: datetime
) -> Complaint:
    """Close after the call-back: satisfied, or unreachable after the attempts; called by the storey above."""
    known = {"satisfaction": satisfaction, "callback_attempts": attempts}
    return _advance("close", complaint_id, lambda _: known, actor=actor, version=version, now=now)


def supplement(
    complaint_id: int, *, satisfaction: int | None, reason: str, actor: Any, version: int, now: datetime
) -> Complaint:
    """Not satisfied: a further round of options (R6.2); called by the storey above."""
    known = {"satisfaction": satisfaction}
    return _advance("supplement", complaint_id, lambda _: known, actor=actor, version=version, now=now, reason=reason)


def reopen(complaint_id: int, *, reason: str, actor: Any, version: int, now: datetime) -> Complaint:
    """Take a closed complaint up again, within the window."""
    return _advance("reopen", complaint_id, actor=actor, version=version, now=now, reason=reason)


def withdraw(
    complaint_id: int, *, reason: str, words: str, channel: str, actor: Any, version: int, now: datetime
) -> Complaint:
    """The customer withdraws; `words` is the message or call that shows it."""

    def prepare(complaint: Complaint) -> dict[str, Any]:
        if not words.strip():
            return {}
        conversation.hear(complaint, words, channel=channel, actor=actor, now=now)
        return {"customer_contact": True}

    return _advance(
        "withdraw", complaint_id, prepare, actor=actor, version=version, now=now, reason=reason,
        announce=signals.left_followup,
    )  # fmt: skip


def find_unfounded(
    complaint_id: int, *, reason: str, body: str, channel: str, actor: Any, version: int, now: datetime
) -> Complaint:
    """Find the complaint unfounded; `body` tells the customer the basis and the way to object."""

    def prepare(complaint: Complaint) -> dict[str, Any]:
        if not body.strip():
            return {}
        conversation.reply_to(complaint, body, channel=channel, purpose=Contact.Purpose.BASIS, actor=actor, now=now)
        return {"basis_reply": True}

    return _advance("find_unfounded", complaint_id, prepare, actor=actor, version=version, now=now, reason=reason)


def _advance(
    step: str,
    complaint_id: int,
    prepare: Callable[[Complaint], dict[str, Any]] | None = None,
    *,
    actor: Any,
    version: int,
    now: datetime,
    reason: str = "",
    announce: Any = None,
    **details: Any,
) -> Complaint:
    """1 lock, compare; 2 write what the step brings; 3 transition on the facts; 4 save; 5 clocks; 6 event; 7 announce.

    `prepare` writes what belongs to the step and returns facts that only the step knows.
    """
    with locked(complaint_id, version=version) as complaint:
        if complaint.state not in STEPS[step].sources:
            raise NotPossibleNow(state=complaint.get_state_display())
        brought = prepare(complaint) if prepare else {}
        facts = replace(case_facts(complaint), actor=actor.pk if actor else None, reason=reason, **brought)
        transition(complaint, step, facts, actor=actor, now=now, reason=reason, **details)
        if announce:
            announce.send(sender=Complaint, complaint=complaint, actor=actor, now=now)
    return complaint


def transition(
    complaint: Complaint, step: str, facts: CaseFacts, *, actor: Any, now: datetime, reason: str = "", **details: Any
) -> None:
    """Steps 3 to 6 of `_advance`, for an operation that holds the lock and has gathered the facts itself."""
    holding.release_over(complaint, now=now)
    before = complaint.state
    getattr(complaint, step)(facts, now=now)
    if step in _SENT_BACK:
        complaint.single_option_reason = ""
    if not complaint.is_open:
        _drop_flags(complaint)
    save_change(complaint)
    if step in _ENDS:
        promises.answer(complaint, now=now)
        inquiries.withdraw_all(complaint, actor=actor, now=now)
    if step == "reopen":
        reopening.answered(complaint, now=now)
    if step in _BACK:
        reapplying.put_under(complaint, Rulebook(), now=now)
    clocks.settle(
        complaint, now=now, returning=step in _SENT_BACK, abandoned=step in _GIVEN_UP, resuming=step == "unmerge"
    )
    record(
        complaint, step, actor=actor, now=now, reason=reason,
        from_state=before, to_state=State(complaint.state), **details,
    )  # fmt: skip
    if State.CLOSED in (before, complaint.state):
        indexing.refresh(case_documents.KIND, [complaint.pk])


def _drop_flags(complaint: Complaint) -> None:
    """What runs beside the stages ends with the case; a merged one keeps its platform case, for it may come back."""
    complaint.held_at = complaint.hold_until = None
    complaint.hold_reason = ""
    if complaint.state != State.MERGED:
        complaint.platform_opened_at = complaint.platform_due_at = None
