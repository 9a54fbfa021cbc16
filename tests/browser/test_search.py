"""Search by keyboard: type, go down, open; and what an input method composes is not searched for yet."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from knowledge.operations import indexing
from knowledge.script_documents import KIND
from tests.factories.complaints import complaint_in
from tests.factories.knowledge import ReplyScriptFactory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


def test_an_agent_types_goes_down_and_opens(
    shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page], shots: Path
) -> None:
    agent = user_with("agent")
    scripts = [ReplyScriptFactory(name=f"青花瓷话术{n}", text="您的青花瓷碗，我们马上补发。") for n in (1, 2)]
    indexing.refresh(KIND, [one.pk for one in scripts])
    closed = complaint_in("closed", shop, actor=agent, now=timezone.now(), title="青花瓷碗碎裂")
    page = open_as(agent)
    page.goto("/admin/complaints/complaint/")
    page.keyboard.press("g")
    page.keyboard.press("s")
    field = page.locator("#search-q")
    expect(field).to_be_focused()
    field.press_sequentially("青花瓷")
    expect(page.locator(".hit")).to_have_count(2)
    expect(page.locator(".hit mark").first).to_have_text("青花瓷")
    page.screenshot(path=shots / "search.png")

    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".hit").nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(field).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/replyscript/*/change/")

    page.go_back()
    expect(page.locator("#search-q")).to_have_value("青花瓷")
    page.locator(".tab").last.click()
    expect(page.locator(".hit-title")).to_have_text("青花瓷碗碎裂")
    page.wait_for_load_state()
    page.locator("#search-q").press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/complaint/{closed.pk}/change/")


def test_letters_of_an_input_method_are_not_searched_for(
    shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page]
) -> None:
    script = ReplyScriptFactory(name="青花瓷话术")
    indexing.refresh(KIND, [script.pk])
    page = open_as(user_with("agent"))
    asked: list[str] = []
    page.on("request", lambda request: "HX" in str(request.headers).upper() and asked.append(request.url))
    page.goto("/admin/search/")
    field = page.locator("#search-q")
    field.evaluate(
        """field => {
            field.value = "qing'hua";
            field.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
            field.value = "青花瓷";
            field.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true }));
        }"""
    )
    expect(page.locator(".hit")).to_have_count(1)
    assert not any("qing" in address for address in asked)
