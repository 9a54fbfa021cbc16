"""Who must approve which cost, and what carrying a remedy out needs."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints import remedy_rules
from complaints.remedy_rules import Kind, Level, amount_at_stake, approval_level, missing_facts
from complaints.roles import ROLES

amounts = st.decimals(min_value=0, max_value=100_000, places=2)
paid_amounts = st.one_of(st.none(), amounts)
ordinary = st.sampled_from(["LOGI", "QUAL", "SERV", "PRIC", ""])
lesser_priorities = st.sampled_from(["P2", "P3", "P4"])


@pytest.mark.parametrize(
    ("cost", "paid", "level"),
    [
        ("0", "199", "L0"),
        ("0", None, "L0"),
        ("20", "100", "L0"),
        ("20", "99.99", "L1"),
        ("20.01", "1000", "L1"),
        ("10", "50", "L0"),
        ("10.01", "50", "L1"),
        ("1", "0", "L1"),
        ("1", None, "L1"),
        ("100", "1000", "L1"),
        ("100.01", "1000", "L2"),
        ("500", "1000", "L2"),
        ("500.01", "1000", "L3"),
        ("99999", None, "L3"),
    ],
)
def test_cost_decides_who_approves(cost: str, paid: str | None, level: str) -> None:
    known = None if paid is None else Decimal(paid)
    assert approval_level(Decimal(cost), known, issue_root="LOGI", priority="P3") == level


@given(cost=amounts, paid=paid_amounts, priority=st.sampled_from(["P1", "P2", "P3", "P4"]))
@pytest.mark.parametrize("root", ["SAFE", "AUTH"])
def test_safety_and_counterfeits_need_the_highest_level_whatever_the_amount(
    root: str, cost: Decimal, paid: Decimal | None, priority: str
) -> None:
    assert approval_level(cost, paid, issue_root=root, priority=priority) is Level.LX


@given(cost=amounts, paid=paid_amounts, root=ordinary)
def test_the_most_urgent_complaints_need_the_highest_level_whatever_the_amount(
    cost: Decimal, paid: Decimal | None, root: str
) -> None:
    assert approval_level(cost, paid, issue_root=root, priority="P1") is Level.LX


@given(one=amounts, two=amounts, paid=paid_amounts, root=ordinary, priority=lesser_priorities)
def test_more_cost_never_needs_a_lower_level(
    one: Decimal, two: Decimal, paid: Decimal | None, root: str, priority: str
) -> None:
    small, large = (approval_level(c, paid, issue_root=root, priority=priority) for c in sorted((one, two)))
    assert list(Level).index(small) <= list(Level).index(large)


@given(cost=amounts, one=amounts, two=amounts)
def test_a_dearer_order_never_needs_a_higher_level(cost: Decimal, one: Decimal, two: Decimal) -> None:
    cheap, dear = (approval_level(cost, p, issue_root="LOGI", priority="P3") for p in sorted((one, two)))
    assert list(Level).index(dear) <= list(Level).index(cheap)


@given(cost=amounts, paid=amounts)
def test_not_knowing_the_payment_never_lowers_the_level(cost: Decimal, paid: Decimal) -> None:
    known = approval_level(cost, paid, issue_root="LOGI", priority="P3")
    unknown = approval_level(cost, None, issue_root="LOGI", priority="P3")
    assert list(Level).index(unknown) >= list(Level).index(known)


@pytest.mark.parametrize(
    ("level", "signers"),
    [
        ("L0", [set()]),
        ("L1", [{"team_lead", "supervisor", "shop_manager"}]),
        ("L2", [{"supervisor", "shop_manager"}]),
        ("L3", [{"shop_manager"}, {"finance"}]),
        ("LX", [{"shop_manager"}, {"legal"}]),
    ],
)
def test_each_level_is_signed_by_its_roles(level: str, signers: list[set[str]]) -> None:
    asked = remedy_rules.SIGNATURES[Level(level)]
    able = [{code for code, role in ROLES.items() if f"complaints.{name}" in role.permissions} for name in asked]
    assert able == [roles for roles in signers if roles]


PARCEL = {"courier": "顺丰", "tracking_number": "SF1", "eta": date(2026, 11, 22)}
PAYMENT = {"actual_cost": Decimal("10"), "reference": "ALI-1"}
COMPLETE = {
    "reship": PARCEL,
    "gift": PARCEL,
    "exchange": PARCEL | {"return_tracking": "SF2"},
    "refund": PAYMENT,
    "partial_refund": PAYMENT,
    "compensation": PAYMENT,
    "return_refund": PAYMENT | {"return_tracking": "SF2", "inspection": "完好"},
    "coupon": {"coupon_code": "AMENDS20"},
    "apology_call": {"execution_note": "已致电"},
    "other": {"execution_note": "上门维修"},
}


def test_every_kind_of_remedy_has_its_facts() -> None:
    assert set(COMPLETE) == set(Kind)


@pytest.mark.parametrize("kind", list(COMPLETE))
def test_a_remedy_is_carried_out_when_all_its_facts_are_there(kind: str) -> None:
    assert missing_facts(kind, COMPLETE[kind]) == ()


@pytest.mark.parametrize(
    ("kind", "lacking", "empty"),
    [(kind, name, empty) for kind, facts in COMPLETE.items() for name in facts for empty in (None, "")],
)
def test_each_missing_fact_is_named(kind: str, lacking: str, empty: object) -> None:
    assert missing_facts(kind, COMPLETE[kind] | {lacking: empty}) == (lacking,)


@pytest.mark.parametrize("kind", list(COMPLETE))
def test_with_nothing_done_everything_is_missing(kind: str) -> None:
    assert set(missing_facts(kind, {})) == set(COMPLETE[kind])


def test_a_payment_of_nothing_is_a_known_amount() -> None:
    assert missing_facts("refund", PAYMENT | {"actual_cost": Decimal(0)}) == ()


@pytest.mark.parametrize(
    ("kind", "cost", "paid", "stake"),
    [
        ("refund", "0", "454", "454"),
        ("return_refund", "12", "454", "454"),
        ("refund", "500", "454", "500"),
        ("refund", "30", None, "30"),
        ("partial_refund", "30", "454", "30"),
        ("reship", "30", "454", "30"),
    ],
)
def test_a_whole_refund_is_never_less_than_what_was_paid(kind: str, cost: str, paid: str | None, stake: str) -> None:
    known = None if paid is None else Decimal(paid)
    assert amount_at_stake(kind, Decimal(cost), known) == Decimal(stake)
