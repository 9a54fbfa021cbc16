"""One person's data: normalised for comparison, fingerprinted for look-up, masked for display. Pure."""

import hashlib
import hmac
import re
import unicodedata
from enum import StrEnum


class Fact(StrEnum):
    """Kinds of personal data that can be looked up."""

    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    BUYER = "buyer"


def normalise(kind: Fact, value: str) -> str:
    """The form under which two spellings of the same fact are equal; empty for nothing usable."""
    text = unicodedata.normalize("NFKC", value or "").strip()
    if kind is Fact.PHONE:
        digits = re.sub(r"\D", "", text)
        return digits[2:] if len(digits) == 13 and digits.startswith("86") else digits
    if kind is Fact.NAME:
        return re.sub(r"\s+", "", text).casefold()
    return text.casefold()


def fingerprint(kind: Fact, value: str, key: str) -> str:
    """Keyed hash (HMAC-SHA256, 64 hex digits) of the normalised value; empty for an empty value.

    The kind is part of the message, so that a phone number and a buyer id with the same digits differ.
    """
    normal = normalise(kind, value)
    if not normal:
        return ""
    return hmac.new(key.encode(), f"{kind}:{normal}".encode(), hashlib.sha256).hexdigest()


def mask_name(value: str) -> str:
    """First character, then two stars: 王** (the length is not given away)."""
    return f"{value[0]}**" if value else ""


def mask_phone(value: str) -> str:
    """First three and last four digits of a mobile number; less of anything shorter."""
    if len(value) >= 11:
        return f"{value[:3]}****{value[-4:]}"
    return f"{value[:1]}***{value[-2:]}" if len(value) >= 5 else "***" * bool(value)


def mask_email(value: str) -> str:
    """First character of the mailbox and the domain; a quoted mailbox may hold an @ itself."""
    name, at, domain = value.rpartition("@")
    return f"{name[:1]}***{at}{domain}" if at else mask_name(value)


def mask_buyer(value: str) -> str:
    """First and last character of a buyer id."""
    if len(value) < 3:
        return "**" * bool(value)
    return f"{value[0]}***{value[-1]}"
