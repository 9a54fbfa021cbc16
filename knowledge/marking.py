"""A text with its findings, piece by piece, as a page shows it: the template escapes each piece. Pure."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate

from .linting import Finding


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of the text; under a mark, the finding that it stands for."""

    text: str
    finding: Finding | None = None


def pieces(text: str, findings: Iterable[Finding]) -> list[Piece]:
    """The whole text in order. Where findings overlap the stricter one, then the longer one, has the place whole."""
    shown: list[Finding] = []
    for one in sorted(findings, key=lambda finding: (finding.strictness, finding.start - finding.end, finding.start)):
        place = bisect_left(shown, one.start, key=lambda other: other.start)
        free_before = place == 0 or shown[place - 1].end <= one.start
        if free_before and (place == len(shown) or one.end <= shown[place].start):
            shown.insert(place, one)
    found, end = [], 0
    for one in shown:
        found += [Piece(text[end : one.start]), Piece(text[one.start : one.end], one)]
        end = one.end
    return [piece for piece in (*found, Piece(text[end:])) if piece.text]


def excerpt(text: str, findings: Iterable[Finding], around: int = 40) -> list[Piece]:
    """The words around the first finding, cut at `around` characters before and after; what is left out is "…"."""
    several = sorted(findings, key=lambda finding: (finding.start, -finding.end))
    begin = max(several[0].start - around, 0)
    end = min(several[0].end + around, len(text))
    inside = [replace(one, start=one.start - begin, end=one.end - begin) for one in several if one.end <= end]
    shown = pieces(text[begin:end], inside)
    return [*([Piece("…")] if begin else []), *shown, *([Piece("…")] if end < len(text) else [])]


def begin_of(text: str, one: Finding) -> int:
    """Where the words of a finding begin: a pattern may find the line ends before them, too."""
    return one.end - len(text[one.start : one.end].lstrip())


def line_of(text: str, place: int) -> int:
    """The number of the line, from 1."""
    return text.count("\n", 0, place) + 1


def by_line(text: str, findings: Iterable[Finding]) -> list[tuple[int, str, list[Finding]]]:
    """Each line with findings: its number, its words, and the findings in it; one that goes on is cut at its end."""
    lines = text.split("\n")
    begins = list(accumulate((len(line) + 1 for line in lines), initial=0))
    found: dict[int, list[Finding]] = {}
    for one in findings:
        start = begin_of(text, one)
        number = line_of(text, start)
        begin, length = begins[number - 1], len(lines[number - 1])
        inside = replace(one, start=start - begin, end=min(one.end - begin, length))
        found.setdefault(number, []).append(inside)
    return [(number, lines[number - 1], several) for number, several in sorted(found.items())]
