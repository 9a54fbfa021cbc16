"""Differences by words, and what is left of a script in a reply."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import wording
from knowledge.rendering import ALLOWED, parts, render
from knowledge.rendering import wording as words_of

TEXTS = st.text(st.sampled_from("您好，最晚今天答复{}case_no hello\n\0😀"), max_size=60)


@given(TEXTS, TEXTS)
def test_the_pieces_give_both_texts(old: str, new: str) -> None:
    pieces = wording.difference(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == new
    assert all(piece.text for piece in pieces)


@given(st.text(max_size=200))
def test_words_lose_nothing(text: str) -> None:
    assert "".join(wording.words(text)) == text


def test_chinese_changes_by_words_not_by_characters() -> None:
    pieces = wording.difference("我会尽快处理这个问题", "我会今天处理这个问题")
    assert [(piece.kind, piece.text) for piece in pieces] == [
        ("same", "我会"), ("gone", "尽快"), ("added", "今天"), ("same", "处理这个问题"),
    ]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), [("您好。" * 1300, "您，好。" * 1000), ("一二" * 2000, "一二" * 1999)])
def test_repetition_slows_nothing_down(old: str, new: str) -> None:
    begun = time.monotonic()
    pieces = wording.difference(old, new)
    assert time.monotonic() - begun < 5
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == new


def test_a_placeholder_is_one_word() -> None:
    pieces = wording.difference("单号{case_no}。", "单号{order_no}。")
    assert [piece.text for piece in pieces] == ["单号", "{case_no}", "{order_no}", "。"]


@pytest.mark.parametrize(
    ("reply", "lowest", "highest"),
    [
        ("陈女士您好，接下来我会核对称重记录，最晚今天18:00给您结果。谢谢您的耐心。", 0, 0),
        ("陈女士您好，接下来我会查称重记录，今天18:00前给您结果。", 5, 45),
        ("退款已提交。", 60, 100),
        ("", 100, 100),
    ],
)
def test_what_fills_a_gap_is_no_edit(reply: str, lowest: int, highest: int) -> None:
    script = "接下来我会核对{check_items}，最晚{deadline}给您结果。"
    assert lowest <= wording.share_edited(words_of(script), reply) <= highest


FACTS = st.dictionaries(st.sampled_from(sorted(ALLOWED)), st.text(st.sampled_from("{}case_no订单"), max_size=20))
SCRIPTS = st.lists(st.sampled_from(["您好", "{", "}", "{x}", *(f"{{{name}}}" for name in sorted(ALLOWED))])).map(
    "".join
)


@given(SCRIPTS, FACTS)
def test_no_value_is_rendered_twice(text: str, facts: dict[str, str]) -> None:
    pieces = parts(text, facts)
    assert "".join(piece.text for piece in pieces) == render(text, facts)
    for piece in pieces:
        if piece.kind == "fact":
            assert piece.text in facts.values()
        elif piece.kind == "gap":
            assert not facts.get(piece.name)
    assert "".join(piece.text for piece in parts(text, {})) == text


def test_in_long_texts_a_replacement_is_read_as_taken_out_then_put_in() -> None:
    rest = " 商品完好，配件齐全。" * 300
    pieces = wording.difference(f"within 7 days{rest}七天退款", f"within 15 days{rest}十五天退款")
    assert [(piece.kind, piece.text) for piece in pieces if piece.kind != "same"] == [
        ("gone", "7"), ("added", "15"), ("gone", "七天"), ("added", "十五天"),
    ]  # fmt: skip
