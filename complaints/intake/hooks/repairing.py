"""What people do about deliveries that came to nothing: try again, or set aside; each is recorded."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.models import HookChannel, HookDelivery
from complaints.operations import privacy
from complaints.operations.changelog import record_change
from complaints.outbox.claims import from_now
from complaints.refusals import Refused

from . import taking

State = HookDelivery.State
AGAIN = (State.FAILED, State.IGNORED)


class NotToRepair(Refused):
    message = _("Somebody has dealt with this delivery meanwhile.")


class PayloadGone(Refused):
    message = _("The payload is deleted: its time was over. It cannot be processed again.")


def again(delivery: HookDelivery, *, actor: Any, now: datetime) -> HookDelivery:
    """Work a delivery off by the mapping as it is now. Raises NotToRepair, PayloadGone."""
    if delivery.payload is None:
        raise PayloadGone
    with transaction.atomic():
        _move(delivery, AGAIN, actor=actor, now=now, state=State.WAITING, attempt=1, lease_until=from_now(taking.LEASE))
    return taking.work_off(delivery.pk, now=now)


def set_aside(delivery: HookDelivery, *, actor: Any, now: datetime) -> None:
    """Nothing shall come of it. Raises NotToRepair."""
    with transaction.atomic():
        _move(delivery, (State.FAILED,), actor=actor, now=now, state=State.IGNORED, settled_at=now)


def all_again(channel: HookChannel, *, actor: Any, now: datetime) -> int:
    """Let a worker try everything of the channel that needs repair once more; returns how many those are."""
    with transaction.atomic():
        number = channel.deliveries.filter(state=State.FAILED).update(
            state=State.WAITING, attempt=0, lease_until=None, settled_at=None
        )
        if number:
            record_change(channel, {"processed_again": [None, number]}, actor=actor, now=now)
            transaction.on_commit(taking.wake, robust=True)
    return number


def revealed(delivery: HookDelivery, *, actor: Any, now: datetime) -> None:
    """Somebody looks at a payload in full; that is written down where it will be looked for."""
    with transaction.atomic():
        record_change(delivery, {"revealed": [False, True]}, actor=actor, now=now)
        if delivery.complaint_id:
            privacy.reveal(delivery.complaint_id, actor=actor, now=now)


def _move(delivery: HookDelivery, states: tuple[str, ...], *, actor: Any, now: datetime, **values: Any) -> None:
    before = HookDelivery.objects.filter(pk=delivery.pk, state__in=states).values_list("state", flat=True).first()
    if not HookDelivery.objects.filter(pk=delivery.pk, state__in=states).update(**values):
        raise NotToRepair
    record_change(delivery, {"state": [before, values["state"]]}, actor=actor, now=now)
