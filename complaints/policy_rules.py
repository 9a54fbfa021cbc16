"""Which policy a complaint falls under: ordered rules, the first that fits wins. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the conditions ask of a complaint; `issue_types` holds its type and all above it."""

    shop: int
    platform: str
    channel: str = ""
    issue_types: frozenset[int] = frozenset()
    severity: str = ""
    amount: Decimal | None = None
    platform_case: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The conditions of one policy and the priority that it gives; an empty condition fits everything."""

    pk: int
    priority: str
    shops: frozenset[int] = frozenset()
    platforms: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    issue_types: frozenset[int] = frozenset()
    severities: frozenset[str] = frozenset()
    amount_from: Decimal | None = None
    amount_below: Decimal | None = None
    platform_case: bool | None = None

    def fits(self, facts: Facts) -> bool:
        """Whether every condition holds; an unknown amount fits no condition on the amount."""
        return (
            (not self.shops or facts.shop in self.shops)
            and (not self.platforms or facts.platform in self.platforms)
            and (not self.channels or facts.channel in self.channels)
            and (not self.issue_types or bool(self.issue_types & facts.issue_types))
            and (not self.severities or facts.severity in self.severities)
            and self.fits_amount(facts.amount)
            and (self.platform_case is None or self.platform_case == facts.platform_case)
        )

    def fits_amount(self, amount: Decimal | None) -> bool:
        """Whether the amount alone is as the rule wants it."""
        if self.amount_from is None and self.amount_below is None:
            return True
        if amount is None:
            return False
        above = self.amount_from is None or amount >= self.amount_from
        return above and (self.amount_below is None or amount < self.amount_below)


def first_match(rules: Iterable[Rule], facts: Facts) -> Rule | None:
    """The first rule that fits; None when none does."""
    return next((rule for rule in rules if rule.fits(facts)), None)


def by_hand(rules: Sequence[Rule], facts: Facts, priority: str) -> Rule | None:
    """The rule for a priority that a person has chosen: among those that give it the first that fits, else the last."""
    giving = [rule for rule in rules if rule.priority == priority]
    return first_match(giving, facts) or (giving[-1] if giving else None)
