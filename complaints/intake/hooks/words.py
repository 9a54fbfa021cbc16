"""What is wrong with a delivery, in sentences for whoever repairs it."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from .mapping import FIELDS

_CODES: dict[str, Any] = {
    "missing": gettext_lazy("nothing found; a contact needs a text. Check the path."),
    "too_long": gettext_lazy("too long for this field. Check the path."),
    "cut": gettext_lazy("very long; the end was left out."),
    "bad_path": gettext_lazy("the path cannot be read."),
    "no_time": gettext_lazy("this is no time; the moment of arrival counts."),
    "unknown_issue": gettext_lazy("no issue type has this code; add it to the table of values. Left empty."),
    "no_email": gettext_lazy("this is no e-mail address. Left empty."),
    "unreadable": gettext_lazy("The payload cannot be read any more."),
    "broken": gettext_lazy("It failed several times for a reason of the desk's own; the log says more."),
    "refused": gettext_lazy("The desk did not take it. Process it again, or set it aside."),
}


def problem_words(field: str, code: str) -> str:
    """One problem, with the field that it is about."""
    text = str(_CODES.get(code, code))
    label = field_label(field)
    return f"{label}{pgettext('label', ': ')}{text}" if label else text


def field_label(name: str) -> str:
    if name == "only":
        return _("only payloads with")
    return str(FIELDS[name][0]) if name in FIELDS else ""


def problem_lines(problems: Iterable[Any]) -> list[str]:
    """All problems of a delivery."""
    return [problem_words(field, code) for field, code in problems]
