"""A manager pastes a listing, sees its marks while writing, keeps the check, and finds what to mend first."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from complaints.models import Product
from knowledge.models import PhraseRule

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


def test_marks_come_while_one_writes_and_the_check_is_kept(
    shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page], shots: Path
) -> None:
    PhraseRule.objects.create(
        code="X-BEST", category="absolute", level="block", scope="listing", patterns="天下无双", reason="绝对化用语",
        suggestion="写事实", updated_at=timezone.now(),
    )  # fmt: skip
    page = open_as(user_with("knowledge_manager"))
    page.goto("/admin/complaints/product/")
    page.click(".empty a[href$='/add/']")

    page.fill("#id_title", "天下无双的保温杯")
    page.locator("#id_text").press_sequentially("规格：500 ml。")
    expect(page.locator("#listing-preview mark.mark-block")).to_have_text("天下无双")
    expect(page.locator("#listing-preview .listing-score b")).to_have_text("45")
    page.fill("#id_text", "规格：500 ml。材质：不锈钢。使用说明：不可微波。付款后48小时内发货。")
    expect(page.locator("#listing-preview .listing-score b")).to_have_text("90")
    expect(page.locator("#id_text")).to_be_focused()
    page.screenshot(path=shots / "listing-check.png", full_page=True)

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/change/")
    assert Product.objects.get().score == 90
    expect(page.locator(".listing-text mark")).to_have_text("天下无双")

    page.goto("/admin/complaints/product/report/")
    page.click("tr:has-text('X-BEST') a")
    expect(page.locator(".script-title")).to_have_text("天下无双的保温杯")
    expect(page.locator("input[name=finding]")).to_have_value("word:X-BEST")


def test_it_works_without_scripts(shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page]) -> None:
    page = open_as(user_with("knowledge_manager"), java_script_enabled=False)
    page.goto("/admin/complaints/product/add/")
    page.fill("#id_title", "保温杯")
    page.fill("#id_text", "规格：500 ml。")
    page.click("button[name=preview]")
    expect(page.locator("#listing-preview .listing-score b")).to_have_text("55")
    expect(page.locator("#id_text")).to_have_value("规格：500 ml。")
    assert not Product.objects.exists()
