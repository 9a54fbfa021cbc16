"""An agent writes a reply without the mouse: remarks while typing, advice taken, blocked words held back, sent."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from complaints.models import Contact
from complaints.operations import conversation
from tests.factories.complaints import bring, registered

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page]) -> Page:
    agent, now = user_with("agent"), timezone.now()
    case = bring(registered(shop, actor=agent, now=now - timedelta(minutes=5)), "verifying", actor=agent, now=now)
    page = open_as(agent, refused=409)
    page.goto(f"/admin/complaints/complaint/{case.pk}/change/")
    return page


def test_a_reply_is_written_mended_and_sent_by_keyboard(page: Page, shots: Path) -> None:
    text, findings = page.locator("#reply_body"), page.locator("#reply-findings .finding")
    page.keyboard.press("r")
    expect(text).to_be_focused()
    page.keyboard.type("您好，这是快递的责任，我们会尽快处理。")
    expect(findings).to_have_count(2)
    expect(page.locator("#reply-findings .mark-block")).to_have_text("这是快递的责任")
    page.screenshot(path=shots / "composer.png", caret="initial")

    sent = Contact.objects.filter(direction="out").count()
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-blocks-note]")).to_be_visible()
    expect(text).to_be_focused()
    assert Contact.objects.filter(direction="out").count() == sent, "blocked words are held back"
    # They are selected, so that typing replaces them.
    page.keyboard.type("运输中出了问题")
    expect(page.locator("#reply-findings .mark-block")).to_have_count(0)

    page.fill("#reply_promise_due", f"{timezone.localtime() + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    advice = page.locator("#reply-findings button[name=take]")
    advice.focus()
    page.keyboard.press("Enter")
    expect(text).not_to_have_value("您好，运输中出了问题，我们会尽快处理。")
    expect(text).to_be_focused()
    expect(findings).to_have_count(0)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/change/#*")
    reply = Contact.objects.filter(direction="out").latest("pk")
    assert reply.body.startswith("您好，运输中出了问题")
    assert "尽快" not in reply.body


def test_a_key_pressed_twice_sends_once_and_shows_the_case(page: Page) -> None:
    text, said = page.locator("#reply_body"), "您好，我们正在核实，请您稍等。"
    with page.expect_response("**/wording/"):
        text.fill(said)
    page.evaluate(
        """() => {
            const form = document.querySelector("form.only-reply"), save = form.querySelector("[data-save]");
            for (let n = 0; n < 2; n++) form.requestSubmit(save);
        }"""
    )
    page.wait_for_url("**/change/#*")
    expect(text).to_have_value("")
    assert Contact.objects.filter(direction="out", body=said).count() == 1


def test_remarks_do_not_move_the_button_that_is_being_pressed(page: Page) -> None:
    text, save = page.locator("#reply_body"), page.locator("form.only-reply [data-save]")
    # In one column, and where there is nothing to scroll, so that the browser cannot keep it in its place by scrolling.
    page.set_viewport_size({"width": 390, "height": 6000})
    place = save.bounding_box()
    assert place
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.evaluate("document.addEventListener('htmx:afterRequest', () => document.body.dataset.answered = '')")
    text.fill("您好，我们会尽快处理。" + "请您稍等。" * 5)
    page.mouse.down()
    page.wait_for_selector("body[data-answered]")
    assert save.bounding_box() == place
    page.mouse.up()
    page.wait_for_url("**/change/#*")
    assert Contact.objects.filter(direction="out", body__startswith="您好，我们会尽快处理").count() == 1


def test_remarks_missed_while_another_button_was_pressed_come_after(page: Page) -> None:
    place = page.locator("#reply-scripts summary").bounding_box()
    assert place
    page.mouse.move(place["x"] + 20, place["y"] + place["height"] / 2)
    page.evaluate("document.addEventListener('htmx:afterRequest', () => document.body.dataset.answered = '')")
    page.locator("#reply_body").fill("您好，我们会尽快处理。")
    page.mouse.down()
    page.wait_for_selector("body[data-answered]")
    page.mouse.up()
    expect(page.locator("#reply-findings .finding")).to_have_count(1)


def test_a_press_that_is_let_go_of_elsewhere_holds_nothing_back(page: Page) -> None:
    page.locator("form.only-reply [data-save]").dispatch_event("pointerdown", {"button": 0})
    page.locator("#reply_body").fill("您好，我们会尽快处理。")
    page.locator("#reply_body").press("Control+Enter")
    page.wait_for_url("**/change/#*")


def test_a_reply_sent_while_remarks_are_on_their_way_goes(page: Page) -> None:
    text, held = page.locator("#reply_body"), []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/wording/", hold)
    with page.expect_request("**/wording/"):
        text.fill("您好，我们会尽快处理。")
    page.unroute("**/wording/")
    text.press("Control+Enter")
    page.wait_for_url("**/change/#*")
    assert Contact.objects.filter(direction="out", body="您好，我们会尽快处理。").count() == 1


def test_a_gap_is_held_back_and_filled(page: Page) -> None:
    text = page.locator("#reply_body")
    text.fill("您好，最晚{deadline}答复您。")
    text.press("Control+Enter")
    expect(page.locator("#reply-gaps")).to_be_visible()
    page.keyboard.type("今天18:00")
    expect(text).to_have_value("您好，最晚今天18:00答复您。")


def test_another_who_replies_meanwhile_is_read_first(page: Page, user_with: Callable[..., Any]) -> None:
    case = Contact.objects.latest("pk").complaint
    lead = user_with("team_lead")
    page.fill("#reply_body", "您好，今天18:00前补发。")
    conversation.reply(case.pk, "主管已经联系过客户", channel="platform_chat", actor=lead, now=timezone.now())
    page.locator("#reply_body").press("Control+Enter")
    expect(page.locator(".note, .field-error, .errornote").filter(has_text="主管已经联系过客户").first).to_be_visible()
    expect(page.locator("textarea[name=body]")).to_have_value("您好，今天18:00前补发。")
