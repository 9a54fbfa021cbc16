"""Say what is wrong with a field, in the caller's language: one sentence for each kind of fault."""

from typing import Any

from django.utils.translation import gettext_lazy
from ninja.errors import ValidationError
from pydantic import ValidationError as ShapeError

from .problems import FieldError, Trouble, invalid

MOST = 50
_SOURCES = ("body", "query", "form", "file", "path")
"""With these begins a place of django-ninja; the name of the argument comes after those that have one."""

_SENTENCES: dict[str, Any] = {
    "missing": gettext_lazy("This field is required."),
    "extra_forbidden": gettext_lazy("There is no such field. Compare its name with the documentation."),
    "string_too_long": gettext_lazy("Use at most %(max_length)s characters."),
    "string_too_short": gettext_lazy("Write at least %(min_length)s characters."),
    "string_type": gettext_lazy("Send a text, in quotes."),
    "bool_type": gettext_lazy("Send true or false, without quotes."),
    "int_parsing": gettext_lazy("Send a whole number."),
    "int_type": gettext_lazy("Send a whole number."),
    "int_from_float": gettext_lazy("Send a whole number."),
    "greater_than_equal": gettext_lazy("The least possible is %(ge)s."),
    "less_than_equal": gettext_lazy("The most possible is %(le)s."),
    "literal_error": gettext_lazy("Use one of: %(expected)s."),
    "string_pattern_mismatch": gettext_lazy("This does not have the form of such a value."),
    "moment": gettext_lazy("Send a moment with its offset, such as 2026-11-22T10:00:00+08:00."),
    "moment_range": gettext_lazy("Send a moment between 2000 and 2099."),
    "model_type": gettext_lazy("Send an object, in braces."),
    "model_attributes_type": gettext_lazy("Send an object, in braces."),
    "dict_type": gettext_lazy("Send an object, in braces."),
}
_OTHER = gettext_lazy("This value is not possible here.")


def wrong_fields(error: ValidationError | ShapeError) -> Trouble:
    """All faults that were found, each with the place of its field."""
    errors: Any = error.errors if isinstance(error, ValidationError) else error.errors(include_url=False)
    return invalid([_field_error(one) for one in errors[:MOST]])


def _field_error(one: dict[str, Any]) -> FieldError:
    code = str(one["type"])
    return FieldError(_place(one["loc"]), code, _sentence(code, one.get("ctx") or {}))


def _sentence(code: str, context: dict[str, Any]) -> str:
    text = str(_SENTENCES.get(code, _OTHER))
    words = {name: str(value).replace("'", "").replace(" or ", ", ") for name, value in context.items()}
    return text % words if "%(" in text else text


def _place(parts: Any) -> str:
    """Without where django-ninja has it from: `("body", "payload", "person", "email")` is `person.email`."""
    names = [str(part) for part in parts]
    if names and names[0] in _SOURCES:
        names = names[2:] if names[0] == "body" or names[1:2] == ["fields"] else names[1:]
    return ".".join(names) or "body"
