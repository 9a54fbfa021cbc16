"""What other systems are told of a complaint: what its customer may know as well, without a word about the person.

Neither names nor addresses, nothing that anybody wrote, no liability, no cost: who needs more opens the desk.
"""

import json
from typing import Any

from complaints.lifecycle import State
from complaints.models import Complaint, ComplaintEvent, OutboxMessage, Subscription

API_VERSION = 1

TYPES: dict[str, str] = {
    "registered": "complaint.registered",
    "accept": "complaint.accepted",
    "start_verification": "complaint.verifying",
    "conclude_verification": "complaint.verified",
    "offer": "complaint.offered",
    "decline": "complaint.declined",
    "agree": "complaint.agreed",
    "resolve": "complaint.resolved",
    "close": "complaint.closed",
    "supplement": "complaint.new_round",
    "reopen": "complaint.reopened",
    "withdraw": "complaint.withdrawn",
    "find_unfounded": "complaint.unfounded",
    "merge": "complaint.merged",
    "unmerge": "complaint.unmerged",
    "assigned": "complaint.assigned",
    "heard": "complaint.contact_received",
    "reopen_asked": "complaint.reopen_asked",
    "replied": "complaint.replied",
}
"""Kind of an event -> the type under which others hear of it; of every other kind nobody hears."""

PING = "ping"

RESULTS = {
    State.CLOSED: "settled", State.WITHDRAWN: "withdrawn", State.UNFOUNDED: "unfounded", State.MERGED: "merged",
}  # fmt: skip


def event_messages(
    complaint: Complaint, event: ComplaintEvent, subscriptions: list[Subscription]
) -> list[OutboxMessage]:
    """One message to each subscriber; its identity is the subscription and the event."""
    kind = TYPES[event.kind]
    body = _body(kind, event.at, {"sequence": event.pk, "complaint": facts(complaint)})
    return [
        OutboxMessage(
            complaint=complaint,
            audience=OutboxMessage.Audience.STAFF,
            subscription=subscription,
            subject=f"{kind} {complaint.number}",
            body=body,
            dedup_key=f"hook:{subscription.pk}:{event.pk}",
            created_at=event.at,
        )
        for subscription in subscriptions
    ]


def ping_message(subscription: Subscription, *, token: str, actor: Any, now: Any) -> OutboxMessage:
    """A message that says nothing, to see whether it arrives."""
    return OutboxMessage(
        audience=OutboxMessage.Audience.STAFF,
        subscription=subscription,
        recipient=actor,
        subject=PING,
        body=_body(PING, now, {}),
        dedup_key=f"hook:{subscription.pk}:ping:{token}",
        created_at=now,
    )


def facts(complaint: Complaint) -> dict[str, Any]:
    """The complaint as it stands; times with their zone, null for what is not known."""
    remedy = complaint.remedies.filter(round=complaint.round, chosen_at__isnull=False).first()
    moments = ("received_at", "accepted_at", "resolved_at", "closed_at")
    return {
        "number": complaint.number,
        "shop": complaint.shop.code,
        "order_number": complaint.order.number if complaint.order else None,
        "channel": complaint.channel,
        "issue_type": complaint.issue_type.code if complaint.issue_type else None,
        "state": str(complaint.state),
        "open": complaint.is_open,
        "round": complaint.round,
        "remedy": remedy.kind if remedy else None,
        "result": RESULTS.get(State(complaint.state)),
        "merged_into": complaint.merged_into.number if complaint.merged_into else None,
        "previous": complaint.previous.number if complaint.previous else None,
        "repeated": complaint.repeated,
        **{name: _plain(getattr(complaint, name)) for name in moments},
    }


def _body(kind: str, at: Any, data: dict[str, Any]) -> str:
    written = {"type": kind, "api_version": API_VERSION, "created_at": _plain(at), "data": data}
    return json.dumps(written, ensure_ascii=False)


def _plain(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
