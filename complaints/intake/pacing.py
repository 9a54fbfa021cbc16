"""How often a caller may come: moving windows, counted in the broker's store, or in this process while that is away."""

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from django.conf import settings
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

log = logging.getLogger(__name__)

Found = TypeVar("Found")

_making = threading.Lock()
"""`limits` imports its drivers at first use, and a second thread that comes just then finds half of one."""

REST = 10.0
"""Seconds for which a store that has failed is left alone: each try may cost half of one."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Where a caller stands in one window: seconds to wait now (0: none), visits left, seconds until one more is."""

    wait: int
    left: int
    next_in: int


def wait(rates: str, *who: str) -> int:
    """Count one visit of `who` (scope, then caller); whole seconds to wait where it is one too many, else 0.

    `rates` as `limits` writes them: "30/minute;500/day". A visit that is refused does not count. While the store
    cannot be reached each process counts for itself: a silent broker neither locks anybody out nor opens the door.
    """
    items = _items(rates)
    return _counted(lambda limiter: _wait(limiter, items, who))


def pace(rate: str, *who: str) -> Pace:
    """Count one visit as `wait` does, by one window, and tell where the caller stands in it."""
    (item,) = _items(rate)
    return _counted(lambda limiter: _pace(limiter, item, who))


def _counted(count: Callable[[MovingWindowRateLimiter], Found]) -> Found:
    """In the broker's store; by this process alone while that is away."""
    if time.monotonic() >= _Store.rests_until:
        try:
            with _making:
                limiter = _limiter(settings.CELERY_BROKER_URL)
            return count(limiter)
        except StorageError as error:
            _Store.rests_until = time.monotonic() + REST
            log.warning("the broker's store cannot be reached, this process counts by itself: %s", error)
    return count(_alone())


class _Store:
    """What this process remembers of the broker's store."""

    rests_until = 0.0


def _pace(limiter: MovingWindowRateLimiter, item: RateLimitItem, who: Sequence[str]) -> Pace:
    let_in = limiter.hit(item, *who)
    window = limiter.get_window_stats(item, *who)
    until = max(1, math.ceil(window.reset_time - time.time()))
    return Pace(0 if let_in else until, max(0, window.remaining), until)


def _wait(limiter: MovingWindowRateLimiter, items: Sequence[RateLimitItem], who: Sequence[str]) -> int:
    for item in items:
        if not limiter.test(item, *who):
            return max(1, math.ceil(limiter.get_window_stats(item, *who).reset_time - time.time()))
    counted = [limiter.hit(item, *who) for item in items]
    return 0 if all(counted) else 1


@cache
def _items(rates: str) -> Sequence[RateLimitItem]:
    return parse_many(rates)


@cache
def _limiter(broker: str) -> MovingWindowRateLimiter:
    """The broker is asked for half a second at most, as by whoever wakes a worker."""
    url = broker.replace("redis+socket://", "redis+unix://", 1)
    options = {"socket_connect_timeout": 0.4, "socket_timeout": 0.4}
    prefix = f"{settings.AMENDS_QUEUE}:pace"
    return MovingWindowRateLimiter(storage_from_string(url, wrap_exceptions=True, key_prefix=prefix, **options))


@cache
def _alone() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())
