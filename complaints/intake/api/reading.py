"""Read a body as JSON and nothing else: what programs read differently, or no database holds, is refused."""

import json
import re
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.parser import Parser

from .problems import FieldError, Trouble, invalid

DEPTH = 8
"""Nested so deep at most; what we take is nested two deep."""

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NO_BRACKET = re.compile(r"[^\[\]{}]+")


class StrictParser(Parser):
    """UTF-8, no doubled names, no NaN, no text that cannot be stored."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            text = request.body.decode()
            _refuse_deep(text)
            value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise Trouble("malformed", _("The body is not JSON in UTF-8: %(reason)s") % {"reason": error}) from error
        refuse_unstorable(value)
        return value


def refuse_unstorable(value: Any) -> None:
    """Raises Trouble for texts with NUL or half a surrogate pair, wherever they are."""
    found = [
        FieldError(place or "body", "not_storable", _("This text has characters that are none (NUL, lone surrogates)."))
        for place, text in _texts(value, "")
        if unstorable(text)
    ]
    if found:
        raise invalid(found[:20])


def unstorable(text: str) -> bool:
    return "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text)


def _texts(value: Any, place: str) -> Any:
    """Each text with its place; names of members count as texts of the place that holds them."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield place, name
            yield from _texts(member, f"{place}.{name}" if place else name if not unstorable(name) else "")
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from _texts(member, f"{place}.{number}" if place else str(number))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice in one object")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _refuse_deep(text: str) -> None:
    """Before anything recurses; texts with brackets in them do not count."""
    if text.count("[") + text.count("{") <= DEPTH:
        return
    depth = 0
    for bracket in _NO_BRACKET.sub("", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > DEPTH:
            raise ValueError("nested too deep")
