"""What scripts may say of a case: what the customer may know, and no more."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation

from complaints.models import Complaint
from complaints.queries.case import reply_facts
from tests.factories.complaints import RemedyFactory

pytestmark = pytest.mark.usefixtures("frozen")


def facts(case: Complaint) -> dict[str, str]:
    return reply_facts(Complaint.objects.get(pk=case.pk), agent_name="李娜")


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
