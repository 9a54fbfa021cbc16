"""Phrase rules over a text: findings with their place, the reason, and what to write instead (R1.3, R2.1). Pure.

Literal phrases of all rules are found in one pass (Aho-Corasick); patterns are RE2, whose time is linear in the text
whatever a manager writes. Both read the folded text, and findings point into the original.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import accumulate, islice
from typing import Any

import ahocorasick
import re2
from django.utils.translation import gettext_lazy as _

from .folding import Folded, fold, fold_pattern
from .refusals import Refused
from .tokens import is_chinese
from .wrapping import Span, passages

LEVELS = ("block", "warn", "hint")
"""The strictest first."""

BOTH = "both"
LONGEST_PATTERN = 500
PATTERN_BYTES = 1 << 20
PATTERN_SIZE = 1_500
RULE_SIZE = 8_000
"""Steps of a compiled pattern, and of all of a rule: what bounds the time that a text may cost."""

MOST_LOOKED_AT = 5_000
MOST_EACH = 100
"""Places that one rule marks in one look: more would help nobody, and time stays bounded."""


class PatternBroken(Refused):
    message = _("“%(pattern)s” is no pattern that can be searched for: %(reason)s.")


class PatternTooLong(Refused):
    message = _("“%(pattern)s…” is longer than %(most)s characters. Write several shorter ones, one a line.")


class PatternTooCostly(Refused):
    message = _("“%(pattern)s…” costs too much time: repeat less often (such as {0,10}), or over fewer characters.")


class RuleTooCostly(Refused):
    message = _("The patterns of “%(code)s” together cost too much time. Divide them among several rules.")


class PatternTooWide(Refused):
    message = _("“%(pattern)s” is found in every text, for it is found where there is nothing.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpec:
    """One rule. `patterns` and `exceptions` are phrases word for word, or with `expressions` RE2 patterns."""

    code: str
    category: str
    level: str
    scope: str = BOTH
    expressions: bool = False
    patterns: tuple[str, ...]
    exceptions: tuple[str, ...] = ()
    reason: str = ""
    suggestion: str = ""
    replacement: str = ""
    replacement_en: str = ""
    """What can stand in place of the words, in a Chinese and in an English text."""
    script: str = ""
    """Code of a script that says it better."""
    since: date | None = None
    until: date | None = None

    def holds(self, scope: str, on: date) -> bool:
        """Whether it is meant for texts of this scope on this day, the last one included."""
        begun = self.since is None or self.since <= on
        return self.scope in (BOTH, scope) and begun and (self.until is None or on <= self.until)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule finds at `start` up to and without `end` of the text as it was written."""

    start: int
    end: int
    rule: RuleSpec

    @property
    def blocks(self) -> bool:
        return self.rule.level == "block"

    @property
    def strictness(self) -> int:
        """0 for the strictest level."""
        return LEVELS.index(self.rule.level)

    def replacement_in(self, text: str) -> str:
        """What can stand there instead, in the language of the line and not of who reads the remark."""
        line = text[text.rfind("\n", 0, self.start) + 1 :].partition("\n")[0]
        chinese, english = self.rule.replacement, self.rule.replacement_en
        return (chinese or english) if any(map(is_chinese, line)) else (english or chinese)


