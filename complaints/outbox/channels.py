"""How a message leaves the house: by SMTP, or as a file where no mail server is set up."""

from collections.abc import Callable, Sequence
from email.generator import BytesGenerator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as DjangoSmtpBackend

from complaints.models import OutboxMessage


def _nothing() -> None:
    pass


class SmtpBackend(DjangoSmtpBackend):
    """SMTP that calls `before_data` right before DATA: from there on "not sent" is no longer certain."""

    before_data: Callable[[], None] = staticmethod(_nothing)

    def open(self) -> Any:
        opened = super().open()
        if opened and self.connection:
            transmit = self.connection.data

            def announced(message: Any) -> Any:
                self.before_data()
                return transmit(message)

            self.connection.data = announced  # type: ignore[method-assign,assignment]
        return opened


class FileBackend(BaseEmailBackend):
    """Writes each mail as a file named after its Message-ID: a mail written twice is one file."""

    before_data: Callable[[], None] = staticmethod(_nothing)

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True)
        for message in messages:
            self.before_data()
            name = str(message.extra_headers["Message-ID"]).strip("<>").partition("@")[0]
            part = folder / f".{name}.part"
            with part.open("wb") as out:
                BytesGenerator(out).flatten(message.message())
            part.replace(folder / f"{name}.eml")
        return len(messages)


def send(message: OutboxMessage, connection: Any, before_data: Callable[[], None]) -> None:
    """Send one message over an open or opening connection; whatever goes wrong is raised."""
    connection.before_data = before_data
    EmailMessage(
        subject=message.subject,
        body=message.body,
        to=[message.address],
        connection=connection,
        headers={"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"},
    ).send()
