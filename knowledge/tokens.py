"""What a text is found by: Chinese characters one by one, words and numbers whole, spelt in one way. Pure.

碎屏 is two tokens that follow each other, AB-123 is `ab` and `123`: a word is found as a phrase of its tokens, and a
number of a product with or without its hyphen. What separates sentences keeps phrases from reaching across.
"""

import re
import unicodedata
from functools import cache

from opencc import OpenCC

BREAK = "\ue000"
"""Stands between two tokens that do not follow each other; a private character, which no text brings along."""

LONGEST = 40
CHINESE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0002fa1f"

_TOKEN = re.compile(
    rf"([{CHINESE}])"
    rf"|((?:(?![{CHINESE}])[^\W\d_]){{1,{LONGEST}}}|\d{{1,{LONGEST}}})"
    r"|([。！？；、…\n!?;|]|[,:](?!\d)|\.(?=\s|$|\.))"
)
_DROPPED = {"Mn", "Me", "Cf", "Cs", "Co"}


class _Folding(dict[int, str]):
    """Character -> how it is compared, worked out when it is first met: for `str.translate`."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold(chr(code))
        return folded


def _fold(character: str) -> str:
    """Half-width, lower-case, without accents and in simplified Chinese; nothing for what cannot be seen."""
    if "\uac00" <= character <= "\ud7a3" or "\u3040" <= character <= "\u30ff":
        return character
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    seen = "".join(one for one in plain if unicodedata.category(one) not in _DROPPED)
    return _simplifier().convert(seen) if seen >= "\u3400" else seen


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


_FOLDING = _Folding()


def fold(text: str) -> str:
    """The text as it is compared; its length may differ."""
    return text.translate(_FOLDING)


def fold_in_place(text: str) -> str:
    """As `fold`, but each character stays where it is: what would become longer or vanish is left."""
    return "".join(folded if len(folded := _FOLDING[ord(one)]) == 1 else one for one in text)


def tokens(text: str) -> list[str]:
    """The tokens in their order, BREAK where a sentence or a part of one ends."""
    found: list[str] = []
    for chinese, word, end in _TOKEN.findall(fold(text)):
        if not end:
            found.append(chinese or word)
        elif found and found[-1] != BREAK:
            found.append(BREAK)
    return found


def is_chinese(token: str) -> bool:
    """Whether the token is a character of a script that writes without spaces."""
    return bool(re.match(f"[{CHINESE}]", token))
