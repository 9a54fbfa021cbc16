"""A mail as far as it can be understood: who, about what, own words, quoted words, files. Pure; never raises."""

import hashlib
import re
from dataclasses import dataclass, field

from . import html as layout
from . import parts, quoting, words
from .parts import File

LONGEST_OWN = 20_000
"""Characters of a contact; what goes on after that is folded."""

LONGEST_QUOTED = 100_000
_PORTION = 1024 * 1024
_TO = (
    "to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to", "resent-to",
    "x-rcpt-to", "apparently-to",
)  # fmt: skip
_NAMES_IT = ("message-id", "date", "from", "subject")
_HEADER_LINE = re.compile(rb"[!-9;-~]+[ \t]*:")
_NO_TEXT = re.compile(r"this (message|e-?mail) (is|was) (in|sent in) html|does not support html", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`refused`: names of files that are not taken, and the kind of reason; `whole`: whether all of it was read."""

    headers: tuple[tuple[str, str], ...] = field(repr=False)
    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    """Header texts that say to whom it went: addresses with their names."""
    subject: str
    message_id: str
    answers: tuple[str, ...]
    """Message-IDs that it says it answers, the nearest first."""
    text: str
    quoted: str
    html: str = field(repr=False)
    report: str = field(repr=False)
    files: tuple[File, ...]
    refused: tuple[tuple[str, str], ...]
    whole: bool

    def header(self, name: str) -> str:
        """The first header of this name; empty where there is none."""
        return next(parts.lines(self.headers, name), "")

    def has(self, name: str) -> bool:
        return any(given == name for given, _value in self.headers)

    @property
    def everything(self) -> str:
        """All words of the mail."""
        return "\n".join((self.subject, self.text, self.quoted, self.report))


def read(data: bytes) -> Letter:
    """Understand the mail with these bytes."""
    found = parts.take_apart(data)
    headers = tuple(found.headers)
    text, quoted = _words(found)
    name, address = words.sender(next(parts.lines(headers, "from"), ""))
    return Letter(
        headers=headers,
        sender=address,
        sender_name=name,
        recipients=tuple(line for header in _TO for line in parts.lines(headers, header))[:100],
        subject=next(parts.lines(headers, "subject"), "")[:300],
        message_id=next(iter(words.ids(parts.lines(headers, "message-id"))), ""),
        answers=words.ids([*parts.lines(headers, "references"), *parts.lines(headers, "in-reply-to")]),
        text=text,
        quoted=quoted,
        html="\n<hr>\n".join(found.html)[: layout.LONGEST],
        report=found.report[:LONGEST_QUOTED],
        files=tuple(found.files),
        refused=tuple(found.refused),
        whole=found.whole,
    )


def _words(found: parts.Parts) -> tuple[str, str]:
    """Own words, and what is folded: quoted mails, attached mails, the end of an endless text."""
    plain = "\n\n".join(text for text in found.plain if text.strip())
    if plain.strip() and not (found.html and len(plain) < 200 and _NO_TEXT.search(plain)):
        split = quoting.split(plain)
    else:
        shown = layout.to_text("\n".join(found.html))
        split = quoting.split(shown.text, begins=shown.quote_begins, ends=shown.quote_ends)
    own, folded = _squeezed(split.own), [split.quoted, *found.attached]
    if not own and found.attached:
        own, folded = found.attached[0].strip(), [split.quoted, *found.attached[1:]]
    if len(own) > LONGEST_OWN:
        own, rest = own[:LONGEST_OWN], own[LONGEST_OWN:]
        folded.insert(0, rest)
    return own, _squeezed("\n\n".join(text for text in folded if text.strip()))[:LONGEST_QUOTED]


def _squeezed(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{4,}", "\n\n\n", lines).strip("\n")


# ---------------------------------------------------------------- identity


def identity(data: bytes) -> str:
    """What makes two deliveries one mail (64 hex digits): who wrote it when, and all of its text.

    Not what servers on the way put above it, so that a mail in two mailboxes is one; and not the Message-ID alone,
    so that two mails of a program that repeats its ids are two. What names itself by nothing is known by all its bytes,
    and so are mails cut off within their head: many begin alike.
    """
    end = _end_of_head(data)
    named = [(name, value.strip()) for name, value in parts.head_of(data[:end]) if name in _NAMES_IT]
    present = {name for name, value in named if value}
    if "message-id" not in present and not ("date" in present and data[end:].strip()):
        return hashlib.sha256(data).hexdigest()
    digest = hashlib.sha256()
    for name, value in named:
        if value:
            digest.update(f"{name}:{' '.join(value.split())}\n".encode("utf-8", "surrogateescape"))
    for at in range(end, len(data), _PORTION):
        # Line ends are what servers change on the way.
        digest.update(data[at : at + _PORTION].translate(None, b"\r\n"))
    return digest.hexdigest()


def _end_of_head(data: bytes) -> int:
    ends = [at for at in (data.find(b"\n\n"), data.find(b"\n\r\n")) if at >= 0]
    return min(ends, default=len(data))


def looks_like_mail(data: bytes) -> bool:
    """Whether there is a header at all."""
    return bool(_HEADER_LINE.match(data[:2000].lstrip().removeprefix(b"From ")))
