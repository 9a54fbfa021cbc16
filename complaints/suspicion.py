"""What makes a submission look like spam: reasons to let a person look first, never to drop it. Pure."""

import re
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

FASTEST = timedelta(seconds=4)
"""Nobody reads, types and sends within."""

MOST_ADDRESSES = 2
_ADDRESS = re.compile(r"https?://|www\.|\[url|<a\s", re.IGNORECASE)
_REPEATED = re.compile(r"(.)\1{29,}", re.DOTALL)

WORDS: dict[str, Any] = {
    "trap": _("a field was filled in that people do not see"),
    "fast": _("sent within seconds"),
    "links": _("many web addresses"),
    "repeated": _("one character over and over"),
    "many": _("many from the same place"),
}


def doubts(text: str, *, trap: str, open_for: timedelta, many: bool) -> list[str]:
    """Codes of what is odd; empty for what comes from people."""
    odd = {
        "trap": bool(trap.strip()),
        "fast": open_for < FASTEST,
        "links": len(_ADDRESS.findall(text)) > MOST_ADDRESSES,
        "repeated": bool(_REPEATED.search(text)),
        "many": many,
    }
    return [code for code, found in odd.items() if found]
