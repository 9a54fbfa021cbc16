"""Listings come in as a sheet, after a look at each row, and findings leave as one."""

import os
import sqlite3
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.xml.constants import SHARED_STRINGS

from complaints.intake import cells, delimited, listing_files, listing_rows, sheets, workbook
from complaints.intake.workbook_parts import TemporaryTexts
from complaints.models import ListingCheck, Product, Shop
from tests.factories.exports import workbook_bytes
from tests.factories.listings import POOR, WHOLE, checked

pytestmark = pytest.mark.usefixtures("frozen", "_own_files")

IMPORT, EXPORT = "admin:complaints_product_import", "admin:complaints_product_export"
HEADER = ["标题", "详情", "类型", "商品ID"]


@pytest.fixture
def _own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


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
    """The page that is seen then: of the file, or the form with what is wrong."""
    pk = getattr(shop, "pk", shop)
    return client.post(reverse(IMPORT), {"shop": pk, "file": SimpleUploadedFile(name, content)}, follow=True)


def address(preview: Any) -> str:
    return str(preview.redirect_chain[-1][0])


def confirmed(client: Client, preview: Any) -> Any:
    """As somebody without scripts does it: a button after each part."""
    answer = client.post(address(preview), follow=True)
    while "percent" in answer.context and answer.context["brought"].left:
        answer = client.post(address(preview), follow=True)
    return answer


def wrong(preview: Any) -> list[tuple[int, str]]:
    """Row and the beginning of what is wrong."""
    return [
        (number, reason.partition("：")[0].partition(":")[0]) for number, _cells, reason in preview.context["wrong"]
    ]


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
    preview = sent(manager, shop, book(ROWS))
    confirmed(manager, preview)
    again = sent(manager, shop, book(ROWS))
    assert (again.context["fresh"], again.context["counts"]["same"]) == ([], 3)
    confirmed(manager, again)
    confirmed(manager, preview)
    assert ListingCheck.objects.count() == 3


def test_a_product_that_is_known_by_its_title_is_no_new_one(manager: Client, shop: Shop) -> None:
    checked(shop, title="书桌", text=WHOLE)
    preview = sent(manager, shop, book(ROWS))
    assert {row.number: str(row.verdict) for row in preview.context["fresh"]} == {2: "changed", 3: "new", 4: "new"}


def test_a_product_gets_its_id_from_a_row_with_the_same_text(manager: Client, shop: Shop) -> None:
    checked(shop, title="书桌", text=WHOLE)
    preview = sent(manager, shop, book([HEADER, ["书桌", WHOLE, "", "681"]]))
    assert [row.verdict for row in preview.context["fresh"]] == ["numbered"]
    confirmed(manager, preview)
    product = Product.objects.get()
    assert (product.product_id, product.checks.count()) == ("681", 1)


def test_a_row_that_was_the_same_is_looked_at_again_when_the_file_is_checked(manager: Client, shop: Shop) -> None:
    for title in ("书桌", "杯子"):
        checked(shop, title=title, text=WHOLE)
    preview = sent(manager, shop, book([HEADER, ["书桌", WHOLE], ["椅子", WHOLE], ["杯子", WHOLE]]))
    assert preview.context["counts"]["same"] == 2
    checked(shop, title="书桌", text=POOR)
    confirmed(manager, preview)
    after = manager.get(address(preview))
    assert (after.context["counts"]["checked"], after.context["brought"].same) == (2, 1)
    assert Product.objects.get(title="书桌").latest.text == WHOLE  # type: ignore[union-attr]
    assert ListingCheck.objects.count() == 5


def test_rows_that_were_the_same_do_not_end_the_import_half_way(
    manager: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing_files, "BATCH", 1)
    checked(shop, title="书桌", text=WHOLE)
    preview = sent(manager, shop, book([HEADER, ["椅子", WHOLE], ["书桌", WHOLE]]))
    assert manager.post(address(preview)).context["percent"] == 50
    half = manager.get(address(preview))
    assert (half.context["fresh"], b'<form method="post">' in half.content) == ([], True)
    assert address(preview) in manager.get(reverse(IMPORT)).content.decode()
    assert manager.post(address(preview)).status_code == 302


