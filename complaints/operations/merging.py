"""Join two complaints about one matter, reversibly (R3.1)."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from complaints import signals
from complaints.lifecycle import State
from complaints.models import Complaint, Contact, Deadline, Evidence, Inquiry, Promise, RecoveryClaim
from complaints.queries.facts import case_facts, first_reply_at
from complaints.sla import Kind

from . import clocks, platform_cases
from .locking import StaleVersion, locked, record, save_change
from .progress import transition

WATCHED: tuple[tuple[Any, Kind], ...] = ((Inquiry, Kind.INQUIRY), (RecoveryClaim, Kind.RECOVERY))
"""What moves together with the clock that watches it."""


def merge(complaint_id: int, target_id: int, *, reason: str, actor: Any, version: int, now: datetime) -> Complaint:
    """Move contacts, evidence, promises, inquiries and claims to an open complaint of the same matter and end this one.

    The same matter: the same shop, and the same customer or order.
    """
    with _locked(complaint_id, target_id, version=version) as both:
        source, target = both[complaint_id], both[target_id]
        facts = replace(case_facts(source), reason=reason, merge_related=_related(source, target))
        source.merged_into = target if facts.merge_related else None
        for model, kind in WATCHED:
            model.objects.filter(complaint=source, origin=None).update(origin=source)
            _move(model.objects.filter(complaint=source), kind, target)
        transition(source, "merge", facts, actor=actor, now=now, reason=reason, into=target.number)
        for rows in (source.contacts, source.evidence):
            rows.filter(origin=None).update(origin=source)
            rows.update(complaint=target)
        _move(source.promises.all(), Kind.PROMISE, target)
        save_change(target, "version")
        _take_stock(target)
        displaced = platform_cases.adopt(target, source, now=now)
        # A reply that came along met the first response when it was given, not now.
        clocks.settle(target, now=min(first_reply_at(target) or now, now))
        # What came along stands still or runs as the clocks here do: the hold of the source ended with it.
        clocks.recompute(target, now=now)
        record(target, "merged_in", actor=actor, now=now, reason=reason, number=source.number, **displaced)
        signals.left_followup.send(sender=Complaint, complaint=source, actor=actor, now=now)
    return source


def unmerge(complaint_id: int, *, reason: str, actor: Any, version: int, now: datetime) -> Complaint:
    """Give a merged complaint its stage, contacts, evidence, clock and call-back back.

    Where the target was merged on, what came with this one is further up: each on the way gives back what it has.
    """
    way = _way(complaint_id)
    with _locked(*way, version=version) as places:
        if _way(complaint_id) != way:
            raise StaleVersion
        source, targets = places[complaint_id], [places[pk] for pk in way[1:]]
        source.merged_into = None
        facts = replace(case_facts(source), reason=reason)
        for rows in (Contact.objects, Evidence.objects):
            rows.filter(origin__in=_with_merged(source)).update(complaint=source)
            rows.filter(origin=source).update(origin=None)
        for model, kind in WATCHED:
            _move(model.objects.filter(origin__in=_with_merged(source)), kind, source)
            model.objects.filter(origin=source).update(origin=None)
        _move(Promise.objects.filter(contact__complaint=source).exclude(complaint=source), Kind.PROMISE, source)
        transition(source, "unmerge", facts, actor=actor, now=now, reason=reason)
        for target in targets:
            save_change(target, "version")
            _take_stock(target)
            platform_cases.give_back(target, source, now=now)
            clocks.settle(target, now=now, resuming=True)
            record(target, "unmerged", actor=actor, now=now, reason=reason, number=source.number)
        if source.state == State.AWAITING_FOLLOWUP:
            signals.resolved.send(sender=Complaint, complaint=source, actor=actor, now=now)
    return source


@contextmanager
def _locked(source_id: int, *others: int, version: int) -> Iterator[dict[int, Complaint]]:
    """Lock all in the order of their ids, so that two opposite merges cannot deadlock; the version is the source's."""
    with ExitStack() as stack:
        yield {
            pk: stack.enter_context(locked(pk, version=version if pk == source_id else None))
            for pk in sorted({source_id, *others})
        }


def _way(complaint_id: int) -> list[int]:
    """Ids of the complaint, of the one into which it was merged, of the one into which that was, and so on."""
    way: list[int] = []
    following: int | None = complaint_id
    while following:
        way.append(following)
        following = Complaint.objects.values_list("merged_into", flat=True).get(pk=following)
    return way


def _move(rows: Any, kind: Kind, complaint: Complaint) -> None:
    """Give the rows to a complaint, with the clocks that watch them, ended ones too.

    The clocks first: the sweep, too, takes the clock before the promise.
    """
    moved = dict(rows.values_list("pk", "complaint"))
    clocks_of_them = Deadline.objects.filter(complaint__in=set(moved.values()), kind=kind, subject__in=list(moved))
    clocks_of_them.update(complaint=complaint)
    rows.model.objects.filter(pk__in=list(moved)).update(complaint=complaint)


def _with_merged(complaint: Complaint) -> list[int]:
    """Ids of the complaint and of all that were merged into it, at any depth."""
    found = [complaint.pk]
    for pk in found:
        found += Complaint.objects.filter(merged_into=pk).values_list("pk", flat=True)
    return found


def _take_stock(target: Complaint) -> None:
    """What came or went decides who spoke last."""
    last = target.contacts.exclude(direction=Contact.Direction.INTERNAL).order_by("at", "pk").last()
    if last:
        target.last_contact_at, target.last_contact_inbound = last.at, last.direction == Contact.Direction.IN
        target.save(update_fields=["last_contact_at", "last_contact_inbound"])


def _related(source: Complaint, target: Complaint) -> bool:
    if source.pk == target.pk or source.shop_id != target.shop_id or not target.is_open:
        return False
    same_order = source.order_id and source.order_id == target.order_id
    same_customer = source.customer_id and source.customer_id == target.customer_id
    return bool(same_order or same_customer)
