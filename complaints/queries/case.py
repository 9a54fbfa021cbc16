"""Everything that the case page shows of one complaint, in a constant number of queries."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import pgettext

from complaints.models import Complaint, ComplaintEvent, Contact, Remedy
from complaints.models.complaint import ComplaintQuerySet

TIMELINE_LIMIT = 200
SHOWN_AS_CONTACT = {"replied", "heard", "noted", "apologised"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline: a contact or an event, never both for the same fact."""

    at: datetime
    contact: Contact | None = None
    event: ComplaintEvent | None = None

    @property
    def group(self) -> str:
        """customer, internal or change: what the filter above the timeline asks for."""
        if self.contact:
            return "internal" if self.contact.direction == Contact.Direction.INTERNAL else "customer"
        return "change"


@dataclass(slots=True)
class Timeline:
    entries: list[Entry] = field(default_factory=list)
    shortened: bool = False


def timeline(complaint: Complaint) -> Timeline:
    """The latest entries, oldest first."""
    limit = TIMELINE_LIMIT
    contacts = complaint.contacts.select_related("author", "origin").order_by("-at", "-id")
    events = complaint.events.exclude(kind__in=SHOWN_AS_CONTACT).select_related("actor").order_by("-at", "-id")
    entries = [Entry(contact.at, contact=contact) for contact in contacts[: limit + 1]]
    entries += [Entry(event.at, event=event) for event in events[: limit + 1]]
    entries.sort(key=lambda entry: (entry.at, entry.contact is None), reverse=True)
    return Timeline(entries[:limit][::-1], shortened=len(entries) > limit)


def earlier(complaint: Complaint, user: Any) -> list[Complaint]:
    """Other complaints of the same customer or order that the reader may see, the latest first; ten at most."""
    return list(_same_matter(complaint, user).select_related("shop").order_by("-received_at", "-id")[:10])


def mergeable(complaint: Complaint, user: Any) -> ComplaintQuerySet:
    """Open complaints of the shop into which this one can be merged, the latest first."""
    return _same_matter(complaint, user).open().filter(shop=complaint.shop_id).order_by("-received_at", "-id")


def _same_matter(complaint: Complaint, user: Any) -> ComplaintQuerySet:
    """Other complaints of the same customer or order that the reader may see; none where neither is known."""
    same = Q()
    if complaint.customer_id:
        same |= Q(customer_id=complaint.customer_id)
    if complaint.order_id:
        same |= Q(order_id=complaint.order_id)
    others = Complaint.objects.visible_to(user).exclude(pk=complaint.pk)
    return others.filter(same) if same else others.none()


def rivals(order_id: int, user: Any) -> list[Complaint]:
    """Open complaints on the same order: a further contact belongs to them (R3.1)."""
    return list(Complaint.objects.visible_to(user).open().filter(order_id=order_id).order_by("received_at")[:5])


def changes_since(complaint: Complaint, version: int) -> list[ComplaintEvent]:
    """What others did after the form with this version was shown."""
    return list(complaint.events.filter(version__gt=version).select_related("actor").order_by("at", "id")[:50])


def reply_facts(complaint: Complaint, *, agent_name: str, customer_name: str = "") -> dict[str, str]:
    """Facts of the case that scripts may name, in the active language (R4.7).

    A customer-safe view: the title is a colleague's note, so the issue is called by its type; and only options that may
    be told are told. Nobody's name is looked up for it: that would be a look at contact data that nobody recorded.
    """
    order, line = complaint.order, _first_line(complaint)
    options = [*_tellable(complaint), "", ""]
    promise = complaint.promises.order_by("-made_at").first()
    facts = {
        "agent_name": agent_name,
        "case_no": complaint.number,
        "courier_name": order.courier if order else "",
        "customer_name": customer_name or pgettext("salutation", "customer"),
        "deadline": _moment(promise.due_at) if promise else "",
        "issue_summary": complaint.issue_type.label if complaint.issue_type else "",
        "option_a": options[0],
        "option_b": options[1],
        "order_no": order.number if order else "",
        "product_name": line.title if line else "",
        "shop_name": complaint.shop.name,
        "tracking_no": order.tracking_number if order else "",
    }
    chosen = complaint.remedies.filter(round=complaint.round, status__in=["chosen", "done"]).first()
    if chosen:
        facts |= {
            "remedy_name": chosen.text,
            "courier_name": chosen.courier or facts["courier_name"],
            "tracking_no": chosen.tracking_number or facts["tracking_no"],
            "eta_date": chosen.eta.isoformat() if chosen.eta else "",
            "amount": str(chosen.actual_cost or ""),
        }
    return {name: value for name, value in facts.items() if value}


def _tellable(complaint: Complaint) -> list[str]:
    """What is or may be offered in this round, by letter: no option that still waits for a signature."""
    told = [Remedy.Status.OFFERED, Remedy.Status.PREPARED]
    rows = complaint.remedies.filter(round=complaint.round, status__in=told).prefetch_related("approvals")
    return [
        remedy.text
        for remedy in rows.order_by("label")
        if remedy.status == Remedy.Status.OFFERED or not remedy.unsigned
    ]


def _first_line(complaint: Complaint) -> Any:
    return complaint.order.lines.first() if complaint.order else None


def _moment(at: datetime) -> str:
    return timezone.localtime(at).strftime("%m-%d %H:%M")
