"""What a listing must say before somebody orders, and how well it says it (R2.1). Pure.

A required item is there when one of its cues is found; words are marked by the phrase rules. Both read the same way.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db import models
from django.utils.translation import pgettext_lazy

from .linting import Finding, RuleSet, RuleSpec

SCOPE = "listing"
FULL = 100
POINTS = {"missing": 15, "block": 10, "warn": 4, "hint": 1}
"""What a missing item, and each rule that marks a word, takes off; a rule counts once, however often it is found."""


class Kind(models.TextChoices):
    """How a product is sold decides what its listing must say."""

    NORMAL = "normal", pgettext_lazy("kind of listing", "normal")
    PRESALE = "presale", pgettext_lazy("kind of listing", "presale")
    PROMOTION = "promotion", pgettext_lazy("kind of listing", "promotion")
    MADE_TO_ORDER = "made_to_order", pgettext_lazy("kind of listing", "made to order")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that a listing must say. `phrases` word for word, `expressions` in RE2; no `kinds` means all."""

    code: str
    phrases: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()

    def needed_for(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True, slots=True)
class Deduction:
    """Why points were taken off: a missing item or a rule, how grave, and how many."""

    source: str
    code: str
    level: str

    @property
    def points(self) -> int:
        return POINTS[self.level]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is missing, which words are marked, and what that takes off the score."""

    missing: tuple[Item, ...] = ()
    words: tuple[Finding, ...] = ()

    @property
    def deductions(self) -> list[Deduction]:
        items = [Deduction("item", item.code, "missing") for item in self.missing]
        rules = {one.rule.code: Deduction("word", one.rule.code, one.rule.level) for one in self.words}
        return [*items, *rules.values()]

    @property
    def score(self) -> int:
        """0 to 100."""
        return max(FULL - sum(one.points for one in self.deductions), 0)


class Items:
    """Required items made ready to be looked for. Keep it while the items stay."""

    def __init__(self, items: Iterable[Item]) -> None:
        """Raises the problems of `linting.check_pattern`."""
        self.items = tuple(items)
        self._cues = RuleSet(cue for item in self.items for cue in _cues(item))

    def missing(self, text: str, kind: str) -> list[Item]:
        """What a listing of this kind must say and this text does not."""
        found = {one.rule.category for one in self._cues.findings(text, scope=SCOPE, on=date.min, titled=True)}
        return [item for item in self.items if item.needed_for(kind) and item.code not in found]


def plain_text(text: str) -> str:
    """With single line ends, without what is around it."""
    return text.replace("\r\n", "\n").strip()


def whole(title: str, text: str) -> str:
    """Title and detail text as they are checked: places of findings point into it."""
    return f"{title}\n{text}"


def assess(text: str, *, kind: str, items: Items, rules: RuleSet, on: date) -> Assessment:
    """Judge `whole(title, text)` of a listing by the items and by the phrase rules of that day."""
    return Assessment(tuple(items.missing(text, kind)), tuple(rules.findings(text, scope=SCOPE, on=on, titled=True)))


def _cues(item: Item) -> Iterator[RuleSpec]:
    for expressions, cues in ((False, item.phrases), (True, item.expressions)):
        if cues:
            yield RuleSpec(code=item.code, category=item.code, level="hint", expressions=expressions, patterns=cues)
