"""Unreachable and overlapping policies, against brute force over every complaint of a small universe."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from complaints.policy_analysis import Universe, findings
from complaints.policy_rules import Facts, Rule, first_match

SMALL = Universe(
    shops={1: "taobao", 2: "jd"},
    issue_types={10: None, 11: 10, 12: 10, 20: None},
    platforms=("taobao", "jd", "pdd"),
    channels=("phone", "email"),
    severities=("S1", "S2"),
)
AMOUNTS = [None, Decimal(0), Decimal(5), Decimal(50), Decimal(500)]
CUTS = [None, Decimal(5), Decimal(50), Decimal(500)]


def everything() -> Iterator[Facts]:
    """Every complaint that there can be; shop 0 stands for one that is opened tomorrow."""
    places = [(1, "taobao"), (2, "jd"), (0, "taobao"), (0, "jd"), (0, "pdd")]
    types = [frozenset[int](), *(frozenset({pk, parent or pk}) for pk, parent in SMALL.issue_types.items())]
    axes = (places, types, AMOUNTS, SMALL.channels, SMALL.severities, (False, True))
    for (shop, platform), issue, amount, channel, severity, case in product(*axes):
        yield Facts(
            shop=shop, platform=platform, issue_types=issue, amount=amount, channel=channel, severity=severity,
            platform_case=case,
        )  # fmt: skip


ALL = list(everything())


def some(values: object) -> st.SearchStrategy[frozenset]:
    """Often no condition at all, as in life."""
    return st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(list(values)), max_size=3))


@st.composite
def rule_lists(draw: st.DrawFn) -> list[Rule]:
    return [
        Rule(
            pk=place + 1,
            priority="P3",
            shops=draw(some((1, 2))),
            platforms=draw(some(SMALL.platforms)),
            channels=draw(some(SMALL.channels)),
            issue_types=draw(some(SMALL.issue_types)),
            severities=draw(some(SMALL.severities)),
            amount_from=draw(st.sampled_from(CUTS)),
            amount_below=draw(st.sampled_from(CUTS)),
            platform_case=draw(st.sampled_from([None, None, True, False])),
        )
        for place in range(draw(st.integers(1, 6)))
    ]


@given(rule_lists())
def test_a_policy_is_unreachable_exactly_when_no_complaint_comes_to_it(rules: list[Rule]) -> None:
    reached = {match.pk for facts in ALL if (match := first_match(rules, facts))}
    found = findings(rules, SMALL).unreachable
    assert {line.rule for line in found} == {rule.pk for rule in rules} - reached
    known = {rule.pk: rule for rule in rules}
    for line in found:
        fitting = [facts for facts in ALL if known[line.rule].fits(facts)]
        assert all(any(known[pk].fits(facts) for pk in line.by) for facts in fitting)
        assert all(pk < line.rule for pk in line.by)
        assert bool(line.by) == bool(fitting)


@given(rule_lists())
def test_two_policies_overlap_exactly_when_one_complaint_fits_both_and_comes_to_the_earlier(rules: list[Rule]) -> None:
    found = findings(rules, SMALL)
    dead = {line.rule for line in found.unreachable}
    alive = [rule for rule in rules if rule.pk not in dead]
    expected = {
        (match.pk, later.pk)
        for facts in ALL
        if (match := first_match(rules, facts))
        for later in alive
        if later.pk > match.pk and later.fits(facts)
    }
    assert {(overlap.earlier, overlap.later) for overlap in found.overlaps} == expected
    known = {rule.pk: rule for rule in rules}
    for overlap in found.overlaps:
        earlier, later = known[overlap.earlier], known[overlap.later]
        assert first_match(rules, overlap.example) == earlier
        assert later.fits(overlap.example)
        assert overlap.exception == all(later.fits(facts) for facts in ALL if earlier.fits(facts))


def test_severities_that_together_are_all_leave_nothing() -> None:
    rules = [
        Rule(pk=1, priority="P1", severities=frozenset({"S1"})),
        Rule(pk=2, priority="P2", severities=frozenset({"S2"})),
        Rule(pk=3, priority="P3", shops=frozenset({1})),
    ]
    (line,) = findings(rules, SMALL).unreachable
    assert (line.rule, line.by) == (3, (1, 2))


def test_amounts_that_together_are_all_leave_the_unknown_one() -> None:
    below = Rule(pk=1, priority="P2", amount_below=Decimal(50))
    above = Rule(pk=2, priority="P1", amount_from=Decimal(50))
    rest = Rule(pk=3, priority="P3")
    known = Rule(pk=4, priority="P4", amount_from=Decimal(0))
    assert findings([below, above, rest], SMALL).unreachable == ()
    (line,) = findings([below, above, known], SMALL).unreachable
    assert (line.rule, line.by) == (4, (1, 2))


def test_a_shop_of_another_platform_is_never_reached() -> None:
    (line,) = findings(
        [Rule(pk=1, priority="P1", shops=frozenset({1}), platforms=frozenset({"jd"}))], SMALL
    ).unreachable
    assert (line.rule, line.by) == (1, ())


def test_types_below_are_covered_by_the_type_above_but_not_the_other_way_round() -> None:
    above, below = frozenset({10}), frozenset({11, 12})
    assert findings(
        [Rule(pk=1, priority="P1", issue_types=above), Rule(pk=2, priority="P2", issue_types=below)], SMALL
    ).unreachable
    assert not findings(
        [Rule(pk=1, priority="P1", issue_types=below), Rule(pk=2, priority="P2", issue_types=above)], SMALL
    ).unreachable


def test_a_long_list_over_many_types_is_looked_through_at_once() -> None:
    many = Universe(
        shops=dict.fromkeys(range(1, 201), "taobao"),
        issue_types=dict.fromkeys(range(1, 101)),
        platforms=("taobao", "jd"),
        channels=("phone", "email"),
        severities=("S1", "S2", "S3", "S4"),
    )
    rules = [
        Rule(pk=n, priority="P2", shops=frozenset({n}), issue_types=frozenset({n, n + 1}), severities=frozenset({"S3"}))
        for n in range(1, 61)
    ]
    rules.append(Rule(pk=99, priority="P3"))
    assert findings(rules, many).unreachable == ()
