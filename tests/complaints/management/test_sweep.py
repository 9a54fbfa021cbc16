"""One round by hand: what it does, what it says, and that it says so when something failed."""

import logging
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as desk
from django.core.management import CommandError, call_command
from django.utils import translation

from complaints.management.commands import sweep as command
from complaints.models import Heartbeat

TASKS = {entry["task"] for entry in desk.CELERY_BEAT_SCHEDULE.values()}


def run(*options: str) -> list[str]:
    """The lines of the report, in English."""
    out = StringIO()
    with translation.override("en"):
        call_command("sweep", *options, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stands for the tasks: name -> what each call returns (or raises), one after the other; then 0."""
    answers: dict[str, list[Any]] = {name: [] for name in TASKS}
    answers["called"] = []

    def task(name: str) -> Callable[[], int]:
        def call() -> int:
            answers["called"].append(name)
            answer = answers[name].pop(0) if answers[name] else 0
            if isinstance(answer, BaseException):
                raise answer
            return answer

        return call

    monkeypatch.setattr(command, "import_string", task)
    return answers


@pytest.mark.django_db
def test_a_round_takes_every_step_of_the_beat_table_and_gives_signs_of_life() -> None:
    lines = run("--once", "--deliver")
    assert len(lines) == len(TASKS)
    assert {"Clocks: 0 fired", "Mended clocks: 0", "Mended call-backs: 0", "Messages: 0 tried"} <= set(lines)
    # In the morning the digests leave a sign of their own.
    assert set(Heartbeat.Part.values) <= set(Heartbeat.objects.values_list("part", flat=True))


def test_nothing_is_sent_unless_asked_for_and_then_last(tasks: dict[str, Any]) -> None:
    run("--once")
    assert set(tasks["called"]) == TASKS - {command.DELIVER}
    run("--once", "--deliver")
    assert tasks["called"][-1] == command.DELIVER


def test_clocks_are_fired_until_none_is_left(tasks: dict[str, Any]) -> None:
    tasks["complaints.tasks.sweep"] += [4000, 4000, 17]
    assert "Clocks: 8017 fired" in run("--once")


def test_a_step_that_does_not_count_is_said_to_be_done(tasks: dict[str, Any]) -> None:
    tasks["complaints.tasks.mend"].append(None)
    assert "complaints.tasks.mend: done" in run("--once")


def test_delivery_is_not_repeated_for_a_server_may_be_away(tasks: dict[str, Any]) -> None:
    tasks[command.DELIVER] += [1, 1, 1]
    assert "Messages: 1 tried" in run("--once", "--deliver")


def test_a_step_that_fails_stops_none_of_the_others_and_the_end_is_an_error(tasks: dict[str, Any]) -> None:
    tasks["complaints.tasks.sweep"].append(RuntimeError("no"))
    with pytest.raises(CommandError) as caught:
        run("--once", "--deliver")
    assert caught.value.returncode == 1
    assert "1 fault" in str(caught.value)
    assert set(tasks["called"]) == TASKS


@pytest.mark.parametrize(
    ("name", "faulty"), [("complaints.outbox.delivery", True), ("complaints.operations.sweeping", False)]
)
def test_a_message_that_is_not_sent_is_a_fault_and_a_mere_warning_is_none(
    name: str, faulty: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def warn() -> int:
        logging.getLogger(name).warning("message 7 attempt 1: ConnectionRefusedError")
        return 0

    monkeypatch.setattr(command, "import_string", lambda _name: warn)
    if faulty:
        with pytest.raises(CommandError):
            run("--once", "--deliver")
    else:
        run("--once", "--deliver")


def test_a_round_that_is_interrupted_says_what_is_kept(tasks: dict[str, Any]) -> None:
    tasks["complaints.tasks.sweep"].append(KeyboardInterrupt())
    with pytest.raises(CommandError, match="Stopped") as caught:
        run("--once")
    assert caught.value.returncode == command.INTERRUPTED


def test_without_the_word_once_it_does_nothing(tasks: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match="--once"):
        run()
    assert tasks["called"] == []
