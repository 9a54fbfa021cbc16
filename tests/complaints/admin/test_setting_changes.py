"""The list of changed settings tells in words what was changed, whatever the setting is."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from complaints.models import SettingChange, WorkCalendar
from complaints.operations import calendar_days
from tests.factories.complaints import NOW

LIST = reverse("admin:complaints_settingchange_changelist")


@pytest.fixture
def page(user_with: Callable[..., Any], client_for: Callable[[Any], Client]) -> Callable[[], str]:
    client = client_for(user_with("shop_manager"))

    def shown() -> str:
        return client.get(LIST).content.decode()

    return shown


def test_a_day_of_a_calendar_is_told_as_on_its_own_page(page: Callable[[], str]) -> None:
    calendar = WorkCalendar.objects.create(name="标准", is_default=True)
    calendar_days.set_day(calendar.pk, date(2026, 12, 24), kind="closing", hours=[], name="盘点", actor=None, now=NOW)
    shown = page()
    assert "店铺休息 盘点" in shown
    assert "closing" not in shown


def test_choices_and_lists_are_told_in_words(page: Callable[[], str]) -> None:
    changes = {"kind": [None, "wecom"], "members": [[], ["李娜", "王悦"]], "active": [True, False]}
    SettingChange.objects.create(at=NOW, subject="robot", subject_id=1, name="客服群", changes=changes)
    shown = page()
    assert "企业微信" in shown
    assert "李娜、王悦" in shown
    assert "wecom" not in shown
