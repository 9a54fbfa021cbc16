"""A text and what it is found by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.tokens import BREAK, fold, fold_in_place, tokens

EXAMPLES = {
    "碎屏": ["碎", "屏"],
    "手机壳 碎屏": ["手", "机", "壳", "碎", "屏"],
    "螢幕": ["萤", "幕"],
    "ＡＢ－１２３": ["ab", "123"],
    "AB-123": ["ab", "123"],
    "iPhone15Pro": ["iphone", "15", "pro"],
    "Café": ["cafe"],
    "Cafe\u0301": ["cafe"],
    "碎\u200b屏": ["碎", "屏"],
    "碎，屏": ["碎", BREAK, "屏"],
    "碎。屏！": ["碎", BREAK, "屏", BREAK],
    "，碎": ["碎"],
    "1,299 元": ["1", "299", "元"],
    "18:00 前": ["18", "00", "前"],
    "Broken. Sorry": ["broken", BREAK, "sorry"],
    "3.5mm": ["3", "5", "mm"],
    "snake_case": ["snake", "case"],
    "がんばる": ["が", "ん", "ば", "る"],
    "": [],
    "——!?": [],
}


@pytest.mark.parametrize(("text", "expected"), EXAMPLES.items())
def test_a_text_becomes_these_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@given(st.text())
def test_a_token_is_never_empty_and_is_its_own_token(text: str) -> None:
    for token in tokens(text):
        assert token == BREAK or tokens(token) == [token]


@given(st.text())
def test_no_text_brings_a_break_along(text: str) -> None:
    assert BREAK not in fold(text + BREAK)


@given(st.text())
def test_folded_in_place_each_character_stays_where_it_is(text: str) -> None:
    assert len(fold_in_place(text)) == len(text)
