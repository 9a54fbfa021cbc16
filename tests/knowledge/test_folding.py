"""What the phrase rules read, and where it stands in what was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.folding import fold, fold_pattern


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("儘快處理", "尽快处理"),
        ("亲，已 经 帮 您 记 录", "亲,已经帮您记录"),
        ("尽·快 尽*快 尽.快 尽\u200b快 尽😀快", "尽快尽快尽快尽快尽快"),
        ("不会。尽快", "不会。尽快"),
        ("先核对，再回复", "先核对,再回复"),
        ("会尽 \n\t快\r\n第二行", "会尽\n快\n\n第二行"),
        ("第一行。\n第二行\n3 行", "第一行。\n第二行\n3行"),
        ("- 第一行\n- 第二行）\n第三行", "-第一行\n-第二行)\n第三行"),
        ("one\ntwo", "one\ntwo"),
        ("1 0 0 % 保证，a s a p", "100%保证,asap"),
        ("请 A　S  A P 回复 Q Q 1 7 3", "请asap回复qq173"),
        ("选 a b c 或 3 2 1", "选a b c或3 2 1"),
        ("尺寸 1 8 0 x 2 0 0", "尺寸180x200"),
        ("plan a b of 12 3 4", "plan a b of 12 3 4"),
        ("１００％　保证", "100%保证"),
        ("ASAP,  we Will", "asap,we will"),
        ("加 微信 VX 123", "加微信vx 123"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_text_is_read_without_its_disguise(written: str, read: str) -> None:
    assert fold(written).text == read


def test_a_place_points_into_the_original() -> None:
    written = "请 尽·快"
    folded = fold(written)
    start, end = folded.span(1, 3)
    assert (folded.text, written[start:end]) == ("请尽快", "尽·快")
    spaced = fold("用 1 0 0 % 纯棉，请 a s a p")
    assert [spaced.span(*place) for place in ((1, 5), (9, 13))] == [(2, 9), (15, 22)]


TEXTS = st.text(alphabet=st.one_of(st.sampled_from("尽快a1 \t\r\n·%。"), st.characters()), max_size=200)


@given(TEXTS)
def test_every_character_read_stands_somewhere_in_order(written: str) -> None:
    folded = fold(written)
    assert len(folded.text) == len(folded.places)
    assert list(folded.places) == sorted(folded.places)
    assert all(0 <= place < len(written) for place in folded.places)


@given(TEXTS)
def test_reading_twice_finds_nothing_more_to_fold(written: str) -> None:
    once = fold(written).text
    assert fold(fold(once).text).text == fold(once).text


@pytest.mark.parametrize(
    ("pattern", "folded"),
    [
        ("儘快（處理）？", "尽快\\(处理\\)\\?"),
        ("亲[,，]?已", "亲[,,]?已"),
        ("ＶＸ|vx", "VX|vx"),
        (r"\d{2,4}%", r"\d{2,4}%"),
    ],
)
def test_a_pattern_is_folded_and_stays_a_pattern(pattern: str, folded: str) -> None:
    assert fold_pattern(pattern) == folded