def check_pattern(pattern: str) -> int:
    """The size of an expression. Raises what a manager has to mend in it: PatternBroken, PatternTooLong,
    PatternTooCostly, PatternTooWide.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise PatternTooLong(pattern=pattern[:30], most=LONGEST_PATTERN)
    compiled = _compiled(pattern)
    if compiled.search(b""):
        raise PatternTooWide(pattern=pattern)
    if compiled.programsize > PATTERN_SIZE:
        raise PatternTooCostly(pattern=pattern[:30])
    return int(compiled.programsize)


class RuleSet:
    """Rules made ready to be looked for. Building costs far more than looking: keep it while the rules stay."""

    def __init__(self, rules: Iterable[RuleSpec]) -> None:
        """Raises the problems of `check_pattern`."""
        self.rules = tuple(rules)
        self._phrases = _Phrases(self.rules)
        self._patterns = _Patterns(self.rules)

    def findings(self, text: str, *, scope: str, on: date, titled: bool = False) -> list[Finding]:
        """What the rules for this scope and day find, in order of place; within a category nothing inside another.

        `titled`: the first line is a title, so that no phrase goes on from it.
        """
        asked = {place for place, rule in enumerate(self.rules) if rule.holds(scope, on)}
        return self._look(text, asked, titled=titled)

    def finds(self, text: str) -> list[Finding]:
        """What any of the rules finds, whatever its scope and its days."""
        return self._look(text, set(range(len(self.rules))))

    def _look(self, text: str, asked: set[int], *, titled: bool = False) -> list[Finding]:
        """Every line end is an end first; then what is found goes on over one that only wraps a line."""
        folded = fold(text)
        if not folded.text or not asked:
            return []
        found = list(self._found(folded, asked))
        if wrapped := passages(folded, text, titled=titled):
            found += self._found(wrapped.folded, asked, wrapped.wrap)
        return _without_inner(found)

    def _found(
        self, folded: Folded, asked: set[int], counts: Callable[[int, int], bool] = lambda _start, _end: True
    ) -> Iterator[Finding]:
        spans: dict[int, list[Span]] = {}
        exempt: dict[int, list[Span]] = {}
        for source in (self._phrases, self._patterns):
            for place, is_exception, span in source.spans(folded.text, asked):
                if counts(*span):
                    (exempt if is_exception else spans).setdefault(place, []).append(span)
        for place, several in spans.items():
            cover = _Cover(exempt.get(place, ()))
            # What is left alone takes no place from what is not.
            open_to_it = (span for span in several if not cover.holds(span))
            yield from (Finding(*folded.span(*span), self.rules[place]) for span in islice(open_to_it, MOST_EACH))


class _Cover:
    """Spans, asked whether one of them holds another one."""

    def __init__(self, spans: Iterable[Span]) -> None:
        ordered = sorted(spans)
        self._starts = [start for start, _end in ordered]
        self._reach = list(accumulate((end for _start, end in ordered), max))

    def holds(self, span: Span) -> bool:
        before = bisect_right(self._starts, span[0])
        return before > 0 and self._reach[before - 1] >= span[1]


def _without_inner(found: Iterable[Finding]) -> list[Finding]:
    """In order of place; without what lies in a finding of the same category that is at least as strict."""
    kept: list[Finding] = []
    reach: dict[str, list[int]] = {}
    for one in sorted(found, key=lambda finding: (finding.start, -finding.end, finding.strictness)):
        ends = reach.setdefault(one.rule.category, [0] * len(LEVELS))
        if max(ends[: one.strictness + 1]) < one.end:
            ends[one.strictness] = one.end
            kept.append(one)
    return kept


class _Phrases:
    """All literal phrases in one automaton, each with the rules that it belongs to."""

    def __init__(self, rules: Sequence[RuleSpec]) -> None:
        owners: dict[str, list[tuple[int, bool]]] = {}
        for place, rule in enumerate(rules):
            if not rule.expressions:
                for phrase, is_exception in _lines(rule):
                    if plain := fold(phrase).text:
                        owners.setdefault(plain, []).append((place, is_exception))
        self._automaton = ahocorasick.Automaton()
        for phrase, several in owners.items():
            self._automaton.add_word(phrase, (phrase, several))
        if owners:
            self._automaton.make_automaton()
        self._empty = not owners

    def spans(self, text: str, asked: set[int]) -> Iterator[tuple[int, bool, Span]]:
        if self._empty:
            return
        for last, (phrase, owners) in self._automaton.iter(text):
            start, end = last + 1 - len(phrase), last + 1
            if _word_ends(text, start) and _word_ends(text, end):
                for place, is_exception in owners:
                    if place in asked:
                        yield place, is_exception, (start, end)


class _Patterns:
    """All expressions: one look for the words without which they cannot occur tells which are searched for at all.

    The common automaton holds words only: one of whole patterns grows without bound where repeats meet.
    """

    def __init__(self, rules: Sequence[RuleSpec]) -> None:
        self._owners: list[tuple[int, bool, Any]] = []
        self._words = re2.Filter()
        for place, rule in enumerate(rules):
            if rule.expressions:
                self._add(place, rule)
        if self._owners:
            self._words.Compile()

    def _add(self, place: int, rule: RuleSpec) -> None:
        size = 0
        for pattern, is_exception in _lines(rule):
            size += check_pattern(pattern)
            compiled = _compiled(pattern)
            self._words.Add(compiled.pattern, _options(PATTERN_BYTES))
            self._owners.append((place, is_exception, compiled))
        if size > RULE_SIZE:
            raise RuleTooCostly(code=rule.code)

    def spans(self, text: str, asked: set[int]) -> Iterator[tuple[int, bool, Span]]:
        if not self._owners:
            return
        # RE2 reads bytes: given characters it would encode them, and count them, anew for every pattern.
        encoded = text.encode()
        places = [0, *accumulate(len(letter.encode()) for letter in text)]
        for number in self._words.Match(encoded, potential=True) or ():
            place, is_exception, pattern = self._owners[number]
            if place in asked:
                for match in islice(pattern.finditer(encoded), MOST_LOOKED_AT):
                    if match.end() > match.start():
                        yield (
                            place,
                            is_exception,
                            (bisect_left(places, match.start()), bisect_left(places, match.end())),
                        )


def _lines(rule: RuleSpec) -> Iterator[tuple[str, bool]]:
    yield from ((pattern, False) for pattern in rule.patterns)
    yield from ((pattern, True) for pattern in rule.exceptions)


def _word_ends(text: str, place: int) -> bool:
    """Whether no Latin word or number goes on over this place."""
    around = text[max(place - 1, 0) : place + 1]
    return len(around) < 2 or place == 0 or not (around.isascii() and around.isalnum())


@lru_cache(maxsize=5_000)
def _compiled(pattern: str) -> Any:
    try:
        return re2.compile(fold_pattern(pattern).encode(errors="backslashreplace"), _options(PATTERN_BYTES))
    except re2.error as error:
        raise PatternBroken(pattern=pattern, reason=_reason(error)) from None


def _reason(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def _options(memory: int) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = memory
    return options
