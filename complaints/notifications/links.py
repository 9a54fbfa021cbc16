"""Absolute addresses for messages to staff."""

from django.conf import settings
from django.urls import reverse

from complaints.models import Complaint


def case_link(complaint: Complaint) -> str:
    """The case page."""
    return _absolute("complaint_change", complaint.pk)


def inquiry_link(inquiry_id: int) -> str:
    """The page on which a department answers."""
    return _absolute("inquiry_change", inquiry_id)


def inquiries_link() -> str:
    """Everything that the person's departments are asked."""
    return _absolute("inquiry_changelist")


def bell_link() -> str:
    """The person's own alerts."""
    return _absolute("alert_changelist")


def wishes_link() -> str:
    """Where one says how one wants to be told."""
    return _absolute("alert_wishes")


def list_link() -> str:
    """The work list."""
    return _absolute("complaint_changelist")


def _absolute(name: str, *args: int) -> str:
    return settings.AMENDS_BASE_URL + reverse(f"admin:complaints_{name}", args=args)
