"""What scripts may say of a case: what the customer may know, and no more."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from complaints.models import Complaint, Order
from complaints.queries.case import reply_facts
from tests.factories.complaints import NOW, PromiseFactory, RemedyFactory

pytestmark = pytest.mark.usefixtures("frozen")


def facts(case: Complaint) -> dict[str, str]:
    return reply_facts(Complaint.objects.get(pk=case.pk), agent_name="李娜", now=NOW)


def test_the_title_is_for_colleagues(case: Callable[..., Any]) -> None:
    complaint = case("new", title="仓库漏发，店铺全责")
    assert "全责" not in str(facts(complaint))
    assert facts(complaint)["issue_summary"] == complaint.issue_type.name
    with translation.override("en"):
        assert facts(complaint)["issue_summary"] == complaint.issue_type.name_en


def test_the_first_two_options_on_the_table_are_a_and_b_whatever_their_letters(case: Callable[..., Any]) -> None:
    complaint = case("negotiating")
    complaint.remedies.update(status="declined")
    for letter in "DCE":
        RemedyFactory(complaint=complaint, round=complaint.round, label=letter, text=f"方案{letter}", offered=True)
    said = facts(complaint)
    assert (said["option_a"], said["option_b"]) == ("方案C", "方案D")


def test_an_option_that_waits_for_a_signature_is_not_told(case: Callable[..., Any]) -> None:
    complaint = case("proposing")
    RemedyFactory(complaint=complaint, round=complaint.round, label="A", text="全额退款", large=True)
    RemedyFactory(complaint=complaint, round=complaint.round, label="B", text="优惠券")
    said = facts(complaint)
    assert said["option_a"] == "优惠券"
    assert "option_b" not in said


def test_options_of_earlier_rounds_are_not_told(case: Callable[..., Any]) -> None:
    complaint = case("proposing")
    RemedyFactory(complaint=complaint, round=complaint.round + 1, label="A", offered=True)
    assert "option_a" not in facts(complaint)


def test_a_time_that_is_over_or_settled_is_a_gap(case: Callable[..., Any]) -> None:
    complaint = case("verifying")
    complaint.promises.all().delete()
    PromiseFactory(complaint=complaint, made_at=NOW - timedelta(hours=2), due_at=NOW - timedelta(hours=1))
    PromiseFactory(complaint=complaint, due_at=NOW + timedelta(hours=9), settled_at=NOW, status="kept")
    assert "deadline" not in facts(complaint)
    PromiseFactory(complaint=complaint, due_at=NOW + timedelta(hours=2))
    assert facts(complaint)["deadline"]


def test_the_parcel_of_the_order_is_neither_the_replacement_nor_the_return(case: Callable[..., Any]) -> None:
    complaint = case("executing")
    Order.objects.filter(pk=complaint.order_id).update(courier="中通快递", tracking_number="73612873347589")
    assert not {"tracking_no", "return_tracking_no", "courier_name"} & set(facts(complaint))
    complaint.remedies.filter(status="chosen").update(courier="顺丰", tracking_number="SF1", return_tracking="YT2")
    told = facts(complaint)
    assert (told["courier_name"], told["tracking_no"], told["return_tracking_no"]) == ("顺丰", "SF1", "YT2")
