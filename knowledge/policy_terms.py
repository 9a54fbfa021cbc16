"""The terms of a service policy: how their text is built up, and which version holds when. Pure.

A text is plain: a line that begins with `## ` is a heading, one that begins with `- ` an item of a list, everything
else belongs to a paragraph; an empty line ends what stands before it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

HEADING, ITEM = "## ", "- "


@dataclass(frozen=True, slots=True)
class Block:
    """`heading` of one line, `list` with its items, or `paragraph` with its lines."""

    kind: str
    lines: tuple[str, ...]


def blocks(text: str) -> list[Block]:
    """What a page shows, in reading order; nothing of the text is taken for markup but the two marks."""
    found: list[tuple[str, list[str]]] = []
    joined = False
    for line in (raw.strip() for raw in text.splitlines()):
        kind, words = _read(line)
        if not words:
            joined = False
            continue
        if joined and kind != "heading" and found[-1][0] == kind:
            found[-1][1].append(words)
        else:
            found.append((kind, [words]))
        joined = True
    return [Block(kind, tuple(lines)) for kind, lines in found]


def _read(line: str) -> tuple[str, str]:
    """The kind of block that the line belongs to, and its words; a mark alone has none."""
    for mark, kind in ((HEADING, "heading"), (ITEM, "list")):
        if f"{line} ".startswith(mark):
            return kind, line.removeprefix(mark.strip()).strip()
    return "paragraph", line


class Announced(Protocol):
    """A version that was published once."""

    number: int
    effective_from: datetime | None
    ended_at: datetime | None

    @property
    def own(self) -> bool:
        """Whether it is of the shop itself, and so goes before what holds for all shops."""


V = TypeVar("V", bound=Announced)


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` (inclusive) to `until` (exclusive; None: no end is known) this version holds."""

    version: object
    since: datetime
    until: datetime | None


def in_force(versions: Iterable[V], at: datetime) -> V | None:
    """Of the versions of one kind, a shop's own and those for all: the one that holds at this moment, if any.

    A shop's own goes before the common one; then the one that came into force last; of two at the same moment the
    one with the higher number.
    """
    holding = [
        one
        for one in versions
        if one.effective_from and one.effective_from <= at and (one.ended_at is None or at < one.ended_at)
    ]
    return max(holding, key=lambda one: (one.own, one.effective_from, one.number), default=None)


def periods(versions: Sequence[V]) -> list[Period]:
    """When which version held, holds and will hold, the earliest first; a time without any is left out."""
    turns = {one.effective_from for one in versions} | {one.ended_at for one in versions}
    found: list[Period] = []
    for turn in sorted(moment for moment in turns if moment):
        version = in_force(versions, turn)
        if found and found[-1].until is None:
            if found[-1].version is version:
                continue
            found[-1] = Period(found[-1].version, found[-1].since, turn)
        if version is not None:
            found.append(Period(version, turn, None))
    return found


class Written(Protocol):
    """The words in both languages."""

    @property
    def text(self) -> str: ...

    @property
    def text_en(self) -> str: ...


def left_behind(before: Written | None, after: Written) -> str:
    """The text that stays as it was while the one in the other language is another: `text`, `text_en`, or empty.

    Where one of the two has no English text yet, or none any more, nothing can contradict it.
    """
    if before is None or not (before.text_en and after.text_en):
        return ""
    same, same_en = before.text == after.text, before.text_en == after.text_en
    if same == same_en:
        return ""
    return "text" if same else "text_en"


class Numbered(Protocol):
    number: int


def published_mark(published: Iterable[Numbered]) -> str:
    """Tells whether the same versions are published still: one that comes has the highest number, others only go."""
    numbers = [one.number for one in published]
    return f"{max(numbers, default=0)}.{len(numbers)}"
