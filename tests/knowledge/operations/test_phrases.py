"""What managers do to phrase rules, and what every process then sees."""

from datetime import date, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from knowledge.linting import PatternBroken
from knowledge.models import PhraseRule, PhraseRuleEvent
from knowledge.operations import phrases
from knowledge.queries import phrase_rules
from tests.factories.auth import StaffFactory

pytestmark = pytest.mark.django_db

DETAILS = {
    "category": "vague_time", "level": "warn", "scope": "reply", "kind": "literal", "patterns": "尽快\n尽速",
    "exceptions": "", "reason": "不是时间", "reason_en": "No time", "suggestion": "写明时间", "suggestion_en": "",
    "replacement": "", "replacement_en": "", "script_id": None, "effective_from": None, "effective_until": None,
    "examples_found": "会儘快", "examples_innocent": "赶快",
}  # fmt: skip


@pytest.fixture
def manager() -> Any:
    return StaffFactory()


@pytest.fixture
def rule(manager: Any, now: datetime) -> PhraseRule:
    return phrases.create("SOON", DETAILS, actor=manager, now=now)


def marked(text: str) -> list[str]:
    return [text[one.start : one.end] for one in phrase_rules().findings(text, scope="reply", on=date(2026, 11, 20))]


def test_a_rule_is_looked_for_from_the_next_look_on(rule: PhraseRule, manager: Any, now: datetime) -> None:
    assert marked("会尽快的，万分感谢") == ["尽快"]
    phrases.change(rule.pk, DETAILS | {"patterns": "尽快\n万分"}, seen=1, actor=manager, now=now)
    assert marked("会尽快的，万分感谢") == ["尽快", "万分"]
    phrases.switch(rule.pk, active=False, actor=manager, now=now)
    assert marked("会尽快的，万分感谢") == []
    kinds = list(PhraseRuleEvent.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["created", "changed", "switched_off"]
    assert PhraseRuleEvent.objects.get(kind="changed").changes == {"patterns": ["尽快\n尽速", "尽快\n万分"]}


def test_the_reason_is_in_the_readers_language(rule: PhraseRule) -> None:
    with translation.override("en"):
        assert phrase_rules().finds("尽快")[0].rule.reason == "No time"
    assert phrase_rules().finds("尽快")[0].rule.reason == "不是时间"


def test_a_look_costs_one_query_while_the_rules_stay(
    rule: PhraseRule, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    phrase_rules()
    with django_assert_num_queries(1):
        phrase_rules()


def test_of_two_changes_at_once_the_second_is_refused(rule: PhraseRule, manager: Any, now: datetime) -> None:
    phrases.change(rule.pk, DETAILS | {"level": "block"}, seen=1, actor=manager, now=now)
    with pytest.raises(phrases.RuleChanged):
        phrases.change(rule.pk, DETAILS | {"level": "hint"}, seen=1, actor=manager, now=now)
    rule.refresh_from_db()
    assert (rule.level, rule.edition) == ("block", 2)
    assert not phrases.change(rule.pk, DETAILS | {"level": "block"}, seen=2, actor=manager, now=now)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"patterns": " \n"}, phrases.NothingToFind),
        ({"patterns": "\n".join(map(str, range(201)))}, phrases.TooManyLines),
        ({"kind": "pattern", "patterns": "("}, PatternBroken),
        ({"patterns": "的"}, phrases.TooShort),
        ({"kind": "pattern", "patterns": "."}, phrases.FindsEverything),
        ({"examples_found": "马上"}, phrases.ExampleNotFound),
        ({"examples_innocent": "尽快"}, phrases.InnocentFound),
        ({"effective_from": date(2026, 2, 1), "effective_until": date(2026, 1, 1)}, phrases.DatesReversed),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    wrong: dict[str, Any], problem: type[Exception], rule: PhraseRule, manager: Any, now: datetime
) -> None:
    with pytest.raises(problem):
        phrases.create("OTHER", DETAILS | wrong, actor=manager, now=now)
    with pytest.raises(problem):
        phrases.change(rule.pk, DETAILS | wrong, seen=1, actor=manager, now=now)
    assert not PhraseRule.objects.filter(code="OTHER").exists()
    assert PhraseRule.objects.get(pk=rule.pk).edition == 1


def test_a_code_is_given_once(rule: PhraseRule, manager: Any, now: datetime) -> None:
    with pytest.raises(phrases.CodeTaken):
        phrases.create("SOON", DETAILS, actor=manager, now=now)


@pytest.mark.parametrize(
    "sql", ["UPDATE knowledge_phraseruleevent SET kind = 'x'", "DELETE FROM knowledge_phraseruleevent"]
)
def test_the_history_cannot_be_changed(rule: PhraseRule, sql: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
