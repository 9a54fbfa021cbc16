"""The number on the bell keeps itself true, says so politely, and is silent once nobody is logged in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import Page, expect

from complaints.models import Alert
from tests.factories.complaints import AlertFactory, ComplaintFactory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

LIST, BELL, COUNT = (
    reverse(f"admin:complaints_{name}") for name in ("complaint_changelist", "alert_changelist", "alert_count")
)


def half_a_minute_later(page: Page) -> Any:
    """Let the time of the page go on, and return the answer to its question.

    What htmx has just put in begins to ask once it has settled.
    """
    expect(page.locator(".htmx-added, .htmx-settling")).to_have_count(0)
    with page.expect_response(lambda response: COUNT in response.url) as asked:
        page.clock.fast_forward(31_000)
    return asked.value


def test_number_follows_what_happens_without_a_reload(shop: Any, agent: Any, open_as: Callable[..., Page]) -> None:
    page = open_as(agent)
    page.clock.install()
    page.goto(LIST)
    badge, case = page.locator(".mainnav .badge"), ComplaintFactory(shop=shop)
    expect(badge).to_have_count(0)
    assert half_a_minute_later(page).status == 204
    for number in (1, 2):
        AlertFactory(complaint=case, recipient=agent)
        assert half_a_minute_later(page).status == 200
        expect(badge).to_have_text(str(number))
    expect(page.locator("[aria-live=polite] .badge")).to_have_count(1)
    Alert.objects.all().delete()
    half_a_minute_later(page)
    expect(badge).to_have_count(0)


def test_bell_asks_no_more_once_the_session_is_over(
    agent: Any, client_for: Callable[..., Any], browser: Any, live_server: Any
) -> None:
    """Chromium calls the 401 an error, hence no `open_as`."""
    context = browser.new_context(base_url=live_server.url)
    session = client_for(agent).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page = context.new_page()
    page.clock.install()
    page.goto(LIST)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if COUNT in request.url else None)
    Session.objects.all().delete()
    assert half_a_minute_later(page).status == 401
    expect(page.locator("[data-notice=login]")).to_be_visible()
    page.clock.fast_forward(120_000)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
    assert len(asked) == 1
    context.close()


def test_alerts_are_marked_and_opened_with_the_keyboard_alone(
    shop: Any, agent: Any, open_as: Callable[..., Page]
) -> None:
    first, second = (AlertFactory(complaint=ComplaintFactory(shop=shop), recipient=agent) for _ in range(2))
    page = open_as(agent)
    page.goto(BELL)
    page.locator(f"[name=alert][value='{first.pk}']").focus()
    page.keyboard.press("Space")
    page.locator(".pager button").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".is-unseen")).to_have_count(1)
    page.locator(f"button[name=open][value='{second.pk}']").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('admin:complaints_complaint_change', args=[second.complaint_id])}")
    assert not Alert.objects.filter(seen_at__isnull=True).exists()
