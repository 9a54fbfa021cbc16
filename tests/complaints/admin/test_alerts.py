"""The bell: one's own alerts, page by page, seen only when one says so."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.models import Alert
from complaints.queries import alerts
from tests.factories.complaints import NOW, AlertFactory, ComplaintFactory

pytestmark = pytest.mark.usefixtures("frozen")

BELL, COUNT, OPEN = (reverse(f"admin:complaints_alert_{name}") for name in ("changelist", "count", "open"))
HTMX = {"HX-Request": "true"}


@pytest.fixture
def clerk(agent: Any, client_for: Callable[[Any], Client]) -> Client:
    return client_for(agent)


def ring(shop: Any, person: Any, number: int, **values: Any) -> list[Alert]:
    """So many alerts of one complaint, each a minute later than the one before."""
    case = ComplaintFactory(shop=shop)
    moments = [NOW - timedelta(hours=1) + timedelta(minutes=minute) for minute in range(number)]
    return [AlertFactory(complaint=case, recipient=person, created_at=at, **values) for at in moments]


def unseen(*rows: Alert) -> list[Alert]:
    return list(Alert.objects.filter(pk__in=[row.pk for row in rows], seen_at__isnull=True).order_by("pk"))


# ------------------------------------------------------------------ the list


def test_those_not_seen_come_first_and_then_the_latest(shop: Any, agent: Any, clerk: Client) -> None:
    seen, new = ring(shop, agent, 3, seen_at=NOW), ring(shop, agent, 3)
    assert [row.pk for row in clerk.get(BELL).context["alerts"]] == [row.pk for row in [*new[::-1], *seen[::-1]]]


def test_row_says_clock_level_and_case_and_when(shop: Any, agent: Any, clerk: Client) -> None:
    (row,) = ring(shop, agent, 1, kind="promise", level=150, due_at=NOW - timedelta(days=3))
    page = clerk.get(BELL).content.decode()
    for words in ("承诺", "150 %", row.complaint.number, "11-17 10:00", "09:00"):
        assert words in page


@pytest.mark.parametrize(("new", "old"), [(0, 0), (3, 0), (2, 3), (3, 4), (7, 6)])
def test_pages_show_every_alert_once_and_in_order(
    shop: Any, agent: Any, clerk: Client, monkeypatch: pytest.MonkeyPatch, new: int, old: int
) -> None:
    monkeypatch.setattr(alerts.page, "__kwdefaults__", {"size": 3})
    expected = ring(shop, agent, new)[::-1] + ring(shop, agent, old, seen_at=NOW)[::-1]
    shown, address = [], BELL
    while address:
        page = clerk.get(address)
        assert len(page.context["alerts"]) <= 3
        shown += page.context["alerts"]
        address = f"{BELL}?after={page.context['older']}" if page.context["older"] else ""
    assert [row.pk for row in shown] == [row.pk for row in expected]


@pytest.mark.parametrize("token", ["", "x", "u1", "u1.x", "s" + "9" * 30 + ".1", "u1." + "9" * 30, "%00", "u-1.-1"])
def test_address_that_names_no_place_shows_the_first_page(shop: Any, agent: Any, clerk: Client, token: str) -> None:
    ring(shop, agent, 2)
    assert len(clerk.get(f"{BELL}?after={token}").context["alerts"]) == 2


def test_looking_changes_nothing(shop: Any, agent: Any, clerk: Client) -> None:
    (row,) = ring(shop, agent, 1)
    for address in (BELL, f"{BELL}?all=1&one={row.pk}&alert={row.pk}", COUNT):
        assert clerk.get(address).status_code == 200
    assert clerk.get(f"{OPEN}?open={row.pk}").status_code == 405
    assert unseen(row)


def test_long_list_takes_no_more_queries(shop: Any, agent: Any, clerk: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            clerk.get(BELL)
        return len(captured)

    ring(shop, agent, 2)
    ring(shop, agent, 1, seen_at=NOW)
    clerk.get(BELL)
    few = cost()
    for _ in range(20):
        ring(shop, agent, 2)
        ring(shop, agent, 1, seen_at=NOW)
    assert cost() == few <= 12


# ------------------------------------------------------------------ seen


def test_one_the_chosen_ones_or_all_are_marked_as_seen(shop: Any, agent: Any, clerk: Client) -> None:
    rows = ring(shop, agent, 6)
    clerk.post(BELL, {"one": rows[0].pk, "alert": [rows[5].pk]})
    assert unseen(*rows) == rows[1:]
    clerk.post(BELL, {"alert": [rows[1].pk, rows[2].pk]})
    assert unseen(*rows) == rows[3:]
    clerk.post(BELL, {})
    assert unseen(*rows) == rows[3:]
    clerk.post(BELL, {"all": "1"})
    assert unseen(*rows) == []


def test_one_stays_on_the_page_where_one_was(shop: Any, agent: Any, clerk: Client) -> None:
    rows = ring(shop, agent, 2)
    address = f"{BELL}?after=u{rows[1].pk}.1700000000000000"
    assert clerk.post(address, {"one": rows[0].pk})["Location"] == address


def test_opening_marks_the_alert_as_seen_and_leads_to_the_case(shop: Any, agent: Any, clerk: Client) -> None:
    rows = ring(shop, agent, 2)
    answer = clerk.post(OPEN, {"open": rows[0].pk, "alert": rows[1].pk})
    assert answer["Location"] == reverse("admin:complaints_complaint_change", args=[rows[0].complaint_id])
    assert unseen(*rows) == rows[1:]


@pytest.mark.parametrize("asked", ["", "x", "9" * 40, "theirs"])
def test_nobody_opens_what_is_not_theirs(shop: Any, clerk: Client, user_with: Callable[..., Any], asked: str) -> None:
    (row,) = ring(shop, user_with("agent"), 1)
    assert clerk.post(OPEN, {"open": row.pk if asked == "theirs" else asked}).status_code == 404
    clerk.post(BELL, {"one": row.pk})
    assert unseen(row)


def test_form_from_elsewhere_marks_nothing(shop: Any, agent: Any) -> None:
    (row,) = ring(shop, agent, 1)
    client = Client(enforce_csrf_checks=True)
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    for address in (BELL, OPEN):
        assert client.post(address, {"all": "1", "open": row.pk}).status_code == 403
    assert unseen(row)


# ------------------------------------------------------------------ the number on the bell


def test_number_is_told_only_when_it_is_another_one(shop: Any, agent: Any, clerk: Client) -> None:
    ring(shop, agent, 2)
    ring(shop, agent, 1, seen_at=NOW)
    assert clerk.get(f"{COUNT}?shown=2", headers=HTMX).status_code == 204
    answer = clerk.get(f"{COUNT}?shown=0", headers=HTMX)
    text = answer.content.decode()
    assert '<span class="badge">2</span>' in text
    assert f'hx-get="{COUNT}?shown=2"' in text
    assert len(text) < 400
    assert "no-store" in answer["Cache-Control"]


def test_number_is_a_short_question_however_many_there_are(
    shop: Any, agent: Any, clerk: Client, django_assert_max_num_queries: Any
) -> None:
    ring(shop, agent, 130)
    with django_assert_max_num_queries(6):
        text = clerk.get(f"{COUNT}?shown=0", headers=HTMX).content.decode()
    assert '<span class="badge">100</span>' in text


def test_every_page_has_the_number_in_a_place_that_is_read_out_politely(shop: Any, agent: Any, clerk: Client) -> None:
    ring(shop, agent, 2)
    page = clerk.get(reverse("admin:complaints_complaint_changelist")).content.decode()
    assert re.search(r'aria-live="polite">\s*<span data-poll hx-get="[^"]+shown=2"', page)


def test_whoever_is_logged_out_is_told_so_and_others_have_no_bell(
    user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    assert Client().get(COUNT, headers=HTMX).status_code == 401
    auditor = client_for(user_with("auditor"))
    assert auditor.get(COUNT, headers=HTMX).status_code == 403
    assert auditor.post(OPEN, {"open": "1"}).status_code == 403
    assert "data-poll" not in auditor.get("/admin/", follow=True).content.decode()
