"""One session with an IMAP server: connected to a checked address, encrypted, bounded in time.

`imap-tools` speaks the protocol. Its `flag` is not used: it would expunge what others have marked as deleted.
"""

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError

from complaints.models import Mailbox
from complaints.outbox import wire

SECONDS = 20
"""For each answer of the server."""

_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_UID = re.compile(rb"\bUID (\d+)")
_WHEN = re.compile(rb'INTERNALDATE "([^"]+)"')
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Netease refuses to open a folder for a client that has not said its name (RFC 2971).
imaplib.Commands.setdefault("ID", ("NONAUTH", "AUTH", "SELECTED"))
_NAME = '("name" "Amends" "version" "1" "vendor" "Amends")'

PROBLEMS = (OSError, imaplib.IMAP4.error, ImapToolsError, wire.Forbidden, UnicodeError, ValueError)
"""What a server, the way to it or what was typed may do to us."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A mail as the server lists it."""

    uid: int
    size: int
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class Folder:
    uidvalidity: int
    count: int


class Session(BaseMailBox):
    """`with Session(mailbox) as session:` is logged in; leaving says good-bye, whatever the server does."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._where = mailbox
        super().__init__()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *exc: object) -> None:
        with suppress(Exception):
            self.client.logout()

    def _get_mailbox_client(self) -> Any:
        where = self._where
        place = wire.Place("imap", where.host, where.port, "")
        found = wire.look_up(place)
        if where.security == Mailbox.Security.NONE and not place.trusted:
            raise wire.Forbidden(_("Without encryption only a server of the own network can be read."))
        if where.security == Mailbox.Security.TLS:
            return _Encrypted(where.host, found)
        client = _Plain(where.host, found)
        if where.security == Mailbox.Security.STARTTLS:
            client.starttls(ssl_context=_tls())
        return client

    def log_in(self) -> None:
        user, password = self._where.user, self._where.password or ""
        if user.isascii() and password.isascii():
            self.login(user, password, initial_folder=None)
        else:
            self.login_utf8(user, password, initial_folder=None)
        with suppress(imaplib.IMAP4.error):
            self.client._simple_command("ID", _NAME)

    def open_folder(self) -> Folder:
        self.folder.set(self._where.folder)
        (answer,) = self.client.response("UIDVALIDITY")[1][:1]
        _typ, (count,) = self.client.response("EXISTS")
        return Folder(int(answer or 0), int(count or 0))

    def after(self, uid: int, since: date) -> list[int]:
        """UIDs beyond this one of mails that came on that day or later, in their order."""
        day = f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}"
        found = self.uids(f"UID {uid + 1}:* SINCE {day}", charset=None)
        # "n:*" always names the last mail, also where it lies before n.
        return sorted({int(one) for one in found if int(one) > uid})

    def listed(self, uid: int) -> Listed | None:
        """None: it is there no more."""
        for answer in self._fetched(uid, "(UID RFC822.SIZE INTERNALDATE)"):
            text = answer[0] + answer[1] if isinstance(answer, tuple) else answer
            named, size = _UID.search(text), _SIZE.search(text)
            if named and size and int(named[1]) == uid:
                return Listed(uid, int(size[1]), _moment(text))
        return None

    def whole(self, uid: int) -> bytes:
        return self._literal(uid, "(UID BODY.PEEK[])")

    def head(self, uid: int) -> bytes:
        return self._literal(uid, "(UID BODY.PEEK[HEADER])")

    def mark(self, uid: int) -> None:
        """Say on the server that the mail has been taken: moved away, or read."""
        if self._where.move_to and "MOVE" in self.client.capabilities:
            self.move([str(uid)], self._where.move_to)
        else:
            self._done(self.client.uid("STORE", str(uid), "+FLAGS", r"(\Seen)"))

    def _literal(self, uid: int, what: str) -> bytes:
        return next((answer[1] for answer in self._fetched(uid, what) if isinstance(answer, tuple)), b"")

    def _fetched(self, uid: int, what: str) -> Iterator[Any]:
        return iter([one for one in self._done(self.client.uid("FETCH", str(uid), what)) if one])

    @staticmethod
    def _done(answer: tuple[str, list[Any]]) -> list[Any]:
        if answer[0] != "OK":
            raise imaplib.IMAP4.error(f"the server answers {answer[0]}")
        return answer[1]


class _Plain(imaplib.IMAP4):
    def __init__(self, host: str, found: list[Any]) -> None:
        self._found = found
        super().__init__(host, timeout=SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return wire.connected(self._found, seconds=SECONDS)


class _Encrypted(imaplib.IMAP4_SSL):
    def __init__(self, host: str, found: list[Any]) -> None:
        self._found = found
        super().__init__(host, ssl_context=_tls(), timeout=SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return _tls().wrap_socket(wire.connected(self._found, seconds=SECONDS), server_hostname=self.host)


def _moment(text: bytes) -> datetime | None:
    """When the server got the mail."""
    found = _WHEN.search(text)
    if not found:
        return None
    try:
        return datetime.strptime(found[1].decode().strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
