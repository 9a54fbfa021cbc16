"""The ways out of the house: mail, each group's robot, each webhook. What a way's failure means, it says itself."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import translation

from complaints.models import OutboxMessage

from . import mail, robots, webhooks
from .claims import BACKOFF, PATIENT

Way = tuple[str, int]
"""The relation that leads to whom the way belongs, and its id."""

MAIL: Way = ("mail", 0)
OWNED = ("robot", "subscription")
"""Ways that belong to somebody, and rest and are switched off each by itself."""


def way(message: OutboxMessage) -> Way:
    for name in OWNED:
        if owner := getattr(message, f"{name}_id"):
            return name, owner
    return MAIL


def of_way(key: Way) -> Q:
    """The messages that go this way."""
    return Q(**dict.fromkeys(OWNED)) if key == MAIL else Q(**{key[0]: key[1]})


class Lines:
    """The open lines of one run by their way, and the ways that are closed for the rest of it."""

    def __init__(self) -> None:
        self._open: dict[Way, Any] = {}
        self._closed: set[Way] = set()

    def of(self, message: OutboxMessage) -> Any:
        """The line of this message, which may have to be opened."""
        key = way(message)
        if key not in self._open:
            self._open[key] = _line(message)
        return self._open[key]

    def close(self, message: OutboxMessage) -> None:
        """Nothing leaves by the way of this message any more."""
        self._closed.add(way(message))

    @property
    def closed(self) -> Q | None:
        """Messages that cannot leave in this run; None: every one can."""
        if not self._closed:
            return None
        closed = of_way(MAIL) if MAIL in self._closed else Q()
        for name in OWNED:
            if owners := [owner for kind, owner in self._closed if kind == name]:
                closed |= Q(**{f"{name}__in": owners})
        return closed

    def hang_up(self) -> None:
        for line in self._open.values():
            hang_up(line)


def _line(message: OutboxMessage) -> Any:
    if message.robot:
        return robots.Line(message.robot)
    return webhooks.Line(message.subscription) if message.subscription else mail.line()


def connect(line: Any) -> None:
    """Have the line open; raises what prevents it."""
    line.open()


def hang_up(line: Any) -> None:
    """End the session, however the other side takes it."""
    with suppress(Exception):  # the message is decided already; good-byes change nothing
        line.close()


def send(message: OutboxMessage, line: Any, before_data: Callable[[], None]) -> None:
    """Send one message over an open line; whatever goes wrong is raised."""
    if way(message) == MAIL:
        mail.send(message, line, before_data)
    else:
        line.send(message, before_data)


def is_refusal(error: Exception) -> bool:
    """Whether the other side has said that it did not take the message."""
    return isinstance(error, robots.Refusal) or mail.is_refusal(error)


def is_permanent(error: Exception, *, started: bool) -> bool:
    """Whether another attempt cannot help: refused for good, or nothing can be sent of such a row."""
    if isinstance(error, robots.Refusal):
        return error.for_good
    # A certificate that does not fit is a ValueError as well, and says nothing of the message.
    unusable = isinstance(error, ValueError | mail.NotTaken) and not isinstance(error, OSError)
    return mail.is_permanent(error) or (unusable and not started)


def is_unsaid(error: Exception) -> bool:
    """Whether we kept the message to ourselves: it waits, and was not tried."""
    return isinstance(error, robots.NotNow)


def is_withheld(error: Exception) -> bool:
    """Whether the way is switched off: its messages wait until it is on again."""
    return isinstance(error, robots.Withheld)


def waits(message: OutboxMessage) -> Sequence[timedelta]:
    """How long the message waits after each failure; after so many it is given up."""
    return PATIENT if message.subscription_id else BACKOFF


def arrived(message: OutboxMessage) -> None:
    """The other side has taken the message."""
    if message.subscription:
        webhooks.arrived(message.subscription)


def failed(message: OutboxMessage) -> None:
    """The other side has not taken the message, and was asked."""
    if message.subscription:
        webhooks.failed(message.subscription)


def pause(error: Exception) -> timedelta | None:
    """How long the way of the message shall rest; None: not at all."""
    return error.pause if isinstance(error, robots.Refusal) else None


def reason(error: Exception, message: OutboxMessage) -> str:
    """What went wrong, without the address, which servers like to repeat: it is stored encrypted elsewhere.

    And without a NUL, which the other side may say and PostgreSQL does not store.
    """
    if message.robot:
        with translation.override(message.robot.language):
            return robots.without_secrets(robots.words(error), message.robot).replace("\0", " ")[:500]
    if message.subscription:
        return webhooks.reason(error, message.subscription).replace("\0", " ")[:500]
    text = f"{type(error).__name__}: {error}".replace("\0", " ")
    if message.address:
        text = re.sub(re.escape(message.address), "***", text, flags=re.IGNORECASE)
    return text[:500]
