"""Which columns a filled row has, table by table, and where each value comes from."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from complaints import models as desk
from followups.models import FollowUp


class Row(NamedTuple):
    """One row of a story: moments, days and `due` are seconds after the receipt, links count the rows of this story
    from 0, and so does `watched`, the promise that the row is about. `key` is (prefix, "kind:level", person's id),
    which make a deduplication key together with `due`; {subject} in it is the promise's id.
    """

    table: str
    plain: tuple[Any, ...]
    moments: tuple[int | None, ...] = ()
    days: tuple[int | None, ...] = ()
    links: tuple[int | None, ...] = ()
    key: tuple[str, str, int] | tuple[()] = ()
    due: int | None = None
    watched: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of a table. `owner` maps columns to SQL over the placed complaint `t` (see `placing`), `links` maps
    columns to the tables that they point to; in `dated`, one of the plain columns, {due} stands for the row's due time
    and "{subject}" for the promise's id. `timed` rows are clocks: they have the promise's id, budget and warn levels.
    """

    model: Any
    owner: dict[str, str] = field(default_factory=lambda: {"complaint_id": "t.id"})
    plain: tuple[str, ...]
    moments: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    links: dict[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    dated: str = ""
    subject: tuple[str, ...] = ()
    timed: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Database columns in the order in which rows are written."""
        told = (*self.owner, *self.plain, *self.moments, *self.days, *self.links, *self.key)
        return ("id", *told, *self.subject, *self.timed)


_MOVED = {
    "complaint_id": "COALESCE(t.merged_into_id, t.id)",
    "origin_id": "CASE WHEN t.merged_into_id IS NOT NULL THEN t.id END",
}
"""The owner of what a merge takes along."""

CUSTOMER = Layout(
    model=desk.Customer, owner={},
    plain=("platform", "name", "phone", "email", "buyer", "name_hash", "phone_hash", "email_hash", "buyer_hash",
           "phone_tail_hash", "bounced_hash"),
    moments=("created_at",),
)  # fmt: skip

LAYOUTS = {
    "order": Layout(
        model=desk.Order, owner={"customer_id": "t.customer_id", "number": "t.order_number"},
        plain=("shop_id", "status", "after_sales", "paid_amount", "currency", "courier", "tracking_number",
               "seller_note", "source", "fingerprint"),
        moments=("placed_at", "paid_at", "shipped_at", "received_at", "updated_at"),
    ),
    "line": Layout(
        model=desk.OrderLine, owner={"order_id": "t.order_id"},
        plain=("position", "number", "product_id", "title", "variant", "seller_code", "quantity", "amount"),
    ),
    "complaint": Layout(
        model=desk.Complaint,
        owner={name: f"t.{name}" for name in ("number", "customer_id", "order_id", "merged_into_id")}
        | {"repeated": "FALSE"},
        plain=("shop_id", "issue_type_id", "state", "round", "version", "state_before_merge", "no_order_reason",
               "title", "description", "demand", "channel", "severity", "priority", "priority_by_hand", "hold_reason",
               "platform_reference", "registered_by_id", "assignee_id", "root_cause", "evidence_waiver",
               "single_option_reason", "last_contact_inbound"),
        moments=("round_started_at", "accepted_at", "resolved_at", "closed_at", "received_at", "created_at",
                 "next_due_at", "next_critical_at", "last_contact_at"),
    ),
    "contact": Layout(
        model=desk.Contact, owner=_MOVED | {"quoted": "''"},
        plain=("direction", "channel", "purpose", "body", "author_id", "automatic"),
        moments=("at",),
    ),
    "promise": Layout(
        model=desk.Promise, plain=("text", "made_by_id", "status", "reason"),
        moments=("made_at", "due_at", "settled_at"), links={"contact_id": "contact"},
    ),
    "evidence": Layout(
        model=desk.Evidence, owner=_MOVED,
        plain=("kind", "note", "reference", "file", "original_name", "content_type", "size", "sha256", "status",
               "added_by_id"),
        moments=("at",),
    ),
    "liability": Layout(model=desk.LiabilityShare, plain=("party", "percent", "reason")),
    "remedy": Layout(
        model=desk.Remedy,
        plain=("round", "label", "kind", "text", "estimated_cost", "actual_cost", "currency", "approval_level",
               "status", "proposed_by_id", "courier", "tracking_number", "reference", "coupon_code", "return_tracking",
               "inspection", "execution_note"),
        moments=("chosen_at", "executed_at"), days=("eta",), links={"choice_contact_id": "contact"},
    ),
    "approval": Layout(
        model=desk.Approval, owner={}, plain=("permission", "by_id", "cost"), moments=("at",),
        links={"remedy_id": "remedy"},
    ),
    "deadline": Layout(
        model=desk.Deadline, plain=("kind", "round", "priority", "level", "failures", "pausable", "pauses"),
        moments=("started_at", "due_at", "met_at", "breached_at", "stopped_at", "next_alert_at"),
        subject=("subject",), timed=("budget", "levels"),
    ),
    "event": Layout(
        model=desk.ComplaintEvent, plain=("actor_id", "kind", "from_state", "to_state", "reason", "version", "data"),
        moments=("at",), dated="data",
    ),
    "alert": Layout(
        model=desk.Alert, plain=("recipient_id", "kind", "level"),
        moments=("due_at", "created_at", "told_at", "seen_at"), key=("dedup_key",), subject=("subject",),
    ),
    "outbox": Layout(
        model=desk.OutboxMessage, owner={"complaint_id": "t.id", "reply_to": "''", "answer": "''"},
        plain=("audience", "channel", "recipient_id", "address", "subject", "body", "message_id", "status", "attempt",
               "owner", "last_error"),
        moments=("next_attempt_at", "sent_at", "created_at"), key=("dedup_key",),
    ),
    "followup": Layout(
        model=FollowUp, plain=("round", "status", "attempts", "satisfaction", "comment", "done_by_id"),
        moments=("created_at", "due_at", "done_at"),
    ),
}  # fmt: skip
"""Everything that a story consists of, by the short name of the table."""
