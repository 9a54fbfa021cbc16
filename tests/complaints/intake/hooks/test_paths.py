"""Paths into a payload: what they lead to, and that nothing can be built of them that hangs or breaks."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.intake.hooks import paths

PAYLOAD = {
    "order": {"no": 405512345678901234, "lines": [{"title": "桌"}, {"title": "椅"}], "empty": [], "none": None},
    "a.b": {"c d": "quoted"},
    "中文": "键",
    "tags": ["x", "", None, "y"],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("order.no", [405512345678901234]),
        ("$.order.no", [405512345678901234]),
        ("order.lines[0].title", ["桌"]),
        ("order.lines[-1].title", ["椅"]),
        ("order.lines[*].title", ["桌", "椅"]),
        ("tags", ["x", "y"]),
        ("tags[*]", ["x", "y"]),
        ('"a.b"."c d"', ["quoted"]),
        ("中文", ["键"]),
        ("nothing || order.none || 中文", ["键"]),
        ("order", []),
        ("order.lines[7].title", []),
        ("order.no.deeper", []),
        ("tags.title", []),
        ("", []),
    ],
)
def test_a_path_leads_to_plain_values_or_to_nothing(path: str, found: list[Any]) -> None:
    assert paths.found_at(PAYLOAD, path) == found


@pytest.mark.parametrize(
    "path", ["a..b", ".a", "a[", "a[x]", "a b", "a | b", "||", "a ||", '"', "a[1", "a" + ".a" * 30, "a[9999999]"]
)
def test_what_is_no_path_is_refused_with_a_sentence(path: str) -> None:
    with pytest.raises(paths.BadPath, match=re.escape(path)):
        paths.parse(path)


def test_the_leaves_of_a_payload_are_paths_that_lead_to_them() -> None:
    found = paths.leaves(PAYLOAD)
    assert ("order.lines[0].title", "桌") in found
    assert ('"a.b"."c d"', "quoted") in found
    for path, value in found:
        assert paths.found_at(PAYLOAD, path) == ([value] if value else [])


@given(st.text(alphabet='ab.[]*0-9"|$ 中\\', max_size=30))
def test_whatever_is_typed_is_a_path_or_refused(text: str) -> None:
    try:
        paths.found_at(PAYLOAD, text)
    except paths.BadPath:
        assert text.strip()
