"""A manager tries a change of the time policies out, and saves it, in a real browser, by keyboard where it matters."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from complaints.models import Complaint, SlaPolicy
from complaints.operations import reapplying
from complaints.operations.bootstrap import load_policies
from tests.factories.complaints import registered

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

LIST = "/admin/complaints/slapolicy/"


def test_a_manager_tries_a_change_out_and_saves_it(
    shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page], shots: Path
) -> None:
    load_policies()
    manager, agent, now = user_with("shop_manager"), user_with("agent"), timezone.now()
    for minutes in (0, 10, 25):
        registered(shop, actor=agent, severity="S3", now=now - timedelta(minutes=minutes))
    serious = SlaPolicy.objects.get(name="较重（S3）")
    page = open_as(manager)

    page.goto(LIST)
    row = page.locator(f"#policy-{serious.pk}")
    row.locator("button[value=up]").press("Enter")
    expect(page).to_have_url(f"{page.url.partition('#')[0]}#policy-{serious.pk}")
    assert SlaPolicy.objects.get(pk=serious.pk).position == serious.position - 1

    page.locator(f"#policy-{serious.pk} .policy-name").click()
    page.fill("[name=first_response-budget]", "20分钟")
    page.fill("[name=verification-budget]", "bald")
    page.click("button[name=preview]")
    expect(page.locator(".line-errors")).to_contain_text("bald")
    expect(page.locator("#policy-preview section")).to_have_count(0)

    page.fill("[name=verification-budget]", "12小时")
    page.click("button[name=preview]")
    told = page.locator("#policy-preview section")
    expect(told.locator(".figure.is-breached dd")).to_have_text("1")
    expect(told.locator("tbody tr")).to_have_count(3)
    expect(page.locator("[name=first_response-budget]")).to_have_value("20分钟")
    assert serious.targets.get(kind="first_response").budget_minutes == 30
    page.screenshot(path=shots / "policy-dry-run.png")

    page.locator("button.btn-primary").press("Enter")
    page.wait_for_url(f"**{LIST}")
    reapplying.reapply(now=timezone.now())
    for case in Complaint.objects.all():
        clock = case.deadlines.running().get()
        assert clock.due_at - clock.started_at == timedelta(minutes=20)


def test_it_all_works_without_javascript(
    shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page]
) -> None:
    load_policies()
    registered(shop, actor=user_with("agent"), severity="S3")
    serious = SlaPolicy.objects.get(name="较重（S3）")
    page = open_as(user_with("shop_manager"), java_script_enabled=False)
    page.goto(f"{LIST}{serious.pk}/change/")
    page.fill("[name=first_response-budget]", "20分钟")
    page.click("button[name=preview]")
    expect(page.locator("#policy-preview tbody tr")).to_have_count(1)
    page.click("button.btn-primary")
    assert serious.targets.get(kind="first_response").budget_minutes == 20
