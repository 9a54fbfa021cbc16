"""Without a mail server each mail becomes a file, so that nothing is lost before one is set up."""

from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from complaints.models import OutboxMessage
from complaints.outbox import delivery, mail
from tests.complaints.outbox.rows import expire, fresh, make_due

Make = Callable[..., OutboxMessage]


def test_mail_becomes_a_file_named_after_its_message_id(message: Make, mail_folder: Path) -> None:
    row = message("customer", message_id="<0a1b@desk.example>", body="您好，我们正在核实。")
    delivery.deliver()
    (file,) = mail_folder.iterdir()
    assert file.name == "0a1b.eml"
    mail: Any = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert (mail["To"], mail["Message-ID"], mail["Auto-Submitted"]) == (row.address, row.message_id, "auto-generated")
    assert mail.get_content().strip() == row.body
    assert fresh(row).status == "sent"


def test_mail_written_twice_is_one_file(message: Make, mail_folder: Path) -> None:
    row = message()
    for _ in range(2):
        OutboxMessage.objects.update(status="pending")
        delivery.deliver()
    assert fresh(row).attempt == 2
    assert len(list(mail_folder.iterdir())) == 1


def test_each_message_has_a_file_of_its_own(message: Make, mail_folder: Path) -> None:
    for _ in range(3):
        message()
    delivery.deliver()
    assert len(list(mail_folder.iterdir())) == 3


def test_folder_is_for_us_alone(message: Make, mail_folder: Path) -> None:
    message()
    delivery.deliver()
    assert mail_folder.stat().st_mode & 0o777 == 0o700


def test_mail_that_cannot_be_written_waits_and_leaves_nothing(
    message: Make, mail_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is found before the point of no return, so that even a customer's mail is simply tried again."""
    row = message("customer")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(mail.os, "fsync", full)
        delivery.deliver()
    assert (fresh(row).status, list(mail_folder.iterdir())) == ("pending", [])
    make_due()
    delivery.deliver()
    assert (fresh(row).status, len(list(mail_folder.iterdir()))) == ("sent", 1)


def test_owner_that_lost_its_claim_writes_no_file(
    message: Make, mail_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message("customer")
    with monkeypatch.context() as patch:
        patch.setattr(mail.os, "fsync", lambda descriptor: expire())
        delivery.deliver(limit=1)
    assert list(mail_folder.iterdir()) == []
