"""Keep what was sent, then make a contact of it; what was kept and not worked off is found by the next sweep.

Kept first, in a transaction of its own: whatever happens afterwards, the delivery is there. Its identity makes a
contact of it once, however often it is worked off.
"""

import hashlib
import hmac
import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from complaints import waking
from complaints.intake.problem import Problem
from complaints.models import HookChannel, HookDelivery
from complaints.operations import receiving
from complaints.operations.customers import Person
from complaints.outbox.claims import from_now
from complaints.refusals import Refused
from knowledge.models import IssueType

from . import payload
from .mapping import FieldMapping, Mapped, Problems, apply

log = logging.getLogger(__name__)

TAKE = "complaints.tasks.take_hooks"
State = HookDelivery.State

LEASE = timedelta(minutes=1)
WAITS = [timedelta(minutes=m) for m in (1, 5, 15, 60)]
"""After failures of the desk's own; then a person has to look."""

BATCH = 50
RUN_SECONDS = 30
CLEANED_AT_ONCE = 500
CLEANED = 10_000
"""Of one run; the next one goes on."""


def digest_of(body: bytes) -> str:
    """A keyed hash of a body, to tell another one from the same."""
    return hmac.new(settings.AMENDS_HASH_KEY.encode(), b"hook:" + body, hashlib.sha256).hexdigest()


def keep(
    channel: HookChannel, delivery_id: str, text: str, *, digest: str, by_previous_secret: bool, now: datetime
) -> tuple[HookDelivery, bool]:
    """The delivery as it is kept, in hand of the caller; and whether it is new, or was there before."""
    try:
        with transaction.atomic():
            return HookDelivery.objects.create(
                channel=channel, delivery_id=delivery_id, digest=digest, payload=text, received_at=now,
                by_previous_secret=by_previous_secret, attempt=1, lease_until=from_now(LEASE),
            ), True  # fmt: skip
    except IntegrityError:
        return HookDelivery.objects.get(channel=channel, delivery_id=delivery_id), False


def claim(pk: int) -> bool:
    """Take a waiting delivery in hand; False if somebody else has it, or it is worked off."""
    free = HookDelivery.objects.filter(pk=pk).abandoned(Now())
    return bool(free.update(lease_until=from_now(LEASE), attempt=F("attempt") + 1))


def work_off(pk: int, *, now: datetime) -> HookDelivery:
    """Make a contact of a claimed delivery, or write down why not; returns it as it stands then."""
    delivery = HookDelivery.objects.select_related("channel__shop").get(pk=pk)
    try:
        state, problems, complaint = _outcome(delivery, now=now)
    except (OperationalError, InterfaceError):  # the database, not the delivery: its lease runs out
        raise
    except Exception:  # the others must come in
        log.exception("delivery %s cannot be worked off", pk)
        _put_off(delivery, now=now)
    else:
        _settle(delivery, state=state, problems=problems, complaint=complaint, now=now)
    return HookDelivery.objects.select_related("channel", "complaint").get(pk=pk)


def work_off_abandoned(*, now: datetime) -> int:
    """Work off what waits and nobody has in hand, oldest first; returns how many."""
    done, until = 0, time.monotonic() + RUN_SECONDS
    while time.monotonic() < until:
        waiting = HookDelivery.objects.abandoned(Now()).order_by("id").values_list("pk", flat=True)[:BATCH]
        claimed = [pk for pk in waiting if time.monotonic() < until and claim(pk) and work_off(pk, now=now)]
        if not claimed:
            return done
        done += len(claimed)
    wake()
    return done


def wake() -> None:
    waking.wake(TAKE)


def clean(*, now: datetime) -> int:
    """Delete the payloads whose time is over, in small transactions; what waits for a person is kept."""
    done = 0
    settled = HookDelivery.objects.exclude(state__in=(State.WAITING, State.FAILED)).filter(payload__isnull=False)
    for channel, days in HookChannel.objects.values_list("pk", "keep_days"):
        over = settled.filter(channel=channel, received_at__lt=now - timedelta(days=days)).order_by("received_at")
        while done < CLEANED:
            batch = list(over.values_list("pk", flat=True)[:CLEANED_AT_ONCE])
            if not batch:
                break
            done += HookDelivery.objects.filter(pk__in=batch).update(payload=None)
    return done


def read(channel: HookChannel, text: str) -> Mapped:
    """What the channel's mapping makes of a payload. Raises the problems of one that cannot be read."""
    return apply(payload.read(text), FieldMapping.of(channel.mapping), known_issue=is_issue)


def is_issue(code: str) -> bool:
    return IssueType.objects.selectable().filter(code=code).exists()


def incoming_of(channel: HookChannel, mapped: Mapped, *, source: str) -> receiving.Incoming:
    """What the desk is told of a payload that was read."""
    values = mapped.values
    issue = values.get("issue_type")
    return receiving.Incoming(
        shop=channel.shop,
        channel=channel.kind,
        text=values["text"],
        title=values.get("title", ""),
        demand=values.get("demand", ""),
        person=Person(**{name: values.get(name, "") for name in ("name", "phone", "email", "buyer")}),
        order_number=values.get("order_number", ""),
        product=values.get("product", ""),
        issue_type=IssueType.objects.select_related("parent").get(code=issue) if issue else None,
        received_at=values.get("time"),
        source=source,
        via=channel.name,
    )


def source_of(delivery: HookDelivery) -> str:
    """Names the delivery for ever, on the contact that came of it."""
    return f"hook:{delivery.channel.code}:{delivery.delivery_id}"


def _outcome(delivery: HookDelivery, *, now: datetime) -> tuple[str, Problems, Any]:
    if before := receiving.delivered(source_of(delivery)):
        return _became(before), delivery.problems, before.complaint
    try:
        mapped = read(delivery.channel, delivery.payload or "")
    except Problem:
        return State.FAILED, [("", "unreadable")], None
    if mapped.blocked:
        return State.FAILED, mapped.problems, None
    if not mapped.wanted:
        return State.IGNORED, [], None
    incoming = incoming_of(delivery.channel, mapped, source=source_of(delivery))
    try:
        received = receiving.take_in(incoming, actor=None, now=now)
    except Refused:
        return State.FAILED, [*mapped.problems, ("", "refused")], None
    return _became(received), mapped.problems, received.complaint


def _became(received: receiving.Received) -> str:
    return State.TAKEN if received.result == receiving.Result.REGISTERED else State.JOINED


def _settle(delivery: HookDelivery, *, now: datetime, **values: Any) -> None:
    """Write what became of it, unless somebody else has taken it over meanwhile."""
    _held(delivery).update(lease_until=None, settled_at=now, **values)


def _put_off(delivery: HookDelivery, *, now: datetime) -> None:
    if delivery.attempt > len(WAITS):
        _settle(delivery, state=State.FAILED, problems=[("", "broken")], now=now)
    else:
        _held(delivery).update(lease_until=from_now(WAITS[delivery.attempt - 1]))


def _held(delivery: HookDelivery) -> Any:
    return HookDelivery.objects.filter(Q(pk=delivery.pk, state=State.WAITING, attempt=delivery.attempt))
