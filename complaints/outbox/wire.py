"""One request to an address that somebody typed, and no way from there into our network (reliability.md, section 3).

The name is looked up once, each address is checked, and the checked one is connected to: a name that leads elsewhere a
moment later leads nowhere. Redirects are not followed.
"""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

CONNECT_SECONDS = 5
TOTAL_SECONDS = 10
MOST_BYTES = 64 * 1024
PORTS = {"https": 443, "http": 80}
_NOT_OPEN = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24")))
"""For protocols and relays; Python counts some of them among the open ones."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Forbidden(Exception):
    """We do not go there; the text says why, for the person who typed the address."""


class TooLong(HTTPException):
    """The answer is longer than any answer to us has reason to be."""


class Place(NamedTuple):
    """Where a URL leads."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def trusted(self) -> bool:
        """Whether whoever runs this installation has named the host as one of the own network."""
        return not {self.host, f"{self.host}:{self.port}"}.isdisjoint(settings.AMENDS_WEBHOOK_TRUSTED_HOSTS)


def place(url: str) -> Place:
    """Take the URL apart. Raises Forbidden for one that is none, or that must not be used."""
    parts, port = _split(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise Forbidden(_("This is not a web address. It begins with https://."))
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Forbidden(_("The address must not contain a user name or a #."))
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    found = Place(parts.scheme, parts.hostname, port or PORTS[parts.scheme], path)
    if found.scheme != "https" and not found.trusted:
        raise Forbidden(_("Only https:// is allowed: over http:// everybody on the way could read the messages."))
    return found


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Forbidden(_("This is not a web address. It begins with https://.")) from None
    if not url.isascii() or not url.isprintable() or " " in url:
        raise Forbidden(_("The address contains a character that no web address has."))
    return parts, port


def look_up(where: Place) -> list[Any]:
    """Addresses to connect to, all of them checked. Raises Forbidden, and OSError when there are none."""
    found = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
    if not where.trusted and not all(is_public(str(info[4][0])) for info in found):
        raise Forbidden(_("The address leads into a private network."))
    return found


def is_public(address: str) -> bool:
    """Whether the address belongs to the open internet, whatever it is wrapped in."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        elif ip in _NAT64:
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip.sixtofour or ip.teredo or ip.is_site_local:
            return False
    if any(ip in block for block in _NOT_OPEN if block.version == ip.version):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class Wire:
    """A connection for one request; all of it together takes no longer than TOTAL_SECONDS."""

    def __init__(self, where: Place) -> None:
        self.where = where
        self._connection: HTTPConnection | None = None
        self._sock: socket.socket | None = None
        """Ours to cut: the connection lets go of it when the answer has no length."""
        self._watch = threading.Timer(TOTAL_SECONDS, self._end)
        self._watch.daemon = True
        self._late = False

    def open(self) -> None:
        """Connect to an address that was checked. Raises Forbidden and OSError."""
        self._sock = connected(look_up(self.where))
        kind = HTTPSConnection if self.where.scheme == "https" else HTTPConnection
        self._connection = kind(self.where.host, self.where.port)
        self._connection.auto_open = 0  # it never looks the name up by itself
        self._watch.start()
        if self.where.scheme == "https":
            self._sock = _tls().wrap_socket(self._sock, server_hostname=self.where.host, do_handshake_on_connect=False)
            self._sock.do_handshake()
        self._connection.sock = self._sock

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Send the request; returns status and text of the answer. Raises OSError and HTTPException."""
        if self._connection is None:
            raise ConnectionError("not open")
        try:
            self._connection.request("POST", path, body, dict(headers))
            answer = self._connection.getresponse()
            text = answer.read(MOST_BYTES + 1)
        except (OSError, HTTPException):
            if self._late:
                raise TimeoutError("the answer took too long") from None
            raise
        if self._late:
            raise TimeoutError("the answer took too long")
        if len(text) > MOST_BYTES:
            raise TooLong("the answer is too long")
        return answer.status, text

    def close(self) -> None:
        self._watch.cancel()
        if self._connection:
            self._connection.close()
        if self._sock:
            self._sock.close()

    def _end(self) -> None:
        """Time is up: whoever waits on the socket wakes."""
        self._late = True
        if self._sock:
            with suppress(OSError):
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)


def connected(found: list[Any], *, seconds: float = CONNECT_SECONDS) -> socket.socket:
    """A socket to the first of the checked addresses that answers; it waits so long for anything."""
    refused: OSError = ConnectionError("no address")
    for family, kind, protocol, _name, address in found:
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(seconds)
        try:
            sock.connect(address)
        except OSError as error:
            sock.close()
            refused = error
        else:
            return sock
    raise refused


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
