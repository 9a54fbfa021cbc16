"""The pipe: a mail server hands a mail over, and may forget it only when we have it."""

import io
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError

from complaints.intake.mail import keeping, placing
from complaints.management.commands.receive_mail import Command
from complaints.models import InboundMail, Mailbox
from complaints.outbox import enqueue
from tests.factories.mails import SUPPORT, mail

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(shop: Any, media: Any, now: datetime) -> Mailbox:
    return Mailbox.objects.create(shop=shop, address=SUPPORT, since=now.date())


@pytest.fixture
def hand_over(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.setattr(enqueue, "wake", lambda: None)
    # The command leaves its connection closed, which is this test's.
    monkeypatch.setattr("django.core.management.base.connections.close_all", lambda: None)

    def run(data: bytes, *arguments: str) -> int:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        try:
            Command().run_from_argv(["manage.py", "receive_mail", *arguments])
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return run


@pytest.mark.parametrize("name", [SUPPORT, SUPPORT.upper(), "tmall"])
def test_a_mail_is_taken_by_address_or_shop(name: str, hand_over: Callable[..., int], mailbox: Mailbox) -> None:
    assert hand_over(mail(), "--mailbox", name) == 0
    assert InboundMail.objects.get().state == "taken"


def test_the_same_mail_again_is_taken_once(hand_over: Callable[..., int], mailbox: Mailbox) -> None:
    raw = mail()
    assert [hand_over(raw, "--mailbox", SUPPORT) for _ in range(2)] == [0, 0]
    assert InboundMail.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "arguments"),
    [
        (mail(), ()),
        (mail(), ("--mailbox", "nobody@shop.example")),
        (mail(), ("--no-such-option",)),
        (b"", ("--mailbox", SUPPORT)),
    ],
)
def test_on_any_doubt_the_server_keeps_it(
    data: bytes, arguments: tuple[str, ...], hand_over: Callable[..., int], mailbox: Mailbox
) -> None:
    assert hand_over(data, *arguments) == 75


def test_without_a_database_or_a_disk_the_server_keeps_it(
    hand_over: Callable[..., int], mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (OperationalError("away"), OSError("disk full"), KeyboardInterrupt()):

        def fails(*args: Any, error: BaseException = error, **kwargs: Any) -> None:
            raise error

        monkeypatch.setattr(keeping, "keep", fails)
        assert hand_over(mail(), "--mailbox", SUPPORT) == 75


def test_what_is_kept_is_taken_though_it_cannot_be_processed_now(
    hand_over: Callable[..., int], mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(placing, "process", fails)
    assert hand_over(mail(), "--mailbox", SUPPORT) == 0
    assert InboundMail.objects.get().state == "kept"


def test_too_large_a_mail_is_listed_and_stays_with_the_server(
    hand_over: Callable[..., int], mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_BYTES", 500)
    raw = mail("长" * 900)
    assert [hand_over(raw, "--mailbox", SUPPORT) for _ in range(2)] == [75, 75]
    listed = InboundMail.objects.get()
    assert (listed.state, listed.why, listed.size) == ("failed", "too_large", len(raw))
