"""The documentation says of every endpoint what it takes and answers, for programs and for people."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from complaints.intake.api import docs_page
from complaints.intake.api.document import document
from complaints.intake.api.problems import TITLES
from complaints.operations import api_keys

pytestmark = pytest.mark.django_db


def test_the_document_is_served_to_everybody(client: Client) -> None:
    answer = client.get("/api/v1/openapi.json")

    assert (answer.status_code, answer.json()) == (200, json.loads(json.dumps(document())))
    assert client.post("/api/v1/openapi.json", {}, content_type="application/json").status_code == 405


def test_every_endpoint_says_how_it_fails() -> None:
    for path in document()["paths"].values():
        for operation in path.values():
            for status in ("401", "429", "500"):
                assert list(operation["responses"][status]["content"]) == ["application/problem+json"]
            assert operation["summary"]
            assert operation["description"]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_page_has_every_endpoint_field_and_error_and_nothing_foreign(language: str, client: Client) -> None:
    answer = client.get("/api/v1/docs", {"language": language})
    page = answer.content.decode()

    assert f'<html lang="{language}">' in page
    for endpoint in docs_page.endpoints(""):
        assert f'id="{endpoint.name}"' in page
        for field in (*endpoint.parameters, *endpoint.body, *endpoint.answers[0].fields):
            assert f"<code>{field.name}</code>" in page
    for code in TITLES:
        assert f'id="{code}"' in page
    assert not re.search(r"<script|style=|https?://(?!testserver)", page)


def test_the_key_of_the_examples_opens_nothing(now: Any) -> None:
    assert api_keys._TOKEN.fullmatch(docs_page.EXAMPLE_KEY) is None or (
        api_keys.recognise(docs_page.EXAMPLE_KEY, now=now) is None
    )


def test_the_example_of_a_complaint_is_taken_as_it_stands(program: Any, shop: Any) -> None:
    creating = next(one for one in docs_page.endpoints("") if one.name == "createComplaint")
    body = re.search(r"-d '(.*)'", creating.example, re.DOTALL)

    assert body
    answer = program.post("/complaints", json.loads(body[1]))
    assert (answer.status_code, answer.json()["missing"]) == (201, [])
