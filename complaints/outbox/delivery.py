"""Deliver the outbox: claim, send, finish (reliability.md, section 1)."""

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from complaints.models import OutboxMessage

from . import channels, enqueue, waiting
from .claims import Status, begin, claim, finish, from_now, give_back, put_off, recover, sent

log = logging.getLogger(__name__)

LIMIT = 500
BATCH = 25
"""Claimed at once. A killed worker keeps so many waiting for the end of its lease."""

RUN_SECONDS = 15
"""A run begins no message after that: a server that hangs must not keep the workers from the clocks."""

REST = timedelta(minutes=1)
"""For a robot or webhook that cannot be reached; the messages of others go first meanwhile."""


class ClaimLost(Exception):
    """Another worker has taken the message over; nothing may be sent."""


def deliver(limit: int = LIMIT, *, asked_to_stop: Callable[[], bool] = lambda: False) -> int:
    """Send what is due, oldest first; returns how many messages were tried.

    A run ends after `limit` messages or RUN_SECONDS, and when it is asked to stop. It sends nothing more by a way
    whose other end cannot be reached: the others would only wait for the same silence, and lose an attempt by it.
    """
    recover()
    run = _Run(limit, asked_to_stop)
    try:
        for message in run.messages():
            run.attempt(message)
    finally:
        run.lines.hang_up()
    if run.tried == limit:
        enqueue.wake()
    return run.tried


class _Run:
    """One run of a worker: what it holds, and what it knows of the lines."""

    def __init__(self, limit: int, asked_to_stop: Callable[[], bool]) -> None:
        self.limit, self.asked_to_stop = limit, asked_to_stop
        self.until = time.monotonic() + RUN_SECONDS
        self.tried = 0
        self.lines = channels.Lines()
        self.line: Any = None
        self.batch: list[OutboxMessage] = []
        self.unmarked: OutboxMessage | None = None
        """Sent, and to be marked together with the beginning of the next one."""

    def messages(self) -> Iterator[OutboxMessage]:
        """Claimed messages, one after the other; in the end nothing remains in hand.

        Not in a `finally`: after an error the database is most likely away, and the leases see to it.
        """
        while self.tried < self.limit and time.monotonic() < self.until and not self.asked_to_stop():
            if not self.batch:
                self.mark()
                most = min(BATCH, self.limit - self.tried)
                self.batch = claim(uuid.uuid4().hex, most, without=self.lines.closed)
                if not self.batch:
                    break
            self.tried += 1
            yield self.batch.pop(0)
        self.mark()
        give_back(self.batch)

    def attempt(self, message: OutboxMessage) -> None:
        """Send one message, and close its way for this run if the other end cannot be reached."""
        reached = started = False

        def before_data() -> None:
            nonlocal started
            begun = begin(message, after=self.unmarked)
            self.unmarked = None
            if not begun:
                raise ClaimLost
            started = True

        line = self._turn_to(message)
        try:
            channels.connect(line)
            reached = True
            channels.send(message, line, before_data)
        except ClaimLost:
            log.warning("message %s was taken over, not sent", message.pk)
            channels.hang_up(line)
        except Exception as error:  # one message that cannot be sent must not stop the others
            log.warning("message %s attempt %s: %s", message.pk, message.attempt, type(error).__name__)
            channels.hang_up(line)
            self._failed(message, error, reached=reached, started=started)
        else:
            self.mark()
            self.unmarked = message
            channels.arrived(message)

    def mark(self) -> None:
        """Mark the message that was sent last."""
        if self.unmarked:
            sent(self.unmarked)
            self.unmarked = None

    def _turn_to(self, message: OutboxMessage) -> Any:
        """The line of the message. A change of lines takes time in which what was sent shall not look unsure."""
        line = self.lines.of(message)
        if line is not self.line:
            self.mark()
            self.line = line
        return line

    def _failed(self, message: OutboxMessage, error: Exception, *, reached: bool, started: bool) -> None:
        self.mark()
        unreachable = not reached and not channels.is_refusal(error)
        rest = channels.pause(error) or (REST if unreachable else None)
        if channels.is_withheld(error):
            waiting.withhold(message, channels.reason(error, message))
        elif channels.is_unsaid(error):
            give_back([message])
        else:
            self._decide_or_leave(message, error, started=started)
        if rest or channels.is_withheld(error):
            self._close_way(message, rest)

    def _decide_or_leave(self, message: OutboxMessage, error: Exception, *, started: bool) -> None:
        """What cannot be written down is left to its lease: the others must not wait for it."""
        try:
            channels.failed(message)
            _decide(message, error, started=started)
        except Exception:
            log.exception("what became of message %s cannot be stored", message.pk)

    def _close_way(self, message: OutboxMessage, rest: timedelta | None) -> None:
        """Send nothing more by this way in this run, and by one that somebody owns not before it has rested."""
        self.lines.close(message)
        same = [other for other in self.batch if channels.way(other) == channels.way(message)]
        self.batch = [other for other in self.batch if other not in same]
        give_back(same)
        key = channels.way(message)
        if rest and key != channels.MAIL:
            put_off(channels.of_way(key), rest)


def _decide(message: OutboxMessage, error: Exception, *, started: bool) -> None:
    """Decide by what is known: nobody knows whether it was sent, refused for good or too often, certainly not sent."""
    reason, waits = channels.reason(error, message), channels.waits(message)
    if started and not channels.is_refusal(error) and message.audience == OutboxMessage.Audience.CUSTOMER:
        finish(message, status=Status.UNCERTAIN, last_error=reason)
    elif channels.is_permanent(error, started=started) or message.attempt > len(waits):
        finish(message, status=Status.DEAD, last_error=reason)
    else:
        later = from_now(waits[message.attempt - 1])
        finish(message, status=Status.PENDING, next_attempt_at=later, last_error=reason)
