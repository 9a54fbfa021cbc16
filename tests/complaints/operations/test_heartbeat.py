"""Each part of the background says that it lives, and saying so never harms its work."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from complaints import tasks
from complaints.models import Heartbeat
from complaints.operations import heartbeat
from complaints.queries import health
from tests.complaints.pulses import pulse

pytestmark = pytest.mark.django_db

MOMENT = timedelta(seconds=60)


@pytest.mark.parametrize(("task", "part"), [(tasks.sweep, "sweep"), (tasks.deliver, "deliver"), (tasks.mend, "mend")])
def test_a_round_with_nothing_to_do_is_a_sign_of_life(task: Callable[[], int], part: str) -> None:
    pulse(**{name: timedelta(hours=1) for name in Heartbeat.Part.values})
    assert task() == 0
    silent = health.silences()
    assert silent.pop(part) < MOMENT
    assert all(silence > MOMENT for silence in silent.values())


def test_a_round_that_fails_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**how: Any) -> int:
        raise DatabaseError("gone")

    monkeypatch.setattr("complaints.operations.sweeping.sweep", fail)
    with pytest.raises(DatabaseError):
        tasks.sweep()
    assert not Heartbeat.objects.exists()


def test_it_is_one_statement_and_one_row() -> None:
    heartbeat.beat(Heartbeat.Part.SWEEP)
    with CaptureQueriesContext(connection) as captured:
        heartbeat.beat(Heartbeat.Part.SWEEP)
    assert len([one for one in captured if "complaints_heartbeat" in one["sql"]]) == 1
    assert Heartbeat.objects.count() == 1


def test_a_heartbeat_that_cannot_be_written_is_logged_and_the_round_stands(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any, **how: Any) -> None:
        raise DatabaseError("read-only")

    monkeypatch.setattr(Heartbeat.objects, "bulk_create", fail)
    with caplog.at_level(logging.ERROR):
        assert tasks.sweep() == 0
    assert "heartbeat of sweep" in caplog.text
    assert not Heartbeat.objects.exists()


def test_from_its_bootstrap_on_a_desk_waits_for_every_part() -> None:
    call_command("bootstrap", verbosity=0)
    assert set(health.silences()) == set(Heartbeat.Part.values)


def test_a_desk_that_starts_after_a_night_is_not_late() -> None:
    """The launcher runs bootstrap at each start."""
    pulse(**dict.fromkeys(Heartbeat.Part.values, timedelta(hours=9)))
    call_command("bootstrap", verbosity=0)
    assert all(silence < MOMENT for silence in health.silences().values())
    assert health.standstill() is None
