"""Join two complaints about one matter, reversibly (R3.1)."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints import signals
from complaints.lifecycle import State
from complaints.models import Complaint, Contact, Deadline, Evidence, Inquiry, Promise, RecoveryClaim
from complaints.queries import merged
from complaints.queries.facts import case_facts, first_reply_at
from complaints.queries.merged import Came
from complaints.refusals import Refused
from complaints.sla import Kind

from . import clocks, conversation, earliest_start, matters, platform_cases
from .locking import StaleVersion, locked, record, save_change
from .progress import transition

WATCHED: dict[str, tuple[Any, Kind]] = {
    "inquiry": (Inquiry, Kind.INQUIRY),
    "claim": (RecoveryClaim, Kind.RECOVERY),
}
"""What moves together with the clock that watches it."""

HEARD: dict[str, Any] = {"contact": Contact, "evidence": Evidence}


class NotSinceTheMerge(Refused):
    message = _("What you chose to take back is not there any more. Look at the list again.")


def merge(complaint_id: int, target_id: int, *, reason: str, actor: Any, version: int, now: datetime) -> Complaint:
    """Move contacts, evidence, promises, inquiries and claims to an open complaint of the same matter and end this one.

    The same matter: the same shop, and the same customer or order. The clocks run from the earliest start of both.
    """
    with _locked(complaint_id, target_id, version=version) as both:
        source, target = both[complaint_id], both[target_id]
        facts = replace(case_facts(source), reason=reason, merge_related=_related(source, target))
        if facts.merge_related:
            source.merged_into, source.merged_at = target, now
        for model, kind in WATCHED.values():
            model.objects.filter(complaint=source, origin=None).update(origin=source)
            _move(model.objects.filter(complaint=source), kind, target)
        transition(source, "merge", facts, actor=actor, now=now, reason=reason, into=target.number)
        for rows in (source.contacts, source.evidence):
            rows.filter(origin=None).update(origin=source)
            rows.update(complaint=target)
        _move(source.promises.all(), Kind.PROMISE, target)
        save_change(target, "version")
        conversation.take_stock(target)
        matters.hand_over(source, target)
        told = earliest_start.hold(target, source, now=now) | platform_cases.adopt(target, source, now=now)
        # A reply that came along met the first response when it was given, not now.
        clocks.settle(target, now=min(first_reply_at(target) or now, now))
        # What came along stands still or runs as the clocks here do: the hold of the source ended with it.
        clocks.recompute(target, now=now)
        record(target, "merged_in", actor=actor, now=now, reason=reason, number=source.number, **told)
        signals.left_followup.send(sender=Complaint, complaint=source, actor=actor, now=now)
    return source


def unmerge(
    complaint_id: int, *, reason: str, back: Iterable[str] = (), actor: Any, version: int, now: datetime
) -> Complaint:
    """Give a merged complaint its stage, contacts, evidence, clock and call-back back.

    `back` names what came in since the merge and leaves with it (see `merged.came_since`); the rest of that stays.
    Where the target was merged on, what came with this one is further up: each on the way gives back what it has.
    Raises NotSinceTheMerge.
    """
    way = merged.way(complaint_id)
    with _locked(*way, version=version) as places:
        if merged.way(complaint_id) != way:
            raise StaleVersion
        source, targets = places[complaint_id], [places[pk] for pk in way[1:]]
        leaving = _chosen(source, back)
        also: dict[str, Any] = {"also": len(leaving)} if leaving else {}
        facts = replace(case_facts(source), reason=reason)
        source.merged_into = source.merged_at = None
        _bring_back(source)
        _take_along(source, leaving)
        _tell_of_messages(source, leaving, actor=actor, now=now)
        _move(Promise.objects.filter(contact__complaint=source).exclude(complaint=source), Kind.PROMISE, source)
        transition(source, "unmerge", facts, actor=actor, now=now, reason=reason, **also)
        conversation.take_stock(source)
        matters.take_back(source, merged=merged.with_merged(source), now=now)
        for target in targets:
            save_change(target, "version")
            conversation.take_stock(target)
            earliest_start.give_back(target, now=now)
            platform_cases.give_back(target, source, now=now)
            clocks.settle(target, now=now, resuming=True)
            record(target, "unmerged", actor=actor, now=now, reason=reason, number=source.number, **also)
        # What stood still or ran as the clocks there did, goes by those here.
        clocks.recompute(source, now=now)
        if source.state == State.AWAITING_FOLLOWUP:
            signals.resolved.send(sender=Complaint, complaint=source, actor=actor, now=now)
    return source


def goes_back(source: Complaint) -> dict[str, int]:
    """How much came with a merged complaint and leaves with it, by kind."""
    came_with = merged.with_merged(source)
    models = {name: model for name, (model, _kind) in WATCHED.items()} | HEARD
    counts = {name: model.objects.filter(origin__in=came_with).count() for name, model in models.items()}
    return counts | {"promise": Promise.objects.filter(contact__origin__in=came_with).count()}


def _chosen(source: Complaint, back: Iterable[str]) -> list[Came]:
    """Of what came in since the merge, what leaves. Raises NotSinceTheMerge."""
    wanted = set(back)
    if not wanted:
        return []
    found = [one for one in merged.came_since(source) if one.key in wanted]
    if len(found) != len(wanted):
        raise NotSinceTheMerge
    return found


def _bring_back(source: Complaint) -> None:
    """What came with the source, and with those that had been merged into it, wherever it is."""
    came_with = merged.with_merged(source)
    for rows in (Contact.objects, Evidence.objects):
        rows.filter(origin__in=came_with).update(complaint=source)
        rows.filter(origin=source).update(origin=None)
    for model, kind in WATCHED.values():
        _move(model.objects.filter(origin__in=came_with), kind, source)
        model.objects.filter(origin=source).update(origin=None)


def _take_along(source: Complaint, leaving: list[Came]) -> None:
    """What came in since and is the source's from now on; promises and files go with the message that brought them."""
    for kind, model in HEARD.items():
        chosen = [one.row.pk for one in leaving if one.kind == kind]
        model.objects.filter(pk__in=chosen).update(complaint=source, origin=None)
        if kind == "contact":
            Evidence.objects.filter(contact__in=chosen).update(complaint=source, origin=None)
    for name, (model, clock) in WATCHED.items():
        rows = model.objects.filter(pk__in=[one.row.pk for one in leaving if one.kind == name])
        _move(rows, clock, source)
        rows.update(origin=None)