@pytest.mark.parametrize("size", [2, 400])
def test_two_products_of_one_title_are_two_wherever_a_step_ends(
    size: int, manager: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing_files, "BATCH", size)
    checked(shop, title="书桌", text=WHOLE)
    rows = [HEADER, ["书桌", POOR, "", "1"], ["椅子", POOR, "", "2"], ["书桌", WHOLE, "", "3"]]
    preview = sent(manager, shop, book(rows))
    assert [row.verdict for row in preview.context["fresh"]] == ["new", "new", "changed"]
    confirmed(manager, preview)
    assert sorted(Product.objects.values_list("product_id", flat=True)) == ["1", "2", "3"]


def test_a_file_that_was_checked_says_so_when_it_is_opened_again(manager: Client, shop: Shop) -> None:
    preview = sent(manager, shop, book(ROWS))
    confirmed(manager, preview)
    assert "这些文案都已检查过" not in manager.get(address(preview)).content.decode()
    again = sent(manager, shop, book(ROWS))
    assert "这些文案都已检查过" in again.content.decode()


def test_a_csv_file_is_read_in_the_encoding_of_spreadsheet_programs(manager: Client, shop: Shop) -> None:
    content = f"title,detail,kind\r\n书桌,{POOR},promotion\r\n".encode("gb18030")
    confirmed(manager, sent(manager, shop, content, "l.csv"))
    assert Product.objects.get().kind == "promotion"


# ---------------------------------------------------------------- what is wrong with a row

BAD = [
    HEADER,
    ["书桌", POOR, "", "681"],
    ["", POOR, "", ""],
    ["椅子", "", "", ""],
    ["灯", POOR, "秒杀", ""],
    ["柜", POOR, "", 6.82934511e20],
    ["书桌2", POOR, "", "681"],
    ["长", "好" * 20_001, "", ""],
]


def test_wrong_rows_hold_no_good_ones_back_and_come_back_as_a_file(manager: Client, shop: Shop) -> None:
    preview = sent(manager, shop, book(BAD), "春季.xlsx")
    assert wrong(preview) == [(3, "标题"), (4, "详情"), (5, "类型"), (6, "商品ID"), (7, "标题"), (8, "详情")]
    assert [row.listing.title for row in preview.context["fresh"]] == ["书桌"]
    after = confirmed(manager, preview)
    assert (after.context["counts"]["checked"], after.context["counts"]["bad"]) == (1, 6)
    assert list(Product.objects.values_list("title", flat=True)) == ["书桌"]

    answer = manager.get(f"{address(preview)}refused.xlsx")
    rows = [list(row) for row in load_workbook(BytesIO(b"".join(answer.streaming_content))).worksheets[0].values]
    assert rows[0][:4] == HEADER
    assert [(row[0], row[4]) for row in rows[1:]] == [
        (None, 3), ("椅子", 4), ("灯", 5), ("柜", 6), ("书桌2", 7), ("长", 8),
    ]  # fmt: skip
    assert all(row[5] for row in rows[1:])
    assert b"".join(manager.get(f"{address(preview)}refused.csv").streaming_content).count(b"\r\n") == 7

    mended = [[*row[:2], "", *row[3:]] for row in rows if row[0] in ("标题", "灯")]
    mended[0][2] = "类型"
    confirmed(manager, sent(manager, shop, book(mended)))
    assert set(Product.objects.values_list("title", flat=True)) == {"书桌", "灯"}


