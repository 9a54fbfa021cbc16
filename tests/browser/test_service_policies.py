"""A customer reads the terms of a shop on a phone, in both languages; a manager writes them and sees how they look."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from knowledge.models import ServicePolicy
from tests.browser.pages import scrolls_sideways
from tests.factories.service_policies import published

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 390, "height": 844}}


def test_the_terms_fit_a_phone_in_both_languages_and_print_without_what_is_only_for_the_screen(
    shop: Any, agent: Any, open_as: Callable[..., Page], shots: Path
) -> None:
    now = timezone.now()
    long_word = "https://example.com/" + "a" * 200
    published("returns", since=now - timedelta(days=2), shop=shop, text=f"## 退货\n- {long_word}\n- 七天内可退")
    page = open_as(agent, **PHONE)
    page.goto(f"/{shop.code}/policies/?lang=zh-hans")
    assert not scrolls_sideways(page)
    page.screenshot(path=shots / "policy-index.png")
    page.locator("ul.matters a").first.click()
    expect(page.locator(".terms h2")).to_have_text("退货")
    assert not scrolls_sideways(page)

    page.click(".switch a")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".terms")).to_contain_text("Terms 1")
    assert not scrolls_sideways(page)
    page.click(".turns a")
    expect(page.locator(".notice")).to_contain_text("earlier terms")
    expect(page.locator(".terms")).to_contain_text("Return within 7 days")
    assert not scrolls_sideways(page)
    page.screenshot(path=shots / "policy-earlier.png", full_page=True)

    page.emulate_media(media="print")
    for away in (".up", ".switch", ".turns"):
        expect(page.locator(away).first).to_be_hidden()
    expect(page.locator(".terms")).to_be_visible()
    expect(page.locator(".printed")).to_be_visible()


def test_a_manager_sees_the_look_before_saving(
    shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page], shots: Path
) -> None:
    policy = ServicePolicy.objects.get(kind="returns", shop_ref=None)
    page = open_as(user_with("shop_manager"))
    page.goto("/admin/knowledge/servicepolicy/")
    page.screenshot(path=shots / "policies.png")
    page.locator(f"a[href='/admin/knowledge/servicepolicy/{policy.pk}/change/']").click()
    page.fill("#id_text", "## 十五天无理由退货\n- 十五天内可退")
    page.click("button[name=preview]")
    expect(page.locator(".is-phone .terms-look h2").first).to_have_text("十五天无理由退货")
    expect(page.locator("#id_text")).to_have_value("## 十五天无理由退货\n- 十五天内可退")
    assert policy.versions.count() == 1
    page.screenshot(path=shots / "policy-editor.png", full_page=True)

    page.check("input[name=stays][value=text_en]")
    page.click("button[name=submit]")
    page.click("button[formaction$='/do/publish/']")
    expect(page.locator(".script-events li")).to_have_count(3)
    assert policy.versions.count() == 2
