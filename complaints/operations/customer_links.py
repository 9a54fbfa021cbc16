"""Links by which customers come to their case: given out, found by their hash, revoked (reliability.md, section 3).

- A token has 192 random bits; only its SHA-256 is stored. Finding one is one look-up of a hash, whatever was asked for.
- A link ends at its date, when it is revoked, and when its complaint has been over for as long as it could be reopened:
  until then the customer reads how it ended and can say that it has not.
- Who sent something by the web form need not be the customer. The link given for it shows only what was sent with it,
  until the contact data given there is what is on file of the customer.
- The link of a merged complaint leads to the surviving one; if that is another customer's, it shows what belongs to the
  merged one and nothing else.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint, CustomerLink, WebSubmission
from complaints.refusals import Refused

from . import matters
from .ended import refuse_ended
from .locking import locked, record

TOKEN_BYTES = 24
VALID_FOR = timedelta(days=180)


class LinkGone(Refused):
    message = _("This link was revoked already.")


@dataclass(frozen=True, slots=True)
class Found:
    """A link that holds. `complaint` is the one to speak about: the surviving one; None while it is held back."""

    link: CustomerLink
    complaint: Complaint | None
    whole: bool
    """Whether the holder is the customer of that complaint, and not only of what was sent or merged."""


def issue(complaint: Complaint, purpose: str, *, actor: Any, now: datetime) -> str:
    """A new link to the complaint for its customer, with an event; the address, which is told only now.

    Raises ComplaintOver, MergedAway.
    """
    with locked(complaint.pk) as current:
        if not _still_listens(current, now=now):
            refuse_ended(current)
        link, url = _create(CustomerLink(complaint=current, purpose=purpose, created_by=actor), now=now)
        record(current, "link_issued", actor=actor, now=now, link=link.pk)
    return url


def issue_for(submission: WebSubmission, *, now: datetime) -> str:
    """A new link for whoever sent the form."""
    complaint = submission.contact.complaint if submission.contact else None
    link = CustomerLink(complaint=complaint, submission=submission, purpose=CustomerLink.Purpose.STATUS)
    return _create(link, now=now)[1]


def revoke(complaint_id: int, link_id: int, *, actor: Any, now: datetime) -> CustomerLink:
    """End one link. Raises LinkGone."""
    with locked(complaint_id) as complaint:
        changed = CustomerLink.objects.filter(pk=link_id, complaint=complaint, revoked_at=None).update(revoked_at=now)
        if not changed:
            raise LinkGone
        record(complaint, "link_revoked", actor=actor, now=now, link=link_id)
    return CustomerLink.objects.get(pk=link_id)


def find(token: str, purpose: str, *, now: datetime) -> Found | None:
    """What the token opens; None alike for one that is unknown, of another purpose, expired or revoked."""
    rows = CustomerLink.objects.select_related(
        "complaint__shop", "complaint__customer", "complaint__merged_into", "submission__shop"
    )
    link = rows.filter(token_hash=hash_of(token), purpose=purpose).first()
    if link is None or not link.is_live(now):
        return None
    if link.complaint is None:
        return Found(link, None, whole=False)
    complaint = matters.surviving(link.complaint)
    if not _still_listens(complaint, now=now, since=link.submission.received_at if link.submission else None):
        return None
    return Found(link, complaint, whole=_is_customers(link, complaint))


def touch(link: CustomerLink, *, now: datetime) -> None:
    """Something was sent by the link."""
    CustomerLink.objects.filter(pk=link.pk).update(last_seen_at=now)


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _create(link: CustomerLink, *, now: datetime) -> tuple[CustomerLink, str]:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link.token_hash, link.created_at, link.expires_at = hash_of(token), now, now + VALID_FOR
    link.save(force_insert=True)
    return link, settings.AMENDS_BASE_URL + reverse("portal:status", args=[token])


def _still_listens(complaint: Complaint, *, now: datetime, since: datetime | None = None) -> bool:
    """Open, or over for no longer than it could be reopened; what was sent later may be read as long."""
    if complaint.is_open or complaint.closed_at is None:
        return complaint.is_open
    return now <= max(complaint.closed_at, since or complaint.closed_at) + complaint.shop.reopen_within


def _is_customers(link: CustomerLink, complaint: Complaint) -> bool:
    first = link.complaint
    if first is None:
        return False
    if first.pk != complaint.pk and (first.customer_id is None or first.customer_id != complaint.customer_id):
        return False
    return link.submission is None or link.submission.is_from(complaint.customer)
