"""The sign of life of each part of the background (reliability.md, section 1).

Written and judged by the database's clock: a worker and a web server whose clocks differ agree about its age.
"""

import logging

from django.db import transaction
from django.db.models.functions import Now

from complaints.models import Heartbeat

log = logging.getLogger(__name__)


def beat(part: str) -> None:
    """Say that this part has done its round, also when there was nothing to do. Never fails the work around it."""
    try:
        with transaction.atomic():
            Heartbeat.objects.bulk_create(
                [Heartbeat(part=part, at=Now())], update_conflicts=True, unique_fields=["part"], update_fields=["at"]
            )
    except Exception:  # the round itself has succeeded
        log.exception("the heartbeat of %s cannot be written", part)


def expect_all() -> None:
    """From now on each part is waited for: one that is never started is missed as one that stops.

    A desk that was switched off for the night begins anew: its first round, which comes after a tick, is not late.
    """
    Heartbeat.objects.bulk_create(
        [Heartbeat(part=part, at=Now()) for part in Heartbeat.Part],
        update_conflicts=True, unique_fields=["part"], update_fields=["at"],
    )  # fmt: skip
