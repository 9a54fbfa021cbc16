"""What no text may say that customers read as it stands, such as terms and confirmations, in either language."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from knowledge import rendering
from knowledge.marking import begin_of, line_of
from knowledge.queries import reply_findings
from knowledge.refusals import Refused

TEXTS = {"text": _("Chinese text"), "text_en": _("English text")}
MOST_NAMED = 5
"""Places that a refusal names; a page that marks them marks all."""


class TextRefused(Refused):
    """Said at the text in one language: `field`."""

    def __init__(self, *, field: str, **names: Any) -> None:
        self.field = field
        super().__init__(**names)


class PlaceholderLeft(TextRefused):
    message = _("Nobody fills in %(names)s in a text that customers read as it is. Write out what is meant.")


class TextBlocked(TextRefused):
    message = _("Phrase rules hold this text back. Change these words first: %(places)s")


def refuse_placeholders(words: Mapping[str, Any]) -> None:
    """Nothing may stand in braces in any of the `TEXTS`. Raises PlaceholderLeft."""
    for name in TEXTS:
        if braced := rendering.braced(words[name]):
            raise PlaceholderLeft(field=name, names=", ".join(f"{{{one}}}" for one in braced))


def refuse_blocked(words: Mapping[str, Any], *, now: datetime) -> None:
    """The rules for replies may block nothing in any of the `TEXTS`. Raises TextBlocked, which names the places."""
    blocked = [(name, place) for name in TEXTS for place in _blocked(name, words[name], now=now)]
    if blocked:
        named = list(islice(dict.fromkeys(place for _name, place in blocked), MOST_NAMED + 1))
        named[MOST_NAMED:] = ["…"] * (len(named) > MOST_NAMED)
        raise TextBlocked(field=blocked[0][0], places=gettext("; ").join(named))


def _blocked(name: str, text: str, *, now: datetime) -> Iterator[str]:
    """Each blocked phrase with its place and what to do about it."""
    for one in reply_findings(text, now=now):
        if one.blocks:
            begin = begin_of(text, one)
            yield gettext("“%(phrase)s” (%(text)s, line %(line)s: %(advice)s)") % {
                "phrase": text[begin : one.end], "text": TEXTS[name], "line": line_of(text, begin),
                "advice": one.rule.suggestion or one.rule.reason,
            }  # fmt: skip
