"""What waits for a way that is switched off: held back with it, let go with it, or cancelled by a person.

Whoever owns the way is locked before its messages are touched, so that one held back just now is seen by whoever
switches the way on.
"""

from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from complaints.models import OutboxMessage, Robot, Subscription

from .claims import Status, finish, give_back

Owner = Robot | Subscription


def withhold(message: OutboxMessage, reason: str) -> None:
    """Hold back a claimed message, and all that waits for the same way, unless it is on again by now."""
    with transaction.atomic():
        owner = locked(message.robot or message.subscription)
        if is_on(owner):
            give_back([message])
            return
        finish(message, status=Status.HELD, attempt=F("attempt") - 1, last_error=reason)
        hold(owner)


def locked(owner: Any) -> Any:
    """The owner of a way as it stands, locked until the transaction ends; messages may still name it."""
    return type(owner).objects.select_for_update(no_key=True).get(pk=owner.pk)


def is_on(owner: Owner) -> bool:
    return owner.active and getattr(owner, "paused_at", None) is None


def hold(owner: Owner) -> int:
    """Hold back what waits for the way; for a caller that has locked the owner."""
    return _of(owner).filter(status=Status.PENDING).update(status=Status.HELD)


def release(owner: Owner) -> int:
    """Let go what was held back, each message with all its attempts; for a caller that has locked the owner."""
    return (
        _of(owner)
        .filter(status=Status.HELD)
        .update(status=Status.PENDING, attempt=0, next_attempt_at=Now(), last_error="")
    )


def cancel(owner: Owner) -> int:
    """Give up what was held back; it stays in the records."""
    return _of(owner).filter(status=Status.HELD).update(status=Status.CANCELLED)


def held(owner: Owner) -> int:
    return _of(owner).filter(status=Status.HELD).count()


def _of(owner: Owner) -> Any:
    name = "robot" if isinstance(owner, Robot) else "subscription"
    return OutboxMessage.objects.filter(Q(**{name: owner}))
