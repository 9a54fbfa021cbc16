"""What a customer may see of a complaint: a list of what is allowed, so that what is added elsewhere stays inside.

Their own words as they reached us by a channel (what a colleague wrote down is the colleague's wording), what we wrote
to them, that we spoke on the phone, the stages by neutral names, and what we promised by when. Never notes, titles,
inquiries, liability, reasons, internal clocks, or anybody's name (R4.7).
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from complaints.lifecycle import STEPS
from complaints.models import Channel, Complaint, Contact, CustomerLink, Evidence, Promise, WebSubmission

MOST = 100

SPOKEN = (Contact.Purpose.APOLOGY_CALL, Contact.Purpose.CALLBACK)
DESK = "desk:"
"""Begins the source of what a clerk has written down."""

HIDDEN_STEPS = ("merge", "unmerge")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the history: `who` is you, us or stage; `words` empty where only the fact is told."""

    at: datetime
    who: str
    words: str = ""
    stage: str = ""
    files: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Promised:
    """What we owe next; `late`: the time is over."""

    due_at: datetime
    late: bool


def history(complaint: Complaint, link: CustomerLink, *, whole: bool) -> list[Line]:
    """The latest first."""
    contacts = complaint.contacts.exclude(direction=Contact.Direction.INTERNAL)
    if not whole:
        contacts = contacts.filter(_own(link))
    rows = list(contacts.order_by("-at", "-id")[:MOST])
    files = _files(rows)
    lines = [_line(row, files.get(row.pk, [])) for row in rows]
    if whole:
        lines += _stages(complaint)
    return sorted(lines, key=lambda line: line.at, reverse=True)


def of_submission(submission: WebSubmission) -> list[Line]:
    """What is held back shows to whoever sent it what they sent."""
    names = list(submission.files.values_list("original_name", flat=True))
    return [Line(submission.received_at, "you", submission.text, files=names)]


def promised(complaint: Complaint, *, now: datetime) -> Promised | None:
    """The earliest promise that is still owed to the customer."""
    owed = Q(status=Promise.Status.OPEN) | Q(status=Promise.Status.BROKEN, settled_at=None)
    due_at = complaint.promises.filter(owed).order_by("due_at").values_list("due_at", flat=True).first()
    return Promised(due_at, late=due_at < now) if due_at else None


def _own(link: CustomerLink) -> Q:
    """What was sent with the form and by the link; of a merged complaint also what came with it, to its customer."""
    own = Q(source__startswith=f"link:{link.pk}:")
    if link.submission is not None:
        own |= Q(source=link.submission.source)
    if link.complaint and (link.submission is None or link.submission.is_from(link.complaint.customer)):
        own |= Q(origin=link.complaint)
    return own


def _line(contact: Contact, files: list[str]) -> Line:
    who = "you" if contact.direction == Contact.Direction.IN else "us"
    return Line(contact.at, who, words(contact), files=files)


def words(contact: Contact) -> str:
    """The text as the customer knows it; empty where a colleague wrote down what was said."""
    if contact.direction == Contact.Direction.IN:
        written_down = not contact.source or contact.source.startswith(DESK)
    else:
        written_down = contact.channel == Channel.PHONE or contact.purpose in SPOKEN
    return "" if written_down or contact.direction == Contact.Direction.INTERNAL else contact.body


def _files(contacts: list[Contact]) -> dict[int, list[str]]:
    own = [row.pk for row in contacts if row.direction == Contact.Direction.IN]
    names: dict[int, list[str]] = {}
    for contact, name in Evidence.objects.filter(contact__in=own).values_list("contact", "original_name"):
        names.setdefault(contact, []).append(name)
    return names


def _stages(complaint: Complaint) -> list[Line]:
    steps = ["registered", *(name for name in STEPS if name not in HIDDEN_STEPS)]
    rows = complaint.events.filter(kind__in=steps).exclude(to_state="").order_by("-at", "-id")
    return [Line(at, "stage", stage=state) for at, state in rows.values_list("at", "to_state")[:MOST]]
