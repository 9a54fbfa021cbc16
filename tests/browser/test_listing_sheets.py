"""A manager imports a sheet of listings in a real browser, leaves half way, finds the way back, and it ends."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from complaints.intake import listing_files
from complaints.models import Product
from tests.browser.pages import scrolls_sideways
from tests.factories.listings import POOR

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

IMPORT = "admin:complaints_product_import"
BAD_ROW = "没有详情,,\r\n"


def sheet(rows: int, besides: str = "") -> bytes:
    lines = "".join(f"胡桃木书桌 {n},{POOR}{n},{680000 + n}\r\n" for n in range(rows))
    return f"标题,详情,商品ID\r\n{lines}{besides}".encode()


def look_through(page: Page, content: bytes) -> None:
    page.goto(reverse(IMPORT))
    page.set_input_files("input[type=file]", {"name": "春季.csv", "mimeType": "text/csv", "buffer": content})
    page.locator("form.sheet button.btn-primary").click()
    page.wait_for_url("**/product/import/*-*/")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_sheet_is_checked_part_by_part_and_left_and_come_back_to(
    width: int, shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page], shots: Path,
    media: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(listing_files, "BATCH", 10)
    page = open_as(user_with("knowledge_manager"), viewport={"width": width, "height": 900})

    def take(name: str) -> None:
        assert not scrolls_sideways(page), name
        page.screenshot(path=shots / f"listing-import-{name}-{width}.png", full_page=True)

    look_through(page, sheet(40, besides=BAD_ROW))
    take("preview")
    assert not Product.objects.exists()

    held: list[Route] = []

    def hold(route: Route) -> None:
        """The part that the page asks for by itself stays unanswered."""
        if route.request.headers.get("hx-request"):
            held.append(route)
        else:
            route.continue_()

    page.route("**/product/import/**", hold)
    with page.expect_request(lambda request: "hx-request" in request.headers):
        page.locator("form button.btn-primary").click()
    expect(page.locator("#import-progress .num").first).to_have_text("25 %")
    take("progress")
    assert Product.objects.count() == 10

    page.goto(reverse(IMPORT))
    page.unroute("**/product/import/**")
    take("begun")
    page.get_by_role("link", name="春季.csv").click()
    page.locator("form button.btn-primary").click()
    # The page asks for the other parts by itself. At the end it shows what was refused.
    expect(page.locator(".panel-head .end")).to_contain_text("40")
    expect(page.locator("[role=alert] a[href$='refused.xlsx/'], [role=alert] a[href$='refused.xlsx']")).to_be_visible()
    take("done")
    assert held
    assert Product.objects.count() == 40


def test_a_sheet_that_is_gone_meanwhile_sends_the_page_back(
    shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page], media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing_files, "BATCH", 10)
    page = open_as(user_with("knowledge_manager"))
    look_through(page, sheet(20))

    def forget(route: Route) -> None:
        if route.request.headers.get("hx-request"):
            for path in media.rglob("*.sqlite3"):
                path.unlink()
        route.continue_()

    page.route("**/product/import/**", forget)
    page.locator("form button.btn-primary").click()
    page.wait_for_url("**/product/import/")
    expect(page.locator("body")).to_contain_text("文件已不再保留")
