"""The way to one subscriber: a signed POST of what happened to a complaint, and how it fares over the days."""

import json
from collections.abc import Callable
from datetime import timedelta
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from complaints import signing
from complaints.models import OutboxMessage, Robot, Subscription

from . import wire
from .claims import from_now
from .robots import Refusal, Withheld, read_answer, words

MINUTE = timedelta(minutes=1)

PAUSED_AFTER = timedelta(hours=24)


class Line:
    """The way to one subscriber, with a connection for each message."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self._wire: wire.Wire | None = None

    def open(self) -> None:
        """Connect. Raises Withheld if the subscriber is not to be told, Refusal or OSError if it cannot be."""
        if not self.subscription.active:
            raise Withheld(_("The webhook is switched off."))
        if self.subscription.paused_at:
            raise Withheld(_("The webhook is paused, because it has failed for too long."))
        try:
            self._wire = wire.Wire(wire.place(self.subscription.url))
            self._wire.open()
        except wire.Forbidden as error:
            raise Refusal("%(why)s", for_good=False, pause=MINUTE, why=error) from None

    def send(self, message: OutboxMessage, before_data: Callable[[], None]) -> None:
        """Hand the message over and close. Raises Refusal: it is sent again, for the receiver knows it by its id."""
        if self._wire is None:
            raise ConnectionError("not open")
        body, headers = request(self.subscription, message, now=timezone.now())
        before_data()
        try:
            status, _text = self._wire.post(self._wire.where.path, body, headers)
        except (OSError, HTTPException) as error:
            why = f"{type(error).__name__}: {error}"
            raise Refusal(_("No answer (%(why)s)."), for_good=False, pause=MINUTE, why=why) from None
        self.close()
        OutboxMessage.objects.filter(pk=message.pk).update(answer=f"HTTP {status}")
        _read(status)

    def close(self) -> None:
        if self._wire:
            self._wire.close()
            self._wire = None


def request(subscription: Subscription, message: OutboxMessage, *, now: Any) -> tuple[bytes, dict[str, str]]:
    """Body and headers; the id stays the same however often the message is sent."""
    name, stamp = message.message_id.strip("<>").partition("@")[0], str(int(now.timestamp()))
    body = json.dumps({"id": name} | json.loads(message.body), ensure_ascii=False).encode()
    secrets = [subscription.secret]
    if subscription.previous_secret and subscription.previous_until and subscription.previous_until > now:
        secrets.append(subscription.previous_secret)
    return body, {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Amends",
        signing.ID: name,
        signing.TIMESTAMP: stamp,
        signing.SIGNATURE: signing.signatures(secrets, name, stamp, body),
    }


def arrived(subscription: Subscription) -> None:
    """It works again, if it had failed."""
    if subscription.failing_since:
        Subscription.objects.filter(pk=subscription.pk).update(failing_since=None)
        subscription.failing_since = None


def failed(subscription: Subscription) -> None:
    """Remember since when nothing has arrived, and leave the subscriber alone once that is too long."""
    mine = Subscription.objects.filter(pk=subscription.pk)
    mine.filter(failing_since=None).update(failing_since=Now())
    mine.filter(active=True, paused_at=None, failing_since__lt=from_now(-PAUSED_AFTER)).update(paused_at=Now())


def reason(error: Exception, subscription: Subscription) -> str:
    """What went wrong, for the managers, without what gives power over the receiver."""
    with translation.override(settings.LANGUAGE_CODE):
        text = words(error)
    parts = urlsplit(subscription.url)
    for secret in (subscription.url, parts.query, parts.path.strip("/"), subscription.secret):
        if secret and len(secret) >= 6:
            text = text.replace(secret, "***").replace(quote(secret, safe=""), "***")
    return text


def _read(status: int) -> None:
    """Return if the message was taken; whatever else is answered may be mended there, and is tried again."""
    try:
        read_answer(Robot.Kind.WEBHOOK, status, b"")
    except Refusal as refusal:
        refusal.for_good, refusal.pause = False, refusal.pause or (None if _is_about_message(status) else MINUTE)
        raise


def _is_about_message(status: int) -> bool:
    """Whether it is this message that the receiver does not want: the next one may fare better."""
    return status in {400, 409, 413, 422}
