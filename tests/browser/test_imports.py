"""A team lead imports a file in a real browser: columns, preview, progress, refused rows."""

import csv
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from complaints.intake import running
from complaints.models import Complaint, ImportJob
from tests.browser.pages import scrolls_sideways
from tests.factories.exports import csv_bytes
from tests.factories.imports import worked

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

WORDS = ("杯口有缺口，要求补发", "少发一件，催了三次没有人回", "颜色与图片不符，要求退货", "快递三天没有更新")


def complaints_of_an_erp(count: int) -> list[dict[str, str]]:
    return [
        {
            "工单": f"GD2026{n:06d}", "反馈": WORDS[n % 4] if n % 9 else "", "平台订单": f"41001234567{n:08d}",
            "会员": f"买家{n}", "联系方式": f"1380000{n:04d}", "登记日期": f"2026-11-{10 + n % 9} 10:{n % 60:02d}",
            "商品": ("骨瓷餐具套装", "玻璃养生壶 1.5L")[n % 2], "备注": "-",
        }
        for n in range(1, count + 1)
    ]  # fmt: skip


@pytest.mark.parametrize("width", [1280, 390])
def test_a_file_of_an_erp_from_upload_to_its_refused_rows(
    width: int, shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page], shots: Path,
    media: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    page = open_as(user_with("team_lead"), viewport={"width": width, "height": 900})

    def take(name: str) -> None:
        assert not scrolls_sideways(page), name
        page.screenshot(path=shots / f"import-{name}-{width}.png", full_page=True)

    page.goto(reverse("admin:complaints_importjob_add"))
    content = csv_bytes(complaints_of_an_erp(40), encoding="gb18030")
    page.set_input_files("input[type=file]", {"name": "工单导出.csv", "mimeType": "text/csv", "buffer": content})
    take("upload")
    page.locator("form.sheet button.btn-primary").click()

    page.wait_for_url("**/columns/")
    assert page.locator("#id_encoding").input_value() == "gb18030"
    # All but the remark is guessed; the preview follows each choice by itself.
    first_rows = page.locator(".read-rows")
    expect(first_rows.locator("th")).to_have_count(8)
    expect(first_rows).to_contain_text("138****")
    page.locator("#column-7").select_option("reason")
    expect(first_rows.locator("th")).to_have_count(9)
    page.locator("#column-7").select_option("")
    expect(first_rows.locator("th")).to_have_count(8)
    take("columns")
    page.locator(".panel-foot button.btn-primary").click()

    page.wait_for_selector("#import-progress")
    job = ImportJob.objects.get()
    worked(job, now=timezone.now())
    # The bar has asked anew, and the page loads itself.
    page.wait_for_selector(".refused-rows")
    assert job.expected == {"new": 36, "bad": 4}
    take("preview")
    page.locator("button[form=import-start]").click()

    page.wait_for_selector("#import-progress")
    monkeypatch.setattr(running, "SLICE_SECONDS", 0)
    for _slice in range(9):
        running.go_on(now=timezone.now())
    expect(page.locator("#import-progress .num").first).not_to_have_text("0 %")
    take("progress")
    worked(job, now=timezone.now())
    download_link = page.locator("a[href$='refused.csv']")
    download_link.wait_for()
    take("done")
    with page.expect_download() as download:
        download_link.click()
    rows = list(csv.reader(StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    assert len(rows) == 5
    assert rows[1][0] == "GD2026000009"
    assert Complaint.objects.count() == 36


def test_choices_made_faster_than_the_preview_follows_are_kept(
    shop: Any, user_with: Callable[..., Any], open_as: Callable[..., Page], media: Any
) -> None:
    page = open_as(user_with("team_lead"))
    page.goto(reverse("admin:complaints_importjob_add"))
    content = csv_bytes([{"甲": "4100123456700000001", "乙": "12.50", "丙": "2026-11-10 10:00", "丁": "x"}])
    page.set_input_files("input[type=file]", {"name": "无名.csv", "mimeType": "text/csv", "buffer": content})
    page.locator("form.sheet button.btn-primary").click()
    page.wait_for_url("**/columns/")
    # The server takes its time, so that the first answer comes after the last choice.
    page.route("**/columns/", lambda route: (page.wait_for_timeout(300), route.continue_()))
    wanted = {"#column-0": "number", "#column-1": "paid_amount", "#column-2": "placed_at"}
    page.evaluate(
        """(wanted) => { for (const [id, value] of Object.entries(wanted)) {
            const field = document.querySelector(id);
            field.value = value;
            field.dispatchEvent(new Event("change", { bubbles: true }));
        } }""",
        wanted,
    )
    expect(page.locator(".read-rows th")).to_have_count(4)
    assert {name: page.locator(name).input_value() for name in wanted} == wanted
