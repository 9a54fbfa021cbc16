"""Messages that are due by the database's clock, whatever the time is, and where they go to."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from complaints.models import Complaint, OutboxMessage
from complaints.outbox import enqueue
from tests.complaints.outbox.rows import LONG_AGO
from tests.factories.complaints import ComplaintFactory, OutboxMessageFactory
from tests.mail_server import MailServer


@pytest.fixture
def case(shop: Any) -> Complaint:
    return ComplaintFactory(shop=shop)


@pytest.fixture
def message(case: Complaint) -> Callable[..., OutboxMessage]:
    """`message("customer")` writes a row that is due; the first one written is the oldest."""

    def make(audience: str = "staff", **values: Any) -> OutboxMessage:
        number = OutboxMessage.objects.count()
        values = {
            "address": f"{audience}{number}@mail.example",
            "subject": f"第 {number} 封",
            "dedup_key": f"message:{number}",
            "message_id": f"<message-{number}@desk.example>",
            "next_attempt_at": LONG_AGO,
            "created_at": LONG_AGO,
        } | values
        return OutboxMessageFactory(complaint=case, audience=audience, **values)

    return make


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Wakes instead of a broker: one entry for each time that a worker was asked to deliver."""
    calls: list[str] = []
    monkeypatch.setattr(enqueue, "wake", lambda: calls.append("deliver"))
    return calls


@pytest.fixture
def smtp(settings: Settings) -> Iterator[MailServer]:
    """A real mail server, and the settings that lead to it."""
    with MailServer() as server:
        settings.EMAIL_BACKEND = "complaints.outbox.mail.SmtpBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
        yield server


@pytest.fixture
def mail_folder(settings: Settings, tmp_path: Path) -> Path:
    """The folder to which mails go where no mail server is set up."""
    settings.EMAIL_BACKEND = "complaints.outbox.mail.FileBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    return tmp_path / "mail"
