"""What is looked for when this was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search_query import CLAUSES, any_of, grouped, parse

GROUPS = grouped([["碎屏", "屏幕碎裂", "cracked screen"], ["退款", "退钱", "refund"]])


def told(text: str) -> str:
    """The query in one line: `|` between synonyms, `*` after a beginning, `-` before what must not be there."""
    query = parse(text, GROUPS)
    clauses = ["|".join(" ".join(one.tokens) + "*" * one.beginning for one in clause) for clause in query.wanted]
    return " & ".join([*clauses, *(f"-{' '.join(one.tokens)}" for one in query.unwanted)])


EXAMPLES = {
    "补发": "补 发",
    "补发 桌面": "补 发 & 桌 面",
    "补发，桌面": "补 发 & 桌 面",
    "碎屏": "cracked screen|屏 幕 碎 裂|碎 屏",
    "屏幕碎裂": "cracked screen|屏 幕 碎 裂|碎 屏",
    "cracked screen ": "cracked screen|屏 幕 碎 裂|碎 屏",
    "想退款": "refund|退 款|退 钱",
    "手机壳": "手 机 壳",
    "破损了": "破 损",
    "桌面有划痕": "桌 面 & 划 痕",
    '"碎屏"': "碎 屏",
    "“退款”": "退 款",
    '"refund now': "refund now",
    "桌面 -划痕": "桌 面 & -划 痕",
    "桌面 －划痕": "桌 面 & -划 痕",
    '桌面 -"划痕 明显"': "桌 面 & -划 痕 明 显",
    "桌面 -退款": "桌 面 & -退 款",
    "AB-12": "ab 12*",
    "AB-12 ": "ab 12",
    "AB-1": "ab 1",
    "desk leg": "desk & leg*",
    "leg refu": "leg & refu*",
    "refund": "refund|退 款|退 钱|refund*",
    "iphone15 手机壳": "iphone 15 & 手 机 壳",
    "iphone15手机壳": "iphone 15 & 手 机 壳",
    "七天没人回复了": "七 天 & 没 人 & 回 复",
    "補發": "补 发",
    "-划痕": "-划 痕",
    "": "",
    '"': "",
    "- -": "",
    "补发 补发": "补 发",
    "AND OR NOT": "and & or & not*",
    "a'b\\c:*&|!()<->": "a b c",
}


@pytest.mark.parametrize(("text", "expected"), EXAMPLES.items())
def test_this_is_looked_for(text: str, expected: str) -> None:
    assert told(text) == expected


def test_leaving_out_alone_looks_for_nothing() -> None:
    assert not parse("-划痕")


def test_like_something_is_what_has_one_of_its_words() -> None:
    query = any_of(parse("桌面划痕 补发"))
    assert [[phrase.tokens for phrase in clause] for clause in query.wanted] == [
        [("桌", "面"), ("划", "痕"), ("补", "发")]
    ]
    assert not any_of(parse(""))


def test_a_word_of_two_groups_stands_for_both() -> None:
    both = grouped([["包裹", "快递"], ["快递", "快递员"]])
    assert both[("快", "递")] == {("包", "裹"), ("快", "递"), ("快", "递", "员")}


@given(st.text(max_size=400))
def test_whatever_is_typed_the_query_is_small_and_its_phrases_have_tokens(text: str) -> None:
    query = parse(text, GROUPS)
    assert len(query.wanted) <= CLAUSES
    assert len(query.unwanted) <= CLAUSES
    assert all(phrase.tokens and all(phrase.tokens) for phrase in [*query.phrases, *query.unwanted])
