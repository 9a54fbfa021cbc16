"""A worker is killed by the kernel in the middle of an import; another one goes on where it stopped."""

import json
import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from complaints.models import ImportJob, Order, Shop
from complaints.operations import import_jobs
from tests.factories.exports import TAOBAO, csv_bytes
from tests.factories.imports import handed_in, worked

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = [{**TAOBAO, "订单编号": str(4100123456789000000 + number)} for number in range(12)]


def killed_in_step(number: int, media: Any) -> None:
    """A real process works on the import and gets SIGKILL before it can commit its step of this number."""
    given = connection.settings_dict
    database = {name: str(given[name]) for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    environment = os.environ | {"AMENDS_TEST_MEDIA": str(media), "AMENDS_TEST_DATABASE": json.dumps(database)}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.complaints.intake.killed"],
        cwd=settings.BASE_DIR, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        for step in range(1, number + 1):
            assert process.stdout.readline().startswith("step"), f"it ended before step {step}"
            if step < number:
                process.stdin.write("\n")
                process.stdin.flush()
        process.kill()
        assert process.wait() == -signal.SIGKILL


def test_killed_worker_costs_the_step_in_hand_and_nothing_else(shop: Shop, media: Any, now: datetime) -> None:
    job = worked(handed_in(csv_bytes(ROWS), shop, now=now), now=now)
    import_jobs.start(job.pk, now=now)
    killed_in_step(3, media)
    job.refresh_from_db()
    assert (job.state, job.rows_done, job.created) == ("running", 6, 6)
    assert Order.objects.count() == 6, "what was not committed with the position is not there"
    # The lease of the dead one runs out.
    ImportJob.objects.update(lease_until=now - timedelta(days=400))
    worked(job, now=now)
    assert (job.state, job.created, job.unchanged, Order.objects.count()) == ("done", 12, 0, 12)
