from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from complaints.models import Customer, Order, OrderLine, Shop, SlaPolicy
from complaints.operations import intake, orders, typed_orders
from complaints.operations.customers import Person, find_or_create_customer
from complaints.operations.orders import LineSnapshot, OrderSnapshot, Written, write_orders

LATER = timedelta(hours=5)
PLACED = datetime(2026, 11, 18, 1, 30, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return Shop.objects.create(code="qm", name="晴木家居天猫店", platform="taobao")


def snapshot(number: str = "4100123456789012345", **values: Any) -> OrderSnapshot:
    told = {
        "number": number,
        "person": Person(buyer="豆浆不加糖", name="郑凯文", phone="13800000007"),
        "status": "卖家已发货，等待买家确认",
        "paid_amount": Decimal("118.00"),
        "placed_at": PLACED,
        "courier": "顺丰速运",
        "tracking_number": "SF1384496319378",
        "lines": (LineSnapshot(title="骨瓷餐具套装", quantity=2, variant="白色"),),
    }
    return OrderSnapshot(**(told | values))


def lines_of(order: Order) -> list[tuple[int, str, str]]:
    return list(order.lines.values_list("position", "number", "title"))


# ------------------------------------------------------------------ new, known, changed


def test_new_order_is_stored_with_its_lines_and_customer(shop: Shop, now: datetime) -> None:
    assert write_orders(shop, [snapshot()], now=now) == Written(new=1)
    order = Order.objects.get()
    assert (order.shop, order.number, order.source, order.updated_at) == (shop, "4100123456789012345", "import", now)
    assert (order.paid_amount, order.placed_at, order.tracking_number) == (Decimal("118.00"), PLACED, "SF1384496319378")
    assert len(order.fingerprint) == 64
    assert order.customer is not None
    assert (order.customer.name, order.customer.phone, order.customer.buyer) == ("郑凯文", "13800000007", "豆浆不加糖")
    assert Customer.objects.matching("13800000007").get() == order.customer
    line = order.lines.get()
    assert (line.position, line.title, line.variant, line.quantity) == (1, "骨瓷餐具套装", "白色", 2)


def test_same_order_twice_changes_nothing(shop: Shop, now: datetime) -> None:
    write_orders(shop, [snapshot()], now=now)
    before = [*Order.objects.values(), *OrderLine.objects.values(), *Customer.objects.values()]
    assert write_orders(shop, [snapshot()], now=now + LATER) == Written(unchanged=1)
    assert [*Order.objects.values(), *OrderLine.objects.values(), *Customer.objects.values()] == before


def looks(shop: Shop, snapshots: list[OrderSnapshot], now: datetime) -> int:
    """How many SELECTs the write takes; a database may split what is inserted."""
    with CaptureQueriesContext(connection) as queries:
        write_orders(shop, snapshots, now=now)
    return sum(query["sql"].startswith("SELECT") for query in queries)


def test_number_of_looks_does_not_grow_with_the_orders(shop: Shop, now: datetime) -> None:
    def batch(*places: int, status: str = "卖家已发货") -> list[OrderSnapshot]:
        return [snapshot(f"n{place}", person=Person(buyer=f"b{place}"), status=status) for place in places]

    few, many = range(3), range(3, 203)
    assert looks(shop, batch(*few), now) == looks(shop, batch(*many), now) == 3
    assert looks(shop, batch(*few), now) == looks(shop, batch(*many), now) == 1
    assert looks(shop, batch(*few, status="交易成功"), now) == looks(shop, batch(*many, status="交易成功"), now) == 3


def test_later_export_updates_the_order(shop: Shop, now: datetime) -> None:
    write_orders(shop, [snapshot()], now=now)
    received = PLACED + timedelta(days=3)
    later = snapshot(status="交易成功", received_at=received)
    assert write_orders(shop, [later], now=now + LATER) == Written(changed=1)
    order = Order.objects.get()
    assert (order.status, order.received_at, order.updated_at) == ("交易成功", received, now + LATER)
    assert order.fingerprint == later.fingerprint
    assert order.lines.count() == 1


def test_unknown_values_never_replace_known_ones(shop: Shop, now: datetime) -> None:
    write_orders(shop, [snapshot()], now=now)
    before = list(Order.objects.values())
    bare = OrderSnapshot(number="4100123456789012345", lines=(LineSnapshot(title="骨瓷餐具套装", quantity=2),))
    assert write_orders(shop, [bare], now=now + LATER) == Written(unchanged=1)
    assert list(Order.objects.values()) == before
    assert OrderLine.objects.get().variant == "白色"


def test_masked_export_with_a_new_status_keeps_customer_and_parcel(shop: Shop, now: datetime) -> None:
    write_orders(shop, [snapshot()], now=now)
    masked = snapshot(status="交易成功", person=Person(), tracking_number="", courier="")
    assert write_orders(shop, [masked], now=now + LATER) == Written(changed=1)
    order = Order.objects.get()
    assert (order.status, order.tracking_number) == ("交易成功", "SF1384496319378")
    assert order.customer is not None
    assert order.customer.name == "郑凯文"


def test_exact_time_replaces_the_guess_and_not_the_other_way_round(shop: Shop, now: datetime) -> None:
    guess = PLACED.replace(hour=0, minute=0)
    write_orders(shop, [snapshot(placed_at=None, placed_about=guess)], now=now)
    assert Order.objects.get().placed_at == guess
    write_orders(shop, [snapshot(placed_about=guess)], now=now)
    assert Order.objects.get().placed_at == PLACED
    assert write_orders(shop, [snapshot(placed_at=None, placed_about=guess)], now=now) == Written(unchanged=1)
    assert Order.objects.get().placed_at == PLACED


def test_same_number_in_another_shop_is_another_order(shop: Shop, now: datetime) -> None:
    other = Shop.objects.create(code="other", name="另一家店", platform="taobao")
    write_orders(shop, [snapshot()], now=now)
    assert write_orders(other, [snapshot()], now=now) == Written(new=1)


def test_typed_order_becomes_the_imported_one(shop: Shop, now: datetime) -> None:
    typed = Order.objects.create(shop=shop, number="4100123456789012345", source="typed", updated_at=now)
    OrderLine.objects.create(order=typed, position=1, title="盘子（客户口述）")
    assert write_orders(shop, [snapshot()], now=now + LATER) == Written(changed=1)
    order = Order.objects.get()
    assert (order.pk, order.source, order.status) == (typed.pk, "import", "卖家已发货，等待买家确认")
    assert lines_of(order) == [(1, "", "骨瓷餐具套装")]


def test_fingerprint_holds_no_personal_data_in_the_clear() -> None:
    one = snapshot(person=Person(name="郑 凯文", phone="+86 138 0000 0007"))
    other = snapshot(person=Person(name="郑凯文", phone="13800000007"))
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint != replace(one, status="交易关闭").fingerprint
    assert one.fingerprint != replace(one, lines=()).fingerprint


# ------------------------------------------------------------------ lines


def sub(number: str, title: str = "凤爪", **values: Any) -> LineSnapshot:
    return LineSnapshot(number=number, title=title, **values)


def test_export_of_some_sub_orders_leaves_the_others(shop: Shop, now: datetime) -> None:
    write_orders(shop, [snapshot(lines=(sub("691"), sub("692")), paid_amount=Decimal("100.00"))], now=now)
    part = snapshot(lines=(sub("692"),), paid_amount=Decimal("40.00"), after_sales="退款中")
    assert write_orders(shop, [part], now=now) == Written(changed=1)
    order = Order.objects.get()
    assert {number for _position, number, _title in lines_of(order)} == {"691", "692"}
    assert (order.paid_amount, order.after_sales) == (Decimal("100.00"), "退款中")


def test_merged_line_gives_way_to_its_sub_orders(shop: Shop, now: datetime) -> None:
    write_orders(shop, [snapshot(lines=(sub("691;692", "凤爪;草莓脆"),))], now=now)
    write_orders(shop, [snapshot(lines=(sub("691"), sub("692", "草莓脆")))], now=now)
    assert lines_of(Order.objects.get()) == [(1, "691", "凤爪"), (2, "692", "草莓脆")]


def test_lines_without_numbers_are_replaced(shop: Shop, now: datetime) -> None:
    write_orders(shop, [snapshot()], now=now)
    write_orders(shop, [snapshot(lines=(LineSnapshot(title="餐具"), LineSnapshot(title="加湿器")))], now=now)
    assert lines_of(Order.objects.get()) == [(1, "", "餐具"), (2, "", "加湿器")]


# ------------------------------------------------------------------ customers


def test_orders_of_one_buyer_share_the_customer(shop: Shop, now: datetime) -> None:
    write_orders(shop, [snapshot("1001"), snapshot("1002")], now=now)
    write_orders(shop, [snapshot("1003")], now=now)
    assert Customer.objects.count() == 1
    assert Order.objects.filter(customer=Customer.objects.get()).count() == 3


def test_two_buyers_with_one_phone_are_two_customers(shop: Shop, now: datetime) -> None:
    one, other = (Person(buyer=name, phone="13800000007") for name in ("甲", "乙"))
    write_orders(shop, [snapshot("1001", person=one), snapshot("1002", person=other)], now=now)
    assert Customer.objects.count() == 2


def test_person_known_by_phone_gets_the_buyer_id(shop: Shop, now: datetime) -> None:
    known = find_or_create_customer("taobao", Person(phone="13800000007"), now=now)
    write_orders(shop, [snapshot()], now=now)
    known.refresh_from_db()
    assert Customer.objects.count() == 1
    assert (known.buyer, known.name) == ("豆浆不加糖", "郑凯文")


def test_bulk_finds_the_customers_that_single_look_ups_find(shop: Shop, now: datetime) -> None:
    people = [
        Person(buyer="甲", phone="13800000001"),
        Person(phone="13800000001"),
        Person(phone="13800000002"),
        Person(buyer="乙", phone="13800000002", name="乙某"),
        Person(name="只有名字"),
        Person(name="只有名字"),
        Person(buyer="甲", name="甲某"),
    ]
    single = [find_or_create_customer("douyin", person, now=now).pk for person in people]
    write_orders(shop, [snapshot(f"100{place}", person=person) for place, person in enumerate(people)], now=now)
    bulk = list(Order.objects.order_by("number").values_list("customer", flat=True))
    assert [single.index(pk) for pk in single] == [bulk.index(pk) for pk in bulk]
    facts = ("name", "phone", "buyer")
    of = {platform: Customer.objects.filter(platform=platform).order_by("pk") for platform in ("douyin", "taobao")}
    assert list(of["taobao"].values_list(*facts)) == list(of["douyin"].values_list(*facts))


def test_customer_of_an_order_stays_and_is_completed(shop: Shop, now: datetime) -> None:
    caller = find_or_create_customer("taobao", Person(name="郑凯文"), now=now)
    Order.objects.create(shop=shop, number="4100123456789012345", customer=caller, source="typed", updated_at=now)
    write_orders(shop, [snapshot()], now=now)
    caller.refresh_from_db()
    assert Order.objects.get().customer == caller
    assert (caller.buyer, caller.phone) == ("豆浆不加糖", "13800000007")
    assert Customer.objects.count() == 1


def test_buyer_id_of_another_customer_stays_there(shop: Shop, now: datetime) -> None:
    buyer = find_or_create_customer("taobao", Person(buyer="豆浆不加糖"), now=now)
    caller = find_or_create_customer("taobao", Person(name="郑凯文"), now=now)
    Order.objects.create(shop=shop, number="4100123456789012345", customer=caller, source="typed", updated_at=now)
    write_orders(shop, [snapshot()], now=now)
    caller.refresh_from_db()
    buyer.refresh_from_db()
    assert (caller.buyer, caller.phone) == (None, "13800000007")
    assert buyer.phone is None


def test_other_buyer_tells_nothing_about_the_customer_of_an_order(shop: Shop, now: datetime) -> None:
    customer = find_or_create_customer("taobao", Person(buyer="别人"), now=now)
    Order.objects.create(shop=shop, number="4100123456789012345", customer=customer, source="typed", updated_at=now)
    write_orders(shop, [snapshot()], now=now)
    customer.refresh_from_db()
    assert (customer.buyer, customer.phone) == ("别人", None)


def test_two_orders_complete_their_customer_together(shop: Shop, now: datetime) -> None:
    customer = find_or_create_customer("taobao", Person(buyer="豆浆不加糖"), now=now)
    for number in ("1001", "1002"):
        Order.objects.create(shop=shop, number=number, customer=customer, updated_at=now)
    one = snapshot("1001", person=Person(buyer="豆浆不加糖", phone="13800000007"))
    other = snapshot("1002", person=Person(buyer="豆浆不加糖", name="郑凯文"))
    assert write_orders(shop, [one, other], now=now) == Written(changed=2)
    customer.refresh_from_db()
    assert (customer.name, customer.phone) == ("郑凯文", "13800000007")
    assert Customer.objects.matching("13800000007").get() == Customer.objects.matching("郑凯文").get() == customer


# ------------------------------------------------------------------ together with others


def test_order_that_appears_meanwhile_is_found_at_the_second_look(
    shop: Shop, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = orders._stored
    blind = [True]

    def stored(*args: Any) -> dict[str, Order]:
        return {} if blind and blind.pop() else look(*args)

    write_orders(shop, [snapshot()], now=now)
    monkeypatch.setattr(orders, "_stored", stored)
    later = snapshot(status="交易成功")
    assert write_orders(shop, [later, snapshot("1002")], now=now) == Written(new=1, changed=1)
    assert Order.objects.count() == 2


def test_batch_is_written_whole_or_not_at_all(shop: Shop, now: datetime) -> None:
    with pytest.raises(IntegrityError):
        write_orders(shop, [snapshot("1001"), snapshot("1002", paid_amount=Decimal("-1.00"))], now=now)
    assert not Order.objects.exists()
    assert not Customer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_file_at_once_write_each_order_once(shop: Shop, now: datetime) -> None:
    batch = [snapshot(f"n{place}", person=Person(buyer=f"b{place % 7}", name=f"王{place % 7}")) for place in range(60)]
    together = Barrier(2)

    def write(_place: int) -> Written:
        together.wait()
        try:
            return write_orders(shop, batch, now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(write, range(2))
    assert one + other == Written(new=60, unchanged=60)
    assert (Order.objects.count(), OrderLine.objects.count(), Customer.objects.count()) == (60, 60, 7)


# ------------------------------------------------------------------ policies that ask for the amount


def test_an_amount_that_the_export_tells_puts_the_open_case_under_its_policy(shop: Shop, now: datetime) -> None:
    SlaPolicy.objects.create(name="高价值", position=1, priority="P2", amount_from=Decimal(100))
    typed = typed_orders.TypedOrder(number=snapshot().number, product="骨瓷餐具套装")
    registration = intake.Registration(shop=shop, title="碎了", channel="phone", typed_order=typed)
    case = intake.register(registration, actor=None, now=now)
    assert (case.priority, case.next_due_at) == ("P3", now + timedelta(hours=2))
    write_orders(shop, [snapshot()], now=now + LATER)
    case.refresh_from_db()
    assert (case.priority, case.next_due_at) == ("P2", now + timedelta(minutes=30))
    assert case.events.get(kind="policy_applied").data["changes"] == {"priority": ["P3", "P2"]}