@pytest.mark.parametrize(
    ("second", "first"),
    [
        (["书桌", POOR, "", ""], ["书桌", WHOLE, "", "681"]),
        (["书桌", POOR, "", "681"], ["书桌", WHOLE, "", ""]),
        (["别名", POOR, "", "681"], ["书桌", WHOLE, "", "681"]),
        (["书 桌", POOR, "", ""], ["书桌", WHOLE, "", ""]),
    ],
)
@pytest.mark.parametrize("known", [False, True])
def test_of_two_rows_about_one_product_the_later_is_named(
    second: list[str], first: list[str], known: bool, manager: Client, shop: Shop
) -> None:
    if known:
        checked(shop, title="书桌", text="旧")
    preview = sent(manager, shop, book([HEADER, first, ["椅子", POOR, "", ""], second]))
    [(number, _cells, reason)] = preview.context["wrong"]
    assert (number, "2" in reason) == (4, True)
    confirmed(manager, preview)
    assert ListingCheck.objects.filter(product__title="书桌").latest("number").text == WHOLE
    assert Product.objects.count() == 2


def test_two_products_of_one_title_with_their_own_ids_are_two(manager: Client, shop: Shop) -> None:
    checked(shop, title="书桌", text="旧")
    rows = [HEADER, ["书桌", POOR, "", "681"], ["书桌", POOR, "", "682"], ["书桌", "", "", ""]]
    confirmed(manager, sent(manager, shop, book(rows)))
    assert sorted(Product.objects.values_list("product_id", flat=True)) == ["681", "682"]


def test_a_row_with_more_cells_than_columns_is_refused(manager: Client, shop: Shop) -> None:
    preview = sent(manager, shop, b"title,detail\nDesk,Solid oak, 120 x 60 cm, brown\nChair,ok,,\n", "l.csv")
    [(number, _cells, reason)] = preview.context["wrong"]
    assert number == 2
    assert "120 x 60 cm,  brown" in reason
    assert [row.listing.title for row in preview.context["fresh"]] == ["Chair"]


def refused_rows_of(manager: Client, preview: Any) -> list[list[Any]]:
    content = b"".join(manager.get(f"{address(preview)}refused.xlsx").streaming_content)  # type: ignore[attr-defined]
    return [list(row) for row in load_workbook(BytesIO(content)).worksheets[0].values]


def test_a_formula_is_no_title(manager: Client, shop: Shop) -> None:
    preview = sent(manager, shop, book([HEADER, ['=CONCATENATE("书","桌")', WHOLE, "", 1], ['="椅子"', WHOLE, "", 2]]))
    (refused,) = preview.context["wrong"]
    assert (refused[0], str(cells.FormulaCell().text) in refused[2]) == (2, True)
    assert [row.listing.title for row in preview.context["fresh"]] == ["椅子"]


