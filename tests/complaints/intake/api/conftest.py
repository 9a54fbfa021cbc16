"""A key of the shop, and a program that calls with it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from complaints.intake import pacing
from complaints.models import ApiKey, Scope
from complaints.operations import api_keys
from complaints.operations.api_keys import Issued


@pytest.fixture(autouse=True)
def _counts_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the paces of other tests, and no broker."""
    pacing._alone.cache_clear()
    monkeypatch.setattr(pacing._Store, "rests_until", float("inf"))


@pytest.fixture
def issued(shop: Any, now: Any) -> Callable[..., Issued]:
    def make(*scopes: str, **values: Any) -> Issued:
        given = {"shop": shop, "name": "ERP", "scopes": list(scopes or Scope.values), "per_minute": 6000} | values
        return api_keys.issue(ApiKey(**given), actor=None, now=now)

    return make


class Program:
    """A program that shows its key and speaks JSON."""

    def __init__(self, token: str) -> None:
        self.client = Client(headers={"authorization": f"Bearer {token}"} if token else {})

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.post(f"/api/v1{path}", body, content_type="application/json", headers=_named(headers))

    def send_file(self, path: str, fields: dict[str, Any], **headers: str) -> Any:
        return self.client.post(f"/api/v1{path}", fields, headers=_named(headers))

    def get(self, path: str, fields: dict[str, Any] | None = None, **headers: str) -> Any:
        return self.client.get(f"/api/v1{path}", fields, headers=_named(headers))


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture
def program(issued: Any) -> Program:
    return Program(issued().token)
