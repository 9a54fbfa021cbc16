"""What all messages need of their text."""

import re
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation


def one_line(subject: str) -> str:
    """A subject that no mail refuses: a line break in a name would begin another header."""
    return " ".join(subject.split())[:200]


def letter(name: str, language: str, context: dict[str, Any]) -> dict[str, str]:
    """Subject, text and layout of a mail to staff, each from its template, in the reader's language."""
    with translation.override(language):
        context = context | {"language": language, "subject": _rendered(f"{name}.subject.txt", context)}
        return {
            "subject": context["subject"],
            "body": _tidy(render_to_string(f"complaints/mail/{name}.txt", context)),
            "html": render_to_string(f"complaints/mail/{name}.html", context),
        }


def chat(name: str, language: str, context: dict[str, Any]) -> dict[str, str]:
    """Subject and text of what a robot says in a group."""
    with translation.override(language):
        return {
            "subject": _rendered(f"{name}.subject.txt", context),
            "body": _tidy(render_to_string(f"complaints/chat/{name}.txt", context)),
        }


def _rendered(name: str, context: dict[str, Any]) -> str:
    return one_line(render_to_string(f"complaints/mail/{name}", context))


def _tidy(text: str) -> str:
    """Without the empty lines that a template leaves where it has nothing to say."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
