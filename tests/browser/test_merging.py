"""Two complaints about one order are seen side by side, become one, and are two again: in a real browser."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from complaints.models import Complaint, Contact
from complaints.operations import conversation, inquiries, verification
from tests.browser.pages import scrolls_sideways
from tests.factories.complaints import OrderFactory, complaint_in, current, registered
from tests.factories.inquiries import DepartmentFactory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def pair(shop: Any, agent: Any) -> tuple[Complaint, Complaint]:
    """By chat an hour ago, answered; by mail just now."""
    now = timezone.now()
    order = OrderFactory(shop=shop, customer__name="陈晓岚")
    hour_ago = now - timedelta(hours=1)
    source = complaint_in("verifying", shop, actor=agent, now=hour_ago, order=order, title="桌面两道划痕，要求换货")
    verification.add_evidence(source.pk, kind="photo", note="划痕照片", reference="IMG-0231", actor=agent, now=hour_ago)
    inquiries.ask(source.pk, DepartmentFactory(name="仓储"), "同批次还有划伤吗？", actor=agent, now=hour_ago)
    target = registered(
        shop, actor=agent, now=now, order=order, title="桌子有划痕，怎么处理", channel="email",
        description="你们的桌子有划痕，麻烦尽快处理。",
    )  # fmt: skip
    return source, target


def test_two_become_one_and_two_again(
    pair: tuple[Complaint, Complaint], agent: Any, user_with: Callable[..., Any], open_as: Callable[..., Page],
    shots: Path,
) -> None:  # fmt: skip
    source, target = pair
    lead = user_with("team_lead")
    page = open_as(lead)
    page.goto(f"/admin/complaints/complaint/{source.pk}/change/")
    page.locator(".next-more details.menu summary").click()
    page.locator(".menu-item[href$='/do/merge/']").click()
    expect(page.locator(".merge-side")).to_have_count(2)
    expect(page.locator(".merge-what")).to_contain_text("划痕照片")
    expect(page.locator(".merge-clocks .is-changed")).not_to_have_count(0)
    page.screenshot(path=shots / "merge-preview.png", full_page=True)
    page.locator("[name=reason]").fill("同一张桌子，聊天与邮件各报了一次")
    page.locator("button.btn-danger").click()
    expect(page.locator(".case-id")).to_contain_text(target.number)
    expect(page.locator(".timeline")).to_contain_text(source.number)
    page.screenshot(path=shots / "merge-survivor.png", full_page=True)

    now = timezone.now()
    theirs = conversation.receive(target.pk, "换货的桌子什么时候发？", channel="platform_chat", actor=agent, now=now)
    stays = conversation.receive(target.pk, "邮件里说的发票还没收到。", channel="email", actor=agent, now=now)

    page.goto(f"/admin/complaints/complaint/?q={source.number}")
    expect(page.locator("tbody tr").first).to_contain_text(target.number)
    page.goto(f"/admin/complaints/complaint/{source.pk}/change/")
    expect(page.locator(".side-exit")).to_contain_text(target.number)
    page.screenshot(path=shots / "merge-merged.png")
    page.goto(f"/admin/complaints/complaint/{source.pk}/do/unmerge/")
    page.locator(f"label[for='back-contact-{theirs.pk}']").click()
    page.screenshot(path=shots / "merge-undo.png", full_page=True)
    page.locator("[name=reason]").fill("发票是另一件事")
    page.locator("form[action$='/do/unmerge/'] button[type=submit]").click()
    expect(page.locator(".case-id")).to_contain_text(source.number)
    expect(page.locator(".timeline")).to_contain_text("换货的桌子什么时候发？")
    homes = dict(Contact.objects.filter(pk__in=[theirs.pk, stays.pk]).values_list("pk", "complaint"))
    assert homes == {theirs.pk: source.pk, stays.pk: target.pk}
    assert current(source).state == "verifying"

    page.locator(".entry-act").last.click()
    expect(page.locator("[name=title]")).to_have_value("换货的桌子什么时候发？")
    page.screenshot(path=shots / "merge-split.png", full_page=True)

    phone = open_as(lead, **PHONE)
    phone.goto(f"/admin/complaints/complaint/{source.pk}/do/merge/?target={target.pk}")
    expect(phone.locator(".merge-side")).to_have_count(2)
    assert not scrolls_sideways(phone)
    phone.screenshot(path=shots / "merge-preview-phone.png", full_page=True)
