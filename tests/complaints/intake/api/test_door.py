"""Whatever is sent, the answer is a problem that a program can read, and nothing is stored by half."""

import json
from typing import Any

import pytest

from complaints.intake.api import door
from complaints.models import Complaint

pytestmark = pytest.mark.django_db


def raw(program: Any, body: bytes | str, content_type: str = "application/json") -> Any:
    return program.client.post("/api/v1/complaints", body, content_type=content_type)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400), (b"\xff", 400), (b"[]", 422), (b"null", 422), (b"NaN", 400), (b"1e999", 422),
        (b'{"text": "a", "text": "b"}', 400), (b"[" * 100_000, 400), (b'{"text":' * 5000, 400),
        (b'{"text": "a\\u0000b"}', 422), (b'{"text": "\\ud800"}', 422), (b'{"\\ud800": 1, "text": "a"}', 422),
        (b'{"text": ' + b"9" * 5000 + b"}", 400), (b'{"text": "a", "person": {"nmae": "x"}}', 422),
        (b'{"text": "a", "received_at": "0001-01-01T00:00:00+14:00"}', 422),
        (b'{"text": "a", "received_at": "9999-12-31T23:59:59-14:00"}', 422),
        (b'{"text": "a", "received_at": "2026-02-30T00:00:00Z"}', 422),
        (b'{"text": "a", "received_at": 1763600000}', 422), (b'{"text": "a", "separate": "yes"}', 422),
        (b'{"text": "a", "amount": "-1"}', 422), (b'{"text": "a", "severity": "S9"}', 422),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_meant_is_refused_and_never_a_crash(body: bytes, status: int, program: Any) -> None:
    answer = raw(program, body)

    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert not Complaint.objects.exists()


def test_each_wrong_field_is_named_with_a_sentence(program: Any) -> None:
    wrong = {"text": "", "title": "x" * 121, "person": {"email": "nobody"}, "order_nmber": "1", "severity": "S7"}
    english = program.post("/complaints", wrong, accept_language="en").json()
    chinese = program.post("/complaints", wrong).json()

    assert {(one["field"], one["code"]) for one in english["errors"]} == {
        ("text", "string_too_short"), ("title", "string_too_long"), ("person.email", "string_pattern_mismatch"),
        ("order_nmber", "extra_forbidden"), ("severity", "literal_error"),
    }  # fmt: skip
    sentences = {one["field"]: one["message"] for one in english["errors"]}
    assert sentences["title"] == "Use at most 120 characters."
    assert sentences["severity"] == "Use one of: S1, S2, S3, S4."
    assert "%" not in json.dumps(chinese, ensure_ascii=False)


def test_a_large_body_is_refused_before_it_is_read(program: Any) -> None:
    assert raw(program, b" " * (door.JSON_BYTES + 1)).status_code == 413


def test_another_content_type_is_refused(program: Any) -> None:
    assert raw(program, b"text=a", "application/x-www-form-urlencoded").status_code == 415
    assert raw(program, b'{"text": "a"}', "text/plain").status_code == 415


def test_a_misspelt_filter_lists_nothing(program: Any) -> None:
    answer = program.get("/complaints", {"update_since": "2026-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "update_since")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"), ({"limit": "x"}, "limit"), ({"status": "gone"}, "status"),
        ({"updated_since": "yesterday"}, "updated_since"), ({"cursor": "x"}, "cursor"), ({"cursor": "\0"}, "cursor"),
    ],
)  # fmt: skip
def test_a_wrong_filter_is_named(query: dict[str, str], field: str, program: Any) -> None:
    answer = program.get("/complaints", query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_unknown_addresses_and_methods_are_problems_without_a_page(program: Any) -> None:
    nowhere = program.get("/nowhere")
    wrong = program.client.delete("/api/v1/complaints")

    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong["Allow"], wrong.json()["code"]) == (405, "GET, POST", "method_not_allowed")


def test_head_answers_as_get_without_a_body(program: Any) -> None:
    answer = program.client.head("/api/v1/issue-types")
    assert (answer.status_code, answer.content) == (200, b"")


def test_what_nobody_foresaw_is_a_problem_and_tells_nothing(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("SECRET")

    monkeypatch.setattr("complaints.intake.api.complaints.take_in", broken)
    answer = program.post("/complaints", {"text": "a"})

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert b"SECRET" not in answer.content


def test_answers_are_kept_by_nobody_and_open_to_no_other_site(program: Any) -> None:
    answer = program.get("/complaints", origin="https://elsewhere.example")

    assert answer["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer
    assert not answer.cookies