def test_others_come_to_write_between_the_rows_of_a_part(
    manager: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    check_many = listing_files.listings.check_many
    monkeypatch.setattr(listing_files, "AT_ONCE", 3)
    monkeypatch.setattr(
        listing_files.listings,
        "check_many",
        lambda shop, several, **who: [written.append(len(several)), check_many(shop, several, **who)][1],
    )
    preview = sent(manager, shop, book([HEADER, *([f"桌{n}", WHOLE, "", n] for n in range(1, 9))]))
    manager.post(address(preview), follow=True)
    assert written == [3, 3, 2]
    assert ListingCheck.objects.count() == 8


def test_refused_rows_leave_without_what_a_workbook_cannot_hold(manager: Client, shop: Shop) -> None:
    content = f"title,detail,kind\r\n书\x0b桌\uffff,{POOR},nonsense\r\n".encode()
    assert refused_rows_of(manager, sent(manager, shop, content, "l.csv"))[1][0] == "书\ufffd桌\ufffd"


def test_a_text_that_is_too_long_for_a_workbook_is_cut_and_the_row_says_so(manager: Client, shop: Shop) -> None:
    content = "title,detail\r\n" + "".join(f"桌{n},{'长' * n}\r\n" for n in (32_767, 32_768))
    preview = sent(manager, shop, content.encode(), "l.csv")
    rows = refused_rows_of(manager, preview)
    assert [len(row[1]) for row in rows[1:]] == [32_767, 32_767]
    assert [".csv" in row[3] for row in rows[1:]] == [False, True]
    whole = b"".join(manager.get(f"{address(preview)}refused.csv").streaming_content)  # type: ignore[attr-defined]
    assert "长" * 32_768 in whole.decode()


# ---------------------------------------------------------------- which shop


@pytest.mark.parametrize("column", ["店铺", "Shop"])
def test_a_row_goes_to_the_shop_that_it_names(
    column: str, manager: Client, shop: Shop, user_with: Any, client_for: Any
) -> None:
    second = Shop.objects.create(code="jd", name="京东店", platform="jd")
    Shop.objects.create(code="pdd", name="拼多多店", platform="pdd")
    Shop.objects.create(code="closed", name="关了的店", platform="pdd", active=False)
    client = client_for(user_with("knowledge_manager", shops=[shop, second]))
    names = ["京东店", "", shop.name, "JD", "拼多多店", "关了的店", "没有"]
    rows = [[f"桌{n}", POOR, name] for n, name in enumerate(names)]
    preview = sent(client, shop, book([["标题", "详情", column], *rows]))
    assert [number for number, _column in wrong(preview)] == [6, 7, 8]
    confirmed(client, preview)
    found = Product.objects.order_by("title").values_list("title", "shop__code")
    assert list(found) == [("桌0", "jd"), ("桌1", shop.code), ("桌2", shop.code), ("桌3", "jd")]


def test_two_shops_of_one_name_are_told_apart_by_their_codes(shop: Shop, user_with: Any, client_for: Any) -> None:
    twin = Shop.objects.create(code="twin", name=shop.name, platform="jd")
    client = client_for(user_with("knowledge_manager", shops=[shop, twin]))
    rows = [["标题", "详情", "店铺"], ["桌", POOR, shop.name], ["椅", POOR, "twin"]]
    preview = sent(client, shop, book(rows))
    [(number, _cells, reason)] = preview.context["wrong"]
    assert number == 2
    assert "twin" in reason
    confirmed(client, preview)
    assert Product.objects.get().shop == twin


def test_rows_of_a_shop_that_somebody_no_longer_works_for_are_refused(
    shop: Shop, user_with: Any, client_for: Any
) -> None:
    second = Shop.objects.create(code="jd", name="京东店", platform="jd")
    user = user_with("knowledge_manager", shops=[shop, second])
    client = client_for(user)
    preview = sent(client, shop, book([["标题", "详情", "店铺"], ["桌", POOR, "jd"], ["椅", POOR, ""]]))
    second.members.clear()
    after = confirmed(client, preview)
    assert [number for number, _column in wrong(after)] == [2]
    assert Product.objects.get().title == "椅"


# ---------------------------------------------------------------- large files


def test_a_large_file_is_checked_in_parts_with_few_queries(
    manager: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing_files, "BATCH", 40)
    many = [[f"桌{n}", f"{POOR}{n}", "", str(680000 + n)] for n in range(100)]
    with CaptureQueriesContext(connection) as captured:
        preview = sent(manager, shop, book([HEADER, *many]))
    assert len(captured) < 40
    assert preview.context["brought"].waiting == 100
    assert len(preview.context["fresh"]) == 50
    parts = []
    for done in (40, 80):
        with CaptureQueriesContext(connection) as captured:
            answer = manager.post(address(preview), headers={"HX-Request": "true"})
        assert (answer.status_code, answer.context["percent"]) == (200, done)
        assert "<html" not in answer.content.decode()
        parts.append(len(captured))
    assert max(parts) < 40
    assert sent(manager, shop, book([HEADER, *many])).context["counts"]["same"] == 80
    last = manager.post(address(preview), headers={"HX-Request": "true"})
    assert last.headers["HX-Redirect"] == reverse("admin:complaints_product_changelist")
    assert ListingCheck.objects.count() == 100


def test_much_text_makes_small_parts(manager: Client, shop: Shop) -> None:
    rows = [[f"桌{n}", "好" * 15_000, "", ""] for n in range(20)]
    preview = sent(manager, shop, book([HEADER, *rows]))
    assert manager.post(address(preview)).context["done"] == 14
    assert manager.post(address(preview)).status_code == 302
    assert Product.objects.count() == 20


def shared_text(rows: int, columns: int, text: str) -> bytes:
    """A small workbook in which each cell below the header points at one long text."""
    out = BytesIO()
    cells = [[f'<c r="{get_column_letter(n)}{{row}}" t="s"><v>{n}</v></c>' for n in (1, 2)]]
    cells.append([f'<c r="{get_column_letter(n)}{{row}}" t="s"><v>0</v></c>' for n in range(1, columns + 1)])
    lines = [f'<row r="{row}">{"".join(cells[row > 1])}</row>'.replace("{row}", str(row)) for row in range(1, rows + 2)]
    texts = "".join(f"<si><t>{one}</t></si>" for one in (text, "title", "detail"))
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    with zipfile.ZipFile(BytesIO(book([["title", "detail"]]))) as plain:
        parts = {name: plain.read(name).decode() for name in plain.namelist()}
    parts["xl/worksheets/sheet1.xml"] = f"<worksheet {space}><sheetData>{''.join(lines)}</sheetData></worksheet>"
    parts["xl/sharedStrings.xml"] = f"<sst {space}>{texts}</sst>"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED_STRINGS}"/></Types>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace("</Types>", override)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


