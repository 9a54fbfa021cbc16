"""Managers keep the terms of their shops and those for all; a case shows those of its order."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.models import Shop, WorkCalendar
from complaints.roles import ROLES
from knowledge.models import ServicePolicy, ServicePolicyEvent, ServicePolicyVersion
from knowledge.operations import service_policies
from knowledge.policy_terms import published_mark
from knowledge.versioning import OwnText, Status
from tests.complaints.admin.situations import page_of
from tests.factories.service_policies import published

pytestmark = pytest.mark.usefixtures("frozen")

LIST = "admin:knowledge_servicepolicy_changelist"
WRITERS = {"knowledge_manager", "shop_manager"}
READERS = set(ROLES) - {"department"}
TERMS: dict[str, Any] = {"text": "十五天内可退", "text_en": "Fifteen days", "sources": "", "reviewed_on": None}
TYPED = {"text": "十五天内可退", "text_en": "Fifteen days", "sources": "消法 25", "reviewed_on": "2026-11-01"}
DAY = timedelta(days=1)


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:knowledge_servicepolicy_{name}", args=args)


def draft(policy: ServicePolicy) -> ServicePolicyVersion:
    return policy.versions.get(status__in=["draft", "review"])


@pytest.fixture
def policy(shop: Shop) -> ServicePolicy:
    """What is published for all shops about returns."""
    return ServicePolicy.objects.get(kind="returns", shop_ref=None)


@pytest.fixture
def elsewhere(shop: Shop, now: Any) -> ServicePolicyVersion:
    """The own terms of a shop that nobody of the tests works for."""
    return published("returns", since=now - DAY, shop=Shop.objects.create(code="jd", name="京东店", platform="jd"))


@pytest.fixture
def author(user_with: Callable[..., Any]) -> Any:
    return user_with("knowledge_manager")


@pytest.fixture
def manager(author: Any, client_for: Callable[[Any], Client]) -> Client:
    return client_for(author)


@pytest.fixture
def in_review(policy: ServicePolicy, author: Any, now: Any) -> ServicePolicyVersion:
    written = service_policies.write(policy.pk, TERMS, actor=author, now=now)
    return service_policies.submit(policy.pk, seen=written.mark, actor=author, now=now)


# ---------------------------------------------------------------- who may


def test_pages_open_for_their_roles(
    policy: ServicePolicy, staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    version = policy.versions.get()
    reading = [
        reverse(LIST), page("change", policy.pk), page("version", version.pk),
        f"{page('diff')}?old={version.pk}&new={version.pk}",
    ]  # fmt: skip
    for addresses, allowed in ((reading, READERS), ([page("add")], WRITERS)):
        for address in addresses:
            for role, person in staff.items():
                assert client_for(person).get(address).status_code == (200 if role in allowed else 403), (role, address)


@pytest.mark.parametrize("role", sorted(set(ROLES) - WRITERS))
def test_forged_posts_change_nothing(
    role: str, in_review: ServicePolicyVersion, user_with: Callable[..., Any], client_for: Any
) -> None:
    client, before = client_for(user_with(role)), list(ServicePolicyVersion.objects.values())
    seen = {"seen": in_review.mark, "comment": "x", "version": "1"}
    for step in ("publish", "send_back", "discard", "restore", "cancel", "withdraw"):
        assert client.post(page("do", in_review.policy_id, step), seen).status_code == 403, step
    for address in (page("change", in_review.policy_id), page("add")):
        assert client.post(address, TYPED | {"kind": "returns", "shop": ""}).status_code == 403
    assert list(ServicePolicyVersion.objects.values()) == before


def test_terms_of_a_shop_that_one_does_not_see_are_nowhere(
    elsewhere: ServicePolicyVersion, policy: ServicePolicy, manager: Client
) -> None:
    pk, common = elsewhere.policy_id, policy.versions.get()
    assert "京东店" not in manager.get(reverse(LIST)).content.decode()
    compared = f"{page('diff')}?old={common.pk}&new={elsewhere.pk}"
    for address in (page("change", pk), page("version", elsewhere.pk), page("history", pk), compared):
        assert manager.get(address).status_code == 404, address
    assert manager.post(page("change", pk), TYPED).status_code == 404
    for step in ("withdraw", "restore", "cancel"):
        assert manager.post(page("do", pk, step), {"version": "1"}).status_code == 404
    refused = manager.post(page("add"), TYPED | {"kind": "warranty", "shop": str(elsewhere.policy.shop_ref)})
    assert refused.status_code == 422
    assert not ServicePolicy.objects.filter(kind="warranty", shop_ref__isnull=False).exists()
    elsewhere.refresh_from_db()
    assert elsewhere.status == Status.PUBLISHED


def test_a_shop_manager_sees_every_shop(
    elsewhere: ServicePolicyVersion, user_with: Callable[..., Any], client_for: Any
) -> None:
    client = client_for(user_with("shop_manager"))
    assert "京东店" in client.get(reverse(LIST)).content.decode()
    assert client.get(page("change", elsewhere.policy_id)).status_code == 200


def test_steps_are_posts_and_known_ones_and_nothing_is_deleted(policy: ServicePolicy, manager: Client) -> None:
    assert manager.get(page("do", policy.pk, "withdraw")).status_code == 405
    assert manager.post(page("do", policy.pk, "retire")).status_code == 404
    assert manager.post(page("do", 99999, "withdraw")).status_code == 404
    assert manager.post(page("do", policy.pk, "restore"), {"version": "77"}).status_code == 404
    assert manager.post(page("delete", policy.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("asked", ["", "?old=1", "?old=x&new=y", f"?old={'9' * 40}&new=1"])
def test_a_comparison_of_nothing_is_a_404(asked: str, shop: Shop, manager: Client) -> None:
    assert manager.get(page("diff") + asked).status_code == 404


# ---------------------------------------------------------------- writing and publishing


def test_own_terms_begin_with_the_common_words_and_go_to_the_customers_page(
    shop: Shop, policy: ServicePolicy, manager: Client
) -> None:
    form = manager.get(f"{page('add')}?kind=returns&shop={shop.pk}").context["form"]
    assert (form["text"].value(), form["shop"].value()) == (policy.versions.get().text, shop.pk)
    answer = manager.post(page("add"), TYPED | {"kind": "returns", "shop": str(shop.pk)})
    own = ServicePolicy.objects.get(kind="returns", shop_ref=shop.pk)
    assert answer["Location"] == page("change", own.pk)
    assert "十五天内可退" not in Client().get("/tmall/policies/returns/").content.decode()

    manager.post(page("change", own.pk), TYPED | {"seen": draft(own).mark, "submit": "1"})
    manager.post(page("do", own.pk, "publish"), {"seen": draft(own).mark, "comment": "店庆"})
    assert "十五天内可退" in Client().get("/tmall/policies/returns/").content.decode()
    shown = manager.get(page("change", own.pk)).content.decode()
    assert "店庆" in shown

    manager.post(page("do", own.pk, "withdraw"), {"comment": "到期", "seen": "1.1"})
    assert "十五天内可退" not in Client().get("/tmall/policies/returns/").content.decode()
    assert list(own.events.order_by("pk").values_list("kind", flat=True)) == [
        "created", "submitted", "published", "withdrawn",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "begins"), [("Asia/Shanghai", "2026-11-30T16:00"), ("Europe/Berlin", "2026-11-30T23:00")]
)
def test_a_day_to_come_begins_at_midnight_of_the_shop(
    zone: str, begins: str, shop: Shop, manager: Client, author: Any, now: Any
) -> None:
    shop.calendar = WorkCalendar.objects.create(name="历", time_zone=zone)
    shop.save()
    own = service_policies.create("returns", shop.pk, TERMS, actor=author, now=now)
    service_policies.submit(own.pk, seen=draft(own).mark, actor=author, now=now)
    manager.post(page("do", own.pk, "publish"), {"seen": draft(own).mark, "begins_on": "2026-12-01"})
    version = own.versions.get()
    assert version.effective_from.isoformat().startswith(begins)
    assert version.waits(now)
    manager.post(page("do", own.pk, "cancel"), {"version": "1"})
    version.refresh_from_db()
    assert (version.status, version.was_in_force) == (Status.RETIRED, False)


def test_who_publishes_is_told_of_a_version_that_takes_its_place_later(
    in_review: ServicePolicyVersion, manager: Client, author: Any, now: Any
) -> None:
    pk = in_review.policy_id
    told = "将取代"
    assert told not in manager.get(page("change", pk)).content.decode()
    manager.post(page("do", pk, "publish"), {"seen": in_review.mark, "begins_on": "2026-12-01"})
    written = service_policies.write(pk, TERMS | {"text": "七天内可退"}, actor=author, now=now)
    service_policies.submit(pk, seen=written.mark, stays="text_en", actor=author, now=now)
    text = manager.get(page("change", pk)).content.decode()
    assert told in text
    assert f"第 {in_review.number} 版将于" in text


def test_today_means_at_once_and_yesterday_is_refused_with_all_that_was_typed(
    in_review: ServicePolicyVersion, manager: Client, now: Any
) -> None:
    pk, typed = in_review.policy_id, {"seen": in_review.mark, "comment": "改好了"}
    answer = manager.post(page("do", pk, "publish"), typed | {"begins_on": "2026-11-19"})
    assert answer.status_code == 422
    content = answer.content.decode()
    assert 'value="2026-11-19"' in content
    assert "改好了</textarea>" in content
    assert answer.context["review"].errors["begins_on"]
    assert manager.post(page("do", pk, "publish"), typed | {"begins_on": "later"}).status_code == 422
    in_review.refresh_from_db()
    assert in_review.status == Status.IN_REVIEW
    manager.post(page("do", pk, "publish"), typed | {"begins_on": "2026-11-20"})
    in_review.refresh_from_db()
    assert (in_review.status, in_review.effective_from) == (Status.PUBLISHED, now)


def test_sent_back_without_a_reason_is_refused_at_the_field(in_review: ServicePolicyVersion, manager: Client) -> None:
    answer = manager.post(page("do", in_review.policy_id, "send_back"), {"seen": in_review.mark})
    assert answer.status_code == 422
    assert answer.context["review"].errors["comment"]
    manager.post(page("do", in_review.policy_id, "send_back"), {"seen": in_review.mark, "comment": "补上运费"})
    assert "补上运费" in manager.get(page("change", in_review.policy_id)).content.decode()


@pytest.mark.parametrize("values", [{"text": " "}, {"text": "字" * 8_001}, {"reviewed_on": "soon"}])
def test_what_cannot_be_saved_stays_typed(values: dict[str, str], policy: ServicePolicy, manager: Client) -> None:
    for address in (page("change", policy.pk), page("add")):
        answer = manager.post(address, TYPED | {"text_en": "My typing", "kind": "returns", "shop": ""} | values)
        assert answer.status_code == 422
        assert "My typing</textarea>" in answer.content.decode()
    assert policy.versions.count() == 1


def test_a_second_policy_of_the_same_matter_is_refused(policy: ServicePolicy, manager: Client) -> None:
    answer = manager.post(page("add"), TYPED | {"kind": "returns", "shop": ""})
    assert answer.status_code == 422
    assert answer.context["form"].errors["kind"]


def test_who_was_overtaken_sees_both_texts_and_can_save_again(
    policy: ServicePolicy, manager: Client, user_with: Callable[..., Any], now: Any
) -> None:
    service_policies.write(policy.pk, TERMS | {"text": "别人的"}, actor=user_with("shop_manager"), now=now)
    answer = manager.post(page("change", policy.pk), TYPED | {"seen": ""})
    content = answer.content.decode()
    assert answer.status_code == 422
    assert "别人的" in content
    assert "十五天内可退</textarea>" in content
    again = TYPED | {"seen": answer.context["form"]["seen"].value()}
    assert manager.post(page("change", policy.pk), again).status_code == 302
    assert draft(policy).text == "十五天内可退"


def test_what_was_typed_into_a_draft_that_is_in_review_by_now_can_be_copied(
    in_review: ServicePolicyVersion, policy: ServicePolicy, manager: Client
) -> None:
    typed = TYPED | {"text": "本店拥有最终解释权", "text_en": "Typed for an hour", "seen": "an earlier draft"}
    answer = manager.post(page("change", policy.pk), typed)
    assert answer.status_code == 422
    kept = [field.value() for field in answer.context["kept"]]
    assert kept == ["本店拥有最终解释权", "Typed for an hour"]
    assert "本店拥有最终解释权</textarea>" in answer.content.decode()
    # The rules speak of the text that is in review, not of the one that was typed.
    assert "最终解释权" not in str(answer.context["checks"])
    assert draft(policy).text == in_review.text


def test_who_wrote_it_last_leaves_the_publishing_to_a_colleague(
    in_review: ServicePolicyVersion, manager: Client, user_with: Callable[..., Any], client_for: Any
) -> None:
    pk, sent = in_review.policy_id, {"seen": in_review.mark}
    assert not manager.get(page("change", pk)).context["needs_second"]
    colleague = client_for(user_with("knowledge_manager"))
    assert manager.get(page("change", pk)).context["needs_second"]
    assert not colleague.get(page("change", pk)).context["needs_second"]
    answer = manager.post(page("do", pk, "publish"), sent)
    assert (answer.status_code, answer.context["refused"]) == (422, OwnText().text)
    assert colleague.post(page("do", pk, "publish"), sent).status_code == 302


@pytest.mark.parametrize(("own_shop", "waits"), [(True, True), (False, False)])
def test_a_colleague_counts_who_sees_the_shop(
    own_shop: bool, waits: bool, shop: Shop, author: Any, manager: Client, user_with: Callable[..., Any], now: Any
) -> None:
    user_with("knowledge_manager", shops=[shop] if own_shop else [])
    own = service_policies.create("returns", shop.pk, TERMS, actor=author, now=now)
    mark = service_policies.submit(own.pk, seen=draft(own).mark, stays="", actor=author, now=now).mark
    answer = manager.post(page("do", own.pk, "publish"), {"seen": mark})
    assert answer.status_code == (422 if waits else 302)


def test_a_withdrawal_that_was_overtaken_shows_how_it_stands_and_keeps_what_was_typed(
    policy: ServicePolicy, manager: Client, now: Any
) -> None:
    assert 'name="seen" value="1.1"' in manager.get(page("change", policy.pk)).content.decode()
    newer = published("returns", since=now - DAY)
    for seen in ("1.1", ""):
        answer = manager.post(page("do", policy.pk, "withdraw"), {"seen": seen, "comment": "我写的理由"})
        content = answer.content.decode()
        assert answer.status_code == 422
        assert answer.context["refused"] == service_policies.PublishedChanged().text
        assert 'name="seen" value="2.2"' in content
        assert 'value="我写的理由"' in content
        assert '<details class="terms-fold" open>' in content
    newer.refresh_from_db()
    assert newer.status == Status.PUBLISHED
    sent = {"seen": "2.2", "comment": "我写的理由"}
    assert manager.post(page("do", policy.pk, "withdraw"), sent).status_code == 302
    assert policy.events.get().comment == "我写的理由"


# ---------------------------------------------------------------- what is said of the words


@pytest.mark.parametrize("name", ["text", "text_en"])
def test_a_placeholder_is_refused_at_its_field(name: str, policy: ServicePolicy, manager: Client) -> None:
    typed = TYPED | {name: "{deadline} {客户}", "kind": "warranty", "shop": ""}
    for address in (page("change", policy.pk), page("add")):
        answer = manager.post(address, typed)
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [name]
        assert "{deadline}, {客户}" in answer.context["form"].errors[name][0]
        assert "{deadline} {客户}</textarea>" in answer.content.decode()
    assert policy.versions.count() == 1


def test_blocked_words_are_shown_in_a_draft_and_hold_back_what_is_handed_over(
    policy: ServicePolicy, manager: Client
) -> None:
    typed = TYPED | {"text": "## 退货\n本店拥有最终解释权", "seen": ""}
    answer = manager.post(page("change", policy.pk), typed | {"submit": "1"})
    assert answer.status_code == 422
    said = answer.context["form"].errors["text"][0]
    for words in ("最终解释权", "2", "删除"):
        assert words in said
    assert answer.context["checks"].blocked
    assert not answer.context["checks"].stays
    assert policy.versions.count() == 1

    assert manager.post(page("change", policy.pk), typed).status_code == 302
    shown = manager.get(page("change", policy.pk))
    assert shown.context["checks"].blocked
    assert [line.number for _label, lines in shown.context["checks"].lines for line in lines] == [2]
    assert "UNFAIR-FINAL-SAY" in shown.content.decode()

    mended = TYPED | {"seen": shown.context["form"]["seen"].value(), "submit": "1"}
    assert manager.post(page("change", policy.pk), mended).status_code == 302


def test_words_that_are_only_warned_of_go_through(policy: ServicePolicy, manager: Client) -> None:
    typed = TYPED | {"text": "可能需要几天", "submit": "1"}
    assert manager.post(page("change", policy.pk), typed).status_code == 302
    shown = manager.get(page("change", policy.pk))
    assert shown.context["checks"].lines
    assert not shown.context["checks"].blocked
    assert "VAGUE-WORDS" in shown.content.decode()
    assert manager.post(page("do", policy.pk, "publish"), {"seen": draft(policy).mark}).status_code == 302


def test_the_preview_shows_what_the_rules_say(policy: ServicePolicy, manager: Client) -> None:
    typed = TYPED | {"text": "本店拥有最终解释权", "preview": "1", "kind": "returns", "shop": ""}
    for address in (page("change", policy.pk), page("add")):
        answer = manager.post(address, typed)
        assert answer.status_code == 200
        assert "UNFAIR-FINAL-SAY" in answer.content.decode()


@pytest.mark.parametrize(("changed", "stays"), [("text", "text_en"), ("text_en", "text")])
def test_a_text_that_stays_as_it_was_is_confirmed_by_a_tick(
    changed: str, stays: str, policy: ServicePolicy, manager: Client
) -> None:
    first = policy.versions.get()
    typed = TYPED | {"text": first.text, "text_en": first.text_en, "submit": "1"} | {changed: "15 days 十五天"}
    tick = f'name="stays" value="{stays}"'
    for ticked in ("", changed):
        answer = manager.post(page("change", policy.pk), typed | {"stays": ticked})
        assert answer.status_code == 422
        assert answer.context["form"].errors["stays"]
        assert tick in answer.content.decode()
        assert f"{tick} checked" not in answer.content.decode()
    assert policy.versions.count() == 1

    other_fault = manager.post(page("change", policy.pk), typed | {"stays": stays, "reviewed_on": "soon"})
    assert f"{tick} checked" in other_fault.content.decode()

    assert manager.post(page("change", policy.pk), typed | {"stays": stays}).status_code == 302
    shown = manager.get(page("change", policy.pk))
    assert shown.context["checks"].stays == stays
    assert tick not in shown.content.decode()
    assert policy.events.get(kind="submitted").changes == {"stays": stays}
    assert shown.context["events"][0].stays == service_policies.TEXTS[stays]


def test_a_text_stays_as_it_was_also_after_a_withdrawal(
    policy: ServicePolicy, author: Any, manager: Client, now: Any
) -> None:
    first = policy.versions.get()
    service_policies.withdraw(policy.pk, seen=published_mark([first]), actor=author, now=now)
    typed = TYPED | {"text": "十五天内可退", "text_en": first.text_en, "submit": "1"}
    answer = manager.post(page("change", policy.pk), typed)
    assert answer.status_code == 422
    assert answer.context["form"].errors["stays"]


def test_a_draft_of_one_language_is_saved_and_says_what_stays(policy: ServicePolicy, manager: Client) -> None:
    typed = TYPED | {"text_en": policy.versions.get().text_en}
    assert manager.post(page("change", policy.pk), typed).status_code == 302
    assert 'name="stays" value="text_en"' in manager.get(page("change", policy.pk)).content.decode()


def test_a_step_on_what_has_moved_says_why(in_review: ServicePolicyVersion, manager: Client) -> None:
    answer = manager.post(page("do", in_review.policy_id, "publish"), {"seen": "1.99"})
    assert answer.status_code == 422
    assert answer.context["refused"]
    answer = manager.post(page("do", in_review.policy_id, "cancel"), {"version": "1"})
    assert answer.context["refused"]
    assert ServicePolicyEvent.objects.filter(kind="published").count() == 0


def test_the_preview_shows_both_languages_and_saves_nothing(policy: ServicePolicy, manager: Client) -> None:
    typed = TYPED | {"text": "## 标题\n- 一条", "preview": "1", "kind": "returns", "shop": ""}
    for address in (page("change", policy.pk), page("add")):
        content = manager.post(address, typed).content.decode()
        assert content.count("<h2>标题</h2>") == 2
        assert content.count("<p>Fifteen days</p>") == 2
    assert policy.versions.count() == 1


def test_the_comparison_marks_words_in_both_languages_and_across_shops(
    policy: ServicePolicy, shop: Shop, manager: Client, now: Any
) -> None:
    old = published("returns", since=now, text="七天内可退", text_en="within 7 days")
    new = published("returns", since=now, shop=shop, text="十五天内可退", text_en="within 15 days")
    content = manager.get(f"{page('diff')}?old={old.pk}&new={new.pk}").content.decode()
    for mark in ("<del>7</del>", "<ins>15</ins>"):
        assert mark in content
    other = ServicePolicyVersion.objects.get(policy__kind="warranty")
    assert manager.get(f"{page('diff')}?old={old.pk}&new={other.pk}").status_code == 404


def test_an_old_version_is_begun_again_from_its_page(policy: ServicePolicy, manager: Client) -> None:
    first = policy.versions.get()
    manager.post(page("do", policy.pk, "restore"), {"version": "1"})
    assert draft(policy).text == first.text
    assert not manager.get(page("version", first.pk)).context["may_restore"]


# ---------------------------------------------------------------- how much it takes


def test_the_pages_take_the_same_few_queries_with_much_to_show(
    policy: ServicePolicy, shop: Shop, user_with: Callable[..., Any], client_for: Any, now: Any
) -> None:
    people = [user_with("shop_manager"), user_with("knowledge_manager")]
    client = client_for(people[0])

    def taken() -> list[int]:
        found = []
        for address in (reverse(LIST), page("change", policy.pk)):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            found.append(len(captured))
        return found

    published("returns", since=now, author=people[0], published_by=people[1])
    ServicePolicyEvent.objects.create(policy=policy, kind="written", actor=people[0], at=now)
    taken()
    few = taken()
    for n in range(15):
        other = Shop.objects.create(code=f"s{n}", name=f"店{n}", platform="jd")
        published("returns", since=now - DAY, shop=other, author=people[n % 2])
        published("returns", since=now + n * DAY, author=people[n % 2], published_by=people[1])
        ServicePolicyEvent.objects.create(policy=policy, kind="written", actor=people[n % 2], at=now)
    assert taken() == few
    assert max(few) <= 12


# ---------------------------------------------------------------- the case


def test_a_case_shows_the_terms_of_its_order_and_what_has_changed_since(
    case: Callable[..., Any], shop: Shop, agent: Any, client_for: Any, now: Any
) -> None:
    complaint, clerk = case("accepted"), client_for(agent)
    complaint.order.placed_at = now - 10 * DAY
    complaint.order.save()
    before = published("returns", since=now - 20 * DAY, shop=shop)
    assert f"/tmall/policies/returns/?version={before.pk}" in clerk.get(page_of(complaint)).content.decode()
    assert page("diff") not in clerk.get(page_of(complaint)).content.decode()
    after = published("returns", since=now - DAY, shop=shop)
    content = clerk.get(page_of(complaint)).content.decode()
    link = f"{page('diff')}?old={before.pk}&amp;new={after.pk}"
    assert link in content
    assert clerk.get(link.replace("&amp;", "&")).status_code == 200
    Shop.objects.update(active=False)
    assert page("version", before.pk) in clerk.get(page_of(complaint)).content.decode()


def test_a_case_without_a_time_of_order_says_that_it_goes_by_the_receipt(
    case: Callable[..., Any], agent: Any, client_for: Any
) -> None:
    complaint = case("accepted")
    complaint.order.placed_at = None
    complaint.order.save()
    terms = client_for(agent).get(page_of(complaint)).context["terms"]
    assert (terms.ordered, terms.at) == (False, complaint.received_at)
