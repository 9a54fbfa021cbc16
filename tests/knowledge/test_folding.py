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
        ("第一行\r\n第二行", "第一行\n\n第二行"),
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


@given(st.text(max_size=200))
def test_every_character_read_stands_somewhere_in_order(written: str) -> None:
    folded = fold(written)
    assert len(folded.text) == len(folded.places)
    assert list(folded.places) == sorted(folded.places)
    assert all(0 <= place < len(written) for place in folded.places)


@given(st.text(max_size=100))
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
