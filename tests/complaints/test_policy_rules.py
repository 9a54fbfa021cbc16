"""The first rule that fits wins: a table of worked cases."""

from decimal import Decimal
from typing import Any

import pytest

from complaints.policy_rules import Facts, Rule, by_hand, first_match

SAFETY, FIRE, SHIPPING, LATE = 10, 11, 20, 21
"""A first level and one type below it, twice."""

RULES = [
    Rule(pk=1, priority="P1", severities=frozenset({"S4"})),
    Rule(pk=2, priority="P1", issue_types=frozenset({SAFETY})),
    Rule(pk=3, priority="P2", amount_from=Decimal(1000)),
    Rule(pk=4, priority="P2", shops=frozenset({7}), amount_from=Decimal(500), amount_below=Decimal(1000)),
    Rule(pk=5, priority="P2", platform_case=True),
    Rule(pk=6, priority="P4", platforms=frozenset({"jd"}), channels=frozenset({"email"})),
    Rule(pk=7, priority="P3"),
]


def facts(**values: Any) -> Facts:
    return Facts(**{"shop": 1, "platform": "taobao", "channel": "phone", "severity": "S2"} | values)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, 7),
        ({"severity": "S4"}, 1),
        ({"severity": "S4", "issue_types": frozenset({FIRE, SAFETY})}, 1),
        ({"issue_types": frozenset({FIRE, SAFETY})}, 2),
        ({"issue_types": frozenset({SAFETY})}, 2),
        ({"issue_types": frozenset({LATE, SHIPPING})}, 7),
        ({"amount": Decimal("999.99")}, 7),
        ({"amount": Decimal(1000)}, 3),
        ({"amount": Decimal(500), "shop": 7}, 4),
        ({"amount": Decimal("999.99"), "shop": 7}, 4),
        ({"amount": Decimal("499.99"), "shop": 7}, 7),
        ({"amount": None, "shop": 7}, 7),
        ({"platform_case": True}, 5),
        ({"platform_case": True, "amount": Decimal(5000)}, 3),
        ({"platform": "jd"}, 7),
        ({"platform": "jd", "channel": "email"}, 6),
        ({"platform": "taobao", "channel": "email"}, 7),
    ],
)
def test_the_first_rule_that_fits_wins(values: dict[str, Any], expected: int) -> None:
    match = first_match(RULES, facts(**values))
    assert match is not None
    assert match.pk == expected


def test_where_no_rule_fits_there_is_none() -> None:
    assert first_match(RULES[:1], facts()) is None
    assert first_match([], facts()) is None


@pytest.mark.parametrize(
    ("priority", "values", "expected"),
    [
        ("P2", {"platform_case": True}, 5),
        ("P2", {}, 5),  # none fits: the last that gives it, which is the most general one
        ("P1", {"issue_types": frozenset({SAFETY})}, 2),
        ("P4", {"severity": "S4"}, 6),
        ("P3", {"severity": "S4"}, 7),
    ],
)
def test_a_priority_by_hand_has_a_rule_that_gives_it(priority: str, values: dict[str, Any], expected: int) -> None:
    rule = by_hand(RULES, facts(**values), priority)
    assert rule is not None
    assert rule.pk == expected


def test_a_priority_by_hand_that_no_rule_gives_has_none() -> None:
    assert by_hand(RULES[:2], facts(), "P4") is None
