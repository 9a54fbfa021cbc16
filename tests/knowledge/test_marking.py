"""Findings by line, for a page on which a text is long."""

from knowledge.linting import Finding, RuleSpec
from knowledge.marking import begin_of, by_line, line_of

RULE = RuleSpec(code="X", category="vague", level="warn", patterns=("x",))


def test_lines_are_counted_from_one() -> None:
    text = "a\nb\n\nc"
    assert [line_of(text, text.index(letter)) for letter in "abc"] == [1, 2, 4]


def test_findings_stand_in_their_lines_and_end_with_them() -> None:
    text = "no\n12 x 34 x\n\nxy\nz"
    places = [(6, 7), (11, 12), (14, 18)]
    found = by_line(text, [Finding(*place, RULE) for place in places])
    assert [(number, line, [line[one.start : one.end] for one in several]) for number, line, several in found] == [
        (2, "12 x 34 x", ["x", "x"]),
        (4, "xy", ["xy"]),
    ]


def test_a_finding_that_begins_with_line_ends_stands_where_its_words_are() -> None:
    text = "本店\n\n保证正品"
    for start in (2, 3):
        assert [
            (number, line[one.start : one.end]) for number, line, (one,) in by_line(text, [Finding(start, 6, RULE)])
        ] == [(3, "保证")]
        assert line_of(text, begin_of(text, Finding(start, 6, RULE))) == 3
    crossing = by_line(text, [Finding(1, 6, RULE)])
    assert [(number, line[one.start : one.end]) for number, line, (one,) in crossing] == [(1, "店")]


def test_without_findings_there_is_no_line() -> None:
    assert by_line("a\nb", []) == []
