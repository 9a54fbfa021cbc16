"""What is found for what a caller reads out: by an index each time, within the reader's shops, and open ones first."""

import importlib
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complaints.models import Customer, Order, Shop
from complaints.models.order import LastSix
from complaints.operations import merging
from complaints.operations.customers import Customers, Person, tell
from complaints.queries import lookup
from complaints.queries.lookup import Found
from tests.factories.complaints import NOW, CustomerFactory, OrderFactory, ShopFactory, bring, registered

PHONE = "13912345678"
NUMBER = "4135882019736602411"


@pytest.fixture
def caller(db: None) -> Customer:
    return CustomerFactory(phone=PHONE, email="wang@mail.example", buyer="qing_w")


@pytest.fixture
def order(shop: Shop, caller: Customer) -> Order:
    return OrderFactory(shop=shop, customer=caller, number=NUMBER)


def found(user: Any, text: str) -> Found:
    return lookup.look_up(user, text)


@pytest.mark.parametrize(
    "text",
    [
        NUMBER, NUMBER[:8], NUMBER[-6:], NUMBER[-9:], "４１３５８８２０１９７３６６０２４１１",
        PHONE, "+86 139-1234-5678", "5678", "345678", "wang@mail.example", "qing_w",
    ],
)  # fmt: skip
def test_whatever_a_caller_reads_out_leads_to_the_order(text: str, order: Order, agent: Any) -> None:
    OrderFactory(shop=order.shop)
    assert found(agent, text).orders == [order]


@pytest.mark.parametrize(
    "text", ["", " ", "5", "9999", "445678", NUMBER[:7], NUMBER[-5:], "x" * 5000, "' or 1", "%", "_"]
)
def test_what_names_nothing_finds_nothing(text: str, order: Order, agent: Any) -> None:
    assert not found(agent, text)


def test_a_complaint_is_found_by_its_own_number(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    assert found(agent, complaint.number.lower()).open == [complaint]


def test_open_complaints_of_the_order_come_before_others_of_the_customer(
    order: Order, agent: Any, case: Callable[..., Any]
) -> None:
    other = OrderFactory(shop=order.shop, customer=order.customer)
    about, also = case("new", order=order), case("new", order=other)
    closed, merged = case("closed", order=order), case("merged", order=other)
    for text in (NUMBER, "5678"):
        shown = found(agent, text)
        assert set(shown.open) >= {about, also}
        assert (closed in shown.earlier, merged in shown.earlier) == (True, False)
    assert found(agent, NUMBER).open[0] == about


def test_nothing_of_another_shop_is_found(
    caller: Customer, agent: Any, shop: Shop, user_with: Callable[..., Any]
) -> None:
    elsewhere = ShopFactory()
    theirs = OrderFactory(shop=elsewhere, customer=caller, number=NUMBER)
    complaint = registered(elsewhere, actor=agent, order=theirs)
    for text in (NUMBER, "5678", PHONE, complaint.number):
        assert not found(agent, text)
        assert found(user_with("supervisor"), text).open == [complaint]


def test_the_end_of_a_phone_number_is_kept_in_step(caller: Customer, shop: Shop) -> None:
    def with_tail(digits: str) -> list[Customer]:
        return list(Customer.objects.with_phone_tail(digits))

    tell(caller, Person(phone="13900001111"))
    assert (with_tail("5678"), with_tail("1111")) == ([], [caller])
    (new,) = Customers("taobao", [Person(phone="13822223333")], now=NOW).all()
    assert with_tail("3333") == [new]
    assert with_tail("") == []


def test_known_phone_numbers_get_their_ends_chunk_by_chunk(
    monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any, db: None
) -> None:
    customers = CustomerFactory.create_batch(5) + [CustomerFactory(phone="")]
    before = list(Customer.objects.order_by("pk").values_list("phone_tail_hash", flat=True))
    Customer.objects.update(phone_tail_hash="")
    migration = importlib.import_module("complaints.migrations.0010_phone_tails")
    monkeypatch.setattr(migration, "CHUNK", 2)
    migration.fill(apps, None)
    assert list(Customer.objects.order_by("pk").values_list("phone_tail_hash", flat=True)) == before
    assert len({*before}) == len(customers)
    with django_assert_max_num_queries(1):
        migration.fill(apps, None)


def test_every_way_of_looking_has_an_index(order: Order, agent: Any) -> None:
    """Few rows are read from end to end, whatever index there is: that is forbidden here."""
    if connection.vendor == "postgresql":
        connection.cursor().execute("SET LOCAL enable_seqscan = off")
    ways = {
        "customer_phone_tail": Customer.objects.with_phone_tail("5678"),
        "customer_phone": Customer.objects.marked(lookup.Asked.of(PHONE).marks),
        "customer_email": Customer.objects.marked(lookup.Asked.of("wang@mail.example").marks),
        "customer_buyer_once": Customer.objects.marked(lookup.Asked.of("qing_w").marks),
        "order_number_end": Order.objects.alias(end=LastSix("number")).filter(end=NUMBER[-6:]),
    }
    for index, rows in ways.items():
        assert index in rows.explain(), index
        assert "SCAN complaints" not in rows.explain(), index


def test_a_look_up_takes_the_same_few_queries_however_much_there_is(
    order: Order, agent: Any, case: Callable[..., Any]
) -> None:
    def queries(text: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            found(agent, text)
        return len(captured)

    case("new", order=order)
    bring(registered(order.shop, actor=agent, order=order), "withdrawn", actor=agent)
    agent.shops.all()
    texts = (NUMBER, NUMBER[-6:], "5678", "345678", PHONE, "qing_w")
    for text in texts:
        found(agent, text)
    few = [queries(text) for text in texts]
    for n in range(12):
        phone = f"139{n:04d}5678"
        more = OrderFactory(shop=order.shop, number=f"41358820{n:06d}602411", customer=CustomerFactory(phone=phone))
        registered(order.shop, actor=agent, order=more)
    assert [queries(text) for text in texts] == few
    assert max(few) <= 11
    shown = found(agent, "5678")
    assert (len(shown.open), len(shown.orders), shown.more) == (lookup.SHOWN_OPEN, lookup.SHOWN_ORDERS, True)


def test_the_number_of_a_merged_complaint_leads_to_the_one_in_which_it_goes_on(shop: Shop, agent: Any) -> None:
    customer = CustomerFactory()
    first, second = (registered(shop, actor=agent, customer=customer, separate=True) for _one in range(2))
    merging.merge(second.pk, first.pk, reason="同一件事", actor=agent, version=second.version, now=NOW)
    assert [one.number for one in found(agent, second.number).open] == [first.number]
