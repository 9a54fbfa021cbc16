"""What is odd about an ordered list of policies: lines that can never be reached, and lines that overlap. Pure.

Every rule is a box: a set of possible values on each dimension. Whether earlier boxes leave anything of a later one
is then exact, for one earlier rule as for several together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from complaints.policy_rules import Facts, Rule

MOST_PIECES = 2000
"""A list that cuts a box into more pieces than that is not followed further: nothing is said about it then."""

Box = tuple[int, ...]
"""For each dimension the bits of the values that fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """What complaints there can be; `shops` names the platform of each, `issue_types` the type above or None."""

    shops: Mapping[int, str]
    issue_types: Mapping[int, int | None]
    platforms: Sequence[str]
    channels: Sequence[str]
    severities: Sequence[str]


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No complaint ever comes to `rule`: those of `by` take all before; with none, its own conditions exclude it."""

    rule: int
    by: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """`example` fits both and goes to the earlier; `exception`: all that fits the earlier would fit the later, too."""

    earlier: int
    later: int
    exception: bool
    example: Facts


@dataclass(frozen=True, slots=True)
class Findings:
    unreachable: tuple[Unreachable, ...] = ()
    overlaps: tuple[Overlap, ...] = ()


@dataclass(frozen=True, slots=True)
class _Space:
    """The values of each dimension, told apart as finely as the rules do."""

    places: tuple[tuple[int, str], ...]
    issue_types: tuple[frozenset[int], ...]
    amounts: tuple[Decimal | None, ...]
    channels: tuple[str, ...]
    severities: tuple[str, ...]
    cases: tuple[bool, ...] = (False, True)

    def box(self, rule: Rule) -> Box:
        """The rule asked about one dimension at a time, all others left open."""
        return (
            _bits(
                (not rule.shops or shop in rule.shops) and (not rule.platforms or platform in rule.platforms)
                for shop, platform in self.places
            ),
            _bits(not rule.issue_types or bool(rule.issue_types & types) for types in self.issue_types),
            _bits(rule.fits_amount(amount) for amount in self.amounts),
            _bits(not rule.channels or channel in rule.channels for channel in self.channels),
            _bits(not rule.severities or severity in rule.severities for severity in self.severities),
            _bits(rule.platform_case in (None, case) for case in self.cases),
        )

    def example(self, box: Box) -> Facts:
        """One complaint of the box."""
        place, types, amount, channel, severity, case = ((bits & -bits).bit_length() - 1 for bits in box)
        shop, platform = self.places[place]
        return Facts(
            shop=shop,
            platform=platform,
            issue_types=self.issue_types[types],
            amount=self.amounts[amount],
            channel=self.channels[channel],
            severity=self.severities[severity],
            platform_case=self.cases[case],
        )


def findings(rules: Sequence[Rule], universe: Universe) -> Findings:
    """What is odd about the rules, in their order."""
    space = _space(rules, universe)
    boxes = [space.box(rule) for rule in rules]
    unreachable = []
    for place, rule in enumerate(rules):
        by = _taken_by(boxes[place], [(one.pk, box) for one, box in zip(rules, boxes, strict=True)][:place])
        if by is not None:
            unreachable.append(Unreachable(rule.pk, by))
    dead = {line.rule for line in unreachable}
    overlaps = [
        overlap
        for later, rule in enumerate(rules)
        if rule.pk not in dead
        for earlier in range(later)
        if rules[earlier].pk not in dead
        for overlap in _overlap(earlier, later, rules, boxes, space)
    ]
    return Findings(tuple(unreachable), tuple(overlaps))


def _overlap(earlier: int, later: int, rules: Sequence[Rule], boxes: Sequence[Box], space: _Space) -> Iterable[Overlap]:
    """The overlap of two rules, unless rules before both take all that they share."""
    shared = [_common(boxes[earlier], boxes[later])]
    for box in boxes[:earlier]:
        shared = _without(shared, box)
    if shared and all(shared[0]):
        exception = _common(boxes[earlier], boxes[later]) == boxes[earlier]
        yield Overlap(rules[earlier].pk, rules[later].pk, exception, space.example(shared[0]))


def _taken_by(box: Box, earlier: Sequence[tuple[int, Box]]) -> tuple[int, ...] | None:
    """Those who leave nothing of the box; none when nothing is in it; None when something is left, or may be."""
    if not all(box):
        return ()
    for pk, other in earlier:
        if _common(box, other) == box:
            return (pk,)
    pieces, by = [box], []
    for pk, other in earlier:
        rest = _without(pieces, other)
        if rest != pieces:
            by.append(pk)
        if not rest:
            return tuple(by)
        if len(rest) > MOST_PIECES:
            return None
        pieces = rest
    return None


def _without(pieces: Iterable[Box], other: Box) -> list[Box]:
    """What the other box leaves of the pieces, in pieces that share nothing."""
    rest = []
    for piece in pieces:
        if not all(_common(piece, other)):
            rest += [piece] if all(piece) else []
            continue
        inside = list(piece)
        for dimension, bits in enumerate(other):
            if outside := inside[dimension] & ~bits:
                rest.append((*inside[:dimension], outside, *inside[dimension + 1 :]))
            inside[dimension] &= bits
    return rest


def _common(one: Box, other: Box) -> Box:
    return tuple(a & b for a, b in zip(one, other, strict=True))


def _bits(fitting: Iterable[bool]) -> int:
    return sum(1 << place for place, fits in enumerate(fitting) if fits)


def _space(rules: Sequence[Rule], universe: Universe) -> _Space:
    """Shops to come are told apart by platform (id 0), types to come stand where the type above them does."""
    types = universe.issue_types
    return _Space(
        places=(*universe.shops.items(), *((0, platform) for platform in universe.platforms)),
        issue_types=(
            frozenset(),
            *(frozenset((pk,) if parent is None else (pk, parent)) for pk, parent in types.items()),
        ),
        amounts=_amounts(rules),
        channels=tuple(universe.channels),
        severities=tuple(universe.severities),
    )


def _amounts(rules: Sequence[Rule]) -> tuple[Decimal | None, ...]:
    """One amount of every interval that the rules cut, and the unknown one."""
    cuts = {cut for rule in rules for cut in (rule.amount_from, rule.amount_below) if cut is not None and cut > 0}
    return (None, *sorted({Decimal(0), *cuts}))
