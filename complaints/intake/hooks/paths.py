"""Where in a payload a value lies: `order.items[0].title`, `messages[*].text`, `phone || mobile`. Pure.

A small part of what JMESPath offers, and nothing that computes: a path costs what it is long, whoever wrote it.
"""

import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.intake.problem import Problem

MOST_STEPS = 20
MOST_VALUES = 200
MOST_LEAVES = 300
ALL = "*"


_TOKEN = re.compile(r'\.?(?:"(?P<quoted>[^"]+)"|(?P<name>[^.\[\]"|\s]+))|\[(?P<place>-?\d{1,6}|\*)\]')
_PLAIN = re.compile(r'[^.\[\]"|\s]+')


class Every:
    """All items of a list."""


class BadPath(Problem):
    message = _("“%(path)s” is no path. Write it like order.items[0].title.")


def parse(text: str) -> list[list[Any]]:
    """The steps of each alternative. Raises BadPath."""
    return [_steps(one.strip(), text) for one in text.split("||")] if text.strip() else []


def found_at(payload: Any, text: str) -> list[Any]:
    """What lies at the path: the plain values of the first alternative that leads to any. Raises BadPath.

    A list gives its items; what is null or empty counts as not there.
    """
    for steps in parse(text):
        values = [value for value in _plain(_walk(payload, steps)) if value not in (None, "")]
        if values:
            return values[:MOST_VALUES]
    return []


def leaves(payload: Any) -> list[tuple[str, Any]]:
    """Path and value of what a payload holds, for whoever writes a mapping; of a list the first item."""
    found: list[tuple[str, Any]] = []
    open_ends: list[tuple[str, Any]] = [("", payload)]
    while open_ends and len(found) < MOST_LEAVES:
        path, value = open_ends.pop()
        if isinstance(value, dict):
            inside = [(f"{path}.{_name(key)}".removeprefix("."), item) for key, item in value.items()]
            open_ends += reversed(inside)
        elif isinstance(value, list):
            open_ends += [(f"{path}[0]", value[0])] if value else []
        elif path:
            found.append((path, value))
    return found


def _steps(text: str, whole: str) -> list[Any]:
    steps: list[Any] = []
    place = 2 if text.startswith("$.") else 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None or len(steps) == MOST_STEPS or (token[0].startswith(".") and not steps):
            raise BadPath(path=whole)
        steps.append(_step(token))
        place = token.end()
    if not steps:
        raise BadPath(path=whole)
    return steps


def _step(token: re.Match[str]) -> Any:
    if token["place"] == ALL:
        return Every
    return int(token["place"]) if token["place"] else token["quoted"] or token["name"]


def _walk(payload: Any, steps: list[Any]) -> list[Any]:
    here = [payload]
    for step in steps:
        here = [item for value in here for item in _next(value, step)][:MOST_VALUES]
    return here


def _next(value: Any, step: Any) -> list[Any]:
    if step is Every:
        return value if isinstance(value, list) else []
    if isinstance(step, int):
        reachable = isinstance(value, list) and -len(value) <= step < len(value)
        return [value[step]] if reachable else []
    return [value[step]] if isinstance(value, dict) and step in value else []


def _plain(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from (item for item in value if not isinstance(item, list | dict))
        elif not isinstance(value, dict):
            yield value


def _name(key: str) -> str:
    return key if _PLAIN.fullmatch(key) else f'"{key}"'
