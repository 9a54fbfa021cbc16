"""Visitors who are not logged in, and forms that they fill in."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from complaints.intake import pacing
from complaints.portal import seals
from tests.complaints.operations import test_uploads
from tests.factories.complaints import NOW, OrderFactory

FORM = "/tmall/complain"


def photo(kind: str = "JPEG") -> SimpleUploadedFile:
    """A photo as a phone takes it."""
    return SimpleUploadedFile(f"照片.{kind.lower()}", test_uploads.picture(kind))


@pytest.fixture(autouse=True)
def _nobody_was_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test counts for itself, in this process, wherever the broker's store is."""
    pacing._alone.cache_clear()
    monkeypatch.setattr(pacing, "_limiter", lambda _broker: pacing._alone())


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"accept-language": "zh-CN"})


@pytest.fixture
def order(shop: Any) -> Any:
    """An order of a customer of whom phone and e-mail are on file."""
    return OrderFactory(
        shop=shop,
        number="2026112000000000001",
        customer__phone="13800001234",
        customer__email="wang@mail.example",
        customer__platform=shop.platform,
    )


@pytest.fixture
def filled(shop: Any) -> Callable[..., dict[str, Any]]:
    """`filled(phone="...")`: a form that was open for a minute; a new one each time."""

    def make(**values: Any) -> dict[str, Any]:
        seal = seals.new(f"shop:{shop.pk}", now=NOW - timedelta(minutes=1))
        fields = {
            "form": str(seal),
            "language": "zh-hans",
            "text": "杯子到手就碎了，包装里没有泡沫。",
            "order_number": "2026112000000000001",
            "wish": "reship",
            "phone": "13800001234",
        }
        return fields | values

    return make


@pytest.fixture
def link(visitor: Client, filled: Callable[..., dict[str, Any]], frozen: Any) -> Callable[..., str]:
    """Send the form; the path of the status page that the answer leads to."""

    def send(**values: Any) -> str:
        answer = visitor.post(FORM, filled(**values))
        assert answer.status_code == 302, re.findall(r'class="(?:wrong|notice)"[^>]*>.*', answer.content.decode())
        return str(answer["Location"]).partition("?")[0]

    return send
