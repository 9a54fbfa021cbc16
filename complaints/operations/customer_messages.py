"""What a customer sends from the status page."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from complaints.models import Channel, Complaint, CustomerLink, StagedUpload, WebSubmission

from . import customer_links, matters, staging
from .conversation import EmptyText
from .receiving import Incoming, take_in


def send(link: CustomerLink, complaint: Complaint | None, text: str, form: UUID, *, now: datetime) -> int:
    """Add words, files or both to the complaint of the link; the same form again adds nothing.

    Returns how many files found no room. Raises EmptyText.
    """
    files = staging.waiting_for(form)
    if not text.strip() and files:
        with translation.override(settings.LANGUAGE_CODE):
            text = _("Files were added.")
    complaint = complaint or _append(link, text, form)
    if complaint is None:
        return 0
    source = f"link:{link.pk}:{form.hex}"
    about = Incoming(shop=complaint.shop, channel=Channel.WEB_FORM, text=text, about=complaint, source=source)
    received = take_in(about, actor=None, now=now)
    customer_links.touch(link, now=now)
    return staging.attach(files, received.contact, now=now)


def _append(link: CustomerLink, text: str, form: UUID) -> Complaint | None:
    """What is held back grows; whoever decides sees all of it. The complaint, where it has just been taken in."""
    if not text.strip():
        raise EmptyText
    with transaction.atomic():
        held = WebSubmission.objects.select_for_update().get(links=link)
        if held.contact:
            return matters.surviving(held.contact.complaint)
        if not held.text.endswith(text.strip()):
            held.text = f"{held.text}\n\n{text.strip()}"
            held.save(update_fields=["text"])
        StagedUpload.objects.filter(form=form, submission=None).update(submission=held)
    return None
