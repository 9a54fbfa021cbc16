"""The call-back after a round of resolution (R6.1, R6.2)."""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from complaints import sla
from complaints.lifecycle import SATISFIED_FROM, UNREACHABLE_AFTER, State
from complaints.models import Complaint, Contact
from complaints.operations import conversation, progress
from complaints.operations.locking import locked, record, save_change
from complaints.refusals import ReasonMissing, Refused
from complaints.sla import Kind
from followups.models import FollowUp

log = logging.getLogger(__name__)

BATCH = 200


class NoFollowUp(Refused):
    message = _("There is no call-back to record in the stage “%(state)s”.")
    panel = "followup"


class RatingMissing(Refused):
    message = _("Choose a rating from 1 to 5.")
    panel = "followup"


def ensure(complaint: Complaint, *, now: datetime) -> FollowUp:
    """The call-back of this round, created or taken up again; there is exactly one per round."""
    due_at = _due(complaint, now=now)
    follow_up, created = FollowUp.objects.get_or_create(
        complaint=complaint, round=complaint.round, defaults={"created_at": now, "due_at": due_at}
    )
    if not created and follow_up.status == FollowUp.Status.DROPPED:
        follow_up.status, follow_up.due_at = FollowUp.Status.OPEN, due_at
        follow_up.save(update_fields=["status", "due_at"])
    return follow_up


def _due(complaint: Complaint, *, now: datetime) -> datetime:
    """When the clock of the call-back runs out; the case has one by now, and the mending sweep sees to it."""
    clock = complaint.deadlines.running().filter(kind=Kind.CALLBACK).first()
    return clock.due_at if clock else sla.BUDGETS[complaint.priority][Kind.CALLBACK] + (complaint.resolved_at or now)


def drop(complaint: Complaint) -> None:
    """The complaint left the call-back stage without a call-back."""
    FollowUp.objects.filter(complaint=complaint, status=FollowUp.Status.OPEN).update(status=FollowUp.Status.DROPPED)


def move(complaint: Complaint, *, due_at: datetime) -> None:
    """The clock of the call-back is due at another time: who waits for it sees that."""
    waiting = FollowUp.objects.filter(complaint=complaint, round=complaint.round, status=FollowUp.Status.OPEN)
    waiting.exclude(due_at=due_at).update(due_at=due_at)


def mend(*, now: datetime) -> int:
    """Create the call-backs that resolved complaints lack; there should be none to create. Returns their number."""
    present = FollowUp.objects.filter(complaint=OuterRef("pk"), round=OuterRef("round")).exclude(
        status=FollowUp.Status.DROPPED
    )
    waiting = Complaint.objects.filter(~Exists(present), state=State.AWAITING_FOLLOWUP).values_list("pk", flat=True)
    mended = 0
    for pk in list(waiting.order_by("pk")[:BATCH]):
        try:
            mended += _mend_one(pk, now=now)
        except Exception:  # the others must have their call-backs
            log.exception("complaint %s has no follow-up, and none can be created", pk)
    return mended


def _mend_one(pk: int, *, now: datetime) -> bool:
    with locked(pk) as complaint:
        present = complaint.followups.filter(round=complaint.round).exclude(status=FollowUp.Status.DROPPED)
        if complaint.state != State.AWAITING_FOLLOWUP or present.exists():
            return False
        ensure(complaint, now=now)
        record(complaint, "followup_mended", actor=None, now=now)
    log.error("complaint %s had no follow-up; created one", pk)
    return True


def record_rating(
    complaint_id: int,
    *,
    satisfaction: int | None,
    comment: str,
    channel: str,
    actor: Any,
    version: int,
    now: datetime,
) -> Complaint:
    """Record what the customer said at the call-back: satisfied closes, not satisfied starts a further round.

    Raises RatingMissing, ReasonMissing (not satisfied without a comment), NoFollowUp, StaleVersion.
    """
    if satisfaction is None or satisfaction not in range(1, 6):
        raise RatingMissing
    if satisfaction < SATISFIED_FROM and not comment.strip():
        raise ReasonMissing
    with transaction.atomic():
        follow_up = _open_follow_up(complaint_id, version)
        follow_up.status, follow_up.satisfaction, follow_up.comment = FollowUp.Status.DONE, satisfaction, comment
        follow_up.attempts += 1
        follow_up.done_at, follow_up.done_by = now, actor
        follow_up.save()
        words = f"{satisfaction}/5 {comment}".strip()
        conversation.hear(
            follow_up.complaint, words, channel=channel, purpose=Contact.Purpose.CALLBACK, actor=actor, now=now
        )
        # Whoever rates us is heard, which ends a hold and makes a new version.
        version = follow_up.complaint.version
        if satisfaction >= SATISFIED_FROM:
            return progress.close(
                complaint_id,
                satisfaction=satisfaction,
                attempts=follow_up.attempts,
                actor=actor,
                version=version,
                now=now,
            )
        return progress.supplement(
            complaint_id, satisfaction=satisfaction, reason=comment, actor=actor, version=version, now=now
        )


def record_attempt(complaint_id: int, *, comment: str, actor: Any, version: int, now: datetime) -> Complaint:
    """Record that the customer was not reached; the third time closes the complaint.

    Each attempt is a new version: a button pressed twice is one attempt. Raises NoFollowUp, StaleVersion.
    """
    with transaction.atomic():
        follow_up = _open_follow_up(complaint_id, version)
        complaint = follow_up.complaint
        follow_up.attempts += 1
        follow_up.save(update_fields=["attempts"])
        save_change(complaint, "version")
        record(complaint, "callback_attempt", actor=actor, now=now, reason=comment, attempts=follow_up.attempts)
        if follow_up.attempts < UNREACHABLE_AFTER:
            return complaint
        follow_up.status, follow_up.done_at, follow_up.done_by = FollowUp.Status.UNREACHABLE, now, actor
        follow_up.save()
        return progress.close(
            complaint_id,
            satisfaction=None,
            attempts=follow_up.attempts,
            actor=actor,
            version=complaint.version,
            now=now,
        )


def _open_follow_up(complaint_id: int, version: int) -> FollowUp:
    """The open call-back, with its complaint locked for the rest of the transaction."""
    with locked(complaint_id, version=version) as complaint:
        follow_up = FollowUp.objects.filter(
            complaint=complaint, round=complaint.round, status=FollowUp.Status.OPEN
        ).first()
        if follow_up is None or complaint.state != State.AWAITING_FOLLOWUP:
            raise NoFollowUp(state=complaint.get_state_display())
        follow_up.complaint = complaint
        return follow_up
