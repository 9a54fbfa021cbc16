"""A manager maps what another system sends: tries it out, sees what is wrong, mends it, saves; with the keyboard."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from complaints.models import Complaint, HookChannel
from tests.factories.hooks import PAYLOAD, channel_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


def test_a_manager_tries_a_mapping_out_before_saving_it(
    shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page], shots: Path
) -> None:
    channel = channel_of(shop, mapping={})
    page = open_as(user_with("shop_manager"))
    page.goto(f"/admin/complaints/hookchannel/{channel.pk}/mapping/")
    page.fill("[name=text-path]", "messages[*].text")
    page.fill("[name=sample]", json.dumps(PAYLOAD, ensure_ascii=False, indent=2))
    page.click("button[name=preview]")
    outcome = page.locator("#mapping-outcome")
    expect(outcome.locator("tbody tr").first).to_contain_text("要求换货")
    expect(outcome.locator(".leaves")).to_contain_text("order.items[0].title")
    expect(page.locator("[name=sample]")).to_have_value(json.dumps(PAYLOAD, ensure_ascii=False, indent=2))

    for name, path in (
        ("order_number", "order.no"), ("name", "buyer.name"), ("phone", "buyer.mobile"),
        ("product", "order.items[0].title"), ("issue_type", "reason_code"), ("time", "created"),
    ):  # fmt: skip
        page.fill(f"[name={name}-path]", path)
    page.fill("[name=demand-default]", "尽快处理")
    page.press("[name=demand-default]", "Tab")
    page.click("button[name=preview]")
    expect(outcome.locator("tr.has-problem")).to_have_count(1)
    page.fill("[name=issue_type-values]", "7 = LOGI-03")
    page.click("button[name=preview]")
    expect(outcome.locator("tr.has-problem")).to_have_count(0)
    expect(outcome.locator("tbody b", has_text="LOGI-03")).to_be_visible()
    assert HookChannel.objects.get().mapping == {}
    assert not Complaint.objects.exists()
    page.set_viewport_size({"width": 1280, "height": 1500})
    page.evaluate("window.scrollTo(0, 0)")
    page.screenshot(path=shots / "webhook-mapping.png")

    page.locator("button.btn-primary").press("Enter")
    page.wait_for_url("**/mapping/")
    expect(page.locator("[name=issue_type-values]")).to_have_value("7 = LOGI-03")
    saved = HookChannel.objects.get().mapping["fields"]
    assert saved["issue_type"] == {"path": "reason_code", "values": [["7", "LOGI-03"]]}
    assert saved["demand"] == {"default": "尽快处理"}
