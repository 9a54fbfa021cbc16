"""Which line ends only wrap a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.folding import fold
from knowledge.wrapping import passages


def read_on(text: str, *, titled: bool = False) -> str | None:
    """The sentences that a wrap goes through; none if nothing is wrapped."""
    found = passages(fold(text), text, titled=titled)
    return found.folded.text if found else None


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("我们会尽\n快处理", "我们会尽快处理"),
        ("我们会儘 \r\n\t快處理", "我们会尽快处理"),
        ("您好。我们会尽\n快处理。谢谢\n祝好", "我们会尽快处理。"),
        ("这是快递\n的责任", "这是快递的责任"),
        ("我们已经\n为您登记", "我们已经为您登记"),
        ("独一\n无二的礼物", "独一无二的礼物"),
        ("快\n递\n的\n责\n任", "快递的责任"),
        ("We\nguarantee it", "we guarantee it"),
        ("as soon as\r\npossible", "as soon as possible"),
        ("１００\n％正品", "100%正品"),
    ],
)
def test_a_line_end_that_cannot_be_one_is_read_over(text: str, read: str) -> None:
    assert read_on(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "尽快",
        "我们会尽\n\n快处理",
        "我们会尽\n \n快处理",
        "我们会尽。\n快处理",
        "我们会尽\n- 快处理",
        "我们会尽😀\n快处理",
        "# 库存已尽\n快处理",
        "包邮范围：全国\n最低起订一件",
        "添加剂：无\n副作用见说明书",
        "添加剂无\n副作用：见说明书",
        "尺码\n大\n约重 2 kg",
        "发货范围全国\n第一次使用前请清洗",
        "已收到您反馈的问题\n这是快递公司的责任",
        "设置是可能的\n物流问题",
        "全网 NO\n1 brand",
        "Oak\nLifetime guarantee",
        "lifetime\nguarantee card: no",
        "1\n2",
        "正品\n%",
    ],
)
def test_what_may_end_a_line_ends_it(text: str) -> None:
    assert read_on(text) is None


def test_a_title_stands_for_itself() -> None:
    assert read_on("库存已尽\n快处理", titled=True) is None
    assert read_on("标题\n会尽\n快处理", titled=True) == "会尽快处理"
    assert read_on("\n会尽\n快处理", titled=True) == "会尽快处理"


def test_what_lies_in_one_sentence_and_goes_on_over_a_wrap_counts() -> None:
    text = "会尽\n快处理。好。会尽\n早处理。"
    found = passages(fold(text), text)
    assert found
    assert found.folded.text == "会尽快处理。会尽早处理。"
    counted = [(1, 3), (0, 6), (7, 9), (6, 12)]
    assert all(found.wrap(*span) for span in counted)
    assert not any(found.wrap(*span) for span in [(0, 2), (2, 6), (5, 9), (1, 7), (0, 12), (8, 11)])
    assert [text[slice(*found.folded.span(*span))] for span in counted[::2]] == ["尽\n快", "尽\n早"]


@given(
    st.text(
        alphabet=st.one_of(st.sampled_from("会尽快递的了大约aB1% \t\r\n\u2028·。:，#-"), st.characters()), max_size=80
    ),
    st.booleans(),
)
def test_every_character_keeps_its_place(text: str, titled: bool) -> None:
    found = passages(fold(text), text, titled=titled)
    if found:
        assert len(found.folded.text) == len(found.folded.places) == found.ends[-1]
        assert list(found.folded.places) == sorted(found.folded.places)
        assert list(found.wraps) == sorted(set(found.wraps))
        assert all(0 < wrap < found.ends[-1] for wrap in found.wraps)
        whole = dict(zip(fold(text).places, fold(text).text, strict=True))
        read = dict(zip(found.folded.places, found.folded.text, strict=True))
        assert all(whole.get(place) in (letter, "\n", None) for place, letter in read.items())
