"""Many agents of one shop, and what they have written on one complaint; runs in a clerk's process."""

from __future__ import annotations

from typing import Any

from complaints.models import ComplaintEvent, Contact, Shop
from tests.factories.auth import StaffFactory


def hire(number: int) -> list[str]:
    """Supervisors, for they may correct and write everywhere; returns their names."""
    shop = Shop.objects.get()
    return [StaffFactory(username=f"crowd{one}", role="supervisor", shops=[shop]).username for one in range(number)]


def look(case: int) -> dict[str, Any]:
    """The corrections of the title as the history tells them, oldest first, and the notes."""
    events = ComplaintEvent.objects.filter(complaint=case, kind="corrected").order_by("id")
    changes = [data["changes"] for data in events.values_list("data", flat=True)]
    return {
        "corrections": [change["title"] for change in changes if "title" in change],
        "notes": list(Contact.objects.filter(complaint=case, direction="internal").values_list("body", flat=True)),
    }
