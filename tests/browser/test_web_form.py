"""A customer complains on a phone, with and without a script, and sees how it stands: in a real browser."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from complaints import suspicion
from complaints.models import Complaint, StagedUpload
from complaints.operations import conversation
from complaints.operations.promises import Promised
from complaints.portal import visitors
from tests.browser.pages import scrolls_sideways
from tests.complaints.operations.test_uploads import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@pytest.fixture(autouse=True)
def _unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them come from one address, and a script types faster than people."""
    monkeypatch.setattr(visitors, "wait", lambda *_args: 0)
    monkeypatch.setattr(suspicion, "FASTEST", timedelta())


@pytest.fixture
def photo(tmp_path: Path) -> str:
    path = tmp_path / "碎杯子.jpg"
    path.write_bytes(picture(size=(1600, 1200)))
    return str(path)


@pytest.fixture
def phone(browser: Browser, live_server: Any, media: Any) -> Iterator[Callable[..., Page]]:
    """`phone()` gives a page of somebody who is not logged in; the test fails if it complained of anything."""
    contexts, complaints = [], []

    def make(**options: Any) -> Page:
        context = browser.new_context(base_url=live_server.url, **({"locale": "zh-CN"} | PHONE | options))
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on(
            "console",
            lambda message: message.type == "error" and "422" not in message.text and complaints.append(message.text),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        contexts.append(context)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def fill(page: Page, **values: str) -> None:
    fields = {"text": "收到的玻璃杯碎了两个，外箱有压痕，里面没有泡沫。", "order_number": "2026112012345678901"}
    for name, value in (fields | {"phone": "13800001234"} | values).items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=wish][value=reship]").check()


def fits(page: Page) -> None:
    assert not scrolls_sideways(page)


def test_each_file_is_sent_at_once_with_its_progress_and_can_be_removed(
    shop: Any, phone: Callable[..., Page], photo: str, shots: Path
) -> None:
    page = phone()
    page.goto("/tmall/complain")
    chooser = page.locator("input[type=file][multiple]")
    asked = []

    def slowly(route: Any) -> None:
        """While the file is on its way its progress shows, and the form waits."""
        asked.append(page.locator(".chosen progress").count())
        route.continue_()

    page.route("**/files*", slowly)
    chooser.set_input_files([photo])
    expect(page.locator(".chosen [data-done], .chosen li[data-done]")).to_have_count(1)
    assert asked == [1]
    page.unroute("**/files*")
    chooser.set_input_files({"name": "说明.txt", "mimeType": "text/plain", "buffer": b"hello"})
    expect(page.locator(".chosen .wrong")).to_be_visible()
    page.locator(".chosen li").last.locator("button").click()
    chooser.set_input_files([photo])
    expect(page.locator(".chosen li[data-done]")).to_have_count(2)
    page.locator(".chosen li").first.locator("button").click()
    expect(page.locator(".chosen li")).to_have_count(1)
    fill(page)
    fits(page)
    page.screenshot(path=shots / "web-form.png", full_page=True)
    page.locator("button.primary").click()

    page.wait_for_url("**/c/*")
    complaint = Complaint.objects.get()
    expect(page.locator(".received")).to_contain_text(complaint.number)
    assert complaint.evidence.count() == 1
    assert not StagedUpload.objects.exists()
    fits(page)


def test_without_a_script_nothing_is_missing_and_nothing_is_chosen_twice(
    shop: Any, phone: Callable[..., Page], photo: str
) -> None:
    page = phone(java_script_enabled=False)
    page.goto("/tmall/complain")
    fill(page, phone="")
    page.locator("input[type=file][multiple]").set_input_files([photo])
    page.keyboard.press("Tab")
    page.locator("[name=order_number]").press("Enter")
    expect(page.locator("#id_phone_error")).to_be_visible()
    expect(page.locator(".chosen li")).to_have_count(1)
    expect(page.locator("[name=text]")).to_have_value("收到的玻璃杯碎了两个，外箱有压痕，里面没有泡沫。")
    page.locator(".switch button").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.locator("[name=phone]").fill("13800001234")
    page.locator("button.primary").click()

    expect(page.locator(".received")).to_be_visible()
    page.locator("[name=text]").fill("I found one more broken glass.")
    page.locator("input[type=file][multiple]").set_input_files([photo])
    page.locator("button.primary").click()
    expect(page.locator(".history")).to_contain_text("one more broken glass")
    complaint = Complaint.objects.get()
    assert complaint.contacts.count() == 2
    assert complaint.evidence.count() == 2


def test_the_status_page_on_a_phone(shop: Any, agent: Any, phone: Callable[..., Page], photo: str, shots: Path) -> None:
    page = phone()
    page.goto("/tmall/complain")
    fill(page)
    page.locator("button.primary").click()
    page.wait_for_url("**/c/*")
    now = timezone.now()
    conversation.reply(
        Complaint.objects.get().pk,
        "王先生您好，非常抱歉让您收到破损的杯子。我们正在向快递核实，今天 18 点前给您补发方案。",
        channel="platform_chat",
        promise=Promised(text="补发方案", due_at=now.replace(microsecond=0) + timedelta(hours=4)),
        actor=agent,
        now=now,
    )
    page.goto(page.url.partition("?")[0])
    page.locator("input[type=file][multiple]").set_input_files([photo])
    expect(page.locator(".chosen li[data-done]")).to_have_count(1)
    fits(page)
    page.screenshot(path=shots / "status.png", full_page=True)
    page.locator("button.primary").click()
    expect(page.locator(".with-files")).to_contain_text("碎杯子.jpg")
    page.locator(".switch a").click()
    fits(page)
    page.screenshot(path=shots / "status-en.png", full_page=True)
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=shots / "status-dark.png", full_page=True)
