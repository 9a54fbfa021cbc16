"""What the pages about phrase rules show: rows of the list, a marked text with its findings, the history in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from knowledge.linting import Finding
from knowledge.marking import Piece, pieces
from knowledge.models import PhraseRule, PhraseRuleEvent, ReplyScript
from knowledge.models.phrase import lines_of
from knowledge.queries import phrase_rules

EVENTS_SHOWN = 100
LINES = ("patterns", "exceptions", "examples_found", "examples_innocent")

KINDS = {
    "created": _("created the rule"),
    "changed": _("changed the rule"),
    "switched_on": _("switched the rule on"),
    "switched_off": _("switched the rule off"),
}

STATUS_FILTERS = [("on", _("switched on")), ("off", _("switched off"))]


@dataclass(frozen=True, slots=True)
class Found:
    """A finding as a person reads it."""

    words: str
    finding: Finding
    replacement: str

    @property
    def category(self) -> str:
        return str(PhraseRule.Category(self.finding.rule.category).label)

    @property
    def level(self) -> str:
        return str(PhraseRule.Level(self.finding.rule.level).label)


@dataclass(frozen=True, slots=True)
class Marked:
    """A text with its marks, and what was found in order of place."""

    pieces: list[Piece]
    found: list[Found]

    @property
    def blocking(self) -> int:
        return sum(one.finding.blocks for one in self.found)


def marked(text: str, findings: list[Finding]) -> Marked:
    return Marked(
        pieces(text, findings), [Found(text[one.start : one.end], one, one.replacement_in(text)) for one in findings]
    )


def checked(text: str, scope: str, on: date) -> Marked:
    """The text as the rules in force mark it: one query, and a second one after a change."""
    return marked(text, phrase_rules().findings(text, scope=scope, on=on))


def rows(asked: Mapping[str, str]) -> QuerySet[PhraseRule]:
    """The rules that fit what was asked for."""
    found = PhraseRule.objects.select_related("script").order_by("category", "code")
    for name in ("category", "level"):
        if asked[name]:
            found = found.filter(**{name: asked[name]})
    if asked["scope"] in ("reply", "listing"):
        found = found.filter(scope__in=(asked["scope"], PhraseRule.Scope.BOTH))
    if asked["status"] in ("on", "off"):
        found = found.filter(active=asked["status"] == "on")
    for word in asked["q"].split()[:5]:
        found = found.filter(
            Q(code__icontains=word) | Q(patterns__icontains=word) | Q(reason__icontains=word)
            | Q(reason_en__icontains=word) | Q(examples_found__icontains=word)
        )  # fmt: skip
    return found


# ---------------------------------------------------------------- what was


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one field: the old and the new value, or the lines that went and came."""

    label: str
    old: str = ""
    new: str = ""
    gone: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


def history(rule: PhraseRule) -> list[PhraseRuleEvent]:
    """What was done to the rule, the latest first, each with its words. Two queries."""
    events: list[Any] = list(rule.events.select_related("actor")[:EVENTS_SHOWN])
    scripts = _script_names(events)
    for event in events:
        event.words = KINDS.get(event.kind, event.kind)
        event.details = [_change(name, old, new, scripts) for name, (old, new) in event.changes.items()]
    return events


def _script_names(events: Iterable[PhraseRuleEvent]) -> dict[Any, str]:
    named = {pk for event in events for pk in event.changes.get("script_id", ()) if pk}
    return {one.pk: one.label for one in ReplyScript.objects.filter(pk__in=named)} if named else {}


def _change(name: str, old: Any, new: Any, scripts: Mapping[Any, str]) -> Change:
    field: Any = PhraseRule._meta.get_field(name)
    label = str(field.verbose_name)
    if name in LINES:
        before, after = lines_of(old), lines_of(new)
        return Change(
            label,
            gone=tuple(line for line in before if line not in after),
            added=tuple(line for line in after if line not in before),
        )
    words = scripts if name == "script_id" else dict(field.choices or ())
    return Change(label, old=_plain(old, words), new=_plain(new, words))


def _plain(value: Any, words: Mapping[Any, Any]) -> str:
    return str(words.get(value, value) or "—")
