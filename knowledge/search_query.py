"""What was typed into a search box -> what is looked for. Pure; whatever was typed, there is an answer.

Words are all wanted, "in quotes" exactly so, -without this. Long Chinese is cut into its words, a word of a group of
synonyms stands for all of them, and the word that is still being typed is a beginning.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import rjieba

from knowledge.tokens import BREAK, is_chinese, tokens

LENGTH = 200
CLAUSES = 12
WORDS_OF_A_GROUP = 20
SHORTEST_BEGINNING = 2

_PIECE = re.compile(r'(-?)"([^"]*)"?|(-?)(\S+?)(?=\s|"|$)')
_QUOTES = str.maketrans(dict.fromkeys("“”„「」『』＂", '"') | {"－": "-", "−": "-", "\0": " "})
_PARTICLES = frozenset("了的吗呢吧啊呀着过地得是在也都就又很被把给和与及我你您他她它")

Words = tuple[str, ...]
Synonyms = Mapping[Words, frozenset[Words]]
"""Tokens of a word -> tokens of all words that mean the same, its own among them."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Tokens that follow each other; with `beginning`, the last one may go on."""

    tokens: Words
    beginning: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Of each of `wanted` one phrase must be there, of `unwanted` none."""

    wanted: tuple[tuple[Phrase, ...], ...] = ()
    unwanted: tuple[Phrase, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to be looked for; leaving out alone finds nothing."""
        return bool(self.wanted)

    @property
    def phrases(self) -> list[Phrase]:
        """Everything that may be marked in a result."""
        return [phrase for clause in self.wanted for phrase in clause]


@dataclass(frozen=True, slots=True)
class _Typed:
    token: str
    begins_word: bool
    of: int
    """How many tokens its word has."""


def parse(text: str, synonyms: Synonyms | None = None) -> Query:
    """The query that is meant by the text, of which `LENGTH` characters count."""
    groups = synonyms or {}
    wanted: list[tuple[Phrase, ...]] = []
    unwanted: list[Phrase] = []
    run: list[_Typed] = []
    typing = False
    typed = text[:LENGTH].translate(_QUOTES)
    for minus, quoted, minus_word, word in _PIECE.findall(typed):
        runs = list(_runs(tokens(quoted or word)))
        typing = bool(word) and not minus_word
        if minus or minus_word:
            unwanted += [Phrase(one) for one in runs]
        elif not typing:
            wanted += [*_clauses(run, groups), *((Phrase(one),) for one in runs)]
            run = []
        for number, one in enumerate(runs if typing else ()):
            if number:
                wanted += _clauses(run, groups)
                run = []
            run += [_Typed(token, place == 0, len(one)) for place, token in enumerate(one)]
    wanted += _clauses(run, groups)
    if run and typing and not typed[-1].isspace():
        wanted[-1] = _open_ended(wanted[-1], run)
    return Query(tuple(dict.fromkeys(wanted))[:CLAUSES], tuple(dict.fromkeys(unwanted))[:CLAUSES])


def any_of(query: Query) -> Query:
    """The same words, one of which is enough: for what is like something."""
    return Query((tuple(dict.fromkeys(query.phrases)),) if query else (), query.unwanted)


def grouped(groups: Iterable[Iterable[str]]) -> dict[Words, frozenset[Words]]:
    """Groups of words as `parse` takes them; a word in two groups stands for both."""
    found: dict[Words, frozenset[Words]] = {}
    for group in groups:
        words = frozenset(one for word in list(group)[:WORDS_OF_A_GROUP] if (one := word_tokens(word)))
        for one in words:
            found[one] = found.get(one, frozenset()) | words
    return found


def word_tokens(word: str) -> Words:
    return tuple(token for token in tokens(word) if token != BREAK)


def _runs(found: list[str]) -> Iterator[Words]:
    """The tokens between two breaks."""
    run: list[str] = []
    for token in [*found, BREAK]:
        if token != BREAK:
            run.append(token)
        elif run:
            yield tuple(run)
            run = []


def _clauses(run: list[_Typed], synonyms: Synonyms) -> list[tuple[Phrase, ...]]:
    """One clause for each word; the longest word of a group goes before shorter ones."""
    clauses: list[tuple[Phrase, ...]] = []
    rest: list[_Typed] = []
    longest = max(map(len, synonyms), default=0)
    place = 0
    while place < len(run):
        known = _known(run, place, longest, synonyms)
        if known:
            clauses += [*_plain(rest), tuple(Phrase(one) for one in sorted(synonyms[known]))]
            rest, place = [], place + len(known)
        else:
            rest.append(run[place])
            place += 1
    return [*clauses, *_plain(rest)]


def _known(run: list[_Typed], place: int, longest: int, synonyms: Synonyms) -> Words:
    for size in range(min(longest, len(run) - place), 0, -1):
        candidate = tuple(one.token for one in run[place : place + size])
        if candidate in synonyms:
            return candidate
    return ()


def _plain(rest: list[_Typed]) -> Iterator[tuple[Phrase, ...]]:
    """What is no synonym, word by word; a single character that is left of a longer word says nothing."""
    words: list[list[_Typed]] = []
    for one in rest:
        if one.begins_word or not words:
            words.append([])
        words[-1].append(one)
    for word in words:
        if len(word) == 1 < word[0].of and is_chinese(word[0].token):
            continue
        yield from ((Phrase(piece),) for piece in _cut([one.token for one in word]))


def _cut(word: list[str]) -> list[Words]:
    """A short word whole; a long one into Chinese and other parts, and the Chinese into words."""
    chinese = [is_chinese(token) for token in word]
    if len(word) <= 2 or not any(chinese) or (len(word) == 3 and not all(chinese)):
        return [tuple(word)]
    parts: list[list[str]] = []
    for place, token in enumerate(word):
        if place and chinese[place] == chinese[place - 1]:
            parts[-1].append(token)
        else:
            parts.append([token])
    return [piece for part in parts for piece in (_words(part) if is_chinese(part[0]) else [tuple(part)])]


def _words(part: list[str]) -> list[Words]:
    """Words as a dictionary cuts them; what it leaves as single characters stays together, a lone one says nothing."""
    if len(part) <= 3:
        return [_without_particles(part)]
    pieces: list[str] = [""]
    for piece in rjieba.cut("".join(part)):
        if len(piece) > 1:
            pieces += [piece, ""]
        elif piece in _PARTICLES:
            pieces.append("")
        else:
            pieces[-1] += piece
    return [tuple(piece) for piece in pieces if len(piece) > 1] or [tuple(part)]


def _without_particles(part: list[str]) -> Words:
    """A short word without what stands before or after it."""
    kept = part
    while len(kept) > 2 and kept[0] in _PARTICLES:
        kept = kept[1:]
    while len(kept) > 2 and kept[-1] in _PARTICLES:
        kept = kept[:-1]
    return tuple(kept)


def _open_ended(clause: tuple[Phrase, ...], run: list[_Typed]) -> tuple[Phrase, ...]:
    """The clause of the last word, which may go on when it is no Chinese."""
    token = run[-1].token
    if is_chinese(token) or len(token) < SHORTEST_BEGINNING:
        return clause
    if len(clause) == 1:
        return (Phrase(clause[0].tokens, beginning=True),)
    own = next((one for one in clause if one.tokens[-1] == token), None)
    return (*clause, Phrase(own.tokens, beginning=True)) if own else clause
