"""A manager sees marks while typing, and tries a rule on what was sent before it holds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from knowledge.models import PhraseRule
from tests.factories.complaints import ComplaintFactory, ContactFactory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


def test_marks_follow_what_is_typed(user_with: Callable[..., Any], open_as: Callable[..., Page], shots: Path) -> None:
    page = open_as(user_with("shop_manager"))
    page.goto("/admin/knowledge/phraserule/try/")
    page.locator("#id_text").press_sequentially("您好，这是快递的问题，我们会儘·快处理")
    marks = page.locator("#found mark")
    expect(marks).to_have_count(2)
    expect(marks.nth(1)).to_contain_text("儘·快")
    expect(page.locator("#found")).to_contain_text("FAULT-PARTY")
    expect(page.locator("#id_text")).to_be_focused()
    page.screenshot(path=shots / "phrase-bench.png")
    page.select_option("#id_scope", "listing")
    expect(marks).to_have_count(0)


def test_a_rule_is_written_and_tried_by_keyboard(
    shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page], shots: Path
) -> None:
    ContactFactory(complaint=ComplaintFactory(shop=shop), reply=True, body="您的包裹没准明天到")
    page = open_as(user_with("shop_manager"))
    page.goto("/admin/knowledge/phraserule/add/")
    page.fill("#id_code", "MAYBE")
    page.fill("#id_patterns", "没准")
    page.locator("button[name=try]").press("Enter")
    expect(page.locator("#rule-tries mark")).to_contain_text("没准")
    page.screenshot(path=shots / "phrase-tried.png")
    page.fill("#id_reason", "不确定")
    page.locator("#id_reason").press("Enter")
    page.wait_for_url("**/change/")
    assert PhraseRule.objects.get(code="MAYBE").patterns == "没准"
