"""What managers do to service policies, and what they are refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from knowledge.models import ServicePolicy, ServicePolicyVersion
from knowledge.operations import service_policies
from knowledge.operations.bootstrap import load_content
from knowledge.operations.customer_texts import PlaceholderLeft, TextBlocked
from knowledge.operations.versions import DraftChanged, DraftOpen, NoDraft, TextMissing, UnderReview
from knowledge.policy_terms import blocks, in_force
from knowledge.versioning import CommentMissing, NotInThisStatus, OwnText, Status

TERMS: dict[str, Any] = {"text": "七天内可退", "text_en": "", "sources": "", "reviewed_on": None}
DAY = timedelta(days=1)


@pytest.fixture
def who(user_with: Callable[..., Any], now: Any) -> dict[str, Any]:
    return {"actor": user_with("knowledge_manager"), "now": now}


@pytest.fixture
def policy(shop: Any, who: dict[str, Any]) -> ServicePolicy:
    """An own policy of the shop, with a draft."""
    return service_policies.create("returns", shop.pk, TERMS, **who)


def draft(policy: ServicePolicy) -> ServicePolicyVersion:
    return policy.versions.get(status__in=["draft", "review"])


def put_in_force(policy: ServicePolicy, who: dict[str, Any], **values: Any) -> ServicePolicyVersion:
    service_policies.submit(policy.pk, seen=draft(policy).mark, **who)
    return service_policies.publish(policy.pk, seen=draft(policy).mark, **values, **who)


def kinds(policy: ServicePolicy) -> list[str]:
    return list(policy.events.order_by("pk").values_list("kind", flat=True))


def test_who_is_alone_publishes_and_the_history_tells_who_did(policy: ServicePolicy, who: dict[str, Any]) -> None:
    version = put_in_force(policy, who, comment="好")
    assert (version.status, version.effective_from) == (Status.PUBLISHED, who["now"])
    assert version.author == version.published_by == who["actor"]
    assert kinds(policy) == ["created", "submitted", "published"]
    event = policy.events.get(kind="published")
    assert (event.actor, event.comment) == (who["actor"], "好")
    assert event.changes == {"effective_from": who["now"].isoformat()}


def test_nobody_publishes_the_own_terms_while_somebody_else_could(
    policy: ServicePolicy, who: dict[str, Any], user_with: Callable[..., Any]
) -> None:
    colleague, alone = user_with("knowledge_manager"), type(who["actor"]).objects.filter(pk=who["actor"].pk)
    seen = service_policies.submit(policy.pk, seen=draft(policy).mark, **who).mark
    with pytest.raises(OwnText):
        service_policies.publish(policy.pk, seen=seen, **who)
    assert draft(policy).status == Status.IN_REVIEW
    version = service_policies.publish(policy.pk, seen=seen, actor=colleague, now=who["now"])
    assert (version.author, version.published_by) == (who["actor"], colleague)
    service_policies.write(policy.pk, TERMS | {"text": "十五天内可退"}, **who)
    assert put_in_force(policy, who, among=alone).status == Status.PUBLISHED


def test_what_waits_for_its_day_leaves_the_other_in_force(policy: ServicePolicy, who: dict[str, Any]) -> None:
    first, now = put_in_force(policy, who), who["now"]
    service_policies.write(policy.pk, TERMS | {"text": "十五天内可退"}, **who)
    second = put_in_force(policy, who, effective_from=now + DAY)
    known = list(policy.versions.select_related("policy"))
    assert [in_force(known, at) for at in (now, now + DAY)] == [first, second]
    assert second.waits(now)
    assert not second.waits(now + DAY)


def test_nothing_comes_into_force_in_the_past(policy: ServicePolicy, who: dict[str, Any]) -> None:
    with pytest.raises(service_policies.InThePast):
        put_in_force(policy, who, effective_from=who["now"] - timedelta(seconds=1))
    assert draft(policy).status == Status.IN_REVIEW
    assert "published" not in kinds(policy)


def test_what_waits_is_taken_back_what_is_in_force_is_not(policy: ServicePolicy, who: dict[str, Any]) -> None:
    first = put_in_force(policy, who)
    with pytest.raises(service_policies.NotWaiting):
        service_policies.cancel(policy.pk, first.number, **who)
    service_policies.write(policy.pk, TERMS, **who)
    second = put_in_force(policy, who, effective_from=who["now"] + DAY)
    cancelled = service_policies.cancel(policy.pk, second.number, **who)
    assert (cancelled.status, cancelled.was_in_force) == (Status.RETIRED, False)
    with pytest.raises(service_policies.NotWaiting):
        service_policies.cancel(policy.pk, second.number, **who)
    with pytest.raises(ServicePolicyVersion.DoesNotExist):
        service_policies.cancel(policy.pk, 99, **who)


def test_withdrawn_all_that_is_published_ends_and_stays_on_record(policy: ServicePolicy, who: dict[str, Any]) -> None:
    with pytest.raises(service_policies.NothingPublished):
        service_policies.withdraw(policy.pk, seen="0.0", **who)
    put_in_force(policy, who)
    service_policies.write(policy.pk, TERMS, **who)
    put_in_force(policy, who, effective_from=who["now"] + DAY)
    later = who | {"now": who["now"] + timedelta(hours=1)}
    service_policies.withdraw(policy.pk, seen="2.2", comment="改用统一条款", **later)
    assert set(policy.versions.values_list("status", "ended_at")) == {("retired", later["now"])}
    known = list(policy.versions.select_related("policy"))
    assert in_force(known, who["now"]).number == 1
    assert in_force(known, later["now"]) is None
    assert policy.events.get(kind="withdrawn").comment == "改用统一条款"


def test_there_is_one_policy_per_matter_and_shop(policy: ServicePolicy, shop: Any, who: dict[str, Any]) -> None:
    for place in (shop.pk, None):
        with pytest.raises(service_policies.PolicyExists):
            service_policies.create("returns", place, TERMS, **who)
    assert ServicePolicy.objects.filter(kind="returns").count() == 2


def test_a_draft_is_not_overwritten_unseen(policy: ServicePolicy, who: dict[str, Any]) -> None:
    seen = draft(policy).mark
    service_policies.write(policy.pk, TERMS | {"text_en": "Seven days"}, seen=seen, **who)
    for stale in (seen, ""):
        with pytest.raises(DraftChanged):
            service_policies.write(policy.pk, TERMS, seen=stale, **who)
    mark, before = draft(policy).mark, kinds(policy)
    service_policies.write(policy.pk, TERMS | {"text_en": "Seven days"}, seen=mark, **who)
    assert (draft(policy).mark, kinds(policy)) == (mark, before)


def test_a_text_in_review_stands_still_until_it_is_sent_back(policy: ServicePolicy, who: dict[str, Any]) -> None:
    mark = draft(policy).mark
    with pytest.raises(NotInThisStatus):
        service_policies.publish(policy.pk, seen=mark, **who)
    service_policies.submit(policy.pk, seen=mark, **who)
    with pytest.raises(UnderReview):
        service_policies.write(policy.pk, TERMS, seen=mark, **who)
    with pytest.raises(CommentMissing):
        service_policies.send_back(policy.pk, seen=mark, comment=" ", **who)
    service_policies.send_back(policy.pk, seen=mark, comment="补运费", **who)
    assert draft(policy).status == Status.DRAFT


def test_an_old_text_comes_back_as_a_draft(policy: ServicePolicy, who: dict[str, Any]) -> None:
    put_in_force(policy, who)
    restored = service_policies.restore(policy.pk, 1, **who)
    assert (restored.number, restored.text) == (2, TERMS["text"])
    with pytest.raises(DraftOpen):
        service_policies.restore(policy.pk, 1, **who)
    service_policies.discard(policy.pk, seen=restored.mark, **who)
    with pytest.raises(NoDraft):
        service_policies.discard(policy.pk, seen=restored.mark, **who)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"text": " \n"}, TextMissing),
        ({"text": "字" * 8_001}, service_policies.TermsTooLong),
        ({"text_en": "x" * 8_001}, service_policies.TermsTooLong),
        ({"text": "{deadline}前退款"}, PlaceholderLeft),
        ({"text_en": "by { anything }"}, PlaceholderLeft),
    ],
)
def test_what_no_page_can_show_is_refused(
    values: dict[str, str], error: type[Exception], policy: ServicePolicy, shop: Any, who: dict[str, Any]
) -> None:
    with pytest.raises(error):
        service_policies.write(policy.pk, TERMS | values, seen=draft(policy).mark, **who)
    with pytest.raises(error):
        service_policies.create("warranty", shop.pk, TERMS | values, **who)
    assert not ServicePolicy.objects.filter(kind="warranty", shop_ref=shop.pk).exists()


def test_a_withdrawal_that_was_overtaken_ends_nothing(policy: ServicePolicy, who: dict[str, Any]) -> None:
    put_in_force(policy, who)
    service_policies.write(policy.pk, TERMS, **who)
    second = put_in_force(policy, who, effective_from=who["now"] + DAY)
    with pytest.raises(service_policies.PublishedChanged):
        service_policies.withdraw(policy.pk, seen="1.1", **who)
    service_policies.cancel(policy.pk, second.number, **who)
    with pytest.raises(service_policies.PublishedChanged):
        service_policies.withdraw(policy.pk, seen="2.2", **who)
    assert "withdrawn" not in kinds(policy)
    service_policies.withdraw(policy.pk, seen="1.1", **who)
    assert "withdrawn" in kinds(policy)


# ---------------------------------------------------------------- what is said of the words


BLOCKED = "本店拥有最终解释权"


@pytest.mark.parametrize(("name", "label"), [("text", "Chinese"), ("text_en", "English")])
def test_blocked_words_hold_terms_back_with_their_place_and_advice(
    name: str, label: str, policy: ServicePolicy, who: dict[str, Any]
) -> None:
    terms = TERMS | {"text_en": "Seven days"} | {name: f"## A\n\n- {BLOCKED}"}
    before = draft(policy).mark
    with translation.override("en"), pytest.raises(TextBlocked) as refused:
        service_policies.hand_over(policy.pk, terms, seen=before, **who)
    assert f"“最终解释权” ({label} text, line 3: Delete it)" in refused.value.text
    assert refused.value.field == name
    assert draft(policy).mark == before


def test_a_refusal_names_a_few_places_only(policy: ServicePolicy, who: dict[str, Any]) -> None:
    terms = TERMS | {"text": f"{BLOCKED}\n" * 9}
    with pytest.raises(TextBlocked) as refused:
        service_policies.hand_over(policy.pk, terms, seen=draft(policy).mark, **who)
    assert refused.value.text.count("解释权") == 5
    assert refused.value.text.endswith("…")


@pytest.mark.parametrize(("text", "error"), [(BLOCKED, TextBlocked), ("{deadline}", PlaceholderLeft)])
def test_what_was_in_review_before_the_rule_is_not_published(
    text: str, error: type[Exception], policy: ServicePolicy, who: dict[str, Any]
) -> None:
    policy.versions.update(text=text)
    policy.versions.update(status="review")
    with pytest.raises(error):
        service_policies.publish(policy.pk, seen=draft(policy).mark, **who)
    service_policies.send_back(policy.pk, seen=draft(policy).mark, comment="请改", **who)
    with pytest.raises(error):
        service_policies.submit(policy.pk, seen=draft(policy).mark, **who)


def test_the_text_that_stays_is_confirmed_by_its_name(policy: ServicePolicy, who: dict[str, Any]) -> None:
    both = TERMS | {"text_en": "Seven days"}
    service_policies.write(policy.pk, both, seen=draft(policy).mark, **who)
    put_in_force(policy, who)
    seen = service_policies.write(policy.pk, both | {"text": "十五天内可退"}, **who).mark
    for stays in ("", "text"):
        with pytest.raises(service_policies.OtherLanguageOld) as refused:
            service_policies.submit(policy.pk, seen=seen, stays=stays, **who)
        assert refused.value.names["stays"] == service_policies.TEXTS["text_en"]
    service_policies.submit(policy.pk, seen=seen, stays="text_en", **who)
    assert policy.events.first().changes == {"stays": "text_en"}


def test_a_shop_without_terms_of_its_own_is_compared_with_those_for_all(shop: Any, who: dict[str, Any]) -> None:
    common = ServicePolicyVersion.objects.get(policy__kind="shipping")
    own = service_policies.create("shipping", shop.pk, TERMS | {"text_en": common.text_en}, **who)
    with pytest.raises(service_policies.OtherLanguageOld):
        service_policies.submit(own.pk, seen=draft(own).mark, **who)


def test_the_default_terms_pass_their_own_check(content: None, who: dict[str, Any]) -> None:
    for version in ServicePolicyVersion.objects.select_related("policy"):
        terms = {name: getattr(version, name) for name in service_policies.TERMS}
        service_policies.hand_over(version.policy_id, terms, **who)


def test_the_default_terms_are_whole_in_both_languages_and_loaded_once(content: None) -> None:
    versions = list(ServicePolicyVersion.objects.select_related("policy"))
    assert {one.policy.kind for one in versions} == set(ServicePolicy.Kind.values)
    for one in versions:
        chinese, english = blocks(one.text), blocks(one.text_en)
        assert [(block.kind, len(block.lines)) for block in chinese] == [
            (block.kind, len(block.lines)) for block in english
        ], one.policy.kind
        assert one.sources
        assert one.reviewed_on
        assert (one.policy.shop_ref, one.status) == (None, Status.PUBLISHED)
    assert load_content()["service_policies"] == 0


def test_a_common_policy_that_managers_withdrew_does_not_come_back(who: dict[str, Any]) -> None:
    policy = ServicePolicy.objects.get(kind="shipping", shop_ref=None)
    service_policies.withdraw(policy.pk, seen="1.1", **who)
    assert load_content()["service_policies"] == 0
    assert not policy.versions.filter(status=Status.PUBLISHED).exists()
