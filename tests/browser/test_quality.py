"""An inspector scores two replies by keyboard alone; a closed tab costs nothing; the agent answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from complaints.models import ReplyReview
from tests.browser.pages import scrolls_sideways
from tests.factories.complaints import ComplaintFactory, ContactFactory
from tests.factories.quality import IN_WEEK, drawn

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

LIST = "/admin/complaints/replyreview/"
DRAFT_IS_KEPT = """() => new Promise((done) => {
    const kept = () => Object.keys(localStorage).some((name) => name.includes("review-score"));
    const look = () => kept() ? done() : setTimeout(look, 20);
    look();
})"""


def test_an_inspector_scores_by_keyboard(
    shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page], shots: Path
) -> None:
    agent, inspector = user_with("agent"), user_with("quality_inspector")
    complaint = ComplaintFactory(shop=shop)
    ContactFactory(complaint=complaint, at=IN_WEEK, body="桌面有两道划痕，什么时候能处理？")
    first, second = [drawn(complaint, agent, body=f"非常抱歉，今天 18 点前给您方案{n}。") for n in range(2)]
    page = open_as(inspector)
    page.goto(LIST)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{first.pk}/change/**")
    for digit in "2210":
        page.keyboard.press(digit)
    chosen = page.locator(".quality-row input:checked")
    expect(chosen).to_have_count(4)
    page.evaluate(DRAFT_IS_KEPT)

    page.reload()
    expect(chosen).to_have_count(4)
    expect(page.locator("[data-draft-note]").first).to_be_visible()
    for digit in "29":
        page.keyboard.press(digit)
    expect(chosen).to_have_count(5)
    page.keyboard.press("1")
    comment = page.locator(".quality-form textarea[name=comment]")
    expect(comment).to_be_focused()
    expect(chosen).to_have_count(6)
    page.keyboard.insert_text("说了“是快递的问题”")
    page.screenshot(path=shots / "quality-score.png", full_page=True)
    comment.press("Control+Enter")

    page.wait_for_url(f"**/{second.pk}/change/**")
    expect(chosen).to_have_count(0)
    for digit in "222222":
        page.keyboard.press(digit)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/replyreview/?tab=waiting")
    assert sorted(ReplyReview.objects.values_list("percent", flat=True)) == [65, 100]

    mine = open_as(agent, viewport={"width": 390, "height": 800})
    mine.goto(LIST)
    mine.locator(f"a[href*='/{first.pk}/change/']").click()
    expect(mine.locator(".quality-total")).to_have_text("65 %")
    mine.fill("#answer_text", "我说的是我们会去问快递")
    assert not scrolls_sideways(mine)
    mine.locator("form[action*='/do/answer/'] button").click()
    expect(mine.locator(".quality-events")).to_contain_text("我说的是我们会去问快递")
    assert ReplyReview.objects.get(pk=first.pk).answer_open
