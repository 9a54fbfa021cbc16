"""Mail of ours that came back: the address is marked, and the case says so."""

from collections.abc import Iterable
from datetime import datetime

from complaints.identity import Fact
from complaints.models import Complaint, Customer
from complaints.models.customer import fingerprint

from .locking import locked, record


def returned(about: Complaint, addresses: Iterable[str], *, written_to: str = "", now: datetime) -> bool:
    """Mark the customer's address if it is one of those that could not be reached; whether it is.

    `written_to`: to whom the mail had gone that came back. Where that is not on file, as with whoever sent a mail, the
    history tells it; of other addresses anybody may say that they cannot be reached.
    """
    marks = {fingerprint(Fact.EMAIL, address) for address in addresses}
    with locked(about.pk) as complaint:
        customer = complaint.customer
        if customer is None or not customer.email_hash or customer.email_hash not in marks:
            ours = fingerprint(Fact.EMAIL, written_to)
            if ours and ours in marks and not complaint.events.filter(kind="mail_bounced").exists():
                record(complaint, "mail_bounced", actor=None, now=now, on_file=False)
            return False
        if not customer.email_bounced:
            Customer.objects.filter(pk=customer.pk).update(bounced_hash=customer.email_hash, email_bounced_at=now)
            record(complaint, "mail_bounced", actor=None, now=now)
    return True
