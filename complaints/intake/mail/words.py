"""Headers of a mail as text: encoded words, parameters, addresses, as broken as they come. Pure; never raises."""

import binascii
import io
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

from . import charsets

LONGEST = 10_000
"""Characters of one header that are looked at."""

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)(?:\?=|\Z)")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&*+/=?^_`{}~-]{1,128}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,190})")
_ID = re.compile(r"<([^<>\s]{1,300})>")
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))')
_CONTINUED = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?\Z")
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))


def raw(value: object) -> bytes:
    """The bytes of a header or body as they came; the parser keeps what is not ASCII as half characters."""
    try:
        return str(value).encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return str(value).encode("utf-8", "replace")


def text(value: object) -> str:
    """A header in one line."""
    line = re.sub(r"\r?\n[ \t]*", " ", str(value)[:LONGEST]).replace("\r", " ").replace("\n", " ")
    return " ".join(charsets.tidy("".join(_pieces(line))).split())


def _pieces(line: str) -> Iterator[str]:
    """Plain pieces and encoded words; words that follow one another are one text, cut anywhere within a character."""
    end, held, label = 0, b"", ""
    for word in _WORD.finditer(line):
        between = line[end : word.start()]
        if held and (between.strip() or word[1].lower() != label):
            yield charsets.decode(held, label)
            held = b""
        if between.strip() or (between and not end):
            yield charsets.decode(raw(between))
        elif between and not held and end:
            yield ""
        label, end = word[1].lower(), word.end()
        held += unbase64([raw(word[3])]) if word[2] in "bB" else unquoted(raw(word[3]), header=True)
    if held:
        yield charsets.decode(held, label)
    yield charsets.decode(raw(line[end:]))


def unquoted(data: bytes, *, header: bool = False) -> bytes:
    """Quoted-printable; an equals sign that means nothing stays one."""
    return binascii.a2b_qp(data, header=header)


def unbase64(pieces: Iterable[bytes]) -> bytes:
    """Base64 with rubbish, without its padding, or several after one another; given in pieces, for it may be long."""
    found, left = io.BytesIO(), b""
    for piece in pieces:
        clean = left + piece.translate(None, _NOT_BASE64)
        *whole, left = re.split(rb"=+", clean) if b"=" in clean else (clean,)
        found.writelines(_one_base64(one) for one in whole)
        ready = len(left) - len(left) % 4
        found.write(binascii.a2b_base64(left[:ready]))
        left = left[ready:]
    found.write(_one_base64(left))
    return found.getvalue()


def _one_base64(piece: bytes) -> bytes:
    spare = len(piece) % 4
    return binascii.a2b_base64(piece[:-1] if spare == 1 else piece + b"=" * (-len(piece) % 4))


# ---------------------------------------------------------------- parameters


def parameters(value: object) -> dict[str, str]:
    """Parameters of a Content-Type or Content-Disposition by their lower-case name (RFC 2231 and the like)."""
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for found in _PARAMETER.finditer(";" + str(value)[:LONGEST].partition(";")[2]):
        name = _CONTINUED.match(found[1].lower())
        if name is None:
            continue
        given = re.sub(r"\\(.)", r"\1", found[2]) if found[2] is not None else (found[3] or "").strip()
        pieces.setdefault(name[1], {}).setdefault(int(name[2] or 0), (given, bool(name[3])))
    return {name: _joined([parts[number] for number in sorted(parts)]) for name, parts in pieces.items()}


def _joined(parts: list[tuple[str, bool]]) -> str:
    """Plain pieces are encoded words or raw bytes; starred ones are percent-encoded, the first one with a charset."""
    if not any(starred for _given, starred in parts):
        return text("".join(given for given, _starred in parts))
    label, first = "", parts[0][0]
    if parts[0][1] and first.count("'") >= 2:
        label, _language, first = first.split("'", 2)
    pieces = [(first, parts[0][1]), *parts[1:]]
    data = b"".join(unquote_to_bytes(raw(given)) if starred else raw(given) for given, starred in pieces)
    return " ".join(charsets.decode(data, label).split())


# ---------------------------------------------------------------- addresses, ids


def addresses(values: Iterable[str], most: int = 200) -> list[str]:
    """All addresses in these header texts, in order."""
    found = [match[0].strip(".").lower() for value in values for match in _ADDRESS.finditer(value)]
    return list(dict.fromkeys(found))[:most]


def sender(value: str) -> tuple[str, str]:
    """Name and address of a From header; a name that looks like an address is none."""
    before, opened, after = value.rpartition("<")
    address = next(iter(addresses([after if opened else value])), "") or next(iter(addresses([value])), "")
    name = before.strip().strip("\"'").strip() if opened else ""
    return ("" if "@" in name else name[:80]), address[:254]


def ids(values: Iterable[str], most: int = 50) -> tuple[str, ...]:
    """Message-IDs with their brackets, the last ones first: of a long thread those nearest to this mail."""
    found = [match[0] for value in values for match in _ID.finditer(value)]
    return tuple(dict.fromkeys(reversed(found)))[:most]
