"""The same request under one Idempotency-Key is done once and answered alike (R3.1)."""

from datetime import timedelta
from typing import Any

import pytest

from complaints.intake.api import once as module
from complaints.models import ApiAnswer, Complaint, Contact
from complaints.operations import api_answers
from tests.complaints.intake.api.conftest import Program

pytestmark = pytest.mark.django_db

BODY = {"text": "坏了", "person": {"phone": "13800001234"}}


def test_the_same_request_again_gets_the_same_bytes(program: Any) -> None:
    first = program.post("/complaints", BODY, idempotency_key="a-1")
    again = program.post("/complaints", BODY, idempotency_key="a-1", accept_language="en")

    assert first.status_code == 201
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert (again["Location"], again["Content-Language"]) == (first["Location"], first["Content-Language"])
    assert "Idempotency-Replayed" not in first
    assert Contact.objects.count() == 1


def test_another_request_under_the_same_name_is_refused(program: Any) -> None:
    program.post("/complaints", BODY, idempotency_key="a-1")
    other = program.post("/complaints", BODY | {"text": "另一件"}, idempotency_key="a-1")

    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Contact.objects.count() == 1


def test_two_keys_have_names_of_their_own(program: Any, issued: Any) -> None:
    other = Program(issued().token)
    program.post("/complaints", BODY, idempotency_key="a-1")
    answer = other.post("/complaints", BODY, idempotency_key="a-1")

    assert "Idempotency-Replayed" not in answer
    assert Contact.objects.count() == 2


def test_without_a_name_a_request_is_another_one_each_time(program: Any) -> None:
    numbers = {program.post("/complaints", BODY).json()["number"] for _ in range(2)}
    assert len(numbers) == 2
    assert Contact.objects.exclude(source=None).values("source").distinct().count() == 2


def test_a_refusal_is_not_kept(program: Any, case: Any) -> None:
    refused = program.post("/complaints", {"text": " "}, idempotency_key="a-1")
    mended = program.post("/complaints", BODY, idempotency_key="a-1")

    assert (refused.status_code, mended.status_code) == (422, 201)


@pytest.mark.parametrize("name", ["", " ", "with space", "长", "x" * 201])
def test_a_name_that_is_none_is_refused(name: str, program: Any) -> None:
    answer = program.post("/complaints", BODY, idempotency_key=name)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_an_error_while_the_answer_is_written_takes_back_what_was_done(
    program: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_answer: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(api_answers, "remember", broken)
    answer = program.post("/complaints", BODY, idempotency_key="a-1")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert not Complaint.objects.exists()


def test_one_that_is_being_worked_on_is_told_to_wait(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_args: Any) -> None:
        raise api_answers.BeingServed

    monkeypatch.setattr(api_answers, "recall", busy)
    answer = program.post("/complaints", BODY, idempotency_key="a-1")

    assert (answer.status_code, answer["Retry-After"], answer.json()["code"]) == (409, "1", "in_progress")


def test_a_forgotten_answer_does_not_make_the_same_request_count_again(program: Any) -> None:
    first = program.post("/complaints", BODY, idempotency_key="a-1")
    ApiAnswer.objects.all().delete()
    again = program.post("/complaints", BODY, idempotency_key="a-1")

    assert again.json()["number"] == first.json()["number"]
    assert Contact.objects.count() == 1


def test_old_answers_are_cleaned_away_in_batches(issued: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_answers, "BATCH", 2)
    key = issued().key
    for number in range(5):
        at = now - timedelta(hours=49 if number < 3 else 47)
        ApiAnswer.objects.create(key=key, name=str(number), fingerprint="", status=201, body="", at=at)

    assert api_answers.forget_old(now=now) == 3
    assert set(ApiAnswer.objects.values_list("name", flat=True)) == {"3", "4"}


def test_no_two_requests_have_one_fingerprint() -> None:
    assert module._fingerprint([b"ab", b"c"]) != module._fingerprint([b"a", b"bc"])
