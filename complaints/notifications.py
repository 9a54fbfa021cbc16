"""Which message goes to whom: the only place that knows, and the only one that writes mail text."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from complaints.models import Alert, Complaint, Contact, Deadline, OutboxMessage, Remedy
from complaints.models.outbox import REPLY_KEY
from complaints.models.staff import staff_name

ASSIGNEE = "assignee"
AUDIENCE_OF_LEVEL: dict[int, tuple[str, ...]] = {
    50: (ASSIGNEE,),
    80: (ASSIGNEE,),
    100: (ASSIGNEE, "team_lead"),
    150: ("supervisor",),
    200: ("shop_manager",),
}
"""Warn level -> who hears of it (domain.md, section 4). An audience without people passes on to the next one up."""

_UPWARDS = (ASSIGNEE, "team_lead", "supervisor", "shop_manager")


def audience(level: int, assignee: Any, people: dict[str, list[Any]]) -> list[Any]:
    """The persons who hear of this level, each once; `people` maps a role to its active members for the shop.

    The first audience that is empty is replaced by the next higher one that is not: no alert is lost because a
    complaint has no assignee or a shop no lead.
    """
    found: dict[int, Any] = {}
    for role in AUDIENCE_OF_LEVEL[level]:
        for candidate in _UPWARDS[_UPWARDS.index(role) :]:
            persons = (
                ([assignee] if assignee and assignee.is_active else [])
                if candidate == ASSIGNEE
                else people.get(candidate, [])
            )
            if persons:
                found.update({person.pk: person for person in persons})
                break
    return list(found.values())


def alerts(deadline: Deadline, level: int, persons: Iterable[Any], *, now: datetime) -> list[Alert]:
    """In-app alerts; identity is (clock, level, due time, person), never a day."""
    return [
        Alert(
            recipient=person,
            complaint=deadline.complaint,
            kind=deadline.kind,
            level=level,
            due_at=deadline.due_at,
            dedup_key=_key(deadline, level, person),
            created_at=now,
        )
        for person in persons
    ]


def alert_mails(deadline: Deadline, level: int, persons: Iterable[Any], *, now: datetime) -> list[OutboxMessage]:
    """The same alerts by e-mail, to those who have an address."""
    complaint = deadline.complaint
    with translation.override(settings.LANGUAGE_CODE):
        names = {"kind": deadline.get_kind_display(), "number": complaint.number, "title": complaint.title}
        template = (
            "complaints/mail/callback.txt"
            if deadline.kind == Deadline.Kind.CALLBACK
            else "complaints/mail/deadline.txt"
        )
        if level < 100:
            subject = _one_line(_("[%(number)s] %(kind)s due soon: %(title)s") % names)
        else:
            subject = _one_line(_("[%(number)s] %(kind)s overdue: %(title)s") % names)
        body = render_to_string(
            template,
            {
                "complaint": complaint,
                "kind": names["kind"],
                "overdue": level >= 100,
                "level": level,
                "due_at": timezone.localtime(deadline.due_at),
                "customer": complaint.customer.masked_name if complaint.customer else "",
                "assignee": staff_name(complaint.assignee),
                "link": case_link(complaint),
            },
        )
    return [
        OutboxMessage(
            complaint=complaint,
            audience=OutboxMessage.Audience.STAFF,
            recipient=person,
            address=person.email,
            subject=subject,
            body=body,
            dedup_key=f"mail:{_key(deadline, level, person)}",
            created_at=now,
        )
        for person in persons
        if person.email
    ]


def reply_mail(contact: Contact, *, now: datetime) -> OutboxMessage:
    """A reply to the customer; the customer must have an address."""
    return _customer_mail(contact.complaint, contact.body, key=f"{REPLY_KEY}{contact.pk}", now=now)


def remedy_done_mails(remedy: Remedy, *, now: datetime) -> list[OutboxMessage]:
    """Tell the customer that the chosen remedy is carried out (R5.6); nobody without an address."""
    complaint = remedy.complaint
    if not (complaint.customer and complaint.customer.email):
        return []
    with translation.override(settings.LANGUAGE_CODE):
        body = render_to_string("complaints/mail/remedy_done.txt", {"complaint": complaint, "remedy": remedy})
    return [_customer_mail(complaint, body, key=f"remedy:{remedy.pk}", now=now)]


def case_link(complaint: Complaint) -> str:
    """Absolute address of the case page, for staff."""
    return settings.AMENDS_BASE_URL + reverse("admin:complaints_complaint_change", args=[complaint.pk])


def _customer_mail(complaint: Complaint, body: str, *, key: str, now: datetime) -> OutboxMessage:
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("%(shop)s: your complaint %(number)s") % {"shop": complaint.shop.name, "number": complaint.number}
    return OutboxMessage(
        complaint=complaint,
        audience=OutboxMessage.Audience.CUSTOMER,
        address=complaint.customer.email if complaint.customer else "",
        subject=_one_line(subject),
        body=body,
        dedup_key=key,
        created_at=now,
    )


def _one_line(subject: str) -> str:
    """A subject that no mail refuses: a line break in a title would begin another header."""
    return " ".join(subject.split())[:200]


def _key(deadline: Deadline, level: int, person: Any) -> str:
    return f"{deadline.complaint_id}:{deadline.kind}:{level}:{deadline.due_at.isoformat()}:{person.pk}"
