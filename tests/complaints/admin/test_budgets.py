"""How many queries a page may take: a fixed number, however much there is to show."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.admin.script_figures import worked_lately
from complaints.lifecycle import OPEN
from complaints.models import Approval, Complaint, Contact, Shop
from complaints.queries.worklist import TABS
from tests.complaints.admin.situations import page_of
from tests.factories.complaints import (
    NOW,
    AlertFactory,
    ComplaintFactory,
    ContactFactory,
    CustomerFactory,
    DeadlineFactory,
    EvidenceFactory,
    LiabilityShareFactory,
    OrderFactory,
    PromiseFactory,
    RemedyFactory,
    current,
)
from tests.factories.inquiries import InquiryFactory, RecoveryClaimFactory

pytestmark = pytest.mark.usefixtures("frozen")

LIST = reverse("admin:complaints_complaint_changelist")
LIST_BUDGET, SEARCH_BUDGET, CASE_BUDGET = 12, 14, 33


def queries(client: Client, address: str) -> int:
    """How many queries this page takes, with session, user and permissions."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = client.get(address)
    assert answer.status_code == 200
    return len(captured)


def fill(shop: Shop, number: int, assignee: Any) -> None:
    """So many complaints of the shop in all open stages, some overdue, each sixth unassigned, each tenth closed."""
    customers = CustomerFactory.create_batch(20)
    orders = [OrderFactory(shop=shop, customer=customer) for customer in customers]
    first = Complaint.objects.count()
    Complaint.objects.bulk_create(
        (
            Complaint(
                shop=shop,
                number=f"A20261119-{first + n:05d}",
                customer=customers[n % 20],
                order=orders[n % 20],
                assignee=None if n % 6 == 0 else assignee,
                state="closed" if n % 10 == 9 else OPEN[n % len(OPEN)],
                title="书桌桌面划痕",
                channel="phone",
                round_started_at=NOW,
                created_at=NOW,
                resolved_at=NOW,
                next_due_at=None if n % 10 == 9 else NOW + timedelta(minutes=n - number // 2),
                received_at=NOW - timedelta(minutes=n),
            )
            for n in range(number)
        ),
        batch_size=500,
    )  # fmt: skip


def multiply(times: int) -> None:
    """Copy every complaint so many times, within the database: the same rows under other numbers."""
    columns = {field.column: field.column for field in Complaint._meta.concrete_fields if not field.primary_key}
    columns["number"] = "number || '-' || i"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO complaints_complaint ({', '.join(columns)}) "
            "WITH RECURSIVE copies(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM copies WHERE i < %s) "
            f"SELECT {', '.join(columns.values())} FROM complaints_complaint CROSS JOIN copies",
            [times],
        )


@pytest.fixture
def clerk(agent: Any, client_for: Callable[[Any], Client]) -> Client:
    """The agent's browser, whose session and permissions have been read once."""
    client = client_for(agent)
    client.get(LIST)
    return client


# ---------------------------------------------------------------- the work list


@pytest.mark.parametrize("tab", TABS)
def test_the_list_takes_the_same_few_queries_with_5_and_with_60_rows(
    tab: str, shop: Shop, agent: Any, clerk: Client
) -> None:
    fill(shop, 5, agent)
    few = queries(clerk, f"{LIST}?tab={tab}")
    fill(shop, 60, agent)
    many = queries(clerk, f"{LIST}?tab={tab}")
    assert few == many <= LIST_BUDGET


