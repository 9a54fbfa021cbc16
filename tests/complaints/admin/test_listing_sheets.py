"""Listings come in as a sheet, after a look at each row, and findings leave as one."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from complaints.admin import listing_sheet
from complaints.models import ListingCheck, Product, Shop
from tests.factories.listings import POOR, WHOLE, checked

pytestmark = pytest.mark.usefixtures("frozen")

IMPORT, EXPORT = "admin:complaints_product_import", "admin:complaints_product_export"
HEADER = ["标题", "详情", "类型", "商品ID"]


@pytest.fixture
def manager(user_with: Callable[..., Any], client_for: Callable[[Any], Client]) -> Client:
    return client_for(user_with("knowledge_manager"))


def book(rows: list[list[Any]]) -> bytes:
    made, out = Workbook(), BytesIO()
    for row in rows:
        made.worksheets[0].append(row)
    made.save(out)
    return out.getvalue()


def sent(client: Client, shop: Any, content: bytes, name: str = "l.xlsx") -> Any:
    pk = getattr(shop, "pk", shop)
    return client.post(reverse(IMPORT), {"shop": pk, "file": SimpleUploadedFile(name, content)})


def confirmed(client: Client, preview: Any) -> Any:
    return client.post(reverse(IMPORT), {"rows": preview.context["token"]}, follow=True)


ROWS = [HEADER, ["书桌", POOR, "", 681], ["椅子", WHOLE, "预售", "682"], ["杯子", f"'={WHOLE}", "定制", None]]


def test_rows_are_shown_first_and_checked_once_confirmed(manager: Client, shop: Shop) -> None:
    preview = sent(manager, shop, book(ROWS))
    assert preview.status_code == 200
    assert len(preview.context["fresh"]) == 3
    assert not Product.objects.exists()
    assert confirmed(manager, preview).status_code == 200
    found = Product.objects.order_by("pk").values_list("title", "product_id", "kind")
    assert list(found) == [
        ("书桌", "681", "normal"), ("椅子", "682", "presale"), ("杯子", "", "made_to_order"),
    ]  # fmt: skip
    assert ListingCheck.objects.get(title="杯子").text == f"={WHOLE}"


def test_the_same_file_twice_changes_nothing(manager: Client, shop: Shop) -> None:
    confirmed(manager, sent(manager, shop, book(ROWS)))
    again = sent(manager, shop, book(ROWS))
    assert (again.context["fresh"], again.context["same"]) == ([], 3)
    confirmed(manager, again)
    assert ListingCheck.objects.count() == 3


def test_a_csv_file_is_read_in_the_encoding_of_spreadsheet_programs(manager: Client, shop: Shop) -> None:
    content = f"title,detail,kind\r\n书桌,{POOR},promotion\r\n".encode("gb18030")
    confirmed(manager, sent(manager, shop, content, "l.csv"))
    assert Product.objects.get().kind == "promotion"


def test_each_wrong_row_is_named_with_its_column_and_nothing_is_saved(manager: Client, shop: Shop) -> None:
    rows = [
        HEADER,
        ["书桌", POOR, "", "681"],
        ["", POOR, "", ""],
        ["椅子", "", "", ""],
        ["灯", POOR, "秒杀", ""],
        ["柜", POOR, "", 6.82934511e20],
        ["书桌2", POOR, "", "681"],
        ["长", "好" * 20_001, "", ""],
    ]
    preview = sent(manager, shop, book(rows))
    assert preview.status_code == 422
    assert [(row.number, row.errors[0][0]) for row in preview.context["wrong"]] == [
        (3, "title"), (4, "detail"), (5, "kind"), (6, "product id"), (7, "title"), (8, "detail"),
    ]  # fmt: skip
    assert preview.context["token"] == ""
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        (book([["a", "b"], ["1", "2"]]), listing_sheet.NotAListingSheet),
        (book([HEADER]), listing_sheet.NoListings),
        (book([HEADER, *([f"桌{n}", "好"] for n in range(301))]), listing_sheet.TooManyListings),
        (book([HEADER, *([f"桌{n}", "好" * 15_001] for n in range(20))]), listing_sheet.TooMuchText),
        (b"x" * ((2 << 20) + 1), listing_sheet.ListingSheetTooLarge),
    ],
)
def test_a_file_that_does_not_fit_says_why(file: bytes, problem: Any, manager: Client, shop: Shop) -> None:
    answer = sent(manager, shop, file)
    assert answer.status_code == 422
    names = {"most": listing_sheet.MOST_CHARACTERS if problem is listing_sheet.TooMuchText else listing_sheet.MOST_ROWS}
    assert answer.context["form"].errors["file"] == [problem(**names).text if "%" in str(problem.message)
                                                     else problem().text]  # fmt: skip


def test_a_preview_is_taken_over_by_nobody_who_does_not_see_the_shop(
    manager: Client, shop: Shop, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    preview = sent(manager, shop, book(ROWS))
    stranger = client_for(user_with("knowledge_manager", shops=[]))
    assert stranger.post(reverse(IMPORT), {"rows": preview.context["token"]}).status_code == 422
    assert manager.post(reverse(IMPORT), {"rows": preview.context["token"] + "x"}).status_code == 422
    assert sent(stranger, shop, book(ROWS)).status_code == 422
    assert not Product.objects.exists()


def test_findings_leave_as_a_workbook_in_which_nothing_runs(manager: Client, shop: Shop) -> None:
    checked(shop, title="=1+1", text=POOR)
    theirs = Shop.objects.create(code="jd", name="京东店", platform="jd")
    checked(theirs, title="别家的桌")
    answer = manager.get(reverse(EXPORT))
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    rows = [list(row) for row in load_workbook(BytesIO(content)).worksheets[0].values]
    assert len(rows) > 4
    assert {row[2] for row in rows[1:]} == {"'=1+1"}
