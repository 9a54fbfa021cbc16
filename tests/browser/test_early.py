"""On a slow line people type before the scripts have come: nothing of it is lost, and nothing goes unheard."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from complaints.models import Complaint, RegistrationDraft
from knowledge.models import PhraseRule
from knowledge.operations import indexing
from knowledge.script_documents import KIND
from tests.browser.pages import scripts_late
from tests.browser.test_typing import drafts, reply, wait_for_draft, write
from tests.complaints.admin.situations import page_of
from tests.factories.complaints import registered
from tests.factories.knowledge import ReplyScriptFactory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

REGISTER = "/admin/complaints/complaint/add/"


@pytest.fixture
def rule(content: None) -> PhraseRule:
    return PhraseRule.objects.create(
        code="X-BEST", category="absolute", level="block", scope="both", patterns="天下无双", reason="绝对化用语",
        suggestion="写事实", updated_at=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def page(agent: Any, open_as: Callable[..., Page]) -> Page:
    return open_as(agent, refused=422)


def test_words_searched_for_are_found(page: Page) -> None:
    script = ReplyScriptFactory(name="青花瓷话术")
    indexing.refresh(KIND, [script.pk])
    with scripts_late(page, "/admin/search/"):
        page.locator("#search-q").press_sequentially("青花瓷")
    expect(page.locator(".hit")).to_have_count(1)


def test_an_order_is_looked_up(page: Page, shop: Any) -> None:
    with scripts_late(page, REGISTER):
        page.locator("#q").press_sequentially("4135882019736602411")
    expect(page.locator("#found")).to_contain_text("您的店铺里没有找到")


def test_enter_registers_no_half_complaint_and_what_was_typed_is_kept(page: Page, shop: Any) -> None:
    with scripts_late(page, REGISTER):
        page.fill("[name=title]", "壶底裂纹")
        page.press("[name=title]", "Enter")
        page.press("#q", "Enter")
    expect(page.locator("[data-kept]")).to_contain_text("草稿已保存")
    assert RegistrationDraft.objects.count() == 1
    assert not Complaint.objects.exists()


def test_a_reply_gets_its_remarks(page: Page, agent: Any, shop: Any, rule: PhraseRule) -> None:
    complaint = registered(shop, actor=agent, now=timezone.now())
    with scripts_late(page, page_of(complaint)):
        reply(page).locator("textarea[name=body]").fill("天下无双的杯子")
    expect(page.locator("#reply-findings .mark-block")).to_have_text("天下无双")
    wait_for_draft(page, "天下无双")


def test_a_draft_and_what_was_typed_before_it_came_are_both_kept(page: Page, agent: Any, shop: Any) -> None:
    complaint = registered(shop, actor=agent, now=timezone.now())
    page.goto(page_of(complaint))
    reply(page).locator("[name=promise_text]").fill("今天答复")
    write(page, "昨天写的")
    page.goto("/admin/")
    with scripts_late(page, page_of(complaint)):
        reply(page).locator("textarea[name=body]").fill("现在写的")
        reply(page).locator("[name=promise_text]").fill("明天答复")
    expect(reply(page).locator("textarea[name=body]")).to_have_value("昨天写的\n现在写的")
    expect(reply(page).locator("[name=promise_text]")).to_have_value("明天答复")
    wait_for_draft(page, "现在写的")
    assert "昨天写的" in drafts(page)


def test_a_listing_is_looked_at(
    rule: PhraseRule, shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page]
) -> None:
    page = open_as(user_with("knowledge_manager"))
    with scripts_late(page, "/admin/complaints/product/add/"):
        page.fill("#id_title", "天下无双的保温杯")
    expect(page.locator("#listing-preview mark.mark-block")).to_have_text("天下无双")


@pytest.mark.parametrize("address", [REGISTER, f"{REGISTER}?title=abc", f"{REGISTER}?q=4135"])
def test_a_form_that_nobody_has_touched_is_kept_by_nobody(page: Page, shop: Any, address: str) -> None:
    page.clock.install()
    posted: list[str] = []
    page.on(
        "request", lambda request: request.method == "POST" and "draft" in request.url and posted.append(request.url)
    )
    page.goto(address)
    page.clock.run_for(10_000)
    expect(page.locator("#found")).to_be_visible()
    assert page.url.endswith(address)
    assert (posted, RegistrationDraft.objects.count()) == ([], 0)


def test_what_was_chosen_early_counts_and_discarding_the_draft_leaves_it(page: Page, agent: Any, shop: Any) -> None:
    complaint = registered(shop, actor=agent, now=timezone.now())
    page.goto(page_of(complaint))
    reply(page).locator("[name=channel]").select_option("phone")
    write(page, "昨天写的")
    page.goto("/admin/")
    with scripts_late(page, page_of(complaint)):
        reply(page).locator("[name=channel]").select_option("social")
        reply(page).locator("textarea[name=body]").fill("现在写的")
    expect(reply(page).locator("textarea[name=body]")).to_have_value("昨天写的\n现在写的")
    expect(reply(page).locator("[name=channel]")).to_have_value("social")
    reply(page).locator("[data-draft-discard]").click()
    expect(reply(page).locator("textarea[name=body]")).to_have_value("现在写的")


def test_a_draft_that_comes_back_tells_nobody_that_somebody_writes(page: Page, agent: Any, shop: Any) -> None:
    complaint = registered(shop, actor=agent, now=timezone.now())
    page.goto(page_of(complaint))
    write(page, "昨天写的")
    asked: list[str] = []
    page.clock.install()
    page.on("request", lambda request: "/wording/" in request.url and asked.append(request.url))
    page.goto(page_of(complaint))
    expect(reply(page).locator("textarea[name=body]")).to_have_value("昨天写的")
    page.clock.run_for(5_000)
    assert asked == []


def test_a_refused_reply_keeps_its_draft(page: Page, agent: Any, shop: Any) -> None:
    complaint = registered(shop, actor=agent, now=timezone.now())
    page.goto(page_of(complaint))
    write(page, "昨天写的")
    page.clock.install()
    reply(page).locator("[name=promise_due]").fill("2020-01-01T10:00")
    reply(page).evaluate("(form) => { form.noValidate = true; }")
    reply(page).locator("[data-save]").click()
    page.wait_for_url("**/do/**")
    page.clock.run_for(5_000)
    page.goto(page_of(complaint))
    expect(reply(page).locator("textarea[name=body]")).to_have_value("昨天写的")
