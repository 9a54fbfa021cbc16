"""A mail taken apart: its texts, its files, what it reports. Pure; never raises, and does no more than so much.

The standard library's parser does the work. What it cannot do, or only in a time that grows with the square of the
length, is looked for before: such a mail is read as one plain text.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import compat32
from logging import getLogger
from typing import Any

from . import charsets, words
from .held import Held

log = getLogger(__name__)

DEEPEST = 25
MOST_PARTS = 300
MOST_BOUNDARIES = 60
MOST_DELIMITERS = 4_000
MOST_HEADERS = 20_000
LONGEST_WITHOUT_FILES = 12_000_000
"""Bytes, without the encoded files."""

LONGEST_TEXT = 400_000
"""Bytes of a text part that are looked at."""

MOST_FILES = 60
_CHUNK = 64 * 1024
_HEADER = re.compile(rb"\n[!-9;-~]{1,80}:")
_NAMES = re.compile(rb"boundary\s*=", re.IGNORECASE)
_FIRST_DELIMITER = re.compile(rb"\A\s*--([^\s\"]{1,70})[ \t]*\r?\n")
_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature")
_SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted")
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_SMALL_PICTURE = 1_500
"""Bytes: pictures within the text that are smaller are counters and rules, not evidence."""


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content_type: str
    data: bytes = field(repr=False)


@dataclass(slots=True)
class Parts:
    """What a mail holds. `refused`: names of files that are not taken, and the kind of reason."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    attached: list[str] = field(default_factory=list)
    """Texts of mails within the mail, each with its subject."""
    report: str = ""
    """What a delivery report says, and the headers of the mail that it is about."""
    files: list[File] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    whole: bool = True
    """False: it could not be taken apart, and was read as one text."""


def take_apart(data: bytes) -> Parts:
    """All parts of the mail with these bytes."""
    held = Held(data)
    if not _too_much(held.rest):
        try:
            message = _parsed(held.rest[at : at + _CHUNK] for at in range(0, len(held.rest), _CHUNK))
            parts = Parts([(name.lower(), str(value)) for name, value in message.raw_items()])
            _Walk(parts, held).visit(message, 0)
            return parts
        except Exception:  # nobody knows all the ways in which a mail can be broken; the words are taken nevertheless
            log.info("a mail could not be taken apart", exc_info=False)
    return _as_one_text(data)


def head_of(data: bytes) -> list[tuple[str, str]]:
    """The headers alone: names in lower case, values as they came. Of any bytes."""
    end = min((at for at in (data.find(b"\n\n"), data.find(b"\n\r\n")) if at >= 0), default=len(data))
    found: list[tuple[str, str]] = []
    for line in data[: min(end, 200_000)].split(b"\n"):
        shown = line.rstrip(b"\r").decode("ascii", "surrogateescape")
        if shown[:1] in (" ", "\t") and found:
            name, value = found[-1]
            found[-1] = (name, f"{value[: words.LONGEST]}\n{shown}")
        elif ":" in shown:
            name, _colon, value = shown.partition(":")
            found.append((name.strip().lower()[:100], value.strip()))
    return found[:2000]


def cut_after_head(data: bytes) -> bytes:
    """The headers alone, as bytes."""
    end = min((at for at in (data.find(b"\n\n"), data.find(b"\n\r\n")) if at >= 0), default=0)
    return data[: min(end, 200_000)] + b"\n\n"


def _too_much(rest: bytes) -> bool:
    """Whether it would take the parser, or us, longer than any honest mail does."""
    many = ((_NAMES, MOST_BOUNDARIES), (_HEADER, MOST_HEADERS))
    counts = (sum(1 for _ in pattern.finditer(rest)) > most for pattern, most in many)
    return len(rest) > LONGEST_WITHOUT_FILES or rest.count(b"\n--") > MOST_DELIMITERS or any(counts)


def _as_one_text(data: bytes) -> Parts:
    end = max(data.find(b"\n\n"), data.find(b"\n\r\n"), 0)
    return Parts(head_of(data), plain=[charsets.decode(data[end : end + LONGEST_TEXT])], whole=False)


def _parsed(chunks: Iterable[bytes]) -> Message:
    parser = BytesFeedParser(policy=compat32)
    for chunk in chunks:
        parser.feed(chunk)
    return parser.close()


