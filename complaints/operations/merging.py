"""Join two complaints about one matter, reversibly (R3.1)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Q

from complaints import signals
from complaints.models import Complaint, Contact, Evidence
from complaints.queries.facts import case_facts

from .locking import locked, record, save_change
from .progress import transition


def merge(complaint_id: int, target_id: int, *, reason: str, actor: Any, version: int, now: datetime) -> Complaint:
    """Move contacts and evidence to an open complaint of the same customer or order and end this one.

    Both rows are locked in the order of their ids, so that two opposite merges cannot deadlock.
    """
    first, second = sorted((complaint_id, target_id))
    versions = {complaint_id: version}
    with locked(first, version=versions.get(first)) as one, locked(second, version=versions.get(second)) as other:
        source, target = (one, other) if one.pk == complaint_id else (other, one)
        facts = replace(case_facts(source), reason=reason, merge_related=_related(source, target))
        source.merged_into = target if facts.merge_related else None
        transition(source, "merge", facts, actor=actor, now=now, reason=reason, into=target.number)
        for rows in (source.contacts, source.evidence):
            rows.filter(origin=None).update(origin=source)
            rows.update(complaint=target)
        save_change(target, "version")
        record(target, "merged_in", actor=actor, now=now, reason=reason, number=source.number)
        signals.left_followup.send(sender=Complaint, complaint=source, actor=actor, now=now)
    return source


def unmerge(complaint_id: int, *, reason: str, actor: Any, version: int, now: datetime) -> Complaint:
    """Give a merged complaint its stage, contacts, evidence and clock back."""
    with locked(complaint_id, version=version) as source:
        target, source.merged_into = source.merged_into, None
        facts = replace(case_facts(source), reason=reason)
        for rows in (Contact.objects, Evidence.objects):
            rows.filter(Q(origin=source) | Q(origin__merged_into=source)).update(complaint=source)
        transition(source, "unmerge", facts, actor=actor, now=now, reason=reason)
        if target:
            record(target, "unmerged", actor=actor, now=now, reason=reason, number=source.number)
    return source


def _related(source: Complaint, target: Complaint) -> bool:
    if source.pk == target.pk or not target.is_open:
        return False
    same_order = source.order_id and source.order_id == target.order_id
    same_customer = source.customer_id and source.customer_id == target.customer_id
    return bool(same_order or same_customer)
