"""Tell other systems what happens to complaints, in the transaction in which it happens."""

from typing import Any

from django.core.cache import cache

from complaints.models import Complaint, ComplaintEvent, Subscription
from complaints.notifications import webhook
from complaints.outbox import enqueue

NOBODY = "announcing:nobody"
NOBODY_SECONDS = 5
"""For so long a process believes that nobody subscribes: the first subscription is heard of so much later."""


def announce(complaint: Complaint, event: ComplaintEvent) -> None:
    """Write what the subscribers of such an event are told; where nobody subscribes, this asks nothing at all."""
    if event.kind not in webhook.TYPES or cache.get(NOBODY):
        return
    active: list[Any] = list(Subscription.objects.hearing(complaint.shop_id))
    if not active:
        cache.set(NOBODY, True, NOBODY_SECONDS)
    kind = webhook.TYPES[event.kind]
    told = [subscription for subscription in active if subscription.hears and kind in subscription.events]
    if told:
        enqueue.enqueue(webhook.event_messages(complaint, event, told))


def subscribed() -> None:
    """Somebody subscribes: this process asks again from now on."""
    cache.delete(NOBODY)
