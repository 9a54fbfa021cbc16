"""Phrase rules: what is found, where, and what is left alone (R1.3)."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import linting
from knowledge.linting import (
    PatternBroken,
    PatternTooCostly,
    PatternTooLong,
    PatternTooWide,
    RuleSet,
    RuleSpec,
    RuleTooCostly,
)
from knowledge.marking import excerpt, pieces

DAY = date(2026, 11, 20)


def rule(*patterns: str, **wanted: Any) -> RuleSpec:
    return RuleSpec(**{"code": "R", "category": "vague", "level": "warn", "patterns": patterns} | wanted)


def found(text: str, *rules: RuleSpec, scope: str = "reply", on: date = DAY) -> list[str]:
    return [text[one.start : one.end] for one in RuleSet(rules).findings(text, scope=scope, on=on)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我们会尽快处理", "最晚{deadline}"),
        ("请 asap 处理", "最晚{deadline}"),
        ("We answer asap", "by {deadline}"),
        ("您好：\nWe answer asap\n谢谢", "by {deadline}"),
    ],
)
def test_a_replacement_has_the_language_of_its_line(text: str, expected: str) -> None:
    both = rule("尽快", "asap", replacement="最晚{deadline}", replacement_en="by {deadline}")
    (finding,) = RuleSet([both]).findings(text, scope="reply", on=DAY)
    assert finding.replacement_in(text) == expected


def test_a_replacement_in_one_language_is_better_than_none() -> None:
    (finding,) = RuleSet([rule("asap", replacement="最晚{deadline}")]).findings("asap", scope="reply", on=DAY)
    assert finding.replacement_in("asap") == "最晚{deadline}"


SOON = rule("尽快", "第一时间")
BLAME = rule("是(快递|仓库)的(问题|责任)", code="B", category="blame", level="block", expressions=True)


def test_phrases_and_patterns_are_found_where_they_were_written() -> None:
    assert found("我们会儘·快处理，这是快递的责任", SOON, BLAME) == ["儘·快", "是快递的责任"]


def test_two_sentences_are_not_read_as_one() -> None:
    assert found("东西不要尽。快递明天到", SOON) == []
    assert found("这一点是快递，的问题", BLAME) == []
    assert found("东西不要尽\n\n快递明天到。\n尽\n- 快递", SOON) == []


def test_a_line_that_is_only_wrapped_hides_no_words() -> None:
    assert found("我们会尽\n快处理", SOON) == ["尽\n快"]
    assert found("这是快\r\n递的\n责任", BLAME) == []
    assert found("这是快\r\n递的责任", BLAME) == ["是快\r\n递的责任"]
    assert found("您看，\n是快\n递的责任，会尽\n快处理", SOON, BLAME) == ["是快\n递的责任", "尽\n快"]


def test_a_line_end_stays_an_end_wherever_a_pattern_asks_for_one() -> None:
    ends = rule("会(好|到)(\\n|$)", expressions=True)
    assert found("一定会好\n请放心", ends) == ["会好\n"]
    assert found("一定会尽\n快会好\n请放心", SOON, ends) == ["尽\n快", "会好\n"]
    late = rule("尽快会(好|到)(\\n|$)", expressions=True)
    assert found("一定尽\n快会好\r\n请放心", late) == ["尽\n快会好\r"]
    assert found("一定尽\n快会好", late) == ["尽\n快会好"]
    calm = rule("差评", exceptions=("不[^。\\n]{0,9}差评",), expressions=True)
    assert found("我们不改价\n删差评", calm) == ["差评"]
    assert found("我们不改这条差\n评", calm) == []
    assert found("我们不改价\n删这条差\n评", calm) == ["差\n评"]


def test_a_title_goes_on_in_no_text() -> None:
    rules = RuleSet([SOON])
    assert rules.findings("库存已尽\n快处理", scope="reply", on=DAY)
    assert not rules.findings("库存已尽\n快处理", scope="reply", on=DAY, titled=True)
    assert rules.findings("标题\n我们会尽\n快处理", scope="reply", on=DAY, titled=True)


def test_where_a_line_is_wrapped_no_sentence_goes_on_into_another_one() -> None:
    over = rule("会[^,]{1,30}完", expressions=True)
    assert found("我们会尽\n快处理。做。完了", over) == ["会尽\n快处理。做。完"]
    assert found("会尽\n快处理。这里。完结尽\n快", over, SOON) == ["会尽\n快处理。这里。完", "尽\n快"]


def test_spaces_hide_no_words() -> None:
    sure = rule("100%", "asap", code="S")
    assert found("品质 1 0 0 % 保证，a s a p", sure) == ["1 0 0 %", "a s a p"]
    assert found("尺寸 1 0 0 x 2 0 0，选 a b c", sure) == []


def test_a_word_of_latin_letters_is_found_whole_only() -> None:
    asap = rule("asap")
    assert found("回复 ASAP 谢谢", asap) == ["ASAP"]
    assert found("wasapi ASAP2", asap) == []


@pytest.mark.parametrize("expressions", [False, True])
def test_an_exception_holds_for_what_lies_in_it_alone(expressions: bool) -> None:
    about = rule("左右", exceptions=("左右两侧",), expressions=expressions)
    assert found("左右两侧各一个，三天左右", about) == ["左右"]
    assert RuleSet([about]).findings("左右两侧各一个，三天左右", scope="reply", on=DAY)[0].start == 10


def test_scope_and_dates_say_where_and_when_a_rule_holds() -> None:
    listing = rule("最好", scope="listing")
    assert found("最好", listing) == []
    assert found("最好", listing, scope="listing") == ["最好"]
    dated = rule("包邮", since=DAY, until=DAY + timedelta(days=1))
    held = [bool(found("包邮", dated, on=DAY + timedelta(days=n))) for n in (-1, 0, 1, 2)]
    assert held == [False, True, True, False]


def test_within_a_category_the_stricter_and_then_the_longer_one_stands() -> None:
    short, long = rule("等待"), rule("耐心等待", code="L")
    assert found("请耐心等待", short, long) == ["耐心等待"]
    strict = rule("等待", code="S", level="block")
    assert found("请耐心等待", strict, long) == ["耐心等待", "等待"], "the looser one does not hide the stricter"
    other = rule("等待", code="O", category="other")
    assert found("请耐心等待", long, other) == ["耐心等待", "等待"]


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [("(", PatternBroken), ("(?<=我)们", PatternBroken), (r"(好)\1", PatternBroken), ("a*", PatternTooWide),
     ("", PatternTooWide), ("好" * 501, PatternTooLong), ("(((a{1,30}){1,30}){1,30})", PatternBroken)],
)  # fmt: skip
def test_a_pattern_that_cannot_be_is_refused_with_words(pattern: str, problem: type[Exception]) -> None:
    with pytest.raises(problem) as refused:
        linting.check_pattern(pattern)
    assert str(refused.value)
    with pytest.raises(problem):
        RuleSet([rule(pattern, expressions=True)])


def test_what_is_left_alone_hides_nothing_behind_it() -> None:
    about = rule("是快递的责任", exceptions=("不是快递的责任",))
    assert found("不是快递的责任，" * 150 + "这就是快递的责任", about) == ["是快递的责任"]


@pytest.mark.parametrize("pattern", [r"[^0-9]{0,1000}坏", "x.{0,900}Y", r"[\\p{L}]{0,50}坏"])
def test_repeats_that_would_hold_a_worker_up_are_refused(pattern: str) -> None:
    with pytest.raises(PatternTooCostly):
        linting.check_pattern(pattern.replace("\\\\", "\\"))


def test_a_rule_is_bounded_as_a_whole() -> None:
    lines = tuple(f"[一-龥]{{0,30}}坏{n}" for n in range(60))
    with pytest.raises(RuleTooCostly):
        RuleSet([rule(*lines, expressions=True)])


def test_a_rule_marks_no_more_places_than_help() -> None:
    assert len(found("的" * 5_000, rule("的"))) == linting.MOST_EACH
    assert len(found("的" * 5_000, rule(".", expressions=True))) == linting.MOST_EACH


def test_the_pieces_of_a_text_are_the_text_and_the_stricter_mark_stands() -> None:
    text = "请耐心等待，尽快回复"
    findings = RuleSet([rule("耐心等待"), rule("等待", code="S", level="block"), SOON]).findings(
        text, scope="reply", on=DAY
    )
    shown = pieces(text, findings)
    assert "".join(piece.text for piece in shown) == text
    assert [(piece.text, piece.finding.rule.code) for piece in shown if piece.finding] == [("等待", "S"), ("尽快", "R")]


def test_an_excerpt_is_cut_around_the_first_mark_and_keeps_the_marks_within() -> None:
    text = "一" * 9 + "尽快" + "二尽快" + "三" * 9 + "尽快"
    shown = excerpt(text, RuleSet([SOON]).findings(text, scope="reply", on=DAY), around=4)
    assert [piece.text for piece in shown] == ["…", "一一一一", "尽快", "二", "尽快", "三", "…"]
    assert [piece.text for piece in shown if piece.finding] == ["尽快", "尽快"]
    whole = excerpt("尽快", RuleSet([SOON]).finds("尽快"))
    assert [piece.text for piece in whole] == ["尽快"]


ANY = RuleSet(
    [SOON, BLAME, rule("a.{0,3}b", "[的了]+", expressions=True, code="X"), rule("\u200b", "ß", "㎏", code="Y")]
)


@given(
    st.text(alphabet=st.one_of(st.sampled_from("尽快儘是的快递责任。，·ab ß㎏\u200b\n"), st.characters()), max_size=80)
)
def test_no_text_breaks_it_and_findings_lie_within(text: str) -> None:
    findings = ANY.findings(text, scope="reply", on=DAY)
    assert all(0 <= one.start < one.end <= len(text) for one in findings)
    assert "".join(piece.text for piece in pieces(text, findings)) == text


@given(
    st.one_of(
        st.lists(st.sampled_from(["", " ", "·", "\u200b", "*", "😀", "　"]), min_size=5, max_size=5),
        # Written from top to bottom.
        st.lists(st.sampled_from(["\n", "\r\n", " \n\t", "\u2028"]), min_size=5, max_size=5),
    )
)
def test_nothing_put_between_the_characters_hides_a_phrase(between: list[str]) -> None:
    written = "".join(letter + filler for letter, filler in zip("是快递的责任"[:5], between, strict=True)) + "任"
    assert len(found(f"你\n{written}\n吧", BLAME)) == 1


@given(st.text(alphabet="尽快儘是递的责任ab1% \r\n。，:#", max_size=60), st.booleans())
def test_only_what_goes_on_over_a_line_end_is_found_besides(text: str, titled: bool) -> None:
    rules = [SOON, BLAME, rule("[尽快]{2,9}", "b[^,]{0,3}a", expressions=True, code="X", category="x")]
    ready = RuleSet(rules)
    places = [(one.start, one.end) for one in ready.findings(text, scope="reply", on=DAY, titled=titled)]
    begin, lines = 0, []
    for line in text.splitlines(keepends=True):
        lines += [(begin + one.start, begin + one.end) for one in ready.findings(line, scope="reply", on=DAY)]
        begin += len(line)
    assert all(any(start <= a and b <= end for start, end in places) for a, b in lines)
    assert all(one in lines or set(text[slice(*one)]) & set("\r\n") for one in places)
