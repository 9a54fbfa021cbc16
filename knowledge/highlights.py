"""The part of a text that shows why it was found, in pieces that are marked or not. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.search_query import Phrase
from knowledge.tokens import fold_in_place, is_chinese

WIDTH = 120
_BEFORE = 24
_GAP = r"(?:[^\w。！？；、…\n!?;|,:.]|[,:](?=\d)|\.(?!\s|$|\.)|_){0,3}?"


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    marked: bool = False


def marked(text: str, phrases: Sequence[Phrase]) -> list[Piece]:
    """The whole text in pieces."""
    return _pieces(text, _places(text, phrases), 0, len(text))


def snippet(text: str, phrases: Sequence[Phrase], *, width: int = WIDTH) -> list[Piece]:
    """About `width` characters, from a little before the place with most marks; the beginning where there is none."""
    line = " ".join(text.split())
    places = _places(line, phrases)
    start = max(0, _best(places, width) - _BEFORE)
    start = 0 if start < _BEFORE else start
    end = min(len(line), start + width)
    pieces = _pieces(line, places, start, end)
    return [*([Piece("…")] if start else []), *pieces, *([Piece("…")] if end < len(line) else [])]


def _best(places: list[tuple[int, int]], width: int) -> int:
    starts = [start for start, _end in places]
    return max(starts, key=lambda at: (sum(at <= one < at + width - _BEFORE for one in starts), -at), default=0)


def _places(text: str, phrases: Sequence[Phrase]) -> list[tuple[int, int]]:
    """Where the phrases stand, in order and without overlaps."""
    if not phrases:
        return []
    pattern = "|".join(_pattern(one) for one in sorted(set(phrases), key=lambda one: -len("".join(one.tokens))))
    return [match.span() for match in re.finditer(pattern, fold_in_place(text)) if match.end() > match.start()]


def _pattern(phrase: Phrase) -> str:
    first, last = phrase.tokens[0], phrase.tokens[-1]
    before = "" if is_chinese(first) else rf"(?<!{_kind(first)})"
    after = "" if is_chinese(last) or phrase.beginning else rf"(?!{_kind(last)})"
    return before + _GAP.join(re.escape(token) for token in phrase.tokens) + after


def _kind(token: str) -> str:
    return r"\d" if token.isdigit() else "[a-z]"


def _pieces(text: str, places: list[tuple[int, int]], start: int, end: int) -> list[Piece]:
    pieces, at = [], start
    for first, last in places:
        if last <= start or first >= end:
            continue
        pieces.append(Piece(text[at : max(first, start)]))
        at = min(last, end)
        pieces.append(Piece(text[max(first, start) : at], marked=True))
    return [piece for piece in [*pieces, Piece(text[at:end])] if piece.text]
