"""Absolute addresses for messages."""

from django.conf import settings
from django.urls import reverse

from complaints.models import Complaint


def case_link(complaint: Complaint) -> str:
    """The case page, for staff."""
    return settings.AMENDS_BASE_URL + reverse("admin:complaints_complaint_change", args=[complaint.pk])
