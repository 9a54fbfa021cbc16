"""Programs of a shop and what they have left at the desk; runs in a clerk's process."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from complaints.models import ApiKey, Channel, Complaint, Contact, Scope, Shop
from complaints.operations import api_keys
from tests.factories.complaints import registered


def issue(number: int) -> list[str]:
    """Keys of the shop, by all channels in turn; returns their tokens."""
    shop, channels = Shop.objects.get(), list(Channel.values)
    keys = [
        ApiKey(
            shop=shop, name=f"程序 {one}", channel=channels[one % len(channels)], scopes=Scope.values,
            per_minute=60_000,
        )
        for one in range(number)
    ]  # fmt: skip
    return [api_keys.issue(key, actor=None, now=timezone.now()).token for key in keys]


def a_complaint() -> str:
    """Number of one that is open."""
    shop = Shop.objects.get()
    return registered(shop, actor=shop.members.get(username="agent"), now=timezone.now()).number


def look() -> dict[str, Any]:
    """How many complaints there are, and what was said about them."""
    said = Contact.objects.filter(direction="in")
    return {
        "complaints": Complaint.objects.count(),
        "contacts": said.count(),
        "channels": said.values("channel").distinct().count(),
        "registered": Complaint.objects.filter(events__kind="registered").count(),
    }
