"""A shop manager edits the year in a real browser by keyboard; and how wide the pages are."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from complaints.models import WorkCalendar
from complaints.operations import calendar_days, calendars, recomputing
from tests.browser.pages import scrolls_sideways
from tests.factories.complaints import NOW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def calendar(content: None, user_with: Callable[..., Any]) -> WorkCalendar:
    """The default calendar with a closing day and a half day."""
    made = calendars.create_default(now=NOW)
    assert made is not None
    manager = user_with("shop_manager")
    days = (("2026-12-24", "closing", [], "年终盘点"), ("2026-12-31", "special", [[540, 720]], "半天"))
    for day, kind, hours, name in days:
        calendar_days.set_day(
            made.pk, date.fromisoformat(day), kind=kind, hours=hours, name=name, actor=manager, now=NOW
        )  # fmt: skip
    recomputing.recompute_requested(now=NOW)
    return made


def test_a_day_is_edited_by_a_click(
    calendar: WorkCalendar, user_with: Callable[..., Any], open_as: Callable[..., Page], shots: Path
) -> None:
    page = open_as(user_with("shop_manager"))
    page.goto(reverse("admin:complaints_workcalendar_change", args=[calendar.pk]) + "?year=2026")
    page.locator("#d2026-12-25 a").focus()
    page.keyboard.press("Enter")
    page.locator("#id_name").fill("圣诞活动")
    page.locator("form button[type=submit].btn-primary").click()
    page.wait_for_url("**/change/?year=2026#d2026-12-25")
    assert "圣诞活动" in page.locator("#d2026-12-25").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_fit_their_window(
    theme: str,
    width: int,
    calendar: WorkCalendar,
    user_with: Callable[..., Any],
    open_as: Callable[..., Page],
    shots: Path,
) -> None:
    page = open_as(user_with("shop_manager"), viewport={"width": width, "height": 900}, color_scheme=theme)
    pages = {
        "list": reverse("admin:complaints_workcalendar_changelist"),
        "year": reverse("admin:complaints_workcalendar_change", args=[calendar.pk]) + "?year=2026",
        "year-2027": reverse("admin:complaints_workcalendar_change", args=[calendar.pk]) + "?year=2027",
        "settings": reverse("admin:complaints_workcalendar_settings", args=[calendar.pk]),
        "day": reverse("admin:complaints_workcalendar_day", args=[calendar.pk, "2026-12-31"]),
        "copy": reverse("admin:complaints_workcalendar_copy", args=[calendar.pk]),
        "import": reverse("admin:complaints_workcalendar_import", args=[calendar.pk]),
    }
    for name, address in pages.items():
        page.goto(address)
        assert not scrolls_sideways(page), name
        page.screenshot(path=shots / f"calendar-{name}-{theme}-{width}.png", full_page=True)
    events = (
        "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270101\r\nDTEND;VALUE=DATE:20270104\r\nSUMMARY:元旦\r\nEND:VEVENT\r\n"
    )
    events += "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270110\r\nSUMMARY:元旦补班\r\nEND:VEVENT\r\n"
    content = f"BEGIN:VCALENDAR\r\n{events}END:VCALENDAR\r\n".encode()
    page.set_input_files("input[type=file]", {"name": "a.ics", "mimeType": "text/calendar", "buffer": content})
    page.locator("form button.btn-primary").click()
    page.wait_for_selector("table.preview")
    page.screenshot(path=shots / f"calendar-preview-{theme}-{width}.png", full_page=True)