def _tell_of_messages(source: Complaint, leaving: list[Came], *, actor: Any, now: datetime) -> None:
    """Whoever follows the source has not heard of what was said to the other one."""
    for one in leaving:
        if one.kind == "contact" and one.row.direction != Contact.Direction.INTERNAL:
            out = one.row.direction == Contact.Direction.OUT
            told = {"contact": one.row.pk, "channel": one.row.channel, "out": out, "number": one.to}
            record(source, "brought_back", actor=actor, now=now, **told)


@contextmanager
def _locked(source_id: int, *others: int, version: int) -> Iterator[dict[int, Complaint]]:
    """Lock all in the order of their ids, so that two opposite merges cannot deadlock; the version is the source's."""
    with ExitStack() as stack:
        yield {
            pk: stack.enter_context(locked(pk, version=version if pk == source_id else None))
            for pk in sorted({source_id, *others})
        }


def _move(rows: Any, kind: Kind, complaint: Complaint) -> None:
    """Give the rows to a complaint, with the clocks that watch them, ended ones too.

    The clocks first: the sweep, too, takes the clock before the promise.
    """
    moved = dict(rows.values_list("pk", "complaint"))
    clocks_of_them = Deadline.objects.filter(complaint__in=set(moved.values()), kind=kind, subject__in=list(moved))
    clocks_of_them.update(complaint=complaint)
    rows.model.objects.filter(pk__in=list(moved)).update(complaint=complaint)


def _related(source: Complaint, target: Complaint) -> bool:
    if source.pk == target.pk or source.shop_id != target.shop_id or not target.is_open:
        return False
    same_order = source.order_id and source.order_id == target.order_id
    same_customer = source.customer_id and source.customer_id == target.customer_id
    return bool(same_order or same_customer)
