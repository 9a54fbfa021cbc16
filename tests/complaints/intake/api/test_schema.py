"""The API keeps to its own OpenAPI document, whatever is sent (F10; the full count is an attack of `make faults`)."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import signals
from django.db import close_old_connections

from complaints.intake.api.document import document
from config import wsgi
from tests.faults import fuzzing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def application() -> Iterator[Any]:
    """The desk as a web server has it; its connection is the test's, and stays open after each answer."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield wsgi.application
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


def test_no_request_gets_a_server_error_or_an_answer_that_is_not_documented(
    issued: Any, case: Any, application: Any
) -> None:
    whom = fuzzing.target(document(), issued(per_minute=60_000).token, case("new").number, app=application)
    tally = fuzzing.fuzz_each(whom, examples=8)

    assert tally.faults == [], "\n".join(tally.faults)
    assert tally.server_errors == 0
    assert tally.impossible <= {"GET /api/v1/complaints/{number} negative", "GET /api/v1/issue-types negative"}
    assert {200, 201, 422} <= set(tally.statuses), "nothing got through, or nothing was refused"
