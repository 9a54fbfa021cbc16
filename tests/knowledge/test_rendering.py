"""Scripts are filled in one pass from an allow-list; a value is text, never a template."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import rendering
from knowledge.operations.bootstrap import CONTENT
from knowledge.rendering import ALLOWED, braced, gaps, placeholders, render, unknown

names = st.sampled_from(sorted(ALLOWED))
literal = st.text(max_size=12).filter(lambda text: not set("{}｛｝") & set(text))
# Values may look like anything, also like placeholders and template code.
nasty = st.one_of(
    st.text(min_size=1, max_size=20),
    st.sampled_from(
        ["{order_no}", "{{ settings.SECRET_KEY }}", "{% debug %}", "{0}", "%(x)s", "{customer_name}", "$1"]
    ),
)
pieces = st.lists(st.one_of(literal, names.map(lambda name: f"{{{name}}}")), max_size=12)


@given(pieces=pieces, facts=st.dictionaries(names, nasty))
def test_each_placeholder_is_replaced_once_and_its_value_is_left_alone(
    pieces: list[str], facts: dict[str, str]
) -> None:
    expected = "".join(facts.get(piece[1:-1], piece) if piece.startswith("{") else piece for piece in pieces)
    assert render("".join(pieces), facts) == expected


@given(text=st.text(max_size=80))
def test_without_facts_a_text_stays_as_it_is(text: str) -> None:
    assert render(text, {}) == text


@given(text=st.text(max_size=80), facts=st.dictionaries(st.text(max_size=10), st.text(max_size=10)))
def test_rendering_never_fails(text: str, facts: dict[str, str]) -> None:
    render(text, facts)


def test_a_value_that_looks_like_a_placeholder_is_not_filled() -> None:
    facts = {"customer_name": "{order_no}", "order_no": "2026112000001"}
    assert render("您好 {customer_name}", facts) == "您好 {order_no}"


def test_such_a_value_blocks_sending_as_a_gap() -> None:
    assert gaps(render("您好 {customer_name}", {"customer_name": "{order_no}"})) == ["order_no"]


@pytest.mark.parametrize("name", ["secret_key", "user", "__class__", "password", "liability", "root_cause"])
def test_only_names_of_the_allow_list_are_replaced(name: str) -> None:
    assert render(f"{{{name}}}", {name: "x"}) == f"{{{name}}}"
    assert gaps(f"{{{name}}}") == []


def test_an_empty_fact_leaves_the_gap_to_be_filled() -> None:
    text = render("{customer_name}，{deadline} 前回复", {"customer_name": "", "deadline": "18:00"})
    assert text == "{customer_name}，18:00 前回复"
    assert gaps(text) == ["customer_name"]


def test_wide_braces_are_braces() -> None:
    assert render("订单｛order_no｝，{ order_no｝", {"order_no": "12"}) == "订单12，{ order_no｝"
    assert gaps("订单｛order_no｝") == ["order_no"]
    assert braced("订单｛order_no｝｛随便｝") == ["order_no", "随便"]


def test_a_placeholder_broken_over_two_lines_is_none() -> None:
    assert unknown("订单{order\nno}") == ["order\nno"]
    assert unknown("订单{\n订单\n}") == ["\n订单\n"]


def test_gaps_are_named_once_in_the_order_of_the_text() -> None:
    assert gaps("{order_no} {amount} {order_no} {nonsense}") == ["order_no", "amount"]


def test_all_placeholders_are_found_known_or_not() -> None:
    assert placeholders("{order_no} {nonsense} {UPPER} { amount }") == {"order_no", "nonsense"}


@given(facts=st.fixed_dictionaries({name: st.text(alphabet="甲乙丙123", min_size=1, max_size=5) for name in ALLOWED}))
def test_with_all_facts_known_no_gap_is_left_in_any_default_script(facts: dict[str, str]) -> None:
    for script in SCRIPTS:
        assert gaps(render(script["text"], facts)) == []


SCRIPTS = json.loads(Path(CONTENT / "scripts.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script["code"])
def test_a_default_script_uses_only_allowed_names(script: dict[str, str]) -> None:
    assert placeholders(script["text"]) <= ALLOWED


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script["code"])
def test_a_default_script_tells_of_no_photo_that_nobody_may_have_sent(script: dict[str, str]) -> None:
    """Scripts stand on cases without evidence, too."""
    assert not re.search("您发来的|照片我|[Yy]our (photo|picture)s? ", script["text"])


def test_the_allow_list_is_the_documented_one() -> None:
    documented = json.loads(Path(CONTENT / "placeholders.json").read_text(encoding="utf-8"))
    assert {row["name"] for row in documented} == ALLOWED


def test_nothing_internal_can_be_named() -> None:
    internal = {"root_cause", "liability", "party", "percent", "note", "evidence_waiver", "accused", "department"}
    assert not internal & rendering.ALLOWED
