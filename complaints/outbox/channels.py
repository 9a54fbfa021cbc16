"""How a message leaves the house: by SMTP, or as a file where no mail server is set up."""

import os
import smtplib
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from email.generator import BytesGenerator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as DjangoSmtpBackend

from complaints.models import OutboxMessage


class NotTaken(Exception):
    """The connection took no message and gave no reason, as Django's do for a message without a recipient."""


def _nothing() -> None:
    pass


class SmtpBackend(DjangoSmtpBackend):
    """SMTP that calls `before_data` right before DATA: from there on "not sent" is no longer certain."""

    before_data: Callable[[], None] = staticmethod(_nothing)

    def open(self) -> Any:
        opened = super().open()
        if opened:
            server: Any = self.connection
            transmit = server.data

            def announced(message: Any) -> Any:
                self.before_data()
                return transmit(message)

            server.data = announced
        return opened

    def still_open(self) -> bool:
        """Whether the server answers yet; many end a session after a number of messages."""
        try:
            return self.connection is not None and self.connection.noop()[0] == 250
        except (smtplib.SMTPException, OSError):
            return False


class FileBackend(BaseEmailBackend):
    """Writes each mail as a file named after its Message-ID: a mail written twice is one file."""

    before_data: Callable[[], None] = staticmethod(_nothing)

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in messages:
            name = str(message.extra_headers["Message-ID"]).strip("<>").partition("@")[0]
            self._write(message, folder / f"{name}.eml")
        return len(messages)

    def _write(self, message: EmailMessage, path: Path) -> None:
        """Write beside the place and move there: until the move the message is certainly not sent."""
        part = path.with_name(f".{uuid.uuid4().hex}.part")
        try:
            with part.open("wb") as out:
                BytesGenerator(out).flatten(message.message())
                out.flush()
                os.fsync(out.fileno())
            self.before_data()
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def connect(connection: Any) -> None:
    """Have the connection open, anew when the server has ended the session; raises what prevents it."""
    if isinstance(connection, SmtpBackend) and connection.connection and not connection.still_open():
        hang_up(connection)
    connection.open()


def hang_up(connection: Any) -> None:
    """End the session, however the server takes it."""
    with suppress(Exception):  # the message is decided already; good-byes change nothing
        connection.close()


def send(message: OutboxMessage, connection: Any, before_data: Callable[[], None]) -> None:
    """Send one message over an open connection; whatever goes wrong is raised."""
    connection.before_data = before_data
    sent = EmailMessage(
        subject=message.subject,
        body=message.body,
        to=[message.address],
        connection=connection,
        # RFC 3834: what a person wrote is not automatic, and may be answered by an absence notice.
        headers={"Message-ID": message.message_id, "Auto-Submitted": "no" if message.by_hand else "auto-generated"},
    ).send()
    if sent != 1:
        raise NotTaken("no recipient")
