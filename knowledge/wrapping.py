"""Where a line break only wraps a line, as in 尽⏎快, and so must hide no phrase. Pure.

Most breaks end what stands before them: to read over them would hide what stands at an end, and find what nobody wrote.
So a break is read over only where it cannot be an end: in the middle of a word, beside one with which no line ends or
begins, among characters that are written one under the other, and where an English line goes on in small letters.
Between two whole words, as in 快递⏎责任, it stays a border.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

import rjieba

from .folding import Folded, fold, is_cjk

Span = tuple[int, int]

LABEL, VALUE = 10, 6
"""Up to how many characters stand before the colon of a line of details, as in 产地:景德镇, and after it. English takes
three times as many before it.
"""

BEGINS_NO_LINE = frozenset("的了吗吧呢")
ENDS_NO_LINE = frozenset({"给", "把", "被", "将", "向", "也", "就", "都", "已", "已经", "再"})

_LINE = re.compile("[^\n]+")
_DETAIL = re.compile(f"(?:[^,、:。!?;]{{1,{LABEL}}}|[a-z /()-]{{1,{3 * LABEL}}}):(.*)")
_SENTENCE = re.compile("[^。!?;\n]*[。!?;\n]?")
_HEADING = "#"


@dataclass(frozen=True, slots=True)
class Passages:
    """The sentences that wrapped lines run through, read as if they were not wrapped, one behind the other."""

    folded: Folded
    ends: tuple[int, ...]
    wraps: tuple[int, ...]
    """Where each sentence ends, and before which characters a line was wrapped."""

    def wrap(self, start: int, end: int) -> bool:
        """Whether this piece lies in one sentence and goes on over a wrap."""
        wraps = bisect_right(self.wraps, start) < bisect_left(self.wraps, end)
        return wraps and bisect_right(self.ends, start) == bisect_left(self.ends, end)


class _Break(NamedTuple):
    """Between two lines of a folded text, each with where it begins and ends."""

    before: Span
    after: Span
    places: tuple[int, ...]
    """Where it stands in the text as it was written: one place, or two."""


def passages(folded: Folded, text: str, *, titled: bool = False) -> Passages | None:
    """Of this text, which was folded with its breaks as ends. The first line of what is `titled` stands for itself."""
    wraps = _wraps(folded, text, titled=titled)
    if not wraps:
        return None
    at = [place for one in wraps for place in one.places]
    kept: list[str] = []
    places: list[int] = []
    ends: list[int] = []
    for begin, end in _paragraphs(folded, wraps):
        letters = list(text[begin:end])
        for place in at[bisect_left(at, begin) : bisect_left(at, end - 1)]:
            letters[place - begin] = " "
        joined = fold("".join(letters))
        for found in _SENTENCE.finditer(joined.text):
            inside = [begin + place for place in joined.places[found.start() : found.end()]]
            if inside and bisect_left(at, inside[0]) < bisect_left(at, inside[-1]):
                kept.append(found[0])
                places += inside
                ends.append(len(places))
    return Passages(
        Folded("".join(kept), tuple(places)),
        tuple(ends),
        tuple(dict.fromkeys(bisect_left(places, place) for place in at)),
    )


def _paragraphs(folded: Folded, wraps: Sequence[_Break]) -> Iterator[Span]:
    """Where lines that belong together begin and end in the text as it was written, with the line end after them."""
    starts = [number for number, one in enumerate(wraps) if number == 0 or wraps[number - 1].after != one.before]
    for start, end in pairwise([*starts, len(wraps)]):
        last = min(wraps[end - 1].after[1], len(folded.places) - 1)
        yield folded.places[wraps[start].before[0]], folded.places[last] + 1


def _wraps(folded: Folded, text: str, *, titled: bool) -> list[_Break]:
    """The line ends that only wrap a line, in order."""
    title_end = text.find("\n") if titled else -1
    chinese: list[_Break] = []
    wraps: list[_Break] = []
    for one in _breaks(folded, text):
        last, first = folded.text[one.before[1] - 1], folded.text[one.after[0]]
        if title_end in one.places:
            continue
        if is_cjk(last) and is_cjk(first):
            chinese.append(one)
        elif _goes_on(last, first, written=text[folded.places[one.after[0]]]):
            wraps.append(one)
    wraps += _inside_words(folded.text, chinese)
    return sorted(one for one in wraps if not _stands_out(folded.text, one))


def _breaks(folded: Folded, text: str) -> Iterator[_Break]:
    """All but those around an empty line."""
    for before, after in pairwise(found.span() for found in _LINE.finditer(folded.text)):
        places = folded.places[before[1] : after[0]]
        if len(places) == 1 or text[places[0] : places[-1] + 1] == "\r\n":
            yield _Break(before, after, places)


def _goes_on(last: str, first: str, *, written: str) -> bool:
    """Whether an English line goes on in small letters, or a percent sign was torn from its number."""
    goes_on = first.isascii() and written.islower()
    return last.isascii() and ((last.isalnum() and goes_on) or (last.isdigit() and first == "%"))


def _stands_out(text: str, one: _Break) -> bool:
    """Whether a heading or a line of details is beside it."""
    first, second = text[slice(*one.before)], text[slice(*one.after)]
    value = _DETAIL.fullmatch(first)
    return bool(first.startswith(_HEADING) or (value and len(value[1]) <= VALUE) or _DETAIL.fullmatch(second))


def _inside_words(text: str, breaks: Sequence[_Break]) -> Iterator[_Break]:
    """Those of the breaks between Chinese characters that end nothing, as the words show when all are left out."""
    if not breaks:
        return
    edges = [0, *(place for one in breaks for place in (one.before[1], one.after[0])), len(text)]
    parts = [text[begin:end] for begin, end in zip(edges[::2], edges[1::2], strict=True)]
    joined = "".join(parts)
    places = list(accumulate(map(len, parts)))[:-1]
    words: list[str] = rjieba.cut(joined)
    ends = list(accumulate(map(len, words), initial=0))
    begins = {0, *places, *(found.end() for found in re.finditer("\n", joined))}
    upright = _upright(breaks)
    for one, place in zip(breaks, places, strict=True):
        at = bisect_left(ends, place)
        if ends[at] == place:
            wraps = words[at - 1] in ENDS_NO_LINE or words[at] in BEGINS_NO_LINE
        else:
            # One character that has a line to itself may be the cell of a table, as in 尺码⏎大⏎约重 2 kg.
            wraps = place - ends[at - 1] > 1 or ends[at - 1] not in begins
        if wraps or one in upright:
            yield one


def _upright(breaks: Sequence[_Break]) -> set[_Break]:
    """Those between at least three lines of one character; two may be the cells of a table."""
    found: set[_Break] = set()
    for one, other in pairwise(breaks):
        if one.after == other.before and all(end - start == 1 for start, end in (one.before, one.after, other.after)):
            found |= {one, other}
    return found
