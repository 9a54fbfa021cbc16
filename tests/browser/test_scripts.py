"""A manager writes a script with placeholders put in by click; an agent finds it by keyboard."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from complaints.models import ScriptUse
from knowledge.models import ReplyScript, ScriptVersion
from knowledge.operations import scripts
from tests.browser.pages import scrolls_sideways
from tests.factories.complaints import registered

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


def test_a_manager_writes_tries_and_hands_over(
    shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page], shots: Path
) -> None:
    manager, colleague, now = user_with("shop_manager"), user_with("knowledge_manager"), timezone.now()
    case = registered(shop, actor=user_with("agent"), now=now)
    script = ReplyScript.objects.get(code="ETA-01")
    page = open_as(manager)
    page.goto("/admin/knowledge/replyscript/")
    page.screenshot(path=shots / "scripts.png")
    page.click("text=ETA-01")
    page.wait_for_url("**/change/")

    text = page.locator("#id_text")
    text.fill("您的单号是，请放心。")
    text.press("Home")
    for _ in range(5):
        text.press("ArrowRight")
    page.locator('[data-insert="{case_no}"]').click()
    expect(text).to_have_value("您的单号是{case_no}，请放心。")
    expect(text).to_be_focused()
    text.press("End")
    page.locator('[data-insert="{deadline}"]').press("Enter")
    expect(text).to_have_value("您的单号是{case_no}，请放心。{deadline}")

    page.fill("#id_case", case.number)
    page.click("button[name=preview]")
    expect(page.locator("#script-preview .script-fact")).to_have_text(case.number)
    expect(page.locator("#script-preview .script-gap")).to_have_text("{deadline}")
    expect(text).to_have_value("您的单号是{case_no}，请放心。{deadline}")
    page.screenshot(path=shots / "script-editor.png", full_page=True)

    page.click("button[name=submit]")
    expect(page.locator("button:has-text('发布'), button:has-text('Publish')").first).to_be_disabled()
    draft = script.versions.get(status="review")
    assert (draft.author, draft.text) == (manager, "您的单号是{case_no}，请放心。{deadline}")

    other = open_as(colleague)
    other.goto(f"/admin/knowledge/replyscript/{script.pk}/change/")
    other.fill("#id_comment", "清楚了")
    other.screenshot(path=shots / "script-review.png", full_page=True)
    other.locator(f"button[formaction$='/{script.pk}/do/publish/']").click()
    expect(other.locator(".script-comment")).to_contain_text("清楚了")
    assert ScriptVersion.objects.in_force().get(script=script) == draft
    other.goto(f"/admin/knowledge/replyscript/{script.pk}/diff/")
    expect(other.locator(".script-diff ins").first).to_be_visible()
    other.screenshot(path=shots / "script-diff.png", full_page=True)


def test_an_agent_finds_inserts_and_sends_by_keyboard(
    shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page], shots: Path
) -> None:
    agent = user_with("agent")
    case = registered(shop, actor=agent, now=timezone.now())
    page = open_as(agent)
    page.goto(f"/admin/complaints/complaint/{case.pk}/change/")
    page.keyboard.press("s")
    query = page.locator(".script-query")
    expect(query).to_be_focused()
    page.screenshot(path=shots / "script-choice.png", caret="initial")
    query.type("内部去查")
    expect(page.locator(".script-option")).to_have_count(1)
    query.press("ArrowDown")
    expect(page.locator(".script-option").first).to_be_focused()
    page.keyboard.press("Enter")
    body = page.locator("#reply_body")
    expect(body).to_be_focused()
    expect(body).not_to_have_value("")
    assert shop.name in body.input_value()
    expect(page.locator("#reply-scripts")).not_to_have_attribute("open", "")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    query.fill("补充凭证")
    expect(page.locator(".script-option")).to_have_count(2)
    query.press("Enter")
    expect(page.locator("#reply-gaps")).to_be_visible()
    used = page.locator(".only-reply input[name=scripts]").input_value()
    assert len(used.split()) == 2
    page.reload()
    expect(page.locator(".only-reply input[name=scripts]")).to_have_value(used)
    body.fill(body.input_value().replace("{evidence_items}", "一张照片"))
    page.locator(".only-reply .reply-foot button.btn-primary, .only-reply .reply-foot button.btn-teal").last.press(
        "Enter"
    )
    page.wait_for_url("**/change/#*")
    assert sorted(use.version.script.code for use in ScriptUse.objects.all()) == ["EVID-ASK", "RESP-ONE"]
    assert {use.percent_edited for use in ScriptUse.objects.all()} == {0}


def test_the_editor_fits_a_phone_and_works_without_javascript(
    shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page], shots: Path
) -> None:
    manager = user_with("shop_manager")
    script = ReplyScript.objects.get(code="ETA-01")
    scripts.write(script.pk, "草稿{deadline}", actor=manager, now=timezone.now())
    page = open_as(manager, java_script_enabled=False, viewport={"width": 390, "height": 800})
    for address in ("", f"{script.pk}/change/", f"{script.pk}/diff/", f"{script.pk}/details/", "add/"):
        page.goto(f"/admin/knowledge/replyscript/{address}")
        page.screenshot(path=shots / f"phone-{address.strip('/').replace('/', '-') or 'list'}.png", full_page=True)
        assert not scrolls_sideways(page), address
    page.goto(f"/admin/knowledge/replyscript/{script.pk}/change/")
    page.fill("#id_text", "今天{deadline}前答复")
    page.click("button[name=preview]")
    expect(page.locator("#script-preview .script-fact")).to_have_text("今天18:00")
    page.locator(".script-form .btn-row button:not([name]):not([formaction])").click()
    assert script.versions.get(status="draft").text == "今天{deadline}前答复"
