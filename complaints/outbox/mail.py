"""Mail: by SMTP, or as a file where no mail server is set up."""

import os
import smtplib
import uuid
from collections.abc import Callable, Sequence
from email.generator import BytesGenerator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as DjangoSmtpBackend
from django.core.mail.message import EmailMessage

from complaints.models import OutboxMessage

SESSION_OVER = 421
"""What a server says that ends the session, as many do after a number of messages."""


class NotTaken(Exception):
    """The connection took no message and gave no reason, as Django's do for a message without a recipient."""


def _nothing() -> None:
    pass


class SmtpBackend(DjangoSmtpBackend):
    """SMTP that calls `before_data` right before DATA: from there on "not sent" is no longer certain."""

    before_data: Callable[[], None] = staticmethod(_nothing)
    used = begun = False

    def open(self) -> Any:
        opened = super().open()
        if opened:
            self.used = False
            server: Any = self.connection
            transmit = server.data

            def announced(message: Any) -> Any:
                self.begun = True
                self.before_data()
                return transmit(message)

            server.data = announced
        return opened

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> Any:
        """Send, in a new session if the server has ended the old one since the last message: it has nothing yet."""
        self.begun = False
        try:
            sent = super().send_messages(email_messages)
        except (smtplib.SMTPServerDisconnected, smtplib.SMTPSenderRefused) as error:
            if self.begun or not self.used or getattr(error, "smtp_code", SESSION_OVER) != SESSION_OVER:
                raise
            self.close()
            self.open()
            sent = super().send_messages(email_messages)
        self.used = True
        return sent


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


def line() -> Any:
    """A way to the mail server, to be opened."""
    return get_connection()


def send(message: OutboxMessage, connection: Any, before_data: Callable[[], None]) -> None:
    """Send one message over an open connection; whatever goes wrong is raised."""
    connection.before_data = before_data
    by_whom = "no" if message.by_hand else "auto-replied" if message.answers else "auto-generated"
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.body,
        to=[message.address],
        connection=connection,
        # RFC 3834: what a person wrote is not automatic, and may be answered by an absence notice.
        reply_to=[message.reply_to] if message.reply_to else None,
        headers={"Message-ID": message.message_id, "Auto-Submitted": by_whom} | _silence(message),
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    if mail.send() != 1:
        raise NotTaken("no recipient")


def _silence(message: OutboxMessage) -> dict[str, str]:
    """What answers a mail by itself asks for no answer by a machine: those of Exchange know this header only."""
    return {"X-Auto-Response-Suppress": "All"} if message.answers else {}


def is_refusal(error: Exception) -> bool:
    """Whether the server has said that it did not take the message; a garbled answer says nothing."""
    return isinstance(error, smtplib.SMTPResponseException) and 400 <= error.smtp_code < 600


def is_permanent(error: Exception) -> bool:
    """Whether the server will not take it later either: a 5xx for the recipient or the text."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and 500 <= error.smtp_code < 600
