"""Set up who else is told what happens to complaints; every change is recorded, addresses and secrets by name only."""

import secrets
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from complaints.models import OutboxMessage, Subscription
from complaints.notifications import webhook
from complaints.outbox import enqueue, waiting
from complaints.refusals import Refused

from . import announcing
from .changelog import record_change
from .robots import SwitchedOff, switched

PLAIN = ("name", "description", "events", "active")
KEPT = ("secret", "previous_secret", "previous_until", "failing_since", "paused_at")
REPEATABLE = [
    status for status in OutboxMessage.Status if status not in (OutboxMessage.Status.PENDING, "sending", "held")
]


class NothingToRepeat(Refused):
    message = _("This message is on its way, or waits for the webhook to go on.")


def new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


def save(subscription: Subscription, *, shops: Iterable[Any], actor: Any, now: datetime) -> Subscription:
    """Write it with its shops, and what that changes; a new one has no id yet, and gets its secret.

    Switched off, it hears of nothing new, and what waits for it is held back; switched on, it begins afresh.
    """
    with transaction.atomic():
        old = waiting.locked(subscription) if subscription.pk else None
        before = _values(old) if old else {}
        for name in KEPT:  # a worker, or somebody else, may have written them since the form was read
            setattr(subscription, name, getattr(old, name) if old else getattr(subscription, name))
        subscription.secret = subscription.secret or new_secret()
        if old and subscription.active and not old.active:
            subscription.paused_at = subscription.failing_since = None
        subscription.save()
        subscription.shops.set(shops)
        after = _values(subscription)
        changes = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
        if "url" in changes:
            changes["url"] = ["***" if value else "" for value in changes["url"]]
        if changes:
            record_change(subscription, changes, actor=actor, now=now)
        if old and old.active != subscription.active:
            switched(subscription)
    transaction.on_commit(announcing.subscribed, robust=True)
    return subscription


def rotate(pk: int, *, keep: timedelta, actor: Any, now: datetime) -> Subscription:
    """Give it a new secret; for a while its messages bear a signature by the one before as well."""

    def change(subscription: Subscription) -> None:
        replace_secret(subscription, keep=keep, now=now)
        record_change(subscription, {"secret": ["***", "***"]}, actor=actor, now=now)

    return _changed(pk, change)


def replace_secret(owner: Any, *, keep: timedelta, now: datetime) -> None:
    """A new secret, and the one before for as long as both sides need to change over."""
    owner.previous_secret, owner.previous_until = (owner.secret, now + keep) if keep else (None, None)
    owner.secret = new_secret()
    owner.save(update_fields=["secret", "previous_secret", "previous_until"])


def resume(pk: int, *, actor: Any, now: datetime) -> Subscription:
    """Let a paused one go on: what was held back is sent."""

    def change(subscription: Subscription) -> None:
        if subscription.paused_at is None:
            return
        record_change(subscription, {"paused_at": [subscription.paused_at.isoformat(), None]}, actor=actor, now=now)
        subscription.paused_at = subscription.failing_since = None
        subscription.save(update_fields=["paused_at", "failing_since"])
        if subscription.active:
            switched(subscription)

    return _changed(pk, change)


def cancel_held(pk: int, *, actor: Any, now: datetime) -> int:
    """Give up what is held back; returns how many messages that were."""
    cancelled = 0

    def change(subscription: Subscription) -> None:
        nonlocal cancelled
        cancelled = waiting.cancel(subscription)
        if cancelled:
            record_change(subscription, {"held": [cancelled, 0]}, actor=actor, now=now)

    _changed(pk, change)
    return cancelled


def ping(subscription: Subscription, *, actor: Any, now: datetime) -> OutboxMessage:
    """Send a message that says nothing, by the way that every message takes. Raises SwitchedOff."""
    if not subscription.running:
        raise SwitchedOff
    message = webhook.ping_message(subscription, token=uuid.uuid4().hex, actor=actor, now=now)
    with transaction.atomic():
        enqueue.enqueue([message])
    return OutboxMessage.objects.get(dedup_key=message.dedup_key)


def repeat(message_id: int, *, subscription: Subscription) -> None:
    """Send a message once more under its old id, arrived or not. Raises NothingToRepeat, SwitchedOff."""
    if not subscription.running:
        raise SwitchedOff
    with transaction.atomic():
        rows = OutboxMessage.objects.filter(pk=message_id, subscription=subscription, status__in=REPEATABLE)
        again = {"status": OutboxMessage.Status.PENDING, "attempt": 0, "next_attempt_at": Now(), "last_error": ""}
        if not rows.update(**again, answer="", data_started_at=None):
            raise NothingToRepeat
        transaction.on_commit(enqueue.wake, robust=True)


def _changed(pk: int, change: Callable[[Subscription], None]) -> Subscription:
    """The subscription as it is after the change; locked meanwhile."""
    with transaction.atomic():
        subscription = Subscription.objects.select_for_update(no_key=True).get(pk=pk)
        change(subscription)
    return subscription


def _values(subscription: Subscription) -> dict[str, Any]:
    """Plain values of everything that can be set."""
    values: dict[str, Any] = {name: getattr(subscription, name) for name in PLAIN}
    values["url"] = subscription.url
    values["shops"] = sorted(subscription.shops.values_list("name", flat=True))
    return values
