"""The page of kept and broken promises, and the lists behind its numbers."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.models import Promise, Shop
from tests.factories.auth import StaffFactory
from tests.factories.complaints import NOW, ComplaintFactory, PromiseFactory
from tests.unchanged import nothing_written

pytestmark = pytest.mark.usefixtures("frozen")

NUMBERS, LIST = reverse("admin:complaints_promise_changelist"), reverse("admin:complaints_promise_list")
BUDGET = 12


@pytest.fixture
def lead(user_with: Callable[..., Any]) -> Any:
    return user_with("team_lead")


@pytest.fixture
def made(shop: Shop, agent: Any, lead: Any) -> dict[str, list[Promise]]:
    """This month's promises of the agent and of the lead; last month's; those of another shop."""
    case = ComplaintFactory(shop=shop)
    foreign = ComplaintFactory(shop=Shop.objects.create(code="jd", name="别家京东店", platform="jd"))
    earlier = NOW - timedelta(days=30)

    def of(person: Any, *statuses: str, at: Any = NOW, about: Any = case) -> list[Promise]:
        return [
            PromiseFactory(
                complaint=about, made_by=person, status=status, made_at=at, due_at=at + timedelta(hours=2),
                text=f"{person.first_name}的承诺{n}",
            )
            for n, status in enumerate(statuses)
        ]  # fmt: skip

    return {
        "agent": of(agent, "kept", "kept", "broken", "open"),
        "lead": of(lead, "renewed", "kept"),
        "earlier": of(agent, "broken", at=earlier),
        "foreign": of(StaffFactory(role="agent", first_name="外人"), "broken", about=foreign),
    }


def rows_of(client: Client, address: str = NUMBERS) -> list[tuple[str, list[int], list[int]]]:
    """(name, numbers, numbers before) of each line of all tables: made, kept, broken, renewed, open."""
    tables = client.get(address).context["tables"]
    return [
        (row["name"], [cell["now"] for cell in row["cells"]], [cell["before"] for cell in row["cells"]])
        for table in tables
        for row in table["rows"]
    ]


def test_a_lead_sees_agents_and_shops_beside_the_month_before(
    made: Any, lead: Any, agent: Any, shop: Shop, client_for: Callable[[Any], Client]
) -> None:
    before = [1, 0, 1, 0, 0]
    assert rows_of(client_for(lead)) == [
        (agent.first_name, [4, 2, 1, 0, 1], before),
        (lead.first_name, [2, 1, 0, 1, 0], [0] * 5),
        (shop.name, [6, 3, 1, 1, 1], before),
    ]


def test_an_agent_sees_the_own_numbers_and_lists_whatever_the_address_says(
    made: Any, lead: Any, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    client = client_for(agent)
    assert [numbers for _name, numbers, _before in rows_of(client)] == [[4, 2, 1, 0, 1]] * 2
    for asked in ("", f"agent={lead.pk}", f"shop={made['foreign'][0].complaint.shop_id}"):
        page = client.get(f"{LIST}?{asked}")
        assert {row.made_by_id for row in page.context["rows"]} <= {agent.pk}
        for hidden in (lead.first_name, "外人", "别家京东店"):
            assert hidden not in page.content.decode()


def test_every_number_leads_to_as_many_promises(made: Any, lead: Any, client_for: Callable[[Any], Client]) -> None:
    client = client_for(lead)
    page = unescape(client.get(NUMBERS).content.decode())
    links = re.findall(r'<a href="(/admin/complaints/promise/list/\?[^"]+)">(\d+)</a>', page)
    assert len(links) > 10
    for address, number in links:
        assert len(client.get(address).context["rows"]) == int(number), address


def test_a_promise_of_another_shop_is_opened_by_nobody_else(
    made: Any, lead: Any, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    for person, promise, status in (
        (lead, made["agent"][0], 200),
        (lead, made["foreign"][0], 302),
        (agent, made["lead"][0], 302),
    ):
        address = reverse("admin:complaints_promise_change", args=[promise.pk])
        assert client_for(person).get(address).status_code == status


def test_promises_are_read_and_never_written_even_by_the_owner(made: Any, client_for: Callable[[Any], Client]) -> None:
    promise = made["agent"][0]
    client = client_for(StaffFactory(is_superuser=True))
    stored = Promise.objects.filter(pk=promise.pk).values()
    before = stored.get()
    with nothing_written(promise.complaint):
        for page, args in (("add", []), ("change", [promise.pk]), ("delete", [promise.pk])):
            answer = client.post(reverse(f"admin:complaints_promise_{page}", args=args), {"status": "kept"})
            assert answer.status_code == 403, page
        client.post(NUMBERS, {"action": "delete_selected", "_selected_action": [promise.pk], "post": "yes"})
        client.post(LIST, {"status": "kept"})
    assert stored.all().get() == before


# ---------------------------------------------------------------- periods


@pytest.mark.parametrize(
    ("asked", "made_now"),
    [
        ("period=this_week", 6), ("period=last_week", 0), ("period=this_month", 6), ("period=last_month", 1),
        ("period=nonsense", 6), ("period=custom&first=2026-10-20&last=2026-11-19", 1),
        ("period=custom&first=2026-10-20&last=2026-11-20", 7),
    ],
)  # fmt: skip
def test_the_period_is_the_one_asked_for(
    asked: str, made_now: int, made: Any, lead: Any, client_for: Callable[[Any], Client]
) -> None:
    page = client_for(lead).get(f"{NUMBERS}?{asked}")
    assert page.context["total"]["cells"][0]["now"] == made_now


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("2026-11-20", "2026-11-19", "last"),
        ("2024-01-01", "2026-11-19", "last"),
        ("yesterday", "2026-11-19", "first"),
        ("0001-01-01", "0001-01-02", "first"),
        ("9999-12-30", "9999-12-31", "first"),
        ("", "2026-11-19", "first"),
    ],
)
def test_days_that_make_no_period_are_refused_and_kept(
    first: str, last: str, field: str, lead: Any, client_for: Callable[[Any], Client]
) -> None:
    page = client_for(lead).get(NUMBERS, {"period": "custom", "first": first, "last": last})
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert f'value="{last}"' in page.content.decode()
    assert client_for(lead).get(LIST, {"first": first, "last": last}).status_code == 200


def test_odd_addresses_show_the_list(made: Any, lead: Any, client_for: Callable[[Any], Client]) -> None:
    for asked in ("after=x", "after=" + "9" * 40, "after=999999", "status=x", "agent=%00", "shop=-1", "first=%00"):
        assert client_for(lead).get(f"{LIST}?{asked}").status_code == 200, asked


def test_a_period_without_promises_says_so(lead: Any, client_for: Callable[[Any], Client]) -> None:
    for address in (NUMBERS, LIST):
        page = client_for(lead).get(address)
        assert page.status_code == 200
        assert 'class="empty"' in page.content.decode()


# ---------------------------------------------------------------- budgets


@pytest.mark.parametrize("address", [NUMBERS, LIST])
def test_the_pages_take_the_same_few_queries_with_much_to_show(
    address: str, made: Any, shop: Shop, lead: Any, client_for: Callable[[Any], Client]
) -> None:
    client = client_for(lead)
    client.get(address)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    few = queries()
    for n in range(30):
        PromiseFactory(complaint=ComplaintFactory(shop=shop), made_by=StaffFactory(), status="broken", text=f"第{n}个")
    assert queries() == few <= BUDGET
