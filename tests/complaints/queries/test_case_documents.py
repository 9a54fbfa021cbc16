"""The library of closed cases: what one learns from them, for those who may see them, and nobody's data."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from complaints.identity import without_personal_data
from complaints.models import Complaint, OrderLine, Remedy, Shop
from complaints.operations import merging, progress
from complaints.operations.locking import locked, record
from complaints.queries.case_documents import KIND, SOURCE
from knowledge import searching
from knowledge.models import SearchDocument
from knowledge.operations import indexing
from knowledge.search_query import parse
from knowledge.searching import Filters
from tests.factories.complaints import ContactFactory, bring, complaint_in, current, registered

pytestmark = pytest.mark.django_db


@pytest.fixture
def find(staff: dict[str, Any]) -> Callable[..., list[int]]:
    def ids(text: str, *, user: Any = None) -> list[int]:
        found = searching.search(SOURCE, parse(text), user or staff["auditor"], filters=Filters())
        return [hit.object_id for hit in found.hits]

    return ids


def document(case: Complaint) -> SearchDocument:
    return SearchDocument.objects.get(kind=KIND, object_id=case.pk)


def test_a_case_is_found_once_it_is_closed(case: Callable[..., Any], find: Callable[..., list[int]]) -> None:
    case("awaiting_followup", title="青花瓷碗碎裂")
    assert find("青花瓷") == []
    closed = case("closed", title="青花瓷碗碎裂")
    assert find("青花瓷") == [closed.pk]


def test_what_ended_otherwise_teaches_nothing(case: Callable[..., Any], find: Callable[..., list[int]]) -> None:
    for state in ("withdrawn", "unfounded", "merged"):
        case(state, title="青花瓷碗碎裂")
    assert find("青花瓷") == []


def test_a_case_that_is_reopened_is_not_found_until_it_is_closed_again(
    case: Callable[..., Any], find: Callable[..., list[int]], agent: Any, now: datetime
) -> None:
    closed = case("closed", title="青花瓷碗碎裂")
    progress.reopen(closed.pk, reason="又坏了", actor=agent, version=closed.version, now=now)
    assert find("青花瓷") == []


def test_what_is_merged_into_a_case_is_found_with_it(
    shop: Shop, agent: Any, find: Callable[..., list[int]], user_with: Callable[..., Any], now: datetime
) -> None:
    target = registered(shop, actor=agent, now=now)
    source = registered(shop, actor=agent, now=now)
    Complaint.objects.filter(pk=source.pk).update(customer=target.customer, order=target.order)
    ContactFactory(complaint=source, body="琉璃盏也碎了")
    source = current(source)
    merging.merge(
        source.pk, target.pk, reason="同一件事", actor=user_with("team_lead"), version=source.version, now=now
    )
    assert find("琉璃盏") == []
    bring(current(target), "closed", actor=agent, now=now)
    assert find("琉璃盏") == [target.pk]


def test_it_holds_what_one_can_learn_from(case: Callable[..., Any]) -> None:
    closed = case("closed")
    body = document(closed).body
    remedy = Remedy.objects.get(complaint=closed, status=Remedy.Status.DONE)
    line = OrderLine.objects.filter(order=closed.order).first()
    assert line
    for part in (closed.root_cause, remedy.text, closed.demand, closed.issue_type.name, line.title):
        assert part
        assert part in body


def test_internal_notes_and_automatic_answers_are_not_in_it(case: Callable[..., Any], now: datetime) -> None:
    closed = case("closed")
    ContactFactory(complaint=closed, internal=True, body="仓库说是青花瓷")
    ContactFactory(complaint=closed, acknowledgement=True, body="自动回复琉璃盏")
    indexing.refresh(KIND, [closed.pk])
    assert "青花瓷" not in document(closed).body
    assert "琉璃盏" not in document(closed).body


def test_nobody_s_personal_data_is_in_it(case: Callable[..., Any], now: datetime) -> None:
    closed = case("closed", title="王小明的桌子")
    customer = closed.customer
    customer.name, customer.phone, customer.email = "欧阳修远", "13912345678", "xiu.yuan@mail.example"
    customer.save()
    ContactFactory(
        complaint=closed,
        body="我叫李雷，我是欧阳修远的朋友，电话 13912345678 或 021-55667788，邮箱 xiu.yuan@mail.example，"
        "寄到浙江省杭州市西湖区文三路12号3幢502室，身份证 33010619900101123X，订单 " + closed.order.number,
    )
    ContactFactory(complaint=closed, reply=True, body="欧阳女士您好，桌面 48 小时内寄出")
    indexing.refresh(KIND, [closed.pk])
    told = document(closed)
    for secret in (
        "李雷", "欧阳修远", "欧阳女士", "13912345678", "55667788", "xiu.yuan", "文三路", "502", "33010619900101",
        closed.order.number,
    ):  # fmt: skip
        assert secret not in told.title + told.body
    assert "48 小时内寄出" in told.body


def test_what_is_taken_out_of_a_case_later_is_gone_with_the_next_sweep(
    case: Callable[..., Any], find: Callable[..., list[int]], agent: Any, now: datetime
) -> None:
    closed = case("closed", title="青花瓷碗碎裂")
    with locked(closed.pk) as complaint:
        Complaint.objects.filter(pk=closed.pk).update(title="（已删除）", description="", demand="")
        complaint.contacts.update(body="（已删除）")
        record(complaint, "noted", actor=agent, now=now)
    indexing.sweep(now=timezone.now())
    assert find("青花瓷") == []
    assert "青花瓷" not in document(closed).title + document(closed).body


def test_each_person_finds_the_cases_that_they_may_see(
    case: Callable[..., Any], shop: Shop, staff: dict[str, Any], find: Callable[..., list[int]], now: datetime
) -> None:
    other = Shop.objects.create(code="jd", name="京东店", platform="jd")
    case("closed", title="青花瓷碗碎裂")
    complaint_in("closed", other, actor=staff["shop_manager"], title="青花瓷碗碎裂", now=now)
    for role, person in staff.items():
        visible = set(Complaint.objects.visible_to(person).filter(state="closed").values_list("pk", flat=True))
        assert set(find("青花瓷", user=person)) == visible, role
    assert len(find("青花瓷")) == 2
    assert len(find("青花瓷", user=staff["agent"])) == 1


MASKED = {
    "电话13812345678": "电话***",
    "+86 138 1234 5678": "***",
    "打 0571-8888 9999 找我": "打 *** 找我",
    "a.b-c@mail.example.com。": "***。",
    "2026-11-20 签收": "2026-11-20 签收",
    "48 小时，199.00 元，120x60": "48 小时，199.00 元，120x60",
    "收货人：张三丰": "收货人：***",
    "张先生您好": "*先生您好",
    "住在建国路88号": "***",
    "型号 AB-123 坏了": "型号 AB-123 坏了",
    "物流停在半路了": "物流停在半路了",
    "退货区在哪里": "退货区在哪里",
    "小区快递柜": "小区快递柜",
}


@pytest.mark.parametrize(("text", "expected"), MASKED.items())
def test_free_text_loses_what_reaches_a_person_and_nothing_else(text: str, expected: str) -> None:
    assert without_personal_data(text) == expected


def test_a_name_that_is_known_later_is_masked_at_the_next_sweep(
    case: Callable[..., Any], find: Callable[..., list[int]], now: datetime
) -> None:
    closed = case("closed", title="青花瓷碗碎裂", description="收货的是欧阳海棠，请补发")
    assert "欧阳海棠" in document(closed).body
    customer = closed.customer
    customer.name = "欧阳海棠"
    customer.save()
    indexing.sweep(now=timezone.now())
    assert "欧阳海棠" not in document(closed).body
    assert indexing.sweep(now=timezone.now()) == 0, "what was read and what is stored agree"


def test_a_long_run_of_letters_is_masked_in_no_time() -> None:
    text = "好" * 20_000 + " a@b.example " + "x" * 20_000
    assert "a@b.example" not in without_personal_data(text)