def test_cells_beyond_the_columns_are_not_kept(manager: Client, shop: Shop, tmp_path: Path) -> None:
    content = shared_text(rows=20, columns=60, text="x" * 32_000)
    assert len(content) < 30_000
    preview = sent(manager, shop, content)
    assert preview.context["counts"]["bad"] == 20
    [path] = tmp_path.rglob("*.sqlite3")
    assert path.stat().st_size < 2_000_000


def test_a_file_that_unpacks_to_too_much_is_refused(
    manager: Client, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing_files, "MOST_TEXT", 600_000)
    assert sent(manager, shop, shared_text(rows=9, columns=2, text="x" * 32_000)).status_code == 200
    answer = sent(manager, shop, shared_text(rows=10, columns=2, text="x" * 32_000))
    assert answer.context["form"].errors["file"] == [listing_files.TooMuchText(most="600,000").text]
    monkeypatch.setattr(listing_files, "MOST_UNPACKED", 20_000)
    assert sent(manager, shop, shared_text(rows=1, columns=2, text="x" * 32_000)).status_code == 422
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_no_step_has_more_text_than_a_step_may(manager: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in: list[int] = []
    add = listing_files.Spool.add

    def counted(self: Any, rows: Any) -> None:
        rows = list(rows)
        put_in.append(len(rows))
        add(self, rows)

    monkeypatch.setattr(listing_files.Spool, "add", counted)
    sent(manager, shop, shared_text(rows=9, columns=2, text="x" * 32_000))
    assert put_in == [2, 4, 4, 1], "two that tell of the file, then nine rows"


def test_a_header_of_much_text_is_none(manager: Client, shop: Shop) -> None:
    answer = sent(manager, shop, book([[*HEADER, *[f"{n}" + "x" * 30_000 for n in range(9)]], ["桌", POOR]]))
    assert answer.context["form"].errors["file"] == [listing_rows.NotAListingSheet().text]


def test_the_oldest_files_of_a_person_make_room_for_new_ones(
    manager: Client, shop: Shop, tmp_path: Path, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    theirs = sent(client_for(user_with("knowledge_manager")), shop, book(ROWS))
    previews = []
    for n in range(listing_files.MOST_KEPT + 1):
        previews.append(sent(manager, shop, book(ROWS)))
        [path] = tmp_path.rglob(f"{UUID(address(previews[-1]).split('/')[-2]).hex}.sqlite3")
        os.utime(path, (n, n))
    stand = [manager.get(address(one)).status_code for one in previews]
    assert stand == [302, *[200] * listing_files.MOST_KEPT]
    assert len(list(tmp_path.rglob("*.sqlite3"))) == listing_files.MOST_KEPT + 1
    assert theirs.status_code == 200


def test_five_thousand_rows_are_taken(manager: Client, shop: Shop) -> None:
    content = "title,detail\n" + "".join(f"桌{n},{POOR}\n" for n in range(5_000))
    with CaptureQueriesContext(connection) as captured:
        preview = sent(manager, shop, content.encode(), "l.csv")
    assert preview.context["brought"].waiting == 5_000
    assert len(captured) < 50


def test_a_part_that_stops_half_way_is_taken_up_again(
    manager: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    preview = sent(manager, shop, book(ROWS))
    with monkeypatch.context() as patch:
        patch.setattr(listing_files.Spool, "judge", lambda *_args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            manager.post(address(preview))
    assert Product.objects.count() == 3
    confirmed(manager, preview)
    assert ListingCheck.objects.count() == 3


# ---------------------------------------------------------------- files that are none


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        (book([["a", "b"], ["1", "2"]]), listing_rows.NotAListingSheet()),
        (book([HEADER]), listing_files.NoListings()),
        (
            book([["标题", "商品标题", "详情"], ["", "书桌", "好"]]),
            listing_rows.ColumnTwice(first="标题", second="商品标题"),
        ),
        (book([HEADER, *([f"桌{n}", "好"] for n in range(6))]), listing_files.TooManyListings(most=5)),
        (b"x" * ((20 << 20) + 1), listing_files.ListingSheetTooLarge(most=20)),
        (book(ROWS)[:-900], workbook.DamagedWorkbook()),
        (book(ROWS).replace(b"PK\x01\x02", b"PK\x01\x03"), workbook.DamagedWorkbook()),
        (sheets.OLE + bytes(600), sheets.OldWorkbook()),
        (b"%PDF-1.7\n" + bytes(600), sheets.Pdf()),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", delimited.NotText()),
        (b"\xff\x80\xfe" * 9, delimited.UnknownEncoding()),
    ],
)
@pytest.mark.parametrize("name", ["l.xlsx", "l.csv", "l.txt"])
def test_a_file_that_does_not_fit_says_why(
    file: bytes, problem: Any, name: str, manager: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(listing_files, "MOST_ROWS", 5)
    answer = sent(manager, shop, file, name)
    assert answer.status_code == 422
    assert answer.context["form"].errors["file"] == [problem.text]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["l.xlsx", "l.csv", "l.txt", "l"])
@pytest.mark.parametrize(
    "file", [book(ROWS), "标题\t详情\n书桌\t好\n椅子\t好\n杯子\t好\n".encode("utf-16")], ids=["xlsx", "text"]
)
def test_a_file_is_read_for_what_it_is_whatever_its_name(file: bytes, name: str, manager: Client, shop: Shop) -> None:
    confirmed(manager, sent(manager, shop, file, name))
    assert Product.objects.count() == 3


def test_an_empty_file_is_called_so(manager: Client, shop: Shop) -> None:
    assert sent(manager, shop, b"").status_code == 422
    assert sent(manager, shop, b" \n").status_code == 422


@pytest.mark.parametrize("place", range(0, 5200, 130))
def test_no_damage_is_an_error_of_ours(place: int, manager: Client, shop: Shop) -> None:
    whole = book(ROWS)
    for damaged in (whole[: max(1, place)], whole[:place] + b"\xff\0\x13" + whole[place + 3 :]):
        assert sent(manager, shop, damaged).status_code in (200, 422)


# ---------------------------------------------------------------- whose file it is


def test_a_file_is_seen_and_taken_over_by_nobody_else(
    manager: Client, shop: Shop, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    preview = sent(manager, shop, book(BAD))
    stranger = client_for(user_with("knowledge_manager"))
    for answer in (stranger.get(address(preview)), stranger.post(address(preview))):
        assert (answer.status_code, answer.headers["Location"]) == (302, reverse(IMPORT))
    assert stranger.get(f"{address(preview)}refused.xlsx").status_code == 404
    assert manager.get(f"{address(preview)}refused.exe").status_code == 404
    assert sent(client_for(user_with("knowledge_manager", shops=[])), shop, book(ROWS)).status_code == 422
    agent = client_for(user_with("agent"))
    assert agent.post(address(preview)).status_code == 403
    assert agent.get(f"{address(preview)}refused.csv").status_code == 403
    assert not Product.objects.exists()


def kept_path(folder: Path) -> Path:
    [path] = folder.rglob("*.sqlite3")
    return path


def test_a_file_is_kept_for_a_day(manager: Client, shop: Shop, tmp_path: Path, now: datetime) -> None:
    preview = sent(manager, shop, book(ROWS))
    begun = now.timestamp() - listing_files.KEPT_SECONDS
    os.utime(kept_path(tmp_path), (begun + 1, begun + 1))
    assert listing_files.forget(now=now) == 0
    os.utime(kept_path(tmp_path), (begun - 1, begun - 1))
    assert listing_files.forget(now=now) == 1
    assert manager.get(address(preview)).headers["Location"] == reverse(IMPORT)


def test_what_a_killed_process_left_is_forgotten_too(manager: Client, shop: Shop, tmp_path: Path) -> None:
    sent(manager, shop, book(ROWS))
    path = kept_path(tmp_path)
    for name in (f"{path.name}-journal", "0.part", "0.part-journal"):
        path.with_name(name).write_text("x")
    assert listing_files.forget(now=timezone.now() + timedelta(days=400)) == 4
    assert not [one for one in tmp_path.rglob("*") if one.is_file()]


def test_two_that_forget_at_once_do_no_harm(
    manager: Client, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(manager, shop, book(ROWS))
    found = list(tmp_path.rglob("*.sqlite3"))
    found[0].unlink()
    monkeypatch.setattr(Path, "glob", lambda _self, _pattern: iter(found))
    assert listing_files.forget(now=timezone.now()) == 0


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_file_that_is_gone_sends_the_whole_page_back(
    method: str, manager: Client, shop: Shop, tmp_path: Path
) -> None:
    preview = sent(manager, shop, book(ROWS))
    kept_path(tmp_path).unlink()
    answer = getattr(manager, method)(address(preview), headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == reverse(IMPORT)
    assert listing_files.NoLongerKept().text in manager.get(reverse(IMPORT)).content.decode()
    assert not list(tmp_path.rglob("*.sqlite3"))


def test_the_way_back_to_a_file_is_on_the_page_of_the_import(
    manager: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch, user_with: Any, client_for: Any
) -> None:
    monkeypatch.setattr(listing_files, "BATCH", 2)
    preview = sent(manager, shop, book(ROWS), "春季.xlsx")
    manager.post(address(preview))
    page = manager.get(reverse(IMPORT)).content.decode()
    assert address(preview) in page
    assert "春季.xlsx" in page
    assert address(preview) not in client_for(user_with("knowledge_manager")).get(reverse(IMPORT)).content.decode()
    confirmed(manager, preview)
    assert address(preview) not in manager.get(reverse(IMPORT)).content.decode()


def test_a_damaged_file_hides_no_other_and_is_refused(manager: Client, shop: Shop, tmp_path: Path) -> None:
    damaged = sent(manager, shop, book(ROWS))
    kept_path(tmp_path).write_bytes(b"x" * 5000)
    whole = sent(manager, shop, book(ROWS))
    page = manager.get(reverse(IMPORT)).content.decode()
    assert (address(whole) in page, address(damaged) in page) == (True, False)
    assert manager.post(address(damaged)).status_code == 302


def test_a_full_disk_is_said_and_costs_nothing(
    manager: Client, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preview = sent(manager, shop, book(ROWS))

    def full(*_args: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(listing_files.Spool, "judge", full)
        answer = sent(manager, shop, book(ROWS))
        assert answer.context["form"].errors["file"] == [listing_files.CannotBeKept().text]
        answer = manager.post(address(preview), follow=True)
        assert listing_files.CannotBeKept().text in answer.content.decode()
    assert len([one for one in tmp_path.rglob("*") if one.is_file()]) == 1
    confirmed(manager, preview)
    assert ListingCheck.objects.count() == 3


def test_findings_leave_as_a_workbook_in_which_nothing_runs(manager: Client, shop: Shop) -> None:
    checked(shop, title="=1+1", text=POOR)
    theirs = Shop.objects.create(code="jd", name="京东店", platform="jd")
    checked(theirs, title="别家的桌")
    answer = manager.get(reverse(EXPORT))
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    rows = [list(row) for row in load_workbook(BytesIO(content)).worksheets[0].values]
    assert len(rows) > 4
    assert {row[2] for row in rows[1:]} == {"'=1+1"}


def test_a_cover_is_passed_over_and_other_worksheets_are_named(manager: Client, shop: Any) -> None:
    listing = [["标题", "详情"], ["胡桃木书桌", POOR]]
    content = workbook_bytes([["说明", "请勿修改"]], listing, [["标题", "详情"], ["餐椅", POOR]], [])
    page = sent(manager, shop, content)
    assert page.context["brought"].waiting == 1
    text = page.content.decode()
    assert "胡桃木书桌" in text
    assert "餐椅" not in text
    names = page.context["brought"].unread
    assert len(names) == 2, "the empty one is not worth a word"
    assert all(name in text for name in (page.context["brought"].table, *names))


def test_a_single_worksheet_is_not_spoken_of(manager: Client, shop: Any) -> None:
    page = sent(manager, shop, workbook_bytes([["标题", "详情"], ["胡桃木书桌", POOR]]))
    assert page.context["brought"].unread == []
    assert "工作表" not in page.content.decode()


def test_what_stands_in_other_worksheets_hinders_no_import(manager: Client, shop: Any) -> None:
    """A sheet with two columns of one meaning, one of hidden words, one that is damaged."""
    made, out = Workbook(), BytesIO()
    made.worksheets[0].append(["商品标题", "商品名称", "详情"])
    for name in ("商品", "词表", "坏表", "备注"):
        made.create_sheet(name)
    made["词表"].sheet_state = "hidden"
    made["词表"].append(["预售"])
    for name in ("坏表", "备注"):
        made[name].append(["内部备注"])
    for row in (["标题", "详情"], ["胡桃木书桌", POOR]):
        made["商品"].append(row)
    made.save(out)
    damaged = BytesIO()
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(damaged, "w") as new:
        for part in old.infolist():
            content = old.read(part)
            new.writestr(part, content[:-40] if part.filename.endswith("sheet4.xml") else content)
    page = sent(manager, shop, damaged.getvalue())
    brought = page.context["brought"]
    assert (brought.table, brought.waiting) == ("商品", 1)
    assert brought.unread == ["Sheet", "坏表", "备注"]


def test_two_columns_of_one_meaning_are_told_of_where_no_other_worksheet_will_do(manager: Client, shop: Any) -> None:
    content = workbook_bytes([["说明"]], [["商品标题", "商品名称", "详情"], ["胡桃木书桌", "书桌", POOR]])
    assert "商品名称" in sent(manager, shop, content).content.decode()


def test_shared_texts_are_read_once(manager: Client, shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    extend = TemporaryTexts.extend

    def counted(self: TemporaryTexts, texts: Any) -> None:
        read.append(len(texts))
        extend(self, texts)

    monkeypatch.setattr(TemporaryTexts, "extend", counted)
    sent(manager, shop, shared_text(rows=3, columns=2, text="x" * 100))
    assert sum(read) == 3, "for the look at the header and for the rows together"
