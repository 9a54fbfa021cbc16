"""What a mapping makes of a payload, field by field, and what it says of what it cannot read."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.intake.hooks import payload
from complaints.intake.hooks.mapping import FIELDS, FieldMapping, Mapped, Rule, apply, moment_of
from complaints.intake.hooks.words import problem_lines
from complaints.intake.problem import Problem
from tests.factories.hooks import MAPPING, PAYLOAD


def mapped(data: Any, mapping: Any = MAPPING) -> Mapped:
    return apply(data, FieldMapping.of(mapping), known_issue=lambda code: code in {"LOGI-03", "QUAL-01"})


def test_every_field_is_read_by_its_path_table_and_default() -> None:
    assert mapped(PAYLOAD).values == {
        "order_number": "405512345678901234",
        "text": "桌面有划痕\n要求换货",
        "name": "王小明",
        "phone": "13812345678",
        "buyer": "b-778",
        "issue_type": "LOGI-03",
        "demand": "尽快处理",
        "time": datetime(2026, 11, 20, 1, 30, tzinfo=UTC),
        "product": "胡桃木书桌 120 cm",
    }
    assert mapped(PAYLOAD).problems == []


@pytest.mark.parametrize(
    ("change", "problem", "blocked"),
    [
        ({"messages": [], "reason": "  "}, ("text", "missing"), True),
        ({"order": {"no": "4" * 41}}, ("order_number", "too_long"), True),
        ({"created": "gestern"}, ("time", "no_time"), False),
        ({"buyer": {"mail": "no address"}}, ("email", "no_email"), False),
        ({"buyer": {"id": "b" * 121}}, ("buyer", "too_long"), False),
        ({"title": "长" * 200}, ("title", "cut"), False),
    ],
)
def test_what_cannot_be_read_is_told_of_its_field(change: Any, problem: tuple[str, str], blocked: bool) -> None:
    result = mapped(PAYLOAD | change)
    assert (result.problems, result.blocked) == ([problem], blocked)
    if problem[1] != "cut":
        assert problem[0] not in result.values
    assert problem_lines(result.problems) != [problem[1]]


def test_an_unknown_issue_type_is_left_out_and_named() -> None:
    plain = MAPPING | {"fields": MAPPING["fields"] | {"issue_type": {"path": "reason_code"}}}
    assert mapped(PAYLOAD, plain).problems == [("issue_type", "unknown_issue")]
    assert mapped(PAYLOAD | {"reason_code": "else"}).values["issue_type"] == "QUAL-01"


@pytest.mark.parametrize("masked", ["****", "-", "＊＊", "null"])
def test_a_masked_value_counts_as_none(masked: str) -> None:
    assert "phone" not in mapped(PAYLOAD | {"buyer": {"mobile": masked}}).values


def test_only_wanted_payloads_are_taken() -> None:
    only = MAPPING | {"only": {"path": "event", "values": [["complaint.created", ""]]}}
    assert mapped(PAYLOAD, only).wanted
    assert not mapped(PAYLOAD | {"event": "order.paid"}, only).wanted
    assert not mapped({"messages": [{"text": "x"}]}, only).wanted


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T09:30:00+08:00", datetime(2026, 11, 20, 1, 30, tzinfo=UTC)),
        ("2026/11/20 09:30:00", datetime(2026, 11, 20, 1, 30, tzinfo=UTC)),
        ("1795138200", datetime(2026, 11, 20, 1, 30, tzinfo=UTC)),
        ("1795138200000", datetime(2026, 11, 20, 1, 30, tzinfo=UTC)),
        ("2026-13-40 00:00", None),
        ("12", None),
        ("9" * 300, None),
        ("1026-11-20T09:30:00", None),
    ],
)
def test_times_are_read_as_platforms_write_them(text: str, moment: datetime | None) -> None:
    assert moment_of(text) == moment


def test_what_no_database_stores_is_left_out() -> None:
    data = payload.read('{"reason": "a\\u0000b\\ud800c", "buyer": {"name": "王\\u0000\\n明"}}')
    values = mapped(data).values
    assert values["text"].encode()
    assert "\0" not in values["text"] + values["name"]
    assert payload.shown(data, masked=False).encode()


def test_a_mapping_is_stored_and_read_the_same() -> None:
    assert FieldMapping.of(MAPPING).plain() == MAPPING
    assert FieldMapping(rules={"text": Rule()}).plain() == {"fields": {}}


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "1", "{", "nonsense", '{"a": NaN}', '{"a": 1e99999999999999999999999}', '{"a":' * 5000,
        '{"a": ' + "[" * 40 + "]" * 40 + "}", '{"a": ' + "9" * 5000 + "}",
    ],
)  # fmt: skip
def test_what_is_no_payload_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(Problem) as refused:
        payload.read(text)
    assert refused.value.text


def test_numbers_keep_all_their_digits() -> None:
    data = payload.read('{"order": {"no": 405512345678901234.0}, "reason": "x"}')
    assert data["order"]["no"] == Decimal("405512345678901234.0")
    assert mapped(data).values["order_number"] == "405512345678901234"


def test_a_masked_payload_keeps_its_shape_and_tells_nothing() -> None:
    text = payload.shown(PAYLOAD, masked=True)
    for value in ("王小明", "13812345678", "b-778", "405512345678901234", "桌面有划痕"):
        assert value not in text
    assert '"mobile"' in text


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["order", "buyer", "messages", "reason", "created", "title", "x"]), JSON))
def test_whatever_is_sent_is_mapped_or_told_of(data: Any) -> None:
    result = mapped(data)
    assert {name for name, _code in result.problems} <= set(FIELDS)
    assert result.blocked or result.values["text"]
    for value in result.values.values():
        assert str(value).encode()
