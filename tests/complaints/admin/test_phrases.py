"""Managers keep the phrase rules and try them before they hold; others of the desk read them or only meet findings."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from complaints.roles import ROLES
from knowledge.models import PhraseRule, PhraseRuleEvent
from knowledge.operations import phrases
from tests.factories.complaints import ComplaintFactory, ContactFactory, ShopFactory

pytestmark = pytest.mark.usefixtures("frozen")

LIST = "admin:knowledge_phraserule_changelist"
BENCH = "admin:knowledge_phraserule_try"
WRITERS = {"knowledge_manager", "shop_manager"}
READERS = WRITERS | {"team_lead", "supervisor", "quality_inspector", "auditor"}
TYPED = {
    "code": "X-1", "category": "vague", "level": "warn", "scope": "reply", "kind": "literal", "patterns": "兴许\n没准",
    "exceptions": "没准备", "reason": "不确定", "reason_en": "Not sure", "suggestion": "写确定的", "suggestion_en": "",
    "replacement": "", "replacement_en": "", "script": "", "effective_from": "", "effective_until": "",
    "examples_found": "兴许明天", "examples_innocent": "还没准备好", "seen": "1",
}  # fmt: skip


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:knowledge_phraserule_{name}", args=args)


@pytest.fixture
def author(user_with: Callable[..., Any]) -> Any:
    return user_with("shop_manager")


@pytest.fixture
def manager(author: Any, client_for: Callable[[Any], Client]) -> Client:
    return client_for(author)


@pytest.fixture
def rule(author: Any, now: Any) -> PhraseRule:
    details = {name: TYPED.get(name) or "" for name in phrases.DETAILS}
    empty = {"script_id": None, "effective_from": None, "effective_until": None}
    return phrases.create("X-1", details | empty, actor=author, now=now)


# ---------------------------------------------------------------- who may


def test_pages_open_for_their_roles(
    rule: PhraseRule, staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    reading = [reverse(LIST), reverse(BENCH), page("change", rule.pk)]
    for addresses, allowed in ((reading, READERS), ([page("add")], WRITERS)):
        for address in addresses:
            for role, person in staff.items():
                assert client_for(person).get(address).status_code == (200 if role in allowed else 403), (role, address)


@pytest.mark.parametrize("role", sorted(set(ROLES) - WRITERS))
def test_forged_posts_change_nothing(
    role: str, rule: PhraseRule, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    client, before = client_for(user_with(role)), list(PhraseRule.objects.order_by("pk").values())
    for address in (page("do", rule.pk, "off"), page("change", rule.pk), page("add")):
        assert client.post(address, TYPED | {"code": "X-2", "patterns": "别的"}).status_code == 403
    assert client.post(page("change", rule.pk), TYPED | {"try": "1"}).status_code == 403
    assert list(PhraseRule.objects.order_by("pk").values()) == before


def test_a_reader_sees_the_rule_without_a_button_to_save(
    rule: PhraseRule, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    shown = client_for(user_with("auditor")).get(page("change", rule.pk)).content.decode()
    assert "兴许" in shown
    assert "policy-bar" not in shown
    assert '<fieldset class="phrase-fieldset" disabled>' in shown


def test_a_rule_is_switched_by_post_and_never_deleted(rule: PhraseRule, manager: Client) -> None:
    assert manager.get(page("do", rule.pk, "off")).status_code == 405
    assert manager.post(page("do", rule.pk, "burn")).status_code == 404
    assert manager.post(page("do", 99999, "off")).status_code == 404
    assert manager.post(page("delete", rule.pk), {"post": "yes"}).status_code == 403
    manager.post(page("do", rule.pk, "off"))
    rule.refresh_from_db()
    assert not rule.active
    manager.post(page("do", rule.pk, "on"))
    assert PhraseRule.objects.get(pk=rule.pk).active


# ---------------------------------------------------------------- writing


def test_a_rule_is_written_and_holds(manager: Client) -> None:
    answer = manager.post(page("add"), TYPED)
    made = PhraseRule.objects.get(code="X-1")
    assert answer["Location"] == page("change", made.pk)
    assert (made.patterns, made.examples_innocent, made.edition) == ("兴许\n没准", "还没准备好", 1)
    shown = manager.post(reverse(BENCH), {"text": "没准明天到", "scope": "reply"}).content.decode()
    assert ">X-1<" in shown
    assert "不确定" in shown


def test_a_change_is_told_line_by_line_in_the_history(rule: PhraseRule, manager: Client, author: Any) -> None:
    manager.post(page("change", rule.pk), TYPED | {"patterns": "兴许\r\n保不齐", "level": "block"})
    rule.refresh_from_db()
    assert (rule.patterns, rule.level) == ("兴许\n保不齐", "block")
    shown = manager.get(page("change", rule.pk)).content.decode()
    assert "<del>没准</del>" in shown
    assert "<ins>保不齐</ins>" in shown
    assert author.first_name in shown


def test_saving_what_is_there_changes_nothing(rule: PhraseRule, manager: Client) -> None:
    manager.post(page("change", rule.pk), TYPED)
    assert PhraseRuleEvent.objects.filter(rule=rule).count() == 1


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"kind": "pattern", "patterns": "好\n("}, "patterns", "2"),
        ({"kind": "pattern", "exceptions": "(?<=a)b"}, "exceptions", "1"),
        ({"patterns": " "}, "patterns", ""),
        ({"examples_found": "兴许\n天晴了"}, "examples_found", "天晴了"),
        ({"examples_innocent": "没准"}, "examples_innocent", "没准"),
        ({"effective_from": "2026-12-02", "effective_until": "2026-12-01"}, "effective_until", ""),
        ({"reason": ""}, "reason", ""),
        ({"script": "99999"}, "script", ""),
        ({"patterns": "x" * 20_001}, "patterns", ""),
    ],
)
@pytest.mark.parametrize("new", [True, False])
def test_what_is_wrong_is_said_at_its_field_and_stays_typed(
    wrong: dict[str, str], field: str, said: str, new: bool, rule: PhraseRule, manager: Client
) -> None:
    address = page("add") if new else page("change", rule.pk)
    answer = manager.post(address, TYPED | {"code": "X-9", "suggestion": "我写的建议"} | wrong)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert list(form.errors) == [field]
    assert said in str(form.errors[field])
    assert "我写的建议" in answer.content.decode()
    assert not PhraseRule.objects.filter(code="X-9").exists()
    assert PhraseRule.objects.get(pk=rule.pk).edition == 1


def test_a_code_that_is_taken_is_said_at_the_code(rule: PhraseRule, manager: Client) -> None:
    answer = manager.post(page("add"), TYPED)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["code"]


def test_of_two_who_change_a_rule_the_second_keeps_what_was_typed_and_may_save_again(
    rule: PhraseRule, manager: Client
) -> None:
    manager.post(page("change", rule.pk), TYPED | {"patterns": "兴许\n大约莫"})
    answer = manager.post(page("change", rule.pk), TYPED | {"patterns": "兴许\n我的"})
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "大约莫" in shown
    assert "我的" in shown
    manager.post(
        page("change", rule.pk), TYPED | {"patterns": "兴许\n我的", "seen": answer.context["form"]["seen"].value()}
    )
    assert PhraseRule.objects.get(pk=rule.pk).patterns == "兴许\n我的"


# ---------------------------------------------------------------- trying


def test_a_text_is_marked_escaped_and_counted(rule: PhraseRule, manager: Client) -> None:
    text = "<b>兴许</b>，这是快递的问题"
    answer = manager.post(reverse(BENCH), {"text": text, "scope": "reply"})
    marked = answer.context["marked"]
    assert [one.words for one in marked.found] == ["兴许", "这是快递的问题"]
    assert marked.blocking == 1
    shown = answer.content.decode()
    assert "&lt;b&gt;" in shown
    assert "<b>兴许" not in shown.partition('class="phrase-said"')[2].partition("</div>")[0]


def test_the_bench_takes_the_scope_and_refuses_what_is_none(manager: Client) -> None:
    for scope, words in (("reply", []), ("listing", ["顶级"])):
        found = manager.post(reverse(BENCH), {"text": "顶级面料", "scope": scope}).context["marked"].found
        assert [one.words for one in found] == words
    assert manager.post(reverse(BENCH), {"text": "好", "scope": "both"}).status_code == 422
    assert manager.post(reverse(BENCH), {"text": "好" * 10_001, "scope": "reply"}).status_code == 422
    assert manager.post(reverse(BENCH), {"text": "", "scope": "reply"}).status_code == 200


def test_a_rule_is_tried_on_the_replies_that_one_may_see_and_nothing_is_saved(
    rule: PhraseRule, manager: Client, shop: Any
) -> None:
    case = ComplaintFactory(shop=shop)
    ContactFactory(complaint=case, reply=True, body="您的包裹保不齐明天到")
    answer = manager.post(page("change", rule.pk), TYPED | {"patterns": "保不齐", "examples_found": "", "try": "1"})
    tried = answer.context["tried"]
    assert (answer.status_code, tried.looked, tried.matched, tried.cases) == (200, 1, 1, 1)
    assert case.number in answer.content.decode()
    assert PhraseRule.objects.get(pk=rule.pk).edition == 1


def test_a_new_rule_is_tried_before_it_has_a_code_and_a_reason(manager: Client) -> None:
    answer = manager.post(page("add"), TYPED | {"code": "", "reason": "", "examples_found": "无关", "try": "1"})
    assert answer.status_code == 200
    assert answer.context["tried"].looked == 0
    assert not PhraseRule.objects.filter(code="X-1").exists()
    broken = manager.post(page("add"), TYPED | {"kind": "pattern", "patterns": "(", "try": "1"})
    assert broken.status_code == 422
    assert "tried" not in broken.context


def test_who_sees_no_complaints_is_told_the_numbers_alone(
    user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    ContactFactory(complaint=ComplaintFactory(shop=ShopFactory()), reply=True, body="兴许")
    answer = client_for(user_with("knowledge_manager")).post(page("add"), TYPED | {"try": "1"})
    assert answer.context["no_cases"]
    assert (answer.context["tried"].matched, answer.context["tried"].shown) == (1, [])


# ---------------------------------------------------------------- the list


def codes(answer: Any) -> set[str]:
    return {rule.code for rule in answer.context["rows"]}


def test_the_list_is_filtered_and_searched(rule: PhraseRule, manager: Client) -> None:
    assert codes(manager.get(reverse(LIST), {"q": "兴许"})) == {"X-1"}
    manager.post(page("do", rule.pk, "off"))
    assert codes(manager.get(reverse(LIST), {"status": "off"})) == {"X-1"}
    listings = codes(manager.get(reverse(LIST), {"scope": "listing"}))
    assert {"LISTING-SUPERLATIVE", "VAGUE-WORDS"} <= listings
    assert "X-1" not in listings
    hints = manager.get(reverse(LIST), {"level": "hint", "category": "mechanical"})
    assert codes(hints) == {"TONE-CUTE"}
    assert codes(manager.get(reverse(LIST), {"q": "没有这个词"})) == set()


def test_pages_cost_the_same_however_many_rules_and_changes(
    rule: PhraseRule, manager: Client, author: Any, now: Any, django_assert_max_num_queries: Any
) -> None:
    manager.get(reverse(LIST))
    PhraseRule.objects.bulk_create(
        PhraseRule(code=f"Z-{n}", category="vague", patterns="x", reason="x", updated_at=now) for n in range(50)
    )
    for _ in range(10):
        phrases.switch(rule.pk, active=False, actor=author, now=now)
        phrases.switch(rule.pk, active=True, actor=author, now=now)
    manager.post(reverse(BENCH), {"text": "兴许", "scope": "reply"})
    with django_assert_max_num_queries(8):
        manager.get(reverse(LIST))
    with django_assert_max_num_queries(10):
        manager.get(page("change", rule.pk))
    with django_assert_max_num_queries(8):
        manager.post(reverse(BENCH), {"text": "兴许", "scope": "reply"})
