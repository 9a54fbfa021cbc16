"""Webhooks as their pages show them: how channels and subscribers fare, and what was sent."""

from typing import Any

from django.db.models import Count, OuterRef, Subquery

from complaints.models import HookChannel, HookDelivery, OutboxMessage, Subscription

PAGE = 30
COUNTED = 1000
"""Waiting or held messages are counted no further."""


def channels(user: Any) -> Any:
    """The person's channels; of each how many deliveries need repair, and when the last one came."""
    deliveries = HookDelivery.objects.filter(channel=OuterRef("pk"))
    failed = deliveries.filter(state=HookDelivery.State.FAILED).order_by().values("channel")
    return HookChannel.objects.visible_to(user).annotate(
        failed=Subquery(failed.annotate(n=Count("pk")).values("n")),
        last_at=Subquery(deliveries.order_by("-received_at", "-id").values("received_at")[:1]),
    )


def failed_count(channel: HookChannel) -> int:
    return channel.deliveries.filter(state=HookDelivery.State.FAILED).count()


def last_by_previous_secret(channel: HookChannel) -> Any:
    """When the secret before was last used since it was replaced; None: the sender has changed over."""
    if not channel.previous_until:
        return None
    recent = channel.deliveries.order_by("-received_at", "-id").values_list("by_previous_secret", "received_at")[:50]
    return next((at for previous, at in recent if previous), None)


def kept(channel: HookChannel) -> list[HookDelivery]:
    """The latest deliveries whose payload can be tried out; what needs repair among them."""
    rows = channel.deliveries.filter(payload__isnull=False).defer("payload")
    return list(rows.order_by("-received_at", "-id")[:PAGE])


def messages(subscription: Subscription, *, before: int | None) -> tuple[list[OutboxMessage], bool]:
    """A page of what was sent to a subscriber, the latest first; and whether there is more."""
    rows = subscription.messages.defer("body", "html", "address").select_related("complaint")
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def unsent(subscription: Subscription) -> dict[str, int]:
    """How many messages wait, and how many are held back."""
    rows = subscription.messages.order_by()
    return {state: rows.filter(status=state)[:COUNTED].count() for state in ("pending", "held")}


def paused(user: Any) -> list[Subscription]:
    """The subscribers of the person that are left alone because they failed for too long."""
    if not user.has_perm("complaints.change_subscription"):
        return []
    rows = Subscription.objects.visible_to(user).filter(active=True, paused_at__isnull=False)
    return list(rows.only("name", "paused_at"))
