"""Values in words: clocks of list rows turn critical when the clock that runs does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from complaints.admin.displays import listed
from complaints.operations import conversation
from tests.factories.complaints import NOW, current

pytestmark = pytest.mark.usefixtures("frozen")


def test_each_row_warns_when_its_running_clock_does(case: Callable[..., Any]) -> None:
    for state in ("new", "accepted", "verifying", "proposing", "executing", "awaiting_followup"):
        complaint = case(state)
        first = min(complaint.deadlines.running(), key=lambda clock: clock.due_at)
        assert complaint.next_critical_at == first.critical_from, state


def test_a_new_case_that_was_answered_is_in_no_hurry(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new", demand="")
    conversation.reply(complaint.pk, "您好", channel="phone", actor=agent, now=NOW)
    complaint = current(complaint)
    running = complaint.deadlines.running().get()
    assert (complaint.state, running.kind) == ("new", "verification")
    assert complaint.next_critical_at == running.critical_from
    assert complaint.next_critical_at > NOW + timedelta(hours=2)


def test_names_are_listed_in_the_readers_language() -> None:
    from django.utils import translation

    with translation.override("en"):
        assert listed(["a", "b"]) == "a, b"
    with translation.override("zh-hans"):
        assert listed(["a", "b"]) == "a、b"
