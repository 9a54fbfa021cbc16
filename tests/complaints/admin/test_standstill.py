"""While the background stands still, every page of the staff says so."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.models import Heartbeat
from tests.complaints.admin.situations import page_of
from tests.complaints.pulses import pulse

pytestmark = pytest.mark.usefixtures("frozen")

SIX_MINUTES = timedelta(minutes=6)
LIST = reverse("admin:complaints_complaint_changelist")
BANNER = 'class="banner is-breached" role="status"'


def page(client: Client, address: str = LIST) -> str:
    return client.get(address).content.decode()


@pytest.fixture
def client(agent: Any, client_for: Callable[[Any], Client]) -> Client:
    made = client_for(agent)
    made.get(LIST)
    cache.clear()
    return made


@pytest.mark.parametrize(
    "ages", [{"sweep": SIX_MINUTES}, {"deliver": SIX_MINUTES}, dict.fromkeys(Heartbeat.Part.values, SIX_MINUTES)]
)
def test_what_stands_still_is_said_with_since_when(ages: dict[str, timedelta], client: Client) -> None:
    pulse(**ages)
    shown = page(client)
    assert BANNER in shown
    assert "6 分" in shown.partition(BANNER)[2].partition("</div>")[0]


def test_every_kind_of_page_says_it(
    client: Client, case: Callable[..., Any], user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    pulse(sweep=SIX_MINUTES)
    for address in (
        page_of(case("new")),
        reverse("admin:complaints_complaint_add"),
        reverse("admin:complaints_order_changelist"),
    ):
        assert BANNER in page(client, address), address
    assert BANNER in page(client_for(user_with("department")), reverse("admin:complaints_inquiry_changelist"))


def test_nothing_is_said_while_all_runs_nor_to_strangers(client: Client) -> None:
    pulse()
    assert BANNER not in page(client)
    pulse(sweep=SIX_MINUTES)
    assert BANNER not in page(Client(), reverse("admin:login"))


def test_a_desk_that_was_never_started_is_told_after_three_ticks(client: Client) -> None:
    """Its bootstrap is the first sign that its parts are waited for."""
    assert BANNER not in page(client)
    cache.clear()
    pulse(**dict.fromkeys(Heartbeat.Part.values, timedelta(seconds=60)))
    assert BANNER not in page(client)
    cache.clear()
    pulse(**dict.fromkeys(Heartbeat.Part.values, timedelta(seconds=100)))
    assert BANNER in page(client)


@pytest.mark.parametrize("ages", [{}, {"sweep": SIX_MINUTES}])
def test_a_page_asks_once_and_those_right_after_it_not_at_all(ages: dict[str, timedelta], client: Client) -> None:
    pulse(**ages)
    asked = []
    for _page in range(3):
        with CaptureQueriesContext(connection) as captured:
            page(client)
        asked.append(sum("complaints_heartbeat" in one["sql"] for one in captured))
    assert asked == [1, 0, 0]