class _Walk:
    """Goes through the parts of a message in order, within bounds."""

    def __init__(self, parts: Parts, held: Held) -> None:
        self.parts, self.held, self.seen = parts, held, 0

    def visit(self, part: Message, depth: int) -> None:
        self.seen += 1
        if self.seen > MOST_PARTS or depth > DEEPEST:
            self.parts.whole = False
            return
        kind = _type(part)
        children: Any = part.get_payload() if part.is_multipart() else None
        if isinstance(children, list) and kind == "message/rfc822":
            self._mail_within(children, depth)
        elif isinstance(children, list) and kind == "message/delivery-status":
            self.parts.report += "\n\n".join(_lines_of(child) for child in children[:20]) + "\n\n"
        elif isinstance(children, list):
            self._several(kind, children, depth)
        elif kind.startswith("multipart/"):
            self._without_boundary(part, depth)
        else:
            self._leaf(part, kind)

    def _several(self, kind: str, children: list[Message], depth: int) -> None:
        for child in children:
            self.visit(child, depth + 1)

    def _without_boundary(self, part: Message, depth: int) -> None:
        """The header names no delimiter, or another one than the text has: the first line tells it."""
        source = _untouched(part)
        found = _FIRST_DELIMITER.match(source)
        if found and depth < DEEPEST:
            again = _parsed([b'Content-Type: multipart/mixed; boundary="' + found[1] + b'"\n\n', source])
            if again.is_multipart():
                self.visit(again, depth + 1)
                return
        self.parts.plain.append(charsets.decode(source[:LONGEST_TEXT]))

    def _mail_within(self, children: list[Message], depth: int) -> None:
        """A mail in the mail: its words are quoted words, its files are files; a report returns the one it is about."""
        inner = Parts()
        for child in children[:1]:
            inner.headers = [(name.lower(), str(value)) for name, value in child.raw_items()]
            walk = _Walk(inner, self.held)
            walk.seen = self.seen
            walk.visit(child, depth + 1)
            self.seen = walk.seen
        head = "\n".join(f"{name}: {words.text(value)}" for name, value in inner.headers[:60])
        self.parts.report += f"{head}\n\n"
        subject = next((words.text(value) for name, value in inner.headers if name == "subject"), "")
        said = "\n\n".join([*inner.plain, *(() if inner.plain else inner.html), *inner.attached])
        self.parts.attached.append(f"{subject}\n\n{said}".strip())
        self.parts.files += inner.files
        self.parts.refused += inner.refused

    def _leaf(self, part: Message, kind: str) -> None:
        name, inline = _name_of(part), _disposition(part) != "attachment"
        if kind in _SIGNATURES or kind == "text/calendar":
            return
        if kind in ("text/rfc822-headers", "message/delivery-status"):
            self.parts.report += charsets.decode(self._content(part)[:LONGEST_TEXT]) + "\n\n"
        elif kind in _TNEF or name.lower() == "winmail.dat":
            self.parts.refused.append((name or "winmail.dat", "tnef"))
        elif kind in _SEALED:
            self.parts.refused.append((name or kind, "sealed"))
        elif kind in ("text/plain", "text/html") and inline and not name:
            text = charsets.decode(self._content(part)[:LONGEST_TEXT], _charset(part))
            (self.parts.html if kind == "text/html" else self.parts.plain).append(text)
        elif name or not inline or not kind.startswith(("text/", "message/")):
            self._file(part, kind, name, inline=inline)
        else:
            self.parts.plain.append(charsets.decode(self._content(part)[:LONGEST_TEXT], _charset(part)))

    def _file(self, part: Message, kind: str, name: str, *, inline: bool) -> None:
        data = self._content(part)
        within = (inline and "content-id" in part) or not name
        if not data or (within and kind.startswith("image/") and len(data) < _SMALL_PICTURE):
            return
        name = name or f"{kind.partition('/')[0] or 'file'}{len(self.parts.files) + 1}"
        if len(self.parts.files) >= MOST_FILES:
            self.parts.refused.append((name, "too_many"))
        else:
            self.parts.files.append(File(name, kind, data))

    def _content(self, part: Message) -> bytes:
        """The bytes of a leaf, whatever its transfer encoding says and however it is broken."""
        encoding = words.text(_header(part, "content-transfer-encoding")).lower()
        pieces = self.held.pieces(_untouched(part))
        if "base64" in encoding:
            return words.unbase64(pieces)
        data = b"".join(pieces)
        return words.unquoted(data) if "quoted-printable" in encoding else data


def _header(part: Message, name: str) -> str:
    """The value as it came; the library's own look-up spoils what is not ASCII."""
    return next((str(value) for given, value in part.raw_items() if given.lower() == name), "")


def _type(part: Message) -> str:
    kind = words.text(_header(part, "content-type") or "text/plain").partition(";")[0].strip().lower()
    return kind if re.fullmatch(r"[a-z0-9.+-]{1,80}/[a-z0-9.+-]{1,120}", kind) else part.get_content_type()


def _disposition(part: Message) -> str:
    return words.text(_header(part, "content-disposition")).partition(";")[0].strip().lower()


def _charset(part: Message) -> str:
    return words.parameters(_header(part, "content-type")).get("charset", "")


def _name_of(part: Message) -> str:
    """The name of the file without its folders; on Windows those have another sign between them."""
    given = words.parameters(_header(part, "content-disposition")).get("filename")
    given = given or words.parameters(_header(part, "content-type")).get("name") or ""
    return re.split(r"[/\\]", given)[-1].strip()[-200:]


def _untouched(part: Message) -> bytes:
    """The body as it came. With a transfer encoding or without `decode`, the library reads it by its label."""
    del part["content-transfer-encoding"]
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _lines_of(part: Message) -> str:
    return "\n".join(f"{name}: {words.text(value)}" for name, value in part.raw_items())


def lines(headers: Iterable[tuple[str, str]], name: str) -> Iterator[str]:
    """The values of all headers of this name, as text."""
    return (words.text(value) for given, value in headers if given == name)
