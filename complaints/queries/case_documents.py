"""Closed cases as search finds them: what one can learn from them, and nobody's personal data."""

import zlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from django.db.models import Prefetch, Q
from django.utils.translation import gettext_lazy as _

from complaints.identity import without_personal_data
from complaints.lifecycle import State
from complaints.models import Complaint, Contact, Remedy
from complaints.models.shop import shop_ids_of
from complaints.queries.script_use import language_of
from knowledge.search_sources import Entry, Source, Stamps

KIND = "case"
READ = 12_000
"""Characters of a case that are looked at; fewer are kept."""
LATELY = timedelta(days=1)
CONTACTS = 40

_SAID = Prefetch(
    "contacts",
    Contact.objects.exclude(direction=Contact.Direction.INTERNAL).filter(automatic=False).order_by("at", "id"),
    "said",
)
_DONE = Prefetch("remedies", Remedy.objects.filter(status=Remedy.Status.DONE), "done")


_WHO = ("name_hash", "phone_hash", "email_hash", "buyer_hash")
_STATE = (
    "changed_at", "order__updated_at",
    *(f"{whose}__{one}" for whose in ("customer", "order__customer") for one in _WHO),
)  # fmt: skip
"""What a document is made of: the case, and what is known of the people whose names it must not hold."""


def _stamps(rows: Any) -> Stamps:
    return [(pk, _stamp(state)) for pk, *state in rows.order_by("pk").values_list("pk", *_STATE)]


def _stamp(state: Sequence[Any]) -> str:
    changed, *known = state
    # An absent person and one of whom nothing is known leave the same marks: none.
    return f"{changed.isoformat()} {zlib.crc32(repr([one or '' for one in known]).encode()):08x}"


def _state_of(case: Any) -> list[Any]:
    def reach(name: str) -> Any:
        return reduce(lambda one, part: getattr(one, part) if one else None, name.split("__"), case)

    return [reach(name) for name in _STATE]


def _closed() -> Any:
    return Complaint.objects.filter(state=State.CLOSED)


def _after(pk: int, most: int) -> Stamps:
    rows = _closed().filter(pk__gt=pk).order_by("pk").values_list("pk", *_STATE)[:most]
    return [(case, _stamp(state)) for case, *state in rows]


def _recent(now: datetime) -> Stamps:
    return _stamps(_closed().filter(changed_at__gte=now - LATELY))


def _read(ids: Collection[int]) -> dict[int, Entry]:
    """Under the lock by which cases are written, so that a case that is taken up again is not found any more."""
    rows = _closed().filter(pk__in=ids).select_for_update(no_key=True, of=("self",)).order_by("pk")
    rows = rows.select_related("customer", "order__customer", "issue_type__parent")
    return {case.pk: _entry(case) for case in rows.prefetch_related("order__lines", _SAID, _DONE)}


def _entry(case: Any) -> Entry:
    known = list(_known_of(case))
    said = [contact.body for contact in case.said[-CONTACTS:]]
    heard = " ".join([case.title, case.description, *said])
    return Entry(
        stamp=_stamp(_state_of(case)),
        title=without_personal_data(case.title, known),
        body=without_personal_data("\n".join(dict.fromkeys(filter(None, _parts(case, said))))[:READ], known),
        at=case.closed_at or case.changed_at,
        language=language_of(heard),
        shop_id=case.shop_id,
        issue_types=[pk for pk in (case.issue_type_id, case.issue_type and case.issue_type.parent_id) if pk],
    )


def _parts(case: Any, said: list[str]) -> Iterable[str]:
    """How it ended first, for that is what one looks for; the conversation last, for it is the longest."""
    yield case.root_cause
    yield from (remedy.text for remedy in case.done)
    yield from (remedy.execution_note for remedy in case.done)
    yield case.demand
    if case.issue_type:
        yield f"{case.issue_type.name} {case.issue_type.name_en}"
    for line in case.order.lines.all() if case.order else ():
        yield f"{line.title} {line.variant} {line.seller_code}".strip()
    yield case.description
    yield from said


def _known_of(case: Any) -> Iterable[str]:
    for customer in {case.customer, case.order and case.order.customer} - {None}:
        yield from filter(None, (customer.name, customer.phone, customer.email, customer.buyer))
    if case.order:
        yield from filter(None, (case.order.number, case.order.tracking_number))


def _visible(user: Any) -> Q | None:
    """The cases of `Complaint.visible_to`, for who may read what they came from; whose shops decide needs no look at
    the cases.
    """
    if not user.is_active or not user.is_staff:
        return None
    if not user.has_perms(("complaints.view_complaint", "complaints.view_liabilityshare")):
        return None
    if user.has_perm("complaints.view_all_shops"):
        return Q()
    if user.has_perm("complaints.view_executing"):
        return Q(object_id__in=Complaint.objects.visible_to(user).values("pk"))
    return Q(shop_id__in=shop_ids_of(user))


SOURCE = Source(
    kind=KIND, label=_("Closed cases"), position=30, page="admin:complaints_complaint_change",
    after=_after, recent=_recent, read=_read, visible=_visible,
)  # fmt: skip
