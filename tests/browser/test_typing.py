"""What is half written is not lost: to a reload, to a script, or to a session that is over."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from complaints.models import Complaint, Contact
from tests.complaints.admin.situations import page_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

TEXT = "非常抱歉，我们正在核实，请您稍等。"


@pytest.fixture
def complaint(case: Callable[..., Any]) -> Complaint:
    from django.utils import timezone

    return case("accepted", now=timezone.now())


def reply(page: Page) -> Any:
    return page.locator("form.only-reply")


def drafts(page: Page) -> str:
    """All that the browser has kept."""
    return page.evaluate("JSON.stringify(localStorage)")


def wait_for_draft(page: Page, text: str) -> None:
    for _attempt in range(50):
        if text in drafts(page):
            return
        page.wait_for_timeout(100)
    raise AssertionError(drafts(page))


def write(page: Page, text: str) -> None:
    """Type, and wait until the browser has kept it."""
    reply(page).locator("textarea[name=body]").fill(text)
    wait_for_draft(page, text)


def test_a_reply_survives_a_reload_and_goes_with_sending(
    complaint: Complaint, agent: Any, open_as: Callable[..., Page]
) -> None:
    page = open_as(agent)
    page.goto(page_of(complaint))
    write(page, TEXT)
    reply(page).locator("[name=promise_text]").fill("今天答复")
    wait_for_draft(page, "今天答复")
    page.reload()
    expect(reply(page).locator("textarea[name=body]")).to_have_value(TEXT)
    expect(reply(page).locator("[name=promise_text]")).to_have_value("今天答复")
    expect(reply(page).locator("[data-draft-note]")).to_be_visible()
    reply(page).locator("button.btn-teal").click()
    expect(page.locator(".messages")).to_be_visible()
    page.wait_for_load_state()
    assert "amends-draft:reply:" not in drafts(page)
    page.reload()
    expect(reply(page).locator("textarea[name=body]")).to_have_value("")
    assert Contact.objects.filter(complaint=complaint, body=TEXT).count() == 1


def test_an_old_draft_is_dropped(complaint: Complaint, agent: Any, open_as: Callable[..., Page]) -> None:
    page = open_as(agent)
    page.goto(page_of(complaint))
    write(page, TEXT)
    page.evaluate(
        """() => { for (const name of Object.keys(localStorage)) {
            if (!name.startsWith("amends-draft:")) continue;
            const draft = JSON.parse(localStorage.getItem(name));
            draft.at -= 3 * 24 * 60 * 60 * 1000;
            localStorage.setItem(name, JSON.stringify(draft));
        } }"""
    )
    page.reload()
    expect(reply(page).locator("textarea[name=body]")).to_have_value("")


def test_contact_data_is_in_no_draft(complaint: Complaint, agent: Any, open_as: Callable[..., Page]) -> None:
    page = open_as(agent)
    page.goto(reverse("admin:complaints_complaint_edit", args=[complaint.pk]))
    page.fill("[name=phone]", "13912345678")
    page.fill("[name=title]", "桌面划痕")
    wait_for_draft(page, "桌面划痕")
    assert "13912345678" not in drafts(page)
    page.reload()
    expect(page.locator("[name=title]")).to_have_value("桌面划痕")
    expect(page.locator("[name=phone]")).to_have_value("")


def test_a_script_goes_under_a_long_text_and_shows_its_gaps(
    complaint: Complaint, agent: Any, open_as: Callable[..., Page]
) -> None:
    page = open_as(agent)
    page.goto(page_of(complaint))
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(f"{request.method} {request.url}"))
    write(page, "抱歉给您添了麻烦 {ok}。" * 60)
    expect(page.locator("#reply-gaps")).to_be_hidden()
    reply(page).locator("#reply-scripts summary").click()
    reply(page).locator(".script-option").nth(1).click()
    expect(reply(page).locator("textarea[name=body]")).to_have_value(re.compile(r"^(抱歉给您添了麻烦 \{ok\}。){60}\n."))
    assert all("body=" not in address for address in addresses)


def test_a_session_that_is_over_leaves_the_page_as_it_is(
    complaint: Complaint, agent: Any, browser: Browser, live_server: Any, client_for: Callable[[Any], Client]
) -> None:
    def cookie() -> dict[str, str]:
        value = client_for(agent).cookies[settings.SESSION_COOKIE_NAME].value
        return {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}

    with browser.new_context(base_url=live_server.url, locale="zh-CN") as context:
        context.add_cookies([cookie()])  # type: ignore[list-item]
        page = context.new_page()
        page.goto(page_of(complaint))
        write(page, TEXT)
        Session.objects.all().delete()
        reply(page).locator("#reply-scripts summary").click()
        reply(page).locator(".script-option").first.click()
        expect(page.locator("[data-notice=login]")).to_be_visible()
        expect(reply(page).locator("textarea[name=body]")).to_have_value(TEXT)
        expect(page.locator("input[type=password]")).to_have_count(0)
        # Logging in elsewhere gives a new session and a new token; the page goes on where it was.
        context.clear_cookies(name=settings.CSRF_COOKIE_NAME)
        context.add_cookies([cookie(), {"name": settings.CSRF_COOKIE_NAME, "value": "n" * 32, "url": live_server.url}])  # type: ignore[list-item]
        reply(page).locator(".script-option").first.click()
        expect(page.locator("[data-notice=login]")).to_be_hidden()
        expect(reply(page).locator("textarea[name=body]")).not_to_have_value(TEXT)
        write(page, TEXT)
        reply(page).locator("button.btn-teal").click()
        expect(page.locator(".messages")).to_be_visible()
        assert Contact.objects.filter(complaint=complaint, body=TEXT).count() == 1
