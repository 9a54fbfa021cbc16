"""The desk asks the warehouse, the warehouse answers on a phone, the desk reads it: in a real browser."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from complaints.models import Complaint, Department
from complaints.operations import inquiries, recovery
from complaints.operations.departments import load_departments
from tests.browser.pages import scrolls_sideways
from tests.factories.complaints import complaint_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def keeper(user_with: Callable[..., Any]) -> Any:
    return user_with("department", shops=[], last_name="周", first_name="建国")


@pytest.fixture
def warehouse(content: None, keeper: Any) -> Department:
    load_departments()
    department = Department.objects.get(code="WH")
    department.members.add(keeper)
    return department


@pytest.fixture
def complaint(shop: Any, agent: Any) -> Complaint:
    return complaint_in("verifying", shop, actor=agent, now=timezone.now(), title="桌面两道划痕")


def no_sideways_scrolling(page: Page) -> None:
    assert not scrolls_sideways(page)


def take(page: Page, shots: Path, name: str) -> None:
    page.screenshot(path=shots / f"{name}.png", full_page=True)


def test_a_question_is_asked_at_the_desk_and_answered_on_a_phone(
    complaint: Complaint, warehouse: Department, agent: Any, keeper: Any, open_as: Callable[..., Page], shots: Path
) -> None:
    now = timezone.now()
    inquiries.ask(complaint.pk, warehouse, "同批次有没有其他划伤记录？", actor=agent, now=now)
    recovery.file(
        complaint.pk, against="courier", name="中通", amount=Decimal(199), reference="ZT-7731", actor=agent, now=now
    )
    desk, phone = open_as(agent), open_as(keeper, **PHONE)
    case = f"/admin/complaints/complaint/{complaint.pk}/change/"
    desk.goto(case)
    form = desk.locator('form[action$="/do/ask/"]')
    form.locator("[name=department]").select_option(label="仓储")
    form.locator("[name=question]").fill("这张桌子装箱时桌面完好吗？请附装箱照片编号。")
    form.locator("button[type=submit]").click()
    expect(desk.locator("#inquiries .ask")).to_have_count(2)
    take(desk, shots, "inquiry-case")
    desk.locator("#recovery > summary").click()
    expect(desk.locator("#recovery .ask")).to_be_visible()
    desk.locator("#recovery").screenshot(path=shots / "inquiry-recovery.png")

    phone.goto("/admin/")
    expect(phone.locator(".question")).to_have_count(2)
    no_sideways_scrolling(phone)
    take(phone, shots, "inquiry-list-phone")
    phone.locator(".account summary").click()
    box = phone.locator(".account .menu-panel").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["viewport"]["width"]
    phone.keyboard.press("Escape")
    phone.locator(".question-text").last.click()
    expect(phone.locator(".asked")).to_contain_text("装箱时桌面完好吗")
    no_sideways_scrolling(phone)
    take(phone, shots, "inquiry-answer-phone")
    phone.locator("details.more summary").click()
    take(phone, shots, "inquiry-time-phone")
    phone.locator("[name=text]").fill("完好，照片 ZX-0719。")
    phone.locator("button.btn-primary").click()
    expect(phone.locator(".question")).to_have_count(2)
    expect(phone.locator(".over .question")).to_have_count(1)
    take(phone, shots, "inquiry-answered-phone")

    desk.goto(case)
    expect(desk.locator("#inquiries")).to_contain_text("照片 ZX-0719")
    take(desk, shots, "inquiry-case-answered")
