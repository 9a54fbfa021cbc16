"""What managers do to phrase rules: write, change, switch; each with its row of history."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from knowledge.linting import RuleSet
from knowledge.models import PhraseRule, PhraseRuleEvent
from knowledge.models.phrase import lines_of
from knowledge.refusals import Refused

DETAILS = (
    "category", "level", "scope", "kind", "patterns", "exceptions", "reason", "reason_en", "suggestion",
    "suggestion_en", "replacement", "replacement_en", "script_id", "effective_from", "effective_until",
    "examples_found", "examples_innocent",
)  # fmt: skip
MOST_LINES = 200


class CodeTaken(Refused):
    message = _("There is a rule with this code already.")


class NothingToFind(Refused):
    message = _("Write at least one phrase that the rule looks for.")


class TooManyLines(Refused):
    message = _("%(n)s phrases are too many for one rule; at most %(most)s are possible.")


class TooShort(Refused):
    message = _("“%(phrase)s” is a single character and stands in nearly every text. Write the words around it, too.")


class FindsEverything(Refused):
    message = _("The rule finds something in any text, even in “%(sentence)s”. Narrow it down.")


ORDINARY = ("您好", "好的，谢谢", "订单A-17", "OK, thank you")
"""What no rule can mean all of."""


class ExampleNotFound(Refused):
    message = _("The rule does not find this sentence, as it should: “%(sentence)s”")


class InnocentFound(Refused):
    message = _("The rule finds something in this sentence, which it should leave alone: “%(sentence)s”")


class DatesReversed(Refused):
    message = _("The last day lies before the first.")


class RuleChanged(Refused):
    message = _("Somebody else has changed this rule meanwhile. Yours is still in the form: compare and save again.")


def create(code: str, details: Mapping[str, Any], *, actor: Any, now: datetime) -> PhraseRule:
    """Add a rule. `details`: `DETAILS`. Raises CodeTaken and as `check`."""
    rule = PhraseRule(code=code, updated_at=now, **{name: details[name] for name in DETAILS})
    check(rule)
    try:
        with transaction.atomic():
            rule.save(force_insert=True)
            _record(rule, "created", actor=actor, now=now)
    except IntegrityError as error:
        raise CodeTaken from error
    return rule


def change(rule_id: int, details: Mapping[str, Any], *, seen: int, actor: Any, now: datetime) -> bool:
    """Change the rule; returns whether anything was different. `seen`: the edition that the form was shown with.

    Raises RuleChanged and as `check`.
    """
    with _locked(rule_id) as rule:
        if rule.edition != seen:
            raise RuleChanged
        changes = {}
        for name in DETAILS:
            old, new = getattr(rule, name), details[name]
            if old != new:
                changes[name] = [_plain(old), _plain(new)]
                setattr(rule, name, new)
        if not changes:
            return False
        check(rule)
        _save(rule, "changed", changes, actor=actor, now=now)
    return True


def switch(rule_id: int, *, active: bool, actor: Any, now: datetime) -> None:
    """Let the rule hold, or no longer; done already, nothing happens."""
    with _locked(rule_id) as rule:
        if rule.active != active:
            rule.active = active
            _save(rule, "switched_on" if active else "switched_off", {}, actor=actor, now=now)


def check(rule: PhraseRule) -> None:
    """Raise what is wrong: NothingToFind, TooManyLines, TooShort, FindsEverything, DatesReversed, the problems of a
    pattern, ExampleNotFound, InnocentFound.
    """
    lines = lines_of(rule.patterns)
    if not lines:
        raise NothingToFind
    if (count := len(lines) + len(lines_of(rule.exceptions))) > MOST_LINES:
        raise TooManyLines(n=count, most=MOST_LINES)
    if rule.effective_from and rule.effective_until and rule.effective_until < rule.effective_from:
        raise DatesReversed
    _refuse_too_wide(rule, lines)
    _try_examples(rule)


def _refuse_too_wide(rule: PhraseRule, lines: Sequence[str]) -> None:
    single = next((line for line in lines if rule.kind == PhraseRule.Kind.LITERAL and len(line) == 1), "")
    if single:
        raise TooShort(phrase=single)
    finds = RuleSet([rule.spec]).finds
    if all(finds(sentence) for sentence in ORDINARY):
        raise FindsEverything(sentence=ORDINARY[0])


def _try_examples(rule: PhraseRule) -> None:
    finds = RuleSet([rule.spec]).finds
    for sentence in lines_of(rule.examples_found):
        if not finds(sentence):
            raise ExampleNotFound(sentence=sentence)
    for sentence in lines_of(rule.examples_innocent):
        if finds(sentence):
            raise InnocentFound(sentence=sentence)


@contextmanager
def _locked(rule_id: int) -> Iterator[PhraseRule]:
    with transaction.atomic():
        yield PhraseRule.objects.select_for_update(no_key=True, of=("self",)).select_related("script").get(pk=rule_id)


def _save(rule: PhraseRule, kind: str, changes: Mapping[str, Any], *, actor: Any, now: datetime) -> None:
    rule.edition += 1
    rule.updated_at = now
    rule.save()
    _record(rule, kind, actor=actor, now=now, changes=changes)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int) else str(value)


def _record(
    rule: PhraseRule, kind: str, *, actor: Any, now: datetime, changes: Mapping[str, Any] | None = None
) -> None:
    PhraseRuleEvent.objects.create(rule=rule, kind=kind, actor=actor, at=now, changes=dict(changes or {}))
