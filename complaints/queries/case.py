"""Everything that the case page shows of one complaint, in a constant number of queries."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q
from django.utils import timezone
from django.utils.translation import pgettext

from complaints.lifecycle import State
from complaints.models import Complaint, ComplaintEvent, Contact, InboundMail, Remedy, WebSubmission
from complaints.models.complaint import ENDED_STATES, ComplaintQuerySet

TIMELINE_LIMIT = 200
HELD_LIMIT = 100
MAIL_OF_CONTACT = Prefetch("mails", InboundMail.objects.select_related("hint").order_by("pk"), "came_by")
"""The mail by which a contact came: what was not taken of it, and whether its sender is the customer known."""

SHOWN_AS_CONTACT = {"replied", "heard", "noted", "apologised", "receipt_sent"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline: a contact or an event, never both for the same fact."""

    at: datetime
    contact: Contact | None = None
    event: ComplaintEvent | None = None
    of: str = ""
    """Number of the merged complaint in whose history the event stands."""

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


def timeline(complaint: Complaint, merged: dict[int, str] | None = None) -> Timeline:
    """The latest entries, oldest first, with the history of those that were `merged` into it (id -> number).

    What was said to a merged complaint lies where the case goes on, and is read on its own page, too.
    """
    limit, merged = TIMELINE_LIMIT, merged or {}
    said = Contact.objects.filter(complaint=complaint)
    if complaint.merged_into_id:
        said = Contact.objects.filter(Q(complaint=complaint) | Q(origin__in=[complaint.pk, *merged]))
    contacts = said.select_related("author", "origin").prefetch_related("files", MAIL_OF_CONTACT).order_by("-at", "-id")
    entries = [Entry(contact.at, contact=contact) for contact in contacts[: limit + 1]]
    entries += [
        Entry(event.at, event=event, of=merged.get(event.complaint_id, "")) for event in _events(complaint, merged)
    ]
    entries.sort(key=lambda entry: (entry.at, entry.contact is None), reverse=True)
    return Timeline(entries[:limit][::-1], shortened=len(entries) > limit)


def _events(complaint: Complaint, merged: dict[int, str]) -> list[ComplaintEvent]:
    """The latest events; that another one was merged in or has left is told once, by the one that goes on."""
    own = ComplaintEvent.objects.filter(complaint=complaint)
    rows = own
    if merged:
        theirs = ComplaintEvent.objects.filter(complaint__in=list(merged)).exclude(kind__in=("merge", "unmerge"))
        rows = own | theirs
    rows = rows.exclude(kind__in=SHOWN_AS_CONTACT).select_related("actor").order_by("-at", "-id")
    return list(rows[: TIMELINE_LIMIT + 1])


@dataclass(frozen=True, slots=True)
class Linked:
    """Another complaint that has to do with this one: how, as a code, and which."""

    how: str
    complaint: Complaint


def linked(complaint: Complaint, user: Any) -> list[Linked]:
    """What this complaint follows, what follows it, and what was split off; ten at most, in one query."""
    named = [pk for pk in (complaint.previous_id, complaint.split_from_id) if pk]
    which = Q(pk__in=named) | Q(previous=complaint) | Q(split_from=complaint)
    rows = Complaint.objects.visible_to(user).filter(which).order_by("received_at", "pk")[:10]
    return [Linked(_how(complaint, other), other) for other in rows]


def _how(complaint: Complaint, other: Complaint) -> str:
    if other.pk == complaint.split_from_id:
        return "split_from"
    if other.split_from_id == complaint.pk:
        return "split_off"
    return "previous" if other.pk == complaint.previous_id else "following"


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


def unconfirmed(complaint: Complaint) -> list[WebSubmission]:
    """Web forms that came to the complaint with contact data that is not on file of its customer, the latest first."""
    sent = WebSubmission.objects.filter(contact__complaint=complaint).order_by("-received_at", "-id")[:20]
    return [one for one in sent if not one.is_from(complaint.customer)]


def may_open(submission: WebSubmission, user: Any) -> Complaint | None:
    """The complaint that the submission came to, if the reader may see it."""
    return Complaint.objects.visible_to(user).filter(contacts=submission.contact_id).first()


def held_back(user: Any) -> int:
    """How many web forms wait for a decision of this person."""
    if not user.has_perm("complaints.decide_websubmission"):
        return 0
    return WebSubmission.objects.visible_to(user).held()[:HELD_LIMIT].count()


def rivals(order_id: int, user: Any) -> list[Complaint]:
    """Open complaints on the same order: a further contact belongs to them (R3.1)."""
    return list(Complaint.objects.visible_to(user).open().filter(order_id=order_id).order_by("received_at")[:5])


def ended(user: Any, pk: int) -> Complaint | None:
    """A complaint that is over and that a new one may follow, if the person may see it."""
    rows = Complaint.objects.visible_to(user).filter(state__in=ENDED_STATES).exclude(state=State.MERGED)
    return rows.select_related("shop", "customer", "order").filter(pk=pk).first()


def changes_since(complaint: Complaint, version: int) -> list[ComplaintEvent]:
    """What others did after the form with this version was shown."""
    return list(complaint.events.filter(version__gt=version).select_related("actor").order_by("at", "id")[:50])


def reply_facts(complaint: Complaint, *, agent_name: str, now: datetime, customer_name: str = "") -> dict[str, str]:
    """Facts of the case that scripts may name, in the active language (R4.7).

    A customer-safe view: the title is a colleague's note, so the issue is called by its type; and only options that may
    be told are told. Nobody's name is looked up for it: that would be a look at contact data that nobody recorded.
    What is not known for certain stays a gap: a time that is over, the number of a parcel that went the other way.
    """
    order, line = complaint.order, _first_line(complaint)
    options = [*_tellable(complaint), "", ""]
    promise = complaint.promises.filter(settled_at=None, due_at__gt=now).order_by("-made_at").first()
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
    }
    chosen = complaint.remedies.filter(round=complaint.round, status__in=["chosen", "done"]).first()
    if chosen:
        facts |= {
            "remedy_name": chosen.text,
            "courier_name": chosen.courier,
            "tracking_no": chosen.tracking_number,
            "return_tracking_no": chosen.return_tracking,
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
