"""Findings of a listing as a page shows them: in the reader's language, one for each item and each rule."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import pgettext_lazy

from complaints.models import Complaint, ListingCheck, OrderLine, Product
from complaints.queries.listings import concerns
from knowledge.linting import LEVELS, Finding, RuleSpec
from knowledge.listing import whole
from knowledge.marking import Piece, pieces
from knowledge.models import PhraseRule
from knowledge.models.listing import in_language

LEVEL_WORDS = {
    "missing": pgettext_lazy("level of a finding", "missing"),
    "block": pgettext_lazy("level of a finding", "must go"),
    "warn": pgettext_lazy("level of a finding", "change"),
    "hint": pgettext_lazy("level of a finding", "hint"),
}
_CATEGORIES = dict(PhraseRule.Category.choices)


@dataclass(slots=True)
class Shown:
    """A missing item, or a rule with all the words that it marks."""

    source: str
    code: str
    level: str
    points: int
    name: str
    reason: str
    advice: str
    words: list[str] = field(default_factory=list)

    @property
    def level_words(self) -> Any:
        return LEVEL_WORDS[self.level]


def shown(findings: Iterable[dict[str, Any]], text: str) -> list[Shown]:
    """Stored findings over `text`, what takes off most first."""
    several: dict[tuple[str, str], Shown] = {}
    for one in findings:
        row = several.setdefault((one["source"], one["code"]), _row(one))
        if one["start"] is not None:
            word = text[one["start"] : one["end"]]
            row.words += [word] if word not in row.words else []
    return sorted(several.values(), key=lambda row: -row.points)


def of_check(check: ListingCheck | None) -> list[Shown]:
    return shown(check.findings, whole(check.title, check.text)) if check else []


@dataclass(frozen=True, slots=True)
class Concerned:
    """A product of a case's order: what its listing leaves open, and whether a confirmation is missing."""

    product: Product
    findings: list[Shown]
    unconfirmed: bool


def concerned(complaint: Complaint, lines: Sequence[OrderLine], user: Any) -> list[Concerned]:
    """What the case page says about the listings of its products; one query."""
    return [
        Concerned(one.product, of_check(one.product.latest), one.unconfirmed)
        for one in concerns(complaint, lines, user)
    ]


def marked(findings: Iterable[dict[str, Any]], text: str) -> list[Piece]:
    """The text with its marked words."""
    return pieces(text, [_finding(one) for one in findings if one["source"] == "word"])


def _row(one: dict[str, Any]) -> Shown:
    name = _CATEGORIES.get(one["name"], one["name"]) if one["source"] == "word" else None
    return Shown(
        one["source"], one["code"], one["level"], one["points"], str(name or in_language(one["name"], one["name_en"])),
        in_language(one["reason"], one["reason_en"]), in_language(one["advice"], one["advice_en"]),
    )  # fmt: skip


def _finding(one: dict[str, Any]) -> Finding:
    rule = RuleSpec(
        code=one["code"], category=one["name"], level=one["level"] if one["level"] in LEVELS else "hint", patterns=(),
        reason=in_language(one["reason"], one["reason_en"]), suggestion=in_language(one["advice"], one["advice_en"]),
    )  # fmt: skip
    return Finding(one["start"], one["end"], rule)
