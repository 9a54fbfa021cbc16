"""A text as the phrase rules read it, whose every character knows where it came from. Pure.

Full-width and traditional characters, capitals, invisible characters and what is put between Chinese characters to get
past a rule all fold away, and so do the spaces of a word or a number that is written spaced out. The end of a sentence,
a clause or a line stays, so that two of them are never read as one.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from opencc import OpenCC

SENTENCE_ENDS = frozenset("。!?;\n")
CLAUSE_ENDS = frozenset(",、:")
LINE_ENDS = frozenset("\r\n\v\f\x85\u2028\u2029")
_SPACED_OUT = re.compile("(?<![a-z0-9])[a-z0-9](?: [a-z0-9]){2,}(?![a-z0-9])")
_INVISIBLE = frozenset({"Cf", "Cc", "Mn", "Me", "Cs", "Co", "Cn"})
_CJK = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))


class Kind(IntEnum):
    """What a character is to its neighbours. A filler says nothing by itself: a space, a sign, an emoji."""

    CHINESE = 1
    OTHER = 2
    END = 3
    FILLER = 4


@dataclass(frozen=True, slots=True)
class Folded:
    """`text`, and for each of its characters the place of the one in the original that it stands for (ascending)."""

    text: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a piece of the folded text, at least one character long, stands in the original."""
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> Folded:
    """The text folded: several characters where one stands for several, none for what cannot be seen."""
    letters: list[str] = []
    places: list[int] = []
    held: list[tuple[str, int]] = []
    before = Kind.END
    for place, letter in enumerate(text):
        for plain, kind in _read(letter):
            if kind == Kind.FILLER:
                held.append((plain, place))
                continue
            if held:
                for standing, at in _standing(held, before, kind):
                    letters.append(standing)
                    places.append(at)
                held.clear()
            letters.append(plain)
            places.append(place)
            before = kind
    for standing, at in _standing(held, before, Kind.END):
        letters.append(standing)
        places.append(at)
    _pull_together(letters, places)
    return Folded("".join(letters), tuple(places))


def fold_pattern(pattern: str) -> str:
    """A regular expression that finds in folded texts what it was written for: its characters folded one by one.

    A full-width sign means itself, so it becomes the escaped plain one.
    """
    return "".join(_in_pattern(letter) for letter in pattern)


@lru_cache(maxsize=20_000)
def is_cjk(letter: str) -> bool:
    code = ord(letter)
    return any(first <= code <= last for first, last in _CJK)


@lru_cache(maxsize=20_000)
def _read(letter: str) -> tuple[tuple[str, Kind], ...]:
    """The plain characters that this one stands for, each with what it is to its neighbours."""
    if letter in LINE_ENDS:
        return (("\n", Kind.END),)
    plain = (one for one in unicodedata.normalize("NFKC", letter).lower() if not _invisible(one))
    return tuple(_classed(one) for one in plain)


def _classed(plain: str) -> tuple[str, Kind]:
    if is_cjk(plain):
        return _simplified(plain), Kind.CHINESE
    if plain in SENTENCE_ENDS or plain in CLAUSE_ENDS:
        return plain, Kind.END
    if plain.isspace():
        return " ", Kind.FILLER
    return plain, Kind.FILLER if unicodedata.category(plain)[0] in "PS" else Kind.OTHER


def _invisible(letter: str) -> bool:
    return unicodedata.category(letter) in _INVISIBLE and not letter.isspace()


def _simplified(letter: str) -> str:
    return str(_converter().convert(letter))


@cache
def _converter() -> Any:
    return OpenCC("t2s")


def _standing(held: list[tuple[str, int]], before: Kind, after: Kind) -> list[tuple[str, int]]:
    """What stays of the spaces and signs between two characters: nothing between Chinese ones; between others the
    signs, or one space, which says nothing beside a Chinese character or an end.
    """
    if before == after == Kind.CHINESE:
        return []
    if signs := [one for one in held if one[0] != " "]:
        return signs
    return held[:1] if before == after == Kind.OTHER else []


def _pull_together(letters: list[str], places: list[int]) -> None:
    """Leave the spaces out of what is spaced out, as in "a s a p" and "1 0 0 %", but not of a list, as "a b c"."""
    if letters.count(" ") < 2:
        return
    for found in reversed(list(_SPACED_OUT.finditer("".join(letters)))):
        written = found[0].split(" ")
        if {ord(one) - ord(another) for one, another in pairwise(written)} not in ({1}, {-1}):
            begin, end = found.span()
            letters[begin:end] = written
            places[begin:end] = places[begin:end:2]


def _in_pattern(letter: str) -> str:
    if 0xFF01 <= ord(letter) <= 0xFF5E:
        plain = chr(ord(letter) - 0xFEE0)
        return plain if plain.isalnum() or plain in ",:;!<>=@%&~#'\"`/_ " else f"\\{plain}"
    return _simplified(letter) if is_cjk(letter) else letter
