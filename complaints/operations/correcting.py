"""Correct the registration of a complaint (R3.2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.matter_keys import Subject
from complaints.models import Complaint
from complaints.queries.policies import Rulebook
from complaints.refusals import Refused

from . import clocks, complainants, customers, matters, remedies
from .classification import DECIDING, classify
from .customers import Person
from .ended import ComplaintOver
from .locking import locked, record, save_change
from .typed_orders import locked_order


class NothingChanged(Refused):
    message = _("Nothing was changed.")


def correct(
    complaint_id: int,
    changes: Mapping[str, Any],
    *,
    person: Person | None = None,
    separate: bool = False,
    actor: Any,
    version: int,
    now: datetime,
) -> Complaint:
    """Change registration fields, recording each old and new value; personal data is recorded by name only.

    `changes` maps field names of Complaint to new values; an empty priority leaves it to the policy. A new order is
    taken as `register` takes it; `separate` says that it is a different matter than what is open about the order.
    Raises StaleVersion, NothingChanged, ComplaintOver, AlreadyOpen.
    """
    with locked(complaint_id, version=version) as complaint:
        if not complaint.is_open:
            raise ComplaintOver
        ranked_before = complaint.priority, complaint.priority_by_hand
        before = {name: getattr(complaint, name) for name in changes}
        changed = _set(complaint, changes, separate=separate)
        customer_id = complaint.customer_id
        matters.keep(complaint, now=now, also=_subject_with(complaint, person or Person()))
        personal = customers.twice(lambda: complainants.correct(complaint, person or Person(), now=now))
        rules = Rulebook()
        reclassified = _rank(complaint, changes.get("priority"), set(changed), rules)
        ranked = (complaint.priority, complaint.priority_by_hand) != ranked_before
        if not changed and not personal and not ranked and complaint.customer_id == customer_id:
            raise NothingChanged
        if complaint.priority != ranked_before[0]:
            before["priority"], changed["priority"] = ranked_before[0], complaint.priority
        save_change(complaint)
        if reclassified or ranked:
            clocks.recompute(complaint, now=now, rules=rules)
        if {"priority", "issue_type", "order"} & set(changed):
            remedies.reassess(complaint)
        values = {name: [_plain(before[name]), _plain(value)] for name, value in changed.items()}
        record(complaint, "corrected", actor=actor, now=now, changes=values, personal=personal)
    return complaint


def _subject_with(complaint: Complaint, person: Person) -> Subject:
    """What the matter is with what is told of the person now, whose customer it may turn out to be."""
    owner = customers.owner_of(complaint.shop.platform, person.buyer)
    return matters.subject_of(
        complaint.shop, person=person, customer=owner, order=complaint.order, issue_type=complaint.issue_type
    )


def _set(complaint: Complaint, changes: Mapping[str, Any], *, separate: bool) -> dict[str, Any]:
    """Set what is different; the priority is left to `_rank`. Returns the values that were set. Raises AlreadyOpen."""
    plain = {name: value for name, value in changes.items() if name != "priority"}
    changed = {name: value for name, value in plain.items() if getattr(complaint, name) != value}
    if changed.get("order"):
        changed["order"] = locked_order(changed["order"])
        if not separate:
            matters.refuse_second(changed["order"], besides=complaint.pk)
    for name, value in changed.items():
        setattr(complaint, name, value)
    if changed.get("order"):
        complaint.repeated = matters.complained_before(changed["order"], complaint.received_at, besides=complaint.pk)
    return changed


def _rank(complaint: Complaint, priority: str | None, changed: set[str], rules: Rulebook) -> bool:
    """Set the priority that a person chose, or leave it to the policy ("") or as it was (None).

    Returns whether policy or priority came out as others, which what else has `changed` may bring about, too.
    """
    if priority is not None:
        complaint.priority_by_hand = bool(priority)
        complaint.priority = priority or complaint.priority
    return (priority is not None or bool(DECIDING & changed)) and classify(complaint, rules)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | bool) else str(value)
