"""One person's data: normalised for comparison, fingerprinted for look-up, masked for display. Pure."""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum


class Fact(StrEnum):
    """Kinds of personal data that can be looked up."""

    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    BUYER = "buyer"


TAIL = 4
"""Digits at the end of a phone number by which customers name themselves on the phone."""


def phone_tail(value: str) -> str:
    """The last digits of a phone number, also of a masked one; empty for what is too short to be one."""
    digits = normalise(Fact.PHONE, value)
    return digits[-TAIL:] if len(digits) > TAIL else ""


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
    return _keyed(kind, normalise(kind, value), key)


def tail_fingerprint(tail: str, key: str) -> str:
    """Keyed hash of what `phone_tail` gives: many customers share one."""
    return _keyed("phone_tail", tail, key)


def _keyed(kind: str, normal: str, key: str) -> str:
    return hmac.new(key.encode(), f"{kind}:{normal}".encode(), hashlib.sha256).hexdigest() if normal else ""


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


HIDDEN = "***"

_HAN = r"\u4e00-\u9fff"
_AREA = "省|市|自治区|区|县|镇|乡|街道|大道|路|街|巷|弄|村|小区|花园|公寓"
_HOUSE = r"(?:\s*[A-Za-z]?\d+(?:[-－]\d+)*\s*(?:号楼|号|栋|幢|座|单元|层|楼|室|弄)?)"
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_NUMBER = re.compile(r"(?<![\d.])\+?\d(?:[ -]?\d){6,}[Xx]?(?![\d])")
_DATE = re.compile(r"(?:19|20)\d\d-\d{1,2}-\d{1,2}")
_ADDRESS = re.compile(
    rf"(?:[{_HAN}]{{1,6}}?(?:{_AREA})){{2,}}{_HOUSE}*|[{_HAN}]{{2,6}}?(?:大道|路|街|巷|弄|小区|花园|公寓){_HOUSE}+"
)
_NAMED = re.compile(rf"(收件人|收货人|联系人|姓名|我叫|本人)([是为:：\s]*)(?:[{_HAN}]{{2,4}}|[A-Z][a-z]+ [A-Z][a-z]+)")
_TITLED = re.compile(rf"[{_HAN}](先生|女士|小姐|太太)")


def without_personal_data(text: str, known: Iterable[str] = ()) -> str:
    """The text with stars in the place of what names or reaches a person: what is `known` of them wherever it stands,
    and whatever looks like an address of mail, a telephone or other long number, a postal address, or a name."""
    facts = sorted({fact for fact in known if len(fact) > 1}, key=len, reverse=True)
    if facts:
        text = re.sub("|".join(map(re.escape, facts)), HIDDEN, text, flags=re.IGNORECASE)
    text = _EMAIL.sub(HIDDEN, text)
    text = _NUMBER.sub(lambda match: match[0] if _DATE.fullmatch(match[0]) else HIDDEN, text)
    text = _NAMED.sub(rf"\1\2{HIDDEN}", _ADDRESS.sub(HIDDEN, text))
    return _TITLED.sub(r"*\1", text)
