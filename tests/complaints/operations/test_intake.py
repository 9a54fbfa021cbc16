"""Registering a complaint, and correcting its registration."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError

from complaints.models import Complaint, Customer, DailyNumber, Order, Shop
from complaints.operations import correcting, customers, intake
from complaints.operations.correcting import NothingChanged
from complaints.operations.customers import Person
from complaints.operations.ended import ComplaintOver
from complaints.operations.intake import Registration
from complaints.operations.locking import StaleVersion
from complaints.operations.matters import AlreadyOpen
from complaints.operations.typed_orders import TypedOrder
from knowledge.models import IssueType
from tests.factories.complaints import (
    NOW,
    CustomerFactory,
    OrderFactory,
    ShopFactory,
    current,
    registered,
    registration,
)
from tests.unchanged import nothing_written

LATER = NOW + timedelta(minutes=20)


def register(template: Registration, agent: Any, now: datetime = NOW) -> Complaint:
    return intake.register(template, actor=agent, now=now)


def bare(shop: Shop, **values: Any) -> Registration:
    """The least that takes a complaint in."""
    return Registration(shop=shop, title="桌面划痕", channel="phone", **values)


def correct(case: Complaint, agent: Any, changes: dict[str, Any] | None = None, **values: Any) -> Complaint:
    step = {"actor": agent, "version": current(case).version, "now": LATER} | values
    return correcting.correct(case.pk, changes or {}, **step)


# ---------------------------------------------------------------- what a registration writes


def test_a_registration_is_a_new_complaint_with_number_clock_contact_and_event(shop: Shop, agent: Any) -> None:
    complaint = register(registration(shop, assignee=agent), agent)
    assert (complaint.number, complaint.state, complaint.version, complaint.round) == ("A20261120-0001", "new", 1, 1)
    assert (complaint.registered_by, complaint.assignee) == (agent, agent)
    assert (complaint.received_at, complaint.created_at, complaint.round_started_at) == (NOW, NOW, NOW)
    assert complaint.next_due_at == NOW + timedelta(hours=2)
    contact = complaint.contacts.get()
    assert (contact.direction, contact.body, contact.at) == ("in", complaint.description, NOW)
    event = complaint.events.get()
    assert (event.kind, event.actor, event.at, event.from_state, event.to_state) == (
        "registered",
        agent,
        NOW,
        "",
        "new",
    )
    assert event.data == {"missing": []}


def test_missing_fields_do_not_prevent_registration_and_are_recorded(shop: Shop, agent: Any) -> None:
    complaint = register(bare(shop), agent)
    assert len(complaint.missing_fields) == 5
    assert complaint.events.get().data["missing"] == complaint.missing_fields


@pytest.mark.parametrize(
    ("lacking", "missing"),
    [
        ({"demand": ""}, 1),
        ({"issue_type": None}, 1),
        ({"order": None, "person": Person(phone="13812345678")}, 1),
        ({"order": None, "person": Person(phone="13812345678"), "no_order_reason": "售前"}, 0),
        ({"order": None, "no_order_reason": "匿名"}, 2),
        ({"order": None, "no_order_reason": "售前", "person": Person(name="王小明")}, 1),
    ],
)
def test_each_missing_field_is_named(shop: Shop, agent: Any, lacking: dict[str, Any], missing: int) -> None:
    complaint = register(registration(shop, **lacking), agent)
    assert len(complaint.missing_fields) == missing


def test_a_complaint_received_earlier_counts_from_then(shop: Shop, agent: Any) -> None:
    complaint = register(bare(shop, received_at=NOW - timedelta(days=1)), agent)
    assert (complaint.received_at, complaint.created_at) == (NOW - timedelta(days=1), NOW)
    assert complaint.contacts.get().at == NOW - timedelta(days=1)


def test_nothing_is_received_in_the_future(shop: Shop, agent: Any) -> None:
    assert register(bare(shop, received_at=NOW + timedelta(days=1)), agent).received_at == NOW


def test_without_a_description_the_title_is_what_the_customer_said(shop: Shop, agent: Any) -> None:
    assert register(bare(shop), agent).contacts.get().body == "桌面划痕"


# ---------------------------------------------------------------- numbers


def test_numbers_count_up_within_a_day_of_the_desk(shop: Shop, agent: Any) -> None:
    midnight = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    moments = [NOW, LATER, midnight - timedelta(seconds=1), midnight, midnight + timedelta(hours=1)]
    numbers = [register(bare(shop), agent, now=moment).number for moment in moments]
    assert numbers == ["A20261120-0001", "A20261120-0002", "A20261120-0003", "A20261121-0001", "A20261121-0002"]


def test_the_day_after_number_9999_goes_on(shop: Shop, agent: Any) -> None:
    DailyNumber.objects.create(day=NOW.date(), last=9999)
    assert register(bare(shop), agent).number == "A20261120-10000"


def test_a_failed_registration_uses_no_number_up(shop: Shop, agent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise ValueError("at the last step")

    with monkeypatch.context() as broke:
        broke.setattr(intake, "record", broken)
        with pytest.raises(ValueError, match="last step"):
            register(bare(shop), agent)
    assert register(bare(shop), agent).number == "A20261120-0001"
    assert Complaint.objects.count() == 1


# ---------------------------------------------------------------- who complains


def test_the_customer_of_the_order_is_the_complainant(shop: Shop, agent: Any) -> None:
    order = OrderFactory(shop=shop)
    complaint = register(bare(shop, order=order), agent)
    assert complaint.customer == order.customer
    assert complaint.customer.name == "王小明"


def test_what_the_customer_of_an_order_tells_now_counts_and_is_recorded_by_name(shop: Shop, agent: Any) -> None:
    order = OrderFactory(shop=shop)
    before = Customer.objects.get(pk=order.customer_id)
    complaint = register(bare(shop, order=order, person=Person(name="王大明", phone="13900000000")), agent)
    after = Customer.objects.get(pk=order.customer_id)
    assert complaint.customer == after
    assert (after.name, after.phone) == ("王大明", "13900000000")
    assert (after.email, after.buyer) == (before.email, before.buyer)
    data = complaint.events.get().data
    assert data["personal"] == ["name", "phone"]
    assert "13900000000" not in str(data)
    assert Customer.objects.matching("13900000000").get() == after


def test_the_same_phone_in_another_spelling_changes_nothing(shop: Shop, agent: Any) -> None:
    order = OrderFactory(shop=shop, customer__phone="13800001111")
    complaint = register(bare(shop, order=order, person=Person(phone="+86 138-0000-1111")), agent)
    assert complaint.customer.phone == "13800001111"
    assert "personal" not in complaint.events.get().data


def test_somebody_else_may_complain_about_an_order(shop: Shop, agent: Any) -> None:
    order = OrderFactory(shop=shop, customer__buyer="tb_giver")
    complaint = register(bare(shop, order=order, person=Person(buyer="tb_given", phone="13911112222")), agent)
    assert (complaint.customer.buyer, complaint.customer.phone) == ("tb_given", "13911112222")
    assert Order.objects.get(pk=order.pk).customer.buyer == "tb_giver"


def test_what_the_order_did_not_know_of_the_customer_is_added(shop: Shop, agent: Any) -> None:
    order = OrderFactory(shop=shop, customer=CustomerFactory(phone="", email="", buyer="tb_x"))
    complaint = register(bare(shop, order=order, person=Person(phone="13900000000")), agent)
    assert complaint.customer.phone == "13900000000"
    assert Customer.objects.matching("13900000000").get() == order.customer


def test_an_order_without_a_customer_gets_the_complainant(shop: Shop, agent: Any) -> None:
    order = OrderFactory(shop=shop, of_nobody=True)
    complaint = register(bare(shop, order=order, person=Person(name="王小明", phone="13900000000")), agent)
    assert Order.objects.get(pk=order.pk).customer == complaint.customer


def test_a_known_buyer_is_the_same_customer_in_every_spelling(shop: Shop, agent: Any) -> None:
    known = CustomerFactory(buyer="TB_Lily", phone="", email="")
    complaint = register(bare(shop, person=Person(buyer="tb_lily ", phone="138 0000 1111")), agent)
    assert complaint.customer == known
    assert complaint.customer.phone == "138 0000 1111"


def test_a_phone_finds_the_customer_when_the_buyer_is_unknown(shop: Shop, agent: Any) -> None:
    known = CustomerFactory(phone="13800001111", buyer="")
    complaint = register(bare(shop, person=Person(phone="+86 138 0000 1111", buyer="tb_new")), agent)
    assert (complaint.customer, complaint.customer.buyer) == (known, "tb_new")


def test_two_buyers_with_one_phone_are_two_customers(shop: Shop, agent: Any) -> None:
    known = CustomerFactory(phone="13800001111", buyer="tb_one")
    complaint = register(bare(shop, person=Person(phone="13800001111", buyer="tb_two")), agent)
    assert complaint.customer != known
    assert Customer.objects.count() == 2


def test_the_same_phone_on_another_platform_is_another_customer(shop: Shop, agent: Any) -> None:
    known = CustomerFactory(platform="jd", phone="13800001111")
    assert register(bare(shop, person=Person(phone="13800001111")), agent).customer != known


def test_the_same_name_alone_is_nobody_known(shop: Shop, agent: Any) -> None:
    known = CustomerFactory(name="王小明")
    assert register(bare(shop, person=Person(name="王小明")), agent).customer != known


def test_an_anonymous_complaint_has_no_customer(shop: Shop, agent: Any) -> None:
    assert register(bare(shop), agent).customer is None
    assert not Customer.objects.exists()


def test_the_newest_contact_of_a_known_buyer_wins(shop: Shop, agent: Any) -> None:
    known = CustomerFactory(buyer="tb_lily", phone="13800001111")
    complaint = register(bare(shop, person=Person(buyer="tb_lily", phone="13999999999")), agent)
    assert complaint.customer == known
    assert Customer.objects.get(pk=known.pk).phone == "13999999999"
    assert complaint.events.get().data["personal"] == ["phone"]


def test_who_names_the_buyer_id_of_a_known_customer_is_that_customer(shop: Shop, agent: Any) -> None:
    other = CustomerFactory(buyer="tb_taken")
    order = OrderFactory(shop=shop, customer=CustomerFactory(buyer=""))
    complaint = register(bare(shop, order=order, person=Person(buyer="tb_taken", phone="13911112222")), agent)
    assert complaint.customer == other
    assert Customer.objects.get(pk=other.pk).phone == "13911112222"
    assert not Customer.objects.get(pk=order.customer_id).buyer


# ---------------------------------------------------------------- one matter, one complaint


def test_a_second_complaint_about_an_order_is_refused_unless_it_is_another_matter(shop: Shop, agent: Any) -> None:
    order = OrderFactory(shop=shop)
    first = register(bare(shop, order=order), agent)
    with pytest.raises(AlreadyOpen) as refused:
        register(bare(shop, order=order), agent)
    assert refused.value.names == {"number": first.number}
    with pytest.raises(AlreadyOpen):
        register(bare(shop, typed_order=TypedOrder(number=order.number, product="书桌")), agent)
    assert Complaint.objects.count() == 1
    assert register(bare(shop, order=order, separate=True), agent).number == "A20261120-0002"


def test_an_ended_complaint_about_an_order_is_in_nobodys_way(case: Callable[..., Any], agent: Any) -> None:
    ended = case("withdrawn")
    assert register(bare(ended.shop, order=ended.order), agent).order == ended.order


@pytest.mark.parametrize("of_an_order", [True, False])
def test_the_same_registration_sent_again_is_the_first_complaint(shop: Shop, agent: Any, of_an_order: bool) -> None:
    values: dict[str, Any] = {"order": OrderFactory(shop=shop)} if of_an_order else {"no_order_reason": "售前"}
    template = bare(shop, token=uuid4(), **values)
    first = register(template, agent)
    assert register(template, agent, now=LATER) == first
    assert (first.events.count(), Complaint.objects.count(), DailyNumber.objects.get().last) == (1, 1, 1)
    if not of_an_order:
        assert register(replace(template, token=uuid4()), agent) != first


def test_the_token_of_somebody_else_leads_nowhere(shop: Shop, agent: Any, staff: dict[str, Any]) -> None:
    template = bare(shop, token=uuid4())
    register(template, agent)
    with pytest.raises(IntegrityError):
        register(template, staff["agent"])
    assert intake.registered_by(template.token, staff["agent"]) is None


# ---------------------------------------------------------------- orders typed by hand


def test_an_order_typed_by_hand_is_kept_with_its_product(shop: Shop, agent: Any) -> None:
    typed = TypedOrder(number="202611200001", product="胡桃木书桌", paid_amount=Decimal("299.00"))
    order = register(bare(shop, typed_order=typed), agent).order
    assert (order.number, order.source, order.paid_amount) == ("202611200001", "typed", Decimal("299.00"))
    assert order.lines.get().title == "胡桃木书桌"


def test_typing_a_known_order_joins_it(shop: Shop, agent: Any) -> None:
    known = OrderFactory(shop=shop, number="202611200001")
    complaint = register(bare(shop, typed_order=TypedOrder(number="202611200001", product="椅子")), agent)
    assert complaint.order == known
    assert known.lines.count() == 1


def test_the_same_number_in_another_shop_is_another_order(shop: Shop, agent: Any) -> None:
    known = OrderFactory(shop=ShopFactory(), number="202611200001")
    complaint = register(bare(shop, typed_order=TypedOrder(number="202611200001", product="椅子")), agent)
    assert complaint.order != known


# ---------------------------------------------------------------- corrections


def test_a_correction_records_each_old_and_new_value(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    quality = IssueType.objects.get(code="QUAL-01")
    after = correct(
        complaint, agent, {"title": "桌面开裂", "severity": "S3", "issue_type": quality, "demand": complaint.demand}
    )
    assert (after.title, after.severity, after.issue_type, after.version) == ("桌面开裂", "S3", quality, 2)
    event = complaint.events.get(kind="corrected")
    assert (event.actor, event.at, event.version) == (agent, LATER, 2)
    assert set(event.data["changes"]) == {"title", "severity", "issue_type"}
    assert event.data["changes"]["title"] == ["书桌桌面划痕", "桌面开裂"]


def test_personal_data_is_corrected_and_recorded_by_name_only(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    correct(complaint, agent, person=Person(phone="13900001234", name="王小鸣"))
    assert (current(complaint).customer.phone, current(complaint).customer.name) == ("13900001234", "王小鸣")
    event = complaint.events.get(kind="corrected")
    assert sorted(event.data["personal"]) == ["name", "phone"]
    assert "13900001234" not in str(event.data)


def test_a_corrected_phone_is_found_under_its_new_number(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    old = complaint.customer.phone
    correct(complaint, agent, person=Person(phone="13900001234"))
    assert Customer.objects.matching("13900001234").get() == complaint.customer
    assert not Customer.objects.matching(old).exists()


def test_a_complaint_without_a_customer_gets_one_by_correction(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new", order=None, no_order_reason="匿名")
    correct(complaint, agent, person=Person(phone="13900001234"))
    assert current(complaint).customer.phone == "13900001234"


def test_a_corrected_buyer_id_of_a_known_customer_leads_to_that_customer(case: Callable[..., Any], agent: Any) -> None:
    complaint, known = case("new"), CustomerFactory(buyer="tb_known")
    before = Customer.objects.get(pk=complaint.customer_id).buyer
    correct(complaint, agent, person=Person(buyer="tb_known"))
    assert current(complaint).customer == known
    assert Customer.objects.get(pk=complaint.customer_id).buyer == before


def test_a_buyer_id_in_a_correction_brings_the_typed_phone_along(case: Callable[..., Any], agent: Any) -> None:
    complaint, known = case("new"), CustomerFactory(buyer="tb_known")
    correct(complaint, agent, person=Person(buyer="tb_known", phone="13911112222"))
    assert Customer.objects.get(pk=known.pk).phone == "13911112222"
    assert complaint.events.get(kind="corrected").data["personal"] == ["buyer", "phone"]


def test_another_spelling_may_be_corrected(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    Customer.objects.filter(pk=complaint.customer_id).update(name="Li ming")
    correct(complaint, agent, person=Person(name="Li Ming"))
    assert current(complaint).customer.name == "Li Ming"


def test_a_correction_writes_only_the_facts_it_is_about(
    case: Callable[..., Any], agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaint = case("new")
    finding = customers.owner_of

    def and_meanwhile(platform: str, buyer: str) -> Customer | None:
        """An import completes the customer after the complaint was read."""
        customer = Customer.objects.get(pk=complaint.customer_id)
        customer.email = "new@mail.example"
        customer.save()
        return finding(platform, buyer)

    monkeypatch.setattr(customers, "owner_of", and_meanwhile)
    correct(complaint, agent, person=Person(phone="13900001234"))
    after = Customer.objects.get(pk=complaint.customer_id)
    assert (after.phone, after.email) == ("13900001234", "new@mail.example")
    assert Customer.objects.matching("new@mail.example").get() == after


def test_a_linked_order_brings_its_customer(case: Callable[..., Any], shop: Shop, agent: Any) -> None:
    complaint = case("new", order=None)
    order = OrderFactory(shop=shop)
    assert len(complaint.missing_fields) == 3
    after = correct(complaint, agent, {"order": order})
    assert (current(after).customer, current(after).missing_fields) == (order.customer, [])


def test_a_linked_order_of_nobody_gets_the_complainant(case: Callable[..., Any], shop: Shop, agent: Any) -> None:
    complaint = case("new", order=None, person=Person(phone="13900001234"))
    order = OrderFactory(shop=shop, of_nobody=True)
    correct(complaint, agent, {"order": order})
    assert Order.objects.get(pk=order.pk).customer == complaint.customer


def test_the_complainant_stays_when_another_order_is_linked(case: Callable[..., Any], shop: Shop, agent: Any) -> None:
    complaint = case("new")
    correct(complaint, agent, {"order": OrderFactory(shop=shop)})
    assert current(complaint).customer == complaint.customer


def test_an_order_with_an_open_complaint_is_linked_only_as_another_matter(case: Callable[..., Any], agent: Any) -> None:
    other, complaint = case("new"), case("new", order=None)
    with nothing_written(complaint), pytest.raises(AlreadyOpen) as refused:
        correct(complaint, agent, {"order": other.order})
    assert refused.value.names == {"number": other.number}
    correct(complaint, agent, {"order": other.order}, separate=True)
    assert current(complaint).order == other.order


def test_correcting_nothing_writes_nothing(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    for attempt in (
        {"changes": {"title": complaint.title, "order": complaint.order}},
        {"person": Person()},
        {"person": Person(phone=complaint.customer.phone)},
    ):
        with nothing_written(complaint), pytest.raises(NothingChanged):
            correct(complaint, agent, **attempt)


def test_a_stale_correction_writes_nothing(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    phone = complaint.customer.phone
    with nothing_written(complaint), pytest.raises(StaleVersion):
        correct(complaint, agent, {"title": "x"}, person=Person(phone="13900001234"), version=complaint.version - 1)
    assert current(complaint).customer.phone == phone


@pytest.mark.parametrize("state", ["closed", "withdrawn", "merged"])
def test_a_case_that_is_over_is_not_corrected(case: Callable[..., Any], agent: Any, state: str) -> None:
    complaint = case(state)
    with nothing_written(complaint), pytest.raises(ComplaintOver):
        correct(complaint, agent, {"title": "x"})


def test_two_corrections_in_a_row_are_two_versions(shop: Shop, agent: Any) -> None:
    complaint = registered(shop, actor=agent)
    correct(complaint, agent, {"title": "一"})
    correct(complaint, agent, {"title": "二"})
    assert [event.version for event in complaint.events.filter(kind="corrected")] == [2, 3]
