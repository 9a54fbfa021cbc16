"""The signed mark by which a customer's reply names its complaint. Pure.

`support+c1a2b-<26 characters>@shop.example`: the complaint's id in base 36 and 128 bits of a keyed hash. Mail software
may write addresses in small or capital letters, hence the alphabet has one case only.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from email.utils import quote

LONGEST_LOCAL_PART = 64
"""Of an address, by RFC 5321."""

_MARK = re.compile(r"(?<![0-9a-z])c([0-9a-z]{1,13})-([a-z2-7]{26})(?![0-9a-z])", re.IGNORECASE)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_MOST_TRIED = 20
_MOST_TEXT = 20_000
_BYTES = 16


def mark(complaint_id: int, key: str) -> str:
    """What only this installation can write about this complaint."""
    return f"c{_base36(complaint_id)}-{_signature(complaint_id, key)}"


def read(texts: Iterable[str], key: str) -> int | None:
    """The complaint that a mark in one of these texts names; None without a mark that we have signed."""
    tried = 0
    for text in texts:
        for found in _MARK.finditer(text[:_MOST_TEXT]):
            tried += 1
            if tried > _MOST_TRIED:
                return None
            complaint_id = int(found[1], 36)
            if complaint_id < 2**63 and hmac.compare_digest(_signature(complaint_id, key), found[2].lower()):
                return complaint_id
    return None


def reply_to(address: str, name: str, signed: str, *, in_address: bool) -> str:
    """The Reply-To header: the mark stands in the address, or in the name where the provider takes no `+` addresses.

    Where the address would become too long for a mail server, the mark stands in the name as well.
    """
    local, at, domain = address.rpartition("@")
    tagged = f"{local}+{signed}"
    name = " ".join(name.split())
    if in_address and at and len(tagged) <= LONGEST_LOCAL_PART:
        return f'"{quote(name)}" <{tagged}@{domain}>'
    return f'"{quote(f"{name} {signed}".strip())}" <{address}>'


def _signature(complaint_id: int, key: str) -> str:
    digest = hmac.new(key.encode(), f"reply:{complaint_id}".encode(), hashlib.sha256).digest()[:_BYTES]
    return base64.b32encode(digest).decode().rstrip("=").lower()


def _base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text or "0"
