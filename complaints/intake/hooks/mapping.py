"""How a channel's payload becomes a contact: for each field a path, a table of values, and what holds without. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.intake.cells import EMPTY, PLATFORM_ZONE, STARS, UNWRITABLE

from . import paths
from .payload import writable

FIELDS: dict[str, tuple[Any, int]] = {
    "order_number": (_("order number"), 40),
    "text": (_("what happened"), 100_000),
    "title": (_("title"), 120),
    "demand": (_("demand"), 20_000),
    "issue_type": (_("issue type"), 40),
    "product": (_("product"), 300),
    "time": (_("received at"), 60),
    "buyer": (_("buyer id"), 120),
    "name": (pgettext_lazy("customer", "name"), 80),
    "phone": (_("phone"), 40),
    "email": (_("e-mail"), 254),
}
"""What can be read out of a payload: label, and how long it may be."""

PERSONAL = ("buyer", "name", "phone", "email")
LONG = ("text", "demand")
CUT = ("text", "title", "demand", "product")
"""Of these the beginning is better than nothing; of the others a part would be something else."""

BLOCKING = {("text", "missing"), ("order_number", "too_long"), ("only", "bad_path")}
"""With such a problem nothing is taken in. With any other, what is wrong is left out, and a clerk fills it in."""

OTHERWISE = "*"
"""In a table of values: whatever the table does not name."""

SECONDS = range(10**9, 10**10)
MILLISECONDS = range(10**12, 10**13)
_BLANK = re.compile(r"[^\S\n]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")

Problems = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Rule:
    """How one field is read. Without a path the field is always what `default` says."""

    path: str = ""
    default: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Rule":
        return cls(stored.get("path", ""), stored.get("default", ""), dict(stored.get("values", ())))

    @property
    def given(self) -> bool:
        return bool(self.path or self.default)


@dataclass(frozen=True, slots=True)
class FieldMapping:
    rules: Mapping[str, Rule] = field(default_factory=dict)
    only: Rule = field(default_factory=Rule)
    """With a path, only payloads with one of these values (or any) there are taken; the others are set aside."""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "FieldMapping":
        """From what a channel stores."""
        rules = {name: Rule.of(rule) for name, rule in stored.get("fields", {}).items() if name in FIELDS}
        return cls(rules, Rule.of(stored.get("only", {})))

    def plain(self) -> dict[str, Any]:
        """For a channel to store."""
        fields = {name: _stored(rule) for name, rule in self.rules.items() if rule.given}
        return {"fields": fields} | ({"only": _stored(self.only)} if self.only.path else {})


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of one field: what was found, what is made of it, and what is wrong with it."""

    name: str
    found: str = ""
    value: Any = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Mapped:
    cells: tuple[Cell, ...] = ()
    wanted: bool = True
    """False: the channel does not want such payloads."""

    @property
    def values(self) -> dict[str, Any]:
        return {cell.name: cell.value for cell in self.cells if cell.value and not cell.problem} | {
            cell.name: cell.value for cell in self.cells if cell.problem == "cut"
        }

    @property
    def problems(self) -> Problems:
        return [(cell.name, cell.problem) for cell in self.cells if cell.problem]

    @property
    def blocked(self) -> bool:
        return bool(BLOCKING & set(self.problems))


def apply(payload: Any, mapping: FieldMapping, *, known_issue: Callable[[str], bool]) -> Mapped:
    """Read the payload; nothing is raised, for whatever is wrong is told of the field that it is about."""
    only = _only(payload, mapping.only)
    if only.problem:
        return Mapped((only,))
    cells = tuple(_cell(name, payload, mapping.rules.get(name, Rule()), known_issue) for name in FIELDS)
    return Mapped(cells, wanted=bool(only.value))


def _only(payload: Any, rule: Rule) -> Cell:
    if not rule.path:
        return Cell("only", value=True)
    try:
        found = [_text(value) for value in paths.found_at(payload, rule.path)]
    except paths.BadPath:
        return Cell("only", problem="bad_path")
    wanted = any(value in rule.values for value in found) if rule.values else bool(found)
    return Cell("only", ", ".join(found), wanted)


def _cell(name: str, payload: Any, rule: Rule, known_issue: Callable[[str], bool]) -> Cell:
    try:
        found = [_text(value) for value in paths.found_at(payload, rule.path)]
    except paths.BadPath:
        return Cell(name, problem="bad_path")
    found = [text for text in found if text.strip() not in EMPTY and not STARS.fullmatch(text.strip())]
    text = "\n".join(found) if name in LONG else (found[0] if found else "")
    value = _made(name, _translated(text, rule) if text else rule.default)
    if not value:
        return Cell(name, text, problem="missing" if name == "text" else "")
    if len(value) > FIELDS[name][1]:
        return Cell(name, text, value[: FIELDS[name][1]], "cut") if name in CUT else Cell(name, text, "", "too_long")
    return _checked(Cell(name, text, value), known_issue)


def _checked(cell: Cell, known_issue: Callable[[str], bool]) -> Cell:
    if cell.name == "time":
        moment = moment_of(cell.value)
        return Cell(cell.name, cell.found, moment or "", "" if moment else "no_time")
    if cell.name == "issue_type" and not known_issue(cell.value):
        return Cell(cell.name, cell.found, "", "unknown_issue")
    if cell.name == "email" and not _is_email(cell.value):
        return Cell(cell.name, cell.found, "", "no_email")
    return cell


def _translated(text: str, rule: Rule) -> str:
    if not rule.values:
        return text
    return rule.values.get(text.strip(), rule.values.get(OTHERWISE, text))


def _made(name: str, text: str) -> str:
    """Without what a database does not store; what is one line stays one."""
    if name in LONG:
        return _BLANK.sub(" ", _CONTROL.sub(" ", text)).strip()
    return " ".join(UNWRITABLE.sub(" ", text).split())


def _text(value: Any) -> str:
    """A value as it is written: 18-digit numbers with all their digits, however they came."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        whole = value.is_finite() and abs(value.adjusted()) < 40 and value == value.to_integral_value()
        return f"{value:.0f}" if whole else f"{value}"
    return writable(str(value))


def moment_of(text: str) -> datetime | None:
    """ISO 8601, or seconds or milliseconds since 1970; without a zone it is the platforms' time."""
    if text.isascii() and text.isdecimal():
        number = int(text) if len(text) <= 13 else 0
        seconds = number if number in SECONDS else number / 1000 if number in MILLISECONDS else None
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    try:
        moment = parse_datetime(text.replace("/", "-"))
    except ValueError:
        return None
    if moment is None or not 2000 <= moment.year < 2100:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=PLATFORM_ZONE)


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _stored(rule: Rule) -> dict[str, Any]:
    """The table as pairs: a database keeps the order of a list, and not of an object."""
    given: dict[str, Any] = {"path": rule.path, "default": rule.default}
    given["values"] = [list(pair) for pair in rule.values.items()]
    return {name: value for name, value in given.items() if value}
