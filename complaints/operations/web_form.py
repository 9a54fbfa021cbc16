"""What comes by a shop's web form: kept as typed, then taken in, or held back for a person to decide about.

Anybody can type an order number that they have seen. Hence:
- what is known of a customer never changes by a form; what was given stands at the submission, where staff
  see it and may take it over;
- whoever sent it learns nothing of a complaint that it joined: the link shows what they sent under a reference of its
  own, until the contact data given is what is on file of the customer (`customer_links`);
- the mail with the link goes out once per complaint, repeats nothing that was typed, and is paced by its address.
What looks like spam is held back, never dropped. The row is written first: whatever happens then, `finish` takes it in.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import notifications
from complaints.models import Channel, Complaint, CustomerLink, Shop, WebSubmission
from complaints.outbox import enqueue
from complaints.refusals import Refused

from . import customer_links, staging
from .customers import Person
from .receiving import Incoming, take_in

log = logging.getLogger(__name__)

Status = WebSubmission.Status
UNFINISHED_AFTER = timedelta(minutes=2)
BATCH = 50


class DecidedAlready(Refused):
    message = gettext_lazy("Somebody has decided about this submission already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form that was filled in and checked."""

    shop: Shop
    token: UUID
    text: str
    demand: str = ""
    order_number: str = ""
    person: Person = Person()
    language: str = settings.LANGUAGE_CODE
    doubts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told: the address of the status page, and how many files found no room."""

    submission: WebSubmission
    url: str
    refused_files: int = 0


def submit(filled: Filled, *, may_mail: bool = True, now: datetime) -> Answer:
    """Keep what was sent, then take it in or hold it back. The same form again gives the same submission."""
    submission = _kept(filled, now=now)
    if submission.status == Status.RECEIVED and submission.doubts:
        _hold(submission)
    refused = _take(submission, now=now) if submission.status == Status.RECEIVED else 0
    url = customer_links.issue_for(submission, now=now)
    if submission.status == Status.TAKEN and may_mail:
        _mail(submission, url, now=now)
    return Answer(submission, url, refused)


def accept(submission_id: int, *, actor: Any, now: datetime) -> Complaint:
    """Take in what was held back; the links given for it lead to the complaint now. Raises DecidedAlready."""
    submission = _decide(submission_id, Status.RECEIVED, actor=actor, now=now)
    _take(submission, now=now)
    _mail(submission, customer_links.issue_for(submission, now=now), now=now)
    return Complaint.objects.get(contacts__submission=submission)


def discard(submission_id: int, *, actor: Any, now: datetime) -> WebSubmission:
    """Put away what was held back: its files go, its links end, the text stays. Raises DecidedAlready."""
    submission = _decide(submission_id, Status.DISCARDED, actor=actor, now=now)
    CustomerLink.objects.filter(submission=submission, revoked_at=None).update(revoked_at=now)
    staging.drop(submission.files.all())
    return submission


def finish(*, now: datetime) -> int:
    """Take in what was kept and, because somebody was interrupted, went no further."""
    late = WebSubmission.objects.filter(status=Status.RECEIVED, received_at__lt=now - UNFINISHED_AFTER)
    rows = list(late.select_related("shop").order_by("received_at")[:BATCH])
    return sum(_finished(submission, now=now) for submission in rows)


def _finished(submission: WebSubmission, *, now: datetime) -> bool:
    """One that cannot be taken in must not stand in the way of the others."""
    try:
        if submission.doubts and submission.decided_at is None:
            _hold(submission)
        else:
            _take(submission, now=now)
    except Exception as error:  # the message could hold what was typed
        log.error("web form submission %s cannot be taken in: %s", submission.pk, type(error).__name__)
        return False
    return True


def _kept(filled: Filled, *, now: datetime) -> WebSubmission:
    """The row of this form, written now or when it was sent before."""
    known = WebSubmission.objects.select_related("shop", "contact__complaint__customer")
    person = filled.person
    try:
        with transaction.atomic():
            if before := known.filter(token=filled.token).first():
                return before
            return WebSubmission.objects.create(
                shop=filled.shop,
                token=filled.token,
                text=filled.text,
                demand=filled.demand,
                order_number=filled.order_number,
                name=person.name,
                phone=person.phone,
                email=person.email,
                language=filled.language,
                doubts=list(filled.doubts),
                received_at=now,
            )
    except IntegrityError:
        return known.get(token=filled.token)


def _hold(submission: WebSubmission) -> None:
    with transaction.atomic():
        staging.keep_with(submission)
        WebSubmission.objects.filter(pk=submission.pk, status=Status.RECEIVED).update(status=Status.HELD)
    submission.status = Status.HELD


def _take(submission: WebSubmission, *, now: datetime) -> int:
    """Contact, files, then the status: what is interrupted before that is done again, and nothing comes twice.

    Returns how many files were refused; they go like those that were never sent.
    """
    received = take_in(_incoming(submission), actor=None, now=now)
    waiting = [*staging.waiting_for(submission.token), *submission.files.all()]
    refused = staging.attach(waiting, received.contact, now=now)
    with transaction.atomic():
        # What its sender has added meanwhile comes along; from here on it is a message to the complaint.
        stored = WebSubmission.objects.select_for_update().get(pk=submission.pk)
        if added := stored.text.removeprefix(submission.text).strip():
            about = received.complaint
            more = replace(_incoming(stored), text=added, about=about, source=f"{submission.source}:more")
            take_in(more, actor=None, now=now)
        submission.files.update(submission=None)
        submission.status, submission.contact = Status.TAKEN, received.contact
        WebSubmission.objects.filter(pk=submission.pk).update(status=Status.TAKEN, contact=received.contact)
        CustomerLink.objects.filter(submission=submission, complaint=None).update(complaint=received.complaint)
    return refused


def _incoming(submission: WebSubmission) -> Incoming:
    with translation.override(settings.LANGUAGE_CODE):
        no_order = "" if submission.order_number else _("The customer gave no order number in the web form.")
    return Incoming(
        shop=submission.shop,
        channel=Channel.WEB_FORM,
        text=submission.text,
        demand=submission.demand,
        person=Person(name=submission.name or "", phone=submission.phone or "", email=submission.email or ""),
        order_number=submission.order_number,
        no_order_reason=no_order,
        received_at=submission.received_at,
        trusted=False,
        source=submission.source,
        via=submission.reference,
    )


def _decide(submission_id: int, status: str, *, actor: Any, now: datetime) -> WebSubmission:
    held = WebSubmission.objects.filter(pk=submission_id, status=Status.HELD)
    if not held.update(status=status, decided_at=now, decided_by=actor):
        raise DecidedAlready
    return WebSubmission.objects.select_related("shop").get(pk=submission_id)


def _mail(submission: WebSubmission, url: str, *, now: datetime) -> None:
    """Only to whoever made the complaint or is its customer: a stranger who joined it has the link on the screen."""
    contact = submission.contact
    if not submission.email or contact is None:
        return
    first = contact.complaint.contacts.order_by("pk").values_list("pk", flat=True).first()
    if first == contact.pk or submission.is_from(contact.complaint.customer):
        enqueue.enqueue([notifications.link_mail(submission, contact.complaint, url, now=now)])
