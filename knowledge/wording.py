"""What changed between two texts, word by word, and how much of a script is left in a reply. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import rjieba
from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

READABLE = 250_000
"""Words of one text times words of the other, up to which the more readable way is quick enough."""

_PLACEHOLDER = re.compile(r"(\{[a-z_]+\})")


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of both texts (`same`), of the old one alone (`gone`) or of the new one alone (`added`)."""

    kind: str
    text: str


def words(text: str) -> list[str]:
    """The words of a text, Chinese ones as a dictionary cuts them, a placeholder as one; joined, the text again."""
    return [word for piece in _PLACEHOLDER.split(text) for word in _cut(piece)]


def _cut(piece: str) -> list[str]:
    if _PLACEHOLDER.fullmatch(piece):
        return [piece]
    cut: list[str] = rjieba.cut(piece)
    return cut if "".join(cut) == piece else list(piece)


def difference(old: str, new: str) -> list[Piece]:
    """The pieces in reading order: all but the added ones make the old text, all but the gone ones the new one."""
    before, after = words(old), words(new)
    pieces = []
    for tag, a, b, c, d in _steps(before, after):
        if tag == "equal":
            pieces.append(Piece("same", "".join(before[a:b])))
            continue
        pieces += [Piece("gone", "".join(before[a:b])), Piece("added", "".join(after[c:d]))]
    return [piece for piece in pieces if piece.text]


def _steps(before: list[str], after: list[str]) -> list[tuple[str, int, int, int, int]]:
    """Where which words are equal; long texts in the way that no repetition slows down, if it reads less well."""
    if len(before) * len(after) <= READABLE:
        return list(SequenceMatcher(None, before, after, autojunk=False).get_opcodes())
    steps: list[tuple[str, int, int, int, int]] = []
    for one in Indel.opcodes(before, after):
        start, until = (one.src_start, one.dest_start), (one.src_end, one.dest_end)
        if steps and "equal" not in (one.tag, steps[-1][0]):
            # What was put in beside what was taken out is one replacement, read in that order.
            start = (steps[-1][1], steps[-1][3])
            steps.pop()
        steps.append((one.tag, start[0], until[0], start[1], until[1]))
    return steps


def share_edited(wording: Sequence[str], reply: str) -> int:
    """How much of a script's own words a reply no longer has, in percent; what filled its gaps is no edit.

    `wording`: the pieces between the placeholders. Each is looked for where the reply resembles it most.
    """
    total = sum(len(piece) for piece in wording)
    if not total:
        return 0
    kept = sum(len(piece) * _likeness(piece, reply) for piece in wording)
    return round(100 - kept / total)


def _likeness(piece: str, reply: str) -> float:
    """0 to 100. A reply that is shorter than the piece cannot hold it all: then both count in full."""
    alike: float = fuzz.partial_ratio(piece, reply) if len(reply) >= len(piece) else fuzz.ratio(piece, reply)
    return alike