@pytest.mark.parametrize("role", ["agent", "supervisor", "finance", "auditor"])
def test_the_list_takes_few_queries_for_every_scope(
    role: str, shop: Shop, agent: Any, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    fill(shop, 60, agent)
    assert queries(client_for(user_with(role)), f"{LIST}?tab=open") <= LIST_BUDGET


def test_a_search_takes_the_same_few_queries(shop: Shop, agent: Any, clerk: Client) -> None:
    fill(shop, 5, agent)
    case = Complaint.objects.select_related("customer", "order").first()
    assert case
    asked = [case.number, case.number[:9], case.order.number, case.customer.phone, case.customer.name, "nothing"]
    few = [queries(clerk, f"{LIST}?q={text}") for text in asked]
    fill(shop, 60, agent)
    assert [queries(clerk, f"{LIST}?q={text}") for text in asked] == few
    assert max(few) <= SEARCH_BUDGET


def test_with_ten_thousand_complaints_the_list_takes_no_more(shop: Shop, agent: Any, clerk: Client) -> None:
    fill(shop, 60, agent)
    few = {tab: queries(clerk, f"{LIST}?tab={tab}") for tab in TABS}
    multiply(170)
    assert Complaint.objects.count() > 10_000
    assert {tab: queries(clerk, f"{LIST}?tab={tab}") for tab in TABS} == few
    assert max(few.values()) <= LIST_BUDGET


def test_turning_pages_shows_each_row_once_and_takes_no_more(shop: Shop, agent: Any, clerk: Client) -> None:
    fill(shop, 230, agent)
    address, seen, taken = "?tab=open", [], set()
    while address:
        with CaptureQueriesContext(connection) as captured:
            answer = clerk.get(LIST + address)
        taken.add(len(captured))
        seen += [row["complaint"].pk for row in answer.context["rows"]]
        address = answer.context["next"]
    expected = Complaint.objects.open().order_by("next_due_at", "id").values_list("pk", flat=True)
    assert seen == list(expected)
    assert len(taken) == 1
    assert max(taken) <= LIST_BUDGET
    back = answer.context["previous"]
    backwards = [row["complaint"].pk for row in answer.context["rows"]]
    while back:
        answer = clerk.get(LIST + back)
        backwards = [row["complaint"].pk for row in answer.context["rows"]] + backwards
        back = answer.context["previous"]
    assert backwards == seen


# ---------------------------------------------------------------- the case page


def enrich(case: Complaint, people: list[Any]) -> None:
    """Everything that a long case has collected."""
    ContactFactory.create_batch(120, complaint=case, author=people[0])
    ContactFactory.create_batch(80, complaint=case, author=people[1], internal=True)
    EvidenceFactory.create_batch(50, complaint=case, added_by=people[1])
    for n in range(10):
        PromiseFactory(complaint=case, made_by=people[n % 2])
        DeadlineFactory(complaint=case, round=n + 2, met=True)
        other = ComplaintFactory(customer=case.customer, shop=case.shop)
        AlertFactory(recipient=people[n % 2], complaint=other)
    for n, letter in enumerate("CDEFGHIJKL"):
        remedy = RemedyFactory(complaint=case, label=letter, status="declined", proposed_by=people[n % 2])
        Approval.objects.create(remedy=remedy, permission="approve_l1", by=people[1 - n % 2], cost=1, at=NOW)
    case.liability.all().delete()
    InquiryFactory.create_batch(10, complaint=case, asked_by=people[0], answered_by=people[1], answered=True)
    InquiryFactory.create_batch(5, complaint=case, asked_by=people[1])
    RecoveryClaimFactory.create_batch(5, complaint=case, filed_by=people[0])
    for party in ("carrier", "warehouse", "supplier", "operations", "platform"):
        LiabilityShareFactory(complaint=case, party=party, percent=20)


@pytest.mark.parametrize("state", [*OPEN, "closed", "merged"])
def test_the_case_page_takes_the_same_few_queries_with_much_to_show(
    state: str, case: Callable[..., Any], agent: Any, user_with: Callable[..., Any], client_for: Any
) -> None:
    complaint = case(state, issue_code="SERV-01" if state == "new" else "LOGI-03")
    people = [agent, user_with("team_lead")]
    client = client_for(user_with("shop_manager"))
    client.get(LIST)
    worked_lately()
    few = queries(client, page_of(complaint))
    enrich(complaint, people)
    many = queries(client, page_of(complaint))
    assert max(few, many) <= CASE_BUDGET
    enriched = current(complaint)
    ContactFactory.create_batch(40, complaint=enriched, author=people[0])
    EvidenceFactory.create_batch(30, complaint=enriched, added_by=people[0])
    assert queries(client, page_of(complaint)) == many


def test_the_timeline_reads_no_further_than_it_shows(case: Callable[..., Any], agent: Any, clerk: Client) -> None:
    complaint = case("verifying")
    Contact.objects.bulk_create(
        Contact(complaint=complaint, direction="in", channel="phone", body=f"第 {n} 条", author=agent, at=NOW)
        for n in range(2_000)
    )
    answer = clerk.get(page_of(complaint))
    assert answer.context["timeline"].shortened
    assert len(answer.context["timeline"].entries) == 200
