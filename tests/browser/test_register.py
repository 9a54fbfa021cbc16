"""The quick form under the fingers: joined and registered by keyboard alone, and a draft outlives its tab."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from complaints.models import Complaint, Contact, Customer, Order, OrderLine, RegistrationDraft
from tests.browser.pages import scrolls_sideways
from tests.browser.test_typing import drafts, wait_for_draft
from tests.factories.complaints import bring

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

REGISTER = "/admin/complaints/complaint/add/"
SAID = "今天又打电话来，说一倒热水就漏，要尽快答复。"


@pytest.fixture
def orders(shop: Any) -> list[Order]:
    """Of two customers whose phone numbers end alike."""
    now = timezone.now()
    people = [("王雨晴", "19900005678", "qing_w"), ("陈志远", "13700005678", "chen_zy")]
    things = [("玻璃养生壶 1.5L", "189.00"), ("胡桃木书桌 120 cm", "899.00")]
    made = []
    for n, ((name, phone, buyer), (title, paid)) in enumerate(zip(people, things, strict=True)):
        customer = Customer.objects.create(platform="taobao", name=name, phone=phone, buyer=buyer, created_at=now)
        order = Order.objects.create(
            shop=shop, number=f"413588201973660241{n}", customer=customer, paid_amount=Decimal(paid),
            status="卖家已发货，等待买家确认", placed_at=now - timedelta(days=3 + n), updated_at=now,
        )  # fmt: skip
        OrderLine.objects.create(order=order, position=1, title=title, amount=Decimal(paid))
        made.append(order)
    return made


@pytest.fixture
def complaint(orders: list[Order], case: Callable[..., Any], agent: Any) -> Complaint:
    now = timezone.now()
    ended = case("new", order=orders[0], title="壶盖缺失", now=now - timedelta(days=40))
    bring(ended, "withdrawn", actor=agent, now=now - timedelta(days=39))
    return case("accepted", order=orders[0], title="壶底裂纹，要求补发", now=now - timedelta(minutes=30))


def kept(page: Page) -> None:
    expect(page.locator("[data-kept]")).to_contain_text("草稿已保存")


def test_four_digits_and_the_keyboard_lead_to_the_open_complaint(
    complaint: Complaint, agent: Any, open_as: Callable[..., Page], shots: Path
) -> None:
    page = open_as(agent)
    page.goto(REGISTER)
    expect(page.locator("#q")).to_be_focused()
    page.fill("[name=description]", SAID)
    page.keyboard.press("Control+k")
    page.keyboard.type("5678")
    options = page.locator("#found [role=option]")
    expect(options).to_have_count(4)
    expect(options.first).to_contain_text("并入此单")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(page.locator("#found")).not_to_contain_text("王雨晴")
    page.screenshot(path=shots / "register-lookup.png")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("form.join textarea[name=text]")).to_be_focused()
    expect(page.locator("form.join textarea[name=text]")).to_have_value(SAID)
    page.wait_for_load_state()
    page.screenshot(path=shots / "register-join.png")
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(rf"/{complaint.pk}/change/"))
    # What is loaded into the case page later does not take the cursor along.
    expect(page.locator(".near-wait")).to_have_count(0)
    expect(page.locator("#reply_body")).not_to_be_focused()
    assert Contact.objects.filter(complaint=complaint, direction="in", body=SAID).count() == 1
    assert Complaint.objects.count() == 2


def test_an_order_is_picked_and_registered_by_keyboard(
    orders: list[Order], agent: Any, open_as: Callable[..., Page]
) -> None:
    page = open_as(agent)
    page.goto(REGISTER)
    page.keyboard.type(orders[1].number[-6:])
    expect(page.locator("#found [role=option]").first).to_contain_text(orders[1].number)
    page.keyboard.press("Enter")
    expect(page.locator("[name=title]")).to_be_focused()
    expect(page.locator("#order-found")).to_contain_text("胡桃木书桌")
    page.wait_for_load_state()
    page.keyboard.type("桌面划痕")
    page.keyboard.press("Enter")
    expect(page.locator("[name=description]")).to_be_focused()
    page.keyboard.type("收到就有两道划痕")
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_contain_text("桌面划痕")
    registered = Complaint.objects.get()
    assert (registered.order, registered.customer, registered.channel) == (orders[1], orders[1].customer, "phone")


def test_a_draft_is_back_after_the_tab_was_closed_and_stays_out_of_the_browser(
    shop: Any, agent: Any, open_as: Callable[..., Page]
) -> None:
    page = open_as(agent)
    page.goto(REGISTER)
    page.fill("[name=title]", "壶底裂纹")
    page.fill("[name=phone]", "13912345678")
    kept(page)
    assert "draft=" in page.url
    page.fill("[name=demand]", "补发一只")
    page.close(run_before_unload=False)
    page = page.context.new_page()
    page.goto(REGISTER)
    expect(page.locator("[name=title]")).to_have_value("")
    page.locator(".draft a").click()
    expect(page.locator("[name=title]")).to_have_value("壶底裂纹")
    expect(page.locator("[name=phone]")).to_have_value("13912345678")
    assert "13912345678" not in page.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
    assert "13912345678" not in page.url
    page.fill("[name=description]", "倒热水就漏")
    kept(page)
    page.reload()
    expect(page.locator("[name=description]")).to_have_value("倒热水就漏")
    page.locator("[data-discard]").click()
    expect(page.locator(".messages")).to_contain_text("草稿已放弃")
    assert RegistrationDraft.objects.count() == 0


def test_near_matches_come_while_one_types_on_a_phone(
    complaint: Complaint, agent: Any, open_as: Callable[..., Page], shots: Path
) -> None:
    page = open_as(agent, viewport={"width": 390, "height": 844})
    page.goto(REGISTER)
    page.fill("[name=title]", "还是漏水")
    page.fill("[name=phone]", "19900005678")
    expect(page.locator("#near")).to_contain_text(complaint.number)
    expect(page.locator("#near .is-exact")).to_have_count(0)
    page.select_option("[name=issue_type]", str(complaint.issue_type_id))
    expect(page.locator("#near .is-exact")).to_contain_text(complaint.number)
    kept(page)
    page.locator("#near .is-exact").scroll_into_view_if_needed()
    page.screenshot(path=shots / "register-phone.png")
    assert not scrolls_sideways(page)
    page.locator("#near .is-exact button").click()
    expect(page.locator("form.join textarea[name=text]")).to_have_value("还是漏水")
    expect(page.locator("form.join [name=phone]")).to_have_value("19900005678")


def test_words_for_the_open_complaint_outlive_their_tab_and_are_forgotten_when_they_have_arrived(
    complaint: Complaint, agent: Any, open_as: Callable[..., Page]
) -> None:
    page = open_as(agent)

    def enter() -> None:
        page.goto(REGISTER)
        page.fill("#q", complaint.order.number)
        expect(page.locator("#found")).to_contain_text(complaint.number)
        page.keyboard.press("Enter")
        page.wait_for_url("**/join/")

    enter()
    page.fill("[name=text]", SAID)
    wait_for_draft(page, SAID)
    page = page.context.new_page()
    enter()
    expect(page.locator("[name=text]")).to_have_value(SAID)
    expect(page.locator("[data-draft-note]")).to_be_visible()
    page.wait_for_load_state()

    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/change/**")
    assert Contact.objects.get(body=SAID).complaint == complaint
    assert SAID not in drafts(page)
