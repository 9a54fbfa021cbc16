"""Which complaint a contact belongs to: whoever writes a key first holds the matter (R3.1).

Everybody locks in the same order: complaint, order, keys, customer.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.lifecycle import State
from complaints.matter_keys import Subject, products_of
from complaints.models import Complaint, Customer, Matter, Order, Shop
from complaints.models.customer import fingerprint
from complaints.refusals import Refused

from .customers import DISTINCTIVE, Person

MOST_MERGES = 50


class AlreadyOpen(Refused):
    message = _("%(number)s is open about this matter. Add the contact there, or confirm a different matter.")


def subject_of(
    shop: Shop,
    *,
    person: Person | None = None,
    customer: Customer | None = None,
    order: Order | None = None,
    order_number: str = "",
    product: str = "",
    products: Iterable[tuple[str, str]] | None = None,
    issue_type: Any = None,
) -> Subject:
    """What is known of a contact or a complaint, for comparison; `products` (id, title) if they are known already."""
    marks = [fingerprint(kind, getattr(person, kind)) for kind in DISTINCTIVE] if person else []
    marks += [getattr(customer, f"{kind}_hash") for kind in DISTINCTIVE] if customer else []
    if products is None:
        products = order.lines.values_list("product_id", "title") if order else [("", product)]
    return Subject(
        shop=shop.pk,
        order_number=order.number if order else order_number,
        marks=tuple(marks),
        issue_type=issue_type.pk if issue_type else None,
        products=products_of(products),
        within=shop.match_within,
    )


def subject_of_complaint(complaint: Complaint) -> Subject:
    return subject_of(
        complaint.shop, customer=complaint.customer, order=complaint.order, issue_type=complaint.issue_type
    )


def holder(subject: Subject, *, now: datetime) -> Complaint | None:
    """The complaint that the contact belongs to: an open one before an ended one, the order before the person.

    A plain look: whoever acts on it looks again under the lock.
    """
    rows = _with_holders(Matter.objects.filter(key__in=subject.keys, complaint__isnull=False))
    found = [(row, one) for row in rows if (one := _same_matter(row, subject, now=now))]
    found.sort(key=lambda pair: (not pair[1].is_open, pair[0].key != subject.order_key, pair[1].received_at))
    return found[0][1] if found else None


def take_hold(subject: Subject, *, now: datetime) -> tuple[list[Matter], Complaint | None]:
    """Lock all keys of the subject, new ones included, and tell which open complaint holds one of them already.

    Two who bring the same matter at once meet here: the second waits until the first has written.
    """
    keys = subject.keys
    Matter.objects.bulk_create([Matter(key=key, seen_at=now) for key in keys], ignore_conflicts=True)
    rows = _locked(keys)
    rivals = [one for row in rows if (one := _same_matter(row, subject, now=now)) and one.is_open]
    return rows, min(rivals, key=lambda one: (one.received_at, one.pk), default=None)


def give(rows: Iterable[Matter], complaint: Complaint, *, now: datetime) -> None:
    """Let the complaint hold those of the locked keys that no other open complaint holds.

    What came to it by a merge stays marked as such: it leaves again when the merge is undone.
    """
    free = [row for row in rows if not ((one := _holder_of(row)) and one.is_open and one.pk != complaint.pk)]
    own = [row.pk for row in free if row.complaint_id == complaint.pk]
    Matter.objects.filter(pk__in=own).update(seen_at=now)
    taken = [row.pk for row in free if row.complaint_id != complaint.pk]
    Matter.objects.filter(pk__in=taken).update(complaint=complaint, origin=None, seen_at=now)


def hand_over(source: Complaint, target: Complaint) -> None:
    """For a merge, both locked: what the source holds, the target holds from now on."""
    held = _lock(complaint=source)
    Matter.objects.filter(pk__in=held, origin=None).update(origin=source)
    Matter.objects.filter(pk__in=held).update(complaint=target)


def take_back(source: Complaint, *, merged: Iterable[int], now: datetime) -> None:
    """For a merge that is undone: what came with the source, or with one of the `merged` into it, is its own again."""
    came = list(Matter.objects.filter(origin__in=list(merged)).values_list("key", flat=True))
    # All at once, those too that `keep` will ask for: everybody locks keys in one order.
    held = set(_lock(key__in={*came, *subject_of_complaint(source).keys})) & set(came)
    Matter.objects.filter(pk__in=held).update(complaint=source)
    Matter.objects.filter(pk__in=held, origin=source).update(origin=None)
    keep(source, now=now)


def _lock(**which: Any) -> list[str]:
    """The keys, locked in the order in which everybody locks them."""
    rows = Matter.objects.select_for_update(no_key=True).filter(**which).order_by("key")
    return list(rows.values_list("key", flat=True))


def keep(complaint: Complaint, *, now: datetime, also: Subject | None = None) -> None:
    """For a caller that holds the lock: the complaint holds the keys of what is known of it now, as far as free."""
    keys = {*subject_of_complaint(complaint).keys, *(also.keys if also else ())}
    Matter.objects.bulk_create(
        [Matter(key=key, complaint=complaint, seen_at=now) for key in sorted(keys)], ignore_conflicts=True
    )
    give(_locked(keys), complaint, now=now)


def keep_more(taken: Subject, complaint: Complaint, *, now: datetime) -> None:
    """`keep` for a complaint that holds the keys of `taken` already: those that its customer adds."""
    marks = [getattr(complaint.customer, f"{kind}_hash") for kind in DISTINCTIVE] if complaint.customer else []
    if set(replace(taken, marks=(*taken.marks, *marks)).keys) != set(taken.keys):
        keep(complaint, now=now, also=taken)


def _locked(keys: Iterable[str]) -> list[Matter]:
    """The rows of these keys, locked in their order, with what tells whose they are."""
    return _with_holders(Matter.objects.select_for_update(no_key=True).filter(key__in=list(keys)).order_by("key"))


def _with_holders(rows: Iterable[Matter]) -> list[Matter]:
    """The rows with the complaints that hold them; most matters are new, and nothing more is read of those."""
    found = list(rows)
    if held := {row.complaint_id for row in found if row.complaint_id}:
        holders = Complaint.objects.select_related("order", "shop", "merged_into").in_bulk(held)
        for row in found:
            row.complaint = holders.get(row.complaint_id)
    return found


def complained_before(order: Order, moment: datetime, *, besides: int = 0) -> bool:
    """Whether somebody had complained about the order before then; what was merged counts with the one it went into."""
    rows = Complaint.objects.filter(order=order, received_at__lte=moment).exclude(pk=besides)
    return rows.exclude(state=State.MERGED).exists()


def refuse_second(order: Order, *, besides: int = 0) -> None:
    """A further contact about an order belongs to the complaint that is open about it (R3.1)."""
    rivals = Complaint.objects.open().filter(order=order).exclude(pk=besides).order_by("received_at", "pk")
    number = rivals.values_list("number", flat=True).first()
    if number:
        raise AlreadyOpen(number=number)


def is_held(order: Order, *, besides: Complaint) -> bool:
    """Whether another open complaint is about this order."""
    key = Subject(shop=order.shop_id, order_number=order.number).order_key
    row = Matter.objects.filter(key=key).select_related("complaint").first()
    one = _holder_of(row) if row else None
    return bool(one and one.is_open and one.pk != besides.pk)


def surviving(complaint: Complaint) -> Complaint:
    """The complaint into which this one was merged in the end; itself if it was not."""
    for _step in range(MOST_MERGES):
        if complaint.merged_into is None:
            break
        complaint = complaint.merged_into
    return complaint


def _holder_of(row: Matter) -> Complaint | None:
    return surviving(row.complaint) if row.complaint else None


def _same_matter(row: Matter, subject: Subject, *, now: datetime) -> Complaint | None:
    """The complaint that holds the key, where the key tells that the subject is its matter."""
    complaint = _holder_of(row)
    if complaint is None or row.key == subject.order_key:
        return complaint
    number = complaint.order.number if complaint.order else ""
    # Of two orders each may have its own trouble: that is for a person to say.
    two_orders = subject.order_number and number and subject.order_number != number
    return None if two_orders or row.seen_at < now - subject.within else complaint
