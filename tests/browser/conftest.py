"""A real Chromium against a live server. Every page must stay free of script errors and refused content."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

# Playwright's own event loop runs in this thread; Django would take our queries for asynchronous ones.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

# AMENDS_SLOW_BROWSER=4 pytest tests/browser: a processor four times slower behind a bad line. There fails what holds
# only if the right one comes first.
SLOWER = float(os.environ.get("AMENDS_SLOW_BROWSER") or 0)
LATENCY_MS = 300

# A condition is waited for as long as a busy machine may take.
expect.set_options(timeout=15_000)


def hinder(page: Page) -> None:
    cdp = page.context.new_cdp_session(page)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    cdp.send("Network.enable")
    cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
    cdp.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": LATENCY_MS, "downloadThroughput": -1, "uploadThroughput": -1,
    })  # fmt: skip


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """The system's Chromium; the one that Playwright would download is not needed."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert program, "Chromium is missing: run make install-dev"
    return {"executable_path": program, "args": QUIET}


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where screenshots go: a folder named by AMENDS_SCREENSHOTS, to renew those of the docs, else away."""
    folder = Path(os.environ.get("AMENDS_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def open_as(browser: Browser, live_server: Any, client_for: Callable[[Any], Client]) -> Iterator[Callable[..., Page]]:
    """`open_as(user)` gives a page logged in as this person; the test fails if the page complained of anything but
    answers with the status that is `refused`: the browser counts those as errors.
    """
    complaints: list[str] = []
    contexts = []

    def make(user: Any, *, refused: int = 0, **options: Any) -> Page:
        def complain(text: str) -> None:
            # What is on its way when a page is left breaks off; of what really fails Chromium speaks itself.
            broken_off = text.startswith(("htmx:afterRequest", "htmx:sendError", "htmx:sendAbort"))
            if not broken_off and not (refused and f"status of {refused}" in text):
                complaints.append(text)

        context = browser.new_context(
            base_url=live_server.url, locale="zh-CN", timezone_id="Asia/Shanghai",
            **({"viewport": {"width": 1280, "height": 900}} | options),
        )  # fmt: skip
        session = client_for(user).cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(15_000)
        if SLOWER:
            hinder(page)
        page.on("console", lambda message: message.type == "error" and complain(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        contexts.append(context)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []
