"""One complaint in a real browser, from registration to closing, as the agent and the supervisor do it."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from complaints.lifecycle import State
from complaints.models import Complaint, Customer, Order, OrderLine, Remedy
from complaints.models.staff import staff_name

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

ORDER = "4135882019736602411"


@pytest.fixture
def order(shop: Any) -> Order:
    now = timezone.now()
    customer = Customer.objects.create(
        platform="taobao", name="王雨晴", phone="19900000021", email="wang@example.com", buyer="qing_w", created_at=now
    )
    order = Order.objects.create(
        shop=shop, number=ORDER, customer=customer, paid_amount=Decimal("189.00"), status="卖家已发货，等待买家确认",
        placed_at=now - timedelta(days=3), courier="中通快递", tracking_number="73610555582883", updated_at=now,
    )  # fmt: skip
    OrderLine.objects.create(
        order=order, position=1, title="玻璃养生壶 1.5L", variant="原木色", amount=Decimal("189.00")
    )
    return order


def photo() -> dict[str, Any]:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "#c7d2da").save(out, "JPEG")
    return {"name": "壶底裂纹.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def form(page: Page, action: str) -> Locator:
    """The form on the page that posts to this action."""
    return page.locator(f'form[action$="/do/{action}/"]').last


def unfold(page: Page, panel: str) -> None:
    box = page.locator(f"#{panel}")
    if box.get_attribute("open") is None:
        box.locator("summary").first.click()


def take(page: Page, shots: Path, name: str) -> None:
    page.screenshot(path=shots / f"{name}.png")


def stage_is(complaint: Complaint, state: State) -> None:
    assert Complaint.objects.get(pk=complaint.pk).state == state


def register(page: Page, shots: Path) -> Complaint:
    page.goto("/admin/complaints/complaint/add/")
    page.fill("[name=order_number]", ORDER)
    expect(page.locator("#order-found")).to_contain_text("玻璃养生壶")
    expect(page.locator("#order-found")).not_to_contain_text("王雨晴")
    page.select_option("[name=channel]", "email")
    page.fill("[name=title]", "壶底裂纹，要求补发")
    page.fill("[name=description]", "昨天收到的养生壶，一倒热水底下就裂了，差点烫到孩子。")
    page.fill("[name=demand]", "补发一只新的")
    page.select_option("[name=issue_type]", label="破损/漏液")
    take(page, shots, "register")
    page.locator("form.register button[type=submit].btn-primary").click()
    expect(page.locator("h1")).to_contain_text("壶底裂纹")
    return Complaint.objects.get()


def reply(page: Page, shots: Path) -> None:
    form_of_reply = page.locator("form.only-reply")
    form_of_reply.locator("#reply-scripts summary").click()
    form_of_reply.locator("[name=script][value=OPEN-01]").click()
    body = page.locator("#reply-text textarea, textarea#reply-text, textarea[name=body]").first
    expect(body).to_have_value(re.compile(ORDER))
    form_of_reply.locator("[name=promise_text]").fill("今天内告知核实结果")
    take(page, shots, "reply")
    form_of_reply.locator("button.btn-primary").click()


def verify(page: Page, complaint: Complaint, shots: Path) -> None:
    form(page, "start_verification").locator("button").click()
    blocked = page.locator("#next button[disabled]")
    expect(blocked).to_be_visible()
    expect(page.locator("#next")).to_contain_text("凭证")
    unfold(page, "evidence")
    evidence = form(page, "evidence")
    evidence.locator("[name=file]").set_input_files(photo())
    evidence.locator("[name=note]").fill("壶底裂纹")
    evidence.locator("button[type=submit]").click()
    expect(page.locator("#evidence")).to_contain_text("壶底裂纹")
    unfold(page, "liability")
    liability = form(page, "liability")
    liability.locator("[name=percent_carrier]").fill("70")
    liability.locator("[name=percent_warehouse]").fill("30")
    liability.locator("[name=root_cause]").fill("外箱无缓冲，运输中受挤压")
    liability.locator("button[type=submit]").click()
    expect(page.locator("#liability summary")).to_contain_text("100 %")
    take(page, shots, "case")
    form(page, "conclude_verification").locator("button").click()
    stage_is_soon(page, complaint, State.PROPOSING)


def stage_is_soon(page: Page, complaint: Complaint, state: State) -> None:
    expect(page.locator(".messages, .messagelist").first).to_be_visible()
    stage_is(complaint, state)


def add_option(page: Page, kind: str, text: str, cost: str) -> None:
    unfold(page, "remedies")
    option = form(page, "option")
    option.locator("[name=kind]").select_option(kind)
    option.locator("[name=text]").fill(text)
    option.locator("[name=cost]").fill(cost)
    option.locator("button[type=submit]").click()
    expect(page.locator("#remedies")).to_contain_text(text)


def approve(page: Page, complaint: Complaint) -> None:
    page.goto(f"/admin/complaints/complaint/{complaint.pk}/change/")
    unfold(page, "remedies")
    for _ in range(Remedy.objects.filter(complaint=complaint).exclude(approval_level="L0").count()):
        form(page, "approve").locator("button").click()
        expect(page.locator(".messages, .messagelist").first).to_be_visible()


def choose_and_carry_out(page: Page, complaint: Complaint, shots: Path) -> None:
    choice = form(page, "agree")
    choice.locator("[name=label][value=A]").check()
    choice.locator("[name=words]").fill("那就补发吧，麻烦包好一点")
    take(page, shots, "choice")
    choice.locator("button.btn-primary").click()
    unfold(page, "remedies")
    work = form(page, "execute")
    work.locator("[name=courier]").fill("顺丰速运")
    work.locator("[name=tracking_number]").fill("SF1385628716739")
    work.locator("[name=eta]").fill((timezone.localdate() + timedelta(days=2)).isoformat())
    work.locator("button[type=submit]").click()
    expect(page.locator("#remedies")).to_contain_text("SF1385628716739")
    form(page, "resolve").locator("button").click()
    stage_is_soon(page, complaint, State.AWAITING_FOLLOWUP)


def test_a_complaint_goes_from_registration_to_closing(
    order: Order, user_with: Callable[..., Any], open_as: Callable[..., Page], shots: Path
) -> None:
    agent = user_with("agent", username="lina", last_name="李", first_name="娜")
    supervisor = user_with("supervisor", username="zhou", last_name="周", first_name="敏")
    page = open_as(agent)

    complaint = register(page, shots)
    reply(page, shots)
    stage_is_soon(page, complaint, State.ACCEPTED)
    verify(page, complaint, shots)

    add_option(page, "reship", "补发全新养生壶一只，加固包装", "19.00")
    add_option(page, "refund", "全额退款 189 元，无需退回", "189.00")
    expect(page.locator("#next button[disabled]")).to_be_visible()
    approve(open_as(supervisor), complaint)
    page.reload()
    take(page, shots, "options")
    form(page, "offer").locator("button").click() if form(page, "offer").count() else page.locator(
        '#next a[href$="/do/offer/"]'
    ).click()
    stage_is_soon(page, complaint, State.NEGOTIATING)

    choose_and_carry_out(page, complaint, shots)
    expect(page.locator("#followup")).to_contain_text("还剩")
    rating = form(page, "rate")
    rating.locator(".rating label", has_text="5").click()
    take(page, shots, "callback")
    rating.locator("button.btn-primary").click()
    stage_is_soon(page, complaint, State.CLOSED)
    take(page, shots, "closed")

    page.goto("/admin/")
    expect(page.locator(".tabs")).to_be_visible()
    text = page.goto(f"/admin/complaints/complaint/{complaint.pk}/change/?show=change") and page.inner_text("body")
    assert staff_name(agent) in text
    assert staff_name(supervisor) in text
