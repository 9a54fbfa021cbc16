"""A shop with a mailbox, a real IMAP server, and `deliver`, which takes a mail the whole way."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from complaints.intake import pacing
from complaints.intake.mail import keeping, placing
from complaints.models import InboundMail, Mailbox
from complaints.outbox import enqueue
from tests.factories.mails import SUPPORT
from tests.imap_server import PASSWORD, USER, ImapServer


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enqueue, "wake", lambda: None)


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How long each scope has to wait; nobody does at first."""
    waits: dict[str, int] = {}
    monkeypatch.setattr(pacing, "wait", lambda rates, scope, *who: waits.get(scope, 0))
    return waits


@pytest.fixture
def mailbox(shop: Any, media: Any, visits: dict[str, int], now: datetime) -> Mailbox:
    return Mailbox.objects.create(shop=shop, address=SUPPORT, since=now.date())


@pytest.fixture
def deliver(mailbox: Mailbox, now: datetime) -> Callable[..., InboundMail]:
    def take(data: bytes, *, at: Mailbox = mailbox, **how: Any) -> InboundMail:
        kept = keeping.keep(at, data, received_at=how.pop("received_at", now), now=now)
        return placing.process(kept.pk, now=how.pop("now", now), **how)

    return take


@pytest.fixture(scope="session")
def imap_service() -> Iterator[ImapServer]:
    with ImapServer() as server:
        yield server


@pytest.fixture
def imap(imap_service: ImapServer, mailbox: Mailbox, settings: Any) -> ImapServer:
    """The mailbox lies on the server, and is empty."""
    settings.AMENDS_WEBHOOK_TRUSTED_HOSTS = ["127.0.0.1"]
    with imap_service.box() as box:
        box.delete(box.uids("ALL"))
    mailbox.host, mailbox.port, mailbox.security = "127.0.0.1", imap_service.port, "none"
    mailbox.user, mailbox.password, mailbox.since = USER, PASSWORD, datetime(2020, 1, 1).date()
    mailbox.save()
    return imap_service
