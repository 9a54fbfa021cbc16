"""Our text in a place that takes some characters for commands: what a customer wrote must not call, link or show."""

import re

from django.conf import settings

_COMMANDS = "<>[]*`#@&|~_\\"
_LOOKS_ALIKE = {ord(sign): ord(sign) + 0xFEE0 for sign in _COMMANDS}
"""Full-width twins: every platform shows them, and none reads them as markup."""

_UNSEEN = re.compile(r"[^\S\n ]|[\x00-\x09\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_FOREIGN = re.compile(r"://")


def harmless(text: str) -> str:
    """The text without markup, mentions and links to elsewhere; links to the desk stay."""
    text = _UNSEEN.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    ours = re.compile(rf"({re.escape(settings.AMENDS_BASE_URL)}/[A-Za-z0-9/._?=-]*)")
    return "".join(
        part if index % 2 else _FOREIGN.sub("：//", part.translate(_LOOKS_ALIKE))
        for index, part in enumerate(ours.split(text))
    )


def cut(text: str, most: int) -> str:
    """The text in at most so many bytes of UTF-8, with all characters whole; an ellipsis shows what is missing."""
    if len(text.encode()) <= most:
        return text
    return text.encode()[: most - len("…".encode())].decode(errors="ignore") + "…"
