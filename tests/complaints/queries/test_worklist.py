"""The search finds own complaints whoever else there is, and the list pays only for what it shows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complaints.models import Complaint, Customer
from complaints.queries import worklist
from complaints.queries.worklist import Wanted
from tests.factories.complaints import NOW, ComplaintFactory, CustomerFactory, OrderFactory

pytestmark = pytest.mark.usefixtures("frozen")


def found(user: Any, text: str) -> list[str]:
    return [row.number for row in worklist.page(user, Wanted(text=text), now=NOW).rows]


@pytest.fixture
def numbers(shop: Any) -> list[str]:
    serials = ("A20261101-0001", "A20261101-0002", "A20261101-0012", "A20261101-10000", "A20261102-0001")
    return [ComplaintFactory(shop=shop, number=number).number for number in serials]


@pytest.mark.parametrize(
    ("text", "serials"),
    [
        ("A20261101-0001", ["A20261101-0001"]),
        ("a20261101-0001 ", ["A20261101-0001"]),
        ("A20261101-00", ["A20261101-0001", "A20261101-0002", "A20261101-0012"]),
        ("A20261101-1", ["A20261101-10000"]),
        ("A20261101-1000", ["A20261101-10000"]),
        ("A20261101", ["A20261101-0001", "A20261101-0002", "A20261101-0012", "A20261101-10000"]),
        ("A20261102-", ["A20261102-0001"]),
        ("A20261103", []),
        ("A2026", []),
        ("A２0261101", []),
    ],
)
def test_numbers_are_found_by_their_beginning_from_the_day_on(
    text: str, serials: list[str], numbers: list[str], agent: Any
) -> None:
    assert sorted(found(agent, text)) == serials


def test_a_number_that_does_not_exist_is_looked_for_by_index(numbers: list[str], agent: Any) -> None:
    agent.get_all_permissions()
    with CaptureQueriesContext(connection) as queries:
        found(agent, "A20991231-0001")
    assert not [one["sql"] for one in queries if "LIKE" in one["sql"]]
    assert len(queries) <= 4


def test_namesakes_elsewhere_hide_no_own_case(shop: Any, agent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worklist, "NAMESAKES", 3)
    CustomerFactory.create_batch(5, name="王伟")
    own = ComplaintFactory(shop=shop, customer=CustomerFactory(name="王伟"))
    ComplaintFactory(customer=CustomerFactory(name="王伟"))
    assert found(agent, "王伟") == [own.number]


def test_orders_and_customers_lead_to_their_complaints(shop: Any, agent: Any) -> None:
    order = OrderFactory(shop=shop, customer__platform="jd")
    own = ComplaintFactory(shop=shop, order=order, customer=order.customer)
    customer: Customer = order.customer
    for text in (order.number, customer.phone, customer.email, customer.buyer, customer.name):
        assert found(agent, text) == [own.number], text


def test_of_very_many_the_latest_are_found(shop: Any, agent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worklist, "FOUND_LIMIT", 2)
    customer = CustomerFactory()
    cases = ComplaintFactory.create_batch(4, shop=shop, customer=customer)
    assert found(agent, customer.phone) == [cases[3].number, cases[2].number]


def test_a_row_reads_one_encrypted_field(case: Callable[..., Any], agent: Any, shop: Any) -> None:
    case("new")
    ComplaintFactory(shop=shop, customer=CustomerFactory(name="", buyer="tb_quiet"), assignee=agent)
    ComplaintFactory(shop=shop, customer=None, assignee=agent)
    rows = worklist.page(agent, Wanted(tab="mine"), now=NOW).rows
    with CaptureQueriesContext(connection) as queries:
        names = [row.customer.masked_name for row in rows if row.customer]
    assert sorted(names) == ["t***t", "王**"]
    assert len(queries) == 0
    named = next(row.customer for row in rows if row.customer and row.customer.name)
    assert {"phone", "email", "buyer"} <= named.get_deferred_fields()


def test_the_list_stays_within_its_queries(
    case: Callable[..., Any], agent: Any, client_for: Callable[[Any], Any]
) -> None:
    complaint: Complaint = case("new")
    client = client_for(agent)
    client.get("/admin/complaints/complaint/")
    for address in ("?tab=mine", "?tab=open", f"?q={complaint.number}", f"?q={complaint.customer.phone}"):
        with CaptureQueriesContext(connection) as queries:
            assert complaint.title in client.get(f"/admin/complaints/complaint/{address}").content.decode()
        assert len(queries) <= 14, address
