"""A file that a program sends is made harmless and lies with the complaint (R1.2)."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from complaints.models import Evidence

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


def picture(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(out, "PNG")
    return out.getvalue()


def form(content: bytes, **more: Any) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("../照片.png", content), "kind": "photo", "note": "裂了"} | more


def stored(media: Any) -> list[Any]:
    return [path for path in media.rglob("*") if path.is_file()]


def test_a_picture_is_stored_under_a_name_of_ours(program: Any, case: Any, media: Any) -> None:
    one = case("new")
    answer = program.send_file(f"/complaints/{one.number}/evidence", form(picture()))

    evidence = Evidence.objects.get(complaint=one, file__gt="")
    assert answer.status_code == 201, answer.content
    assert (answer.json()["id"], answer.json()["sha256"]) == (evidence.pk, evidence.sha256)
    assert (evidence.note, evidence.added_by, evidence.original_name) == ("裂了", None, "照片.png")
    assert one.events.get(kind="evidence_added").data["via"] == "ERP"
    assert len(stored(media)) == 1


def test_the_same_file_under_one_name_is_stored_once(program: Any, case: Any, media: Any) -> None:
    path = f"/complaints/{case('new').number}/evidence"
    first = program.send_file(path, form(picture()), idempotency_key="p-1")
    again = program.send_file(path, form(picture()), idempotency_key="p-1")
    other = program.send_file(path, form(picture("blue")), idempotency_key="p-1")

    assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")
    assert other.status_code == 422
    assert len(stored(media)) == 1


def test_a_file_of_a_row_that_was_rolled_back_does_not_stay(
    program: Any, case: Any, media: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_answer: Any) -> None:
        raise RuntimeError

    one = case("new")
    monkeypatch.setattr("complaints.operations.api_answers.remember", broken)
    answer = program.send_file(f"/complaints/{one.number}/evidence", form(picture()), idempotency_key="p-1")

    assert answer.status_code == 500
    assert not Evidence.objects.filter(file__gt="").exists()
    assert stored(media) == []


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"file": SimpleUploadedFile("a.svg", b"<svg/>")}, "file", "file_type"),
        ({"file": SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n" + b"x" * 40)}, "file", "picture_unreadable"),
        ({"kind": "photo"}, "file", "missing"),
        ({"file": SimpleUploadedFile("a.png", picture()), "kind": "gossip"}, "kind", "literal_error"),
        ({"file": SimpleUploadedFile("a.png", picture()), "nots": "x"}, "nots", "extra_forbidden"),
        ({"file": SimpleUploadedFile("a.png", picture()), "note": "a\0b"}, "note", "not_storable"),
        ({"file": [SimpleUploadedFile("a.png", picture()), SimpleUploadedFile("b.png", picture())]}, "file",
         "too_many_files"),
    ],
)  # fmt: skip
def test_a_file_or_field_that_is_not_right_is_named(
    fields: dict[str, Any], field: str, code: str, program: Any, case: Any
) -> None:
    answer = program.send_file(f"/complaints/{case('new').number}/evidence", fields)

    assert answer.status_code == 422, answer.content
    assert {(one["field"], one["code"]) for one in answer.json()["errors"]} == {(field, code)}


def test_a_complaint_that_is_over_takes_no_file(program: Any, case: Any, media: Any) -> None:
    answer = program.send_file(f"/complaints/{case('closed').number}/evidence", form(picture()))

    assert (answer.status_code, answer.json()["code"]) == (409, "not_possible")
    assert stored(media) == []


def test_a_form_that_is_none_is_a_problem(program: Any, case: Any) -> None:
    path = f"/api/v1/complaints/{case('new').number}/evidence"
    answer = program.client.post(path, b"--x\r\n", content_type="multipart/form-data; boundary=")

    assert answer.status_code == 400
