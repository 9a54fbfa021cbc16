"""A mail server that takes tens of thousands of mails, and what they say: who heard of which case."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, NamedTuple

from tests.mail_server import MailServer

NUMBER = re.compile(r"\b[A-Z]\d{8}-\d{3,6}\b")
"""Of a complaint."""


class Arrived(NamedTuple):
    message_id: str
    to: str
    numbers: frozenset[str]


class Sink(MailServer):
    """Keeps the raw texts while the attack is on, and reads them when asked."""

    def __init__(self) -> None:
        super().__init__()
        self.raw: list[bytes] = []
        self._read: list[Arrived] = []
        self._lock = threading.Lock()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.raw.append(envelope.content)
        return "250 OK"

    def arrived(self) -> list[Arrived]:
        """All mails in the order in which they came."""
        with self._lock:
            self._read += [_read(text) for text in self.raw[len(self._read) :]]
            return list(self._read)

    def times(self) -> Counter[str]:
        """How often each Message-ID came."""
        return Counter(mail.message_id for mail in self.arrived())

    def told(self) -> Counter[tuple[str, str]]:
        """How many different mails told an address of a case."""
        once = {mail.message_id: mail for mail in self.arrived()}
        return Counter((mail.to, number) for mail in once.values() for number in mail.numbers)


def _read(raw: bytes) -> Arrived:
    mail: EmailMessage = message_from_bytes(raw, policy=policy.default)  # type: ignore[assignment]
    text = "\n".join([str(mail["Subject"]), *_texts(mail)])
    return Arrived(str(mail["Message-ID"]).strip(), str(mail["To"]), frozenset(NUMBER.findall(text)))


def _texts(mail: EmailMessage) -> Iterator[str]:
    for part in mail.walk():
        if part.get_content_type() == "text/plain":
            yield part.get_content()
