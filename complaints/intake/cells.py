"""One cell of a platform's export: freed of its wrapping, then read as what its column holds."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _
from openpyxl.utils.datetime import from_excel

from .layouts import Kind
from .problem import Problem

# The platforms write their times so, wherever the desk stands.
PLATFORM_ZONE = ZoneInfo("Asia/Shanghai")
EXACT_DIGITS = 15
LARGEST_AMOUNT = Decimal("9999999999.99")
LARGEST_QUANTITY = 1_000_000

# What a cell can hold; a workbook's formulas over several cells come as objects of their own.
PLAIN_TYPES = (str, int, float, Decimal, date, time, timedelta)
EMPTY = {"", "-", "--", "null", "NULL", "#N/A"}
WRAPPED = re.compile(r'="(.*)"', re.DOTALL)
STARS = re.compile(r"[*＊]+")
CIPHERED = re.compile(r"##|\$\$|~")
UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
SCIENTIFIC = re.compile(r"\d+[.,]\d+[eE]\+?\d+|\d+[eE]\+\d+")
AMOUNT = re.compile(r"(?:¥|CNY|RMB)?\s*([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?)\s*元?", re.ASCII)
WHOLE = re.compile(r"(\d{1,9})(?:\.0+)?\s*[件个]?", re.ASCII)
MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[ T]*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})?秒?(?:\.\d+)?)?)?",
    re.ASCII,
)


class DigitsLost(Problem):
    message = _(
        "A spreadsheet program has rounded this number (%(value)s); its last digits are lost. "
        "Export the file again and import it without opening it first."
    )


class NotAnIdentifier(Problem):
    message = _("“%(value)s” is not a number that a platform gives.")


class NotAnAmount(Problem):
    message = _("“%(value)s” is not an amount of money like 1,234.50.")


class NegativeAmount(Problem):
    message = _("The amount %(value)s is less than zero.")


class AmountTooLarge(Problem):
    message = _("The amount %(value)s is too large to be right.")


class NotAQuantity(Problem):
    message = _("“%(value)s” is not a whole number of pieces.")


class NotATime(Problem):
    message = _("“%(value)s” is not a time like 2026-11-20 10:30:00.")


class FormulaCell(Problem):
    message = _("This cell holds a formula. Put its value there instead.")


def bare(value: Any) -> Any:
    """The value without blanks, tabs, a leading apostrophe and ="..." around it; other types as they are."""
    if not isinstance(value, str):
        return value
    text, before = value, None
    while text != before:
        before = text
        text = text.strip().strip("\ufeff\u200b\u200e\u200f")
        if text[:2] == '="' and (wrapped := WRAPPED.fullmatch(text)):
            text = wrapped[1]
        text = text.removeprefix("'")
    return text


def read(value: Any, kind: Kind) -> Any:
    """The cell as its kind says, or None for one that is empty or masked.

    A string for identifiers, texts and personal data, Decimal with two places for money, a tuple of int for
    quantities, an aware datetime in UTC for times, a tuple of (tracking number, courier) for parcels.
    Raises the problems of this module.
    """
    value = bare(value)
    if value is None or (isinstance(value, str) and (value in EMPTY or STARS.fullmatch(value))):
        return None
    if not isinstance(value, PLAIN_TYPES):
        raise FormulaCell
    return READERS[kind](value)


def rounded(number: str) -> bool:
    """Whether all digits after the 15th are zeros, as a spreadsheet program leaves them in a long number."""
    return len(number) > EXACT_DIGITS and number.isdigit() and not number[EXACT_DIGITS:].strip("0")


def cut(text: str, length: int) -> str:
    """The text within `length` characters; one that was longer ends in an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _shown(value: Any) -> str:
    return cut(_text(value), 30)


def _halfwidth(value: Any) -> str:
    text = str(value)
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return UNWRITABLE.sub(" ", str(value)).strip()


def _identifier(value: Any) -> str | None:
    if isinstance(value, float):
        if abs(value) >= 10**EXACT_DIGITS:
            raise DigitsLost(value=value)
        if not value.is_integer():
            raise NotAnIdentifier(value=value)
    elif not isinstance(value, str | int) or isinstance(value, bool):
        raise NotAnIdentifier(value=_shown(value))
    text = _halfwidth(_text(value))
    if SCIENTIFIC.fullmatch(text):
        raise DigitsLost(value=_shown(text))
    if text.startswith("="):
        raise FormulaCell
    return text.removeprefix("No:") or None


def _personal(value: Any) -> str | None:
    """None for what the platform masks or encrypts: it must never be taken for a person."""
    text = _text(value)
    masked = CIPHERED.match(text) or "*" in _halfwidth(text)
    return None if masked or text.startswith("=") else text or None


def _phone(value: Any) -> str | None:
    text = _personal(value)
    return text if text and sum(sign.isdigit() for sign in text) >= 5 and len(text) <= 40 else None


def _money(value: Any) -> Decimal:
    text = _halfwidth(_text(f"{value:.6f}" if isinstance(value, float) else value))
    match = AMOUNT.fullmatch(text)
    if text.startswith("="):
        raise FormulaCell
    if not match:
        raise NotAnAmount(value=_shown(text))
    amount = Decimal(match[1].replace(",", ""))
    if amount < 0:
        raise NegativeAmount(value=_shown(text))
    if amount > LARGEST_AMOUNT:
        raise AmountTooLarge(value=_shown(text))
    return amount.quantize(Decimal("0.01"))


def _quantities(value: Any) -> tuple[int, ...]:
    found = []
    for part in _halfwidth(_text(value)).split(";"):
        match = WHOLE.fullmatch(part.strip())
        if not match or int(match[1]) > LARGEST_QUANTITY:
            raise NotAQuantity(value=_shown(value))
        found.append(int(match[1]))
    return tuple(found)


def _time(value: Any) -> datetime:
    moment = _moment(value)
    if moment is None or not 2000 <= moment.year < 2100:
        raise NotATime(value=_shown(value))
    # Spreadsheet programs keep a day as a fraction, and miss the second by some microseconds.
    moment = (moment + timedelta(milliseconds=500)).replace(microsecond=0)
    return (moment if moment.tzinfo else moment.replace(tzinfo=PLATFORM_ZONE)).astimezone(UTC)


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            day = from_excel(value)
            return day if isinstance(day, datetime) else None
        return _written_moment(_halfwidth(value))
    except (ValueError, OverflowError):
        return None


def _written_moment(text: str) -> datetime | None:
    if match := MOMENT.fullmatch(text.strip()):
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        return datetime(year, month, day, hour, minute, second)
    return datetime.fromisoformat(text) if "-" in text[4:5] else None


def _parcels(value: Any) -> tuple[tuple[str, str], ...]:
    """(tracking number, courier) of each parcel in `number-courier`, several joined by ; or a comma."""
    found = []
    for part in re.split(r"[;,、\n]+", _halfwidth(value)):
        text = _text(part)
        # Numbers may hold a dash, couriers' names do not.
        number, dash, courier = text.rpartition("-")
        if text:
            found.append((number.strip(), courier.strip()) if dash else (text, ""))
    return tuple(found)


READERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.IDENTIFIER: _identifier,
    Kind.TEXT: lambda value: _text(value) or None,
    Kind.PERSONAL: _personal,
    Kind.PHONE: _phone,
    Kind.MONEY: _money,
    Kind.QUANTITIES: _quantities,
    Kind.TIME: _time,
    Kind.PARCELS: lambda value: _parcels(value) or None,
}
