"""Many agents of one shop, and what they have written on one complaint; runs in a clerk's process."""

from __future__ import annotations

from typing import Any

from complaints.models import Complaint, ComplaintEvent, Contact, Shop
from tests.factories.auth import StaffFactory


def hire(number: int) -> list[str]:
    """Supervisors, for they may correct and write everywhere; returns their names."""
    shop = Shop.objects.get()
    return [StaffFactory(username=f"crowd{one}", role="supervisor", shops=[shop]).username for one in range(number)]


def look(case: int) -> dict[str, Any]:
    """The corrections of the title as the history tells them, oldest first, and the notes."""
    events = ComplaintEvent.objects.filter(complaint=case, kind="corrected").order_by("id")
    return {
        "corrections": [change for data in events.values_list("data", flat=True) if (change := data["changes"].get("title"))],
        "notes": list(Contact.objects.filter(complaint=case, direction="internal").values_list("body", flat=True)),
        "version": Complaint.objects.get(pk=case).version,
    }
