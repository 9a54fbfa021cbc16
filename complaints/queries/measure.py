"""By what listings are measured today: the required items and the phrase rules in force."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from knowledge.linting import RuleSet
from knowledge.listing import Assessment, Item, Items, assess
from knowledge.models import ListingItem, PhraseRule
from knowledge.queries import phrase_rules


@dataclass(frozen=True, slots=True)
class Measure:
    """Items and rules made ready, with the rows that say what they are called."""

    items: Items
    rules: RuleSet
    items_by_code: dict[str, ListingItem]
    rules_by_code: dict[str, PhraseRule]

    def assess(self, text: str, *, kind: str, on: date) -> Assessment:
        """Judge `listing.whole(title, text)`."""
        return assess(text, kind=kind, items=self.items, rules=self.rules, on=on)


def measure() -> Measure:
    """As managers have set it up; what they change is seen at the next use. Three queries, whatever is measured."""
    items = {one.code: one for one in ListingItem.objects.filter(active=True)}
    rules = phrase_rules()
    # After the rules were made ready: of one that was changed since then, the name is the new one.
    named = PhraseRule.objects.exclude(scope=PhraseRule.Scope.REPLY)
    return Measure(_ready(tuple(one.as_item for one in items.values())), rules, items, {one.code: one for one in named})


@lru_cache(maxsize=4)
def _ready(items: tuple[Item, ...]) -> Items:
    return Items(items)
