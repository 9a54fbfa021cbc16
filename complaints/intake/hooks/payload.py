"""A body as it came: read as JSON with limits, and masked for whoever may not see whom it is about. Pure."""

import json
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.intake.problem import Problem

MOST_BYTES = 256 * 1024
MOST_DEPTH = 32
SHOWN_LENGTH = 20_000


class NotJson(Problem):
    message = _("This is no JSON: %(why)s")


class TooDeep(Problem):
    message = _("The values are nested too deeply.")


class NoObject(Problem):
    message = _("The payload must be a JSON object.")


def read(text: str) -> Any:
    """The payload; numbers stay exact. Raises NotJson, TooDeep, NoObject."""
    try:
        payload = json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except RecursionError:
        raise TooDeep from None
    except (ValueError, ArithmeticError) as error:
        # The message of the parser names a place, and nothing of what stands there.
        raise NotJson(why=str(error).partition(":")[0][:120]) from None
    if not isinstance(payload, dict):
        raise NoObject
    if _depth_over(payload, MOST_DEPTH):
        raise TooDeep
    return payload


def decoded(body: bytes) -> str:
    """The text of a body. Raises NotJson for one that is not in UTF-8, as JSON is."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotJson(why=_("it is not in UTF-8")) from None


def shown(payload: Any, *, masked: bool) -> str:
    """The payload for reading, line by line."""
    text = json.dumps(mask(payload) if masked else payload, ensure_ascii=False, indent=2, default=str)
    return writable(text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}\n…")


def writable(text: str) -> str:
    """The text without halves of characters, which JSON may name and nothing can write."""
    return text.encode("utf-8", "replace").decode()


def mask(value: Any) -> Any:
    """The same shape with nothing that tells of a person: nobody knows which values do, hence all texts and numbers."""
    if isinstance(value, dict):
        return {key: mask(item) for key, item in value.items()}
    if isinstance(value, list):
        return [mask(item) for item in value]
    return value if value is None or isinstance(value, bool) else masked_text(str(value))


def masked_text(text: str) -> str:
    """The first character, and how long it is about."""
    return f"{text[0]}{'*' * min(len(text) - 1, 8)}" if text else ""


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _depth_over(payload: Any, most: int) -> bool:
    """Whether something lies deeper; without recursion, for the payload is whatever somebody sent."""
    level = [payload]
    for _step in range(most):
        level = [item for value in level if isinstance(value, dict | list) for item in _inside(value)]
        if not level:
            return False
    return True


def _inside(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value
