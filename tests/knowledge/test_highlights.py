"""What is marked in a text, and which part of it is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.highlights import Piece, marked, snippet
from knowledge.search_query import grouped, parse

GROUPS = grouped([["碎屏", "屏幕碎裂"]])

EXAMPLES = {
    ("收到就碎屏了", "碎屏"): "收到就[碎屏]了",
    ("收到就碎 屏了", "碎屏"): "收到就[碎 屏]了",
    ("屏幕碎裂，要求赔", "碎屏"): "[屏幕碎裂]，要求赔",
    ("包装碎，屏幕好", "碎屏"): "包装碎，屏幕好",
    ("螢幕壞了", "萤幕"): "[螢幕]壞了",
    ("型号 AB-123 坏", "ab123"): "型号 [AB-123] 坏",
    ("型号 AB1234", "AB-123"): "型号 [AB123]4",
    ("型号 AB1234", "AB-123 "): "型号 AB1234",
    ("Desks and desk", "desk "): "Desks and [desk]",
    ("<b>碎屏</b>", "碎屏"): "<b>[碎屏]</b>",
}


@pytest.mark.parametrize(("text", "query"), EXAMPLES)
def test_this_is_marked(text: str, query: str) -> None:
    pieces = marked(text, parse(query, GROUPS).phrases)
    assert "".join(f"[{one.text}]" if one.marked else one.text for one in pieces) == EXAMPLES[text, query]


def test_a_long_text_is_shown_where_the_words_are() -> None:
    text = "开头" * 200 + "就在这里碎屏了，要求补发" + "结尾" * 200
    pieces = snippet(text, parse("碎屏 补发").phrases)
    assert (pieces[0], pieces[-1]) == (Piece("…"), Piece("…"))
    assert [one.text for one in pieces if one.marked] == ["碎屏", "补发"]
    assert len("".join(one.text for one in pieces)) < 130


def test_a_text_without_the_words_is_shown_from_its_beginning() -> None:
    assert snippet("开头" * 100, parse("碎屏").phrases)[0].text.startswith("开头")


@given(st.text(), st.text(max_size=40))
def test_the_pieces_are_the_text(text: str, query: str) -> None:
    assert "".join(piece.text for piece in marked(text, parse(query).phrases)) == text


@given(st.text(), st.text(max_size=40))
def test_a_part_of_any_text_is_shown_for_any_query(text: str, query: str) -> None:
    shown = [one.text for one in snippet(text, parse(query).phrases) if one != Piece("…")]
    assert "".join(shown) in " ".join(text.split())
