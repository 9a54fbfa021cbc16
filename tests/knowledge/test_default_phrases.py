"""The rules that come with the product: each holds what it says, and together they are right about the table."""

import json
import re
from datetime import date

import pytest

from benchmarks import linting as benchmark
from knowledge.linting import RuleSet
from knowledge.models import PhraseRule, ReplyScript, ScriptVersion
from knowledge.models.phrase import lines_of
from knowledge.operations import phrases
from knowledge.operations.bootstrap import CONTENT, default_rules, load_content

DAY = date(2026, 11, 20)
RULES = default_rules({})
SCOPES = {PhraseRule.Scope.REPLY: "reply", PhraseRule.Scope.BOTH: "reply", PhraseRule.Scope.LISTING: "listing"}
WANTED = 0.97


@pytest.fixture(scope="module")
def together() -> RuleSet:
    return RuleSet(rule.spec for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_default_rule_is_whole_and_holds_its_examples(rule: PhraseRule) -> None:
    rule.clean_fields(exclude=["script"])
    phrases.check(rule)
    assert len(lines_of(rule.examples_found)) >= 2
    assert len(lines_of(rule.examples_innocent)) >= 1
    assert all((rule.reason, rule.reason_en, rule.suggestion, rule.suggestion_en))


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_an_innocent_example_is_innocent_to_all_rules_of_its_category(rule: PhraseRule, together: RuleSet) -> None:
    for sentence in lines_of(rule.examples_innocent):
        found = together.findings(sentence, scope=SCOPES[PhraseRule.Scope(rule.scope)], on=DAY)
        assert [one.rule.code for one in found if one.rule.category == rule.category] == [], sentence


def test_every_category_has_a_rule() -> None:
    assert {rule.category for rule in RULES} == set(PhraseRule.Category.values)


def test_the_table_is_large_half_of_it_innocent_and_each_sentence_stands_in_it_once() -> None:
    table = benchmark.sentences()
    chinese = [row for row in table if re.search("[\u4e00-\u9fff]", row["text"])]
    assert len(chinese) >= 200
    assert sum(not row["expected"] for row in chinese) * 2 >= len(chinese)
    assert len({(row["text"], row["scope"]) for row in table}) == len(table)
    named = {name for row in table for name in row["expected"].split()}
    assert named == set(PhraseRule.Category.values)


def test_the_rules_are_right_about_the_table(together: RuleSet) -> None:
    score = benchmark.score(together, benchmark.sentences())
    assert score.precision >= WANTED, score.misses
    assert score.recall >= WANTED, score.misses


def test_a_table_that_says_otherwise_would_be_noticed(together: RuleSet) -> None:
    table = [
        {"text": "我们会尽快处理", "scope": "reply", "expected": ""},
        {"text": "您好", "scope": "reply", "expected": "vague"},
    ]
    score = benchmark.score(together, table)
    assert (score.right, score.wrong, score.overlooked, len(score.misses)) == (0, 1, 1, 2)


@pytest.mark.django_db
def test_every_default_script_passes_the_check_and_rules_name_scripts_that_exist() -> None:
    load_content()
    rules = RuleSet(rule.spec for rule in PhraseRule.objects.select_related("script"))
    for version in ScriptVersion.objects.select_related("script"):
        found = rules.findings(version.text, scope="reply", on=DAY)
        assert [(one.rule.code, version.text[one.start : one.end]) for one in found] == [], version.script.code
    named = {row["script"] for row in phrases_as_written() if row["script"]}
    assert named <= set(ReplyScript.objects.values_list("code", flat=True))


@pytest.mark.django_db
def test_loading_again_adds_nothing_and_leaves_what_a_manager_changed() -> None:
    load_content()
    PhraseRule.objects.filter(code="VAGUE-SOON").update(level="block")
    assert load_content()["phrase_rules"] == 0
    assert PhraseRule.objects.get(code="VAGUE-SOON").level == "block"


def phrases_as_written() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads((CONTENT / "phrases.json").read_text(encoding="utf-8"))
    return rows
