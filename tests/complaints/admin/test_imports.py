"""Imports through their pages: who may, what is shown, what forged requests get."""

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from complaints.intake import reading
from complaints.models import Complaint, ImportJob, ImportMapping, Order, Shop
from complaints.operations import import_claims, import_jobs
from tests.factories.exports import DOUYIN, PDD, TAOBAO, TMALL_REFUND, csv_bytes, workbook_bytes, xlsx_bytes
from tests.factories.imports import handed_in, imported, upload, worked

pytestmark = pytest.mark.django_db
State = ImportJob.State
ADD = "admin:complaints_importjob_add"

ERP = [
    {
        "内部单号": "1",
        "投诉内容": "杯子碎了",
        "客户手机": "13800000007",
        "订单": "88001234",
        "日期": "2026-11-19 10:00",
    },
    {"内部单号": "2", "投诉内容": "", "客户手机": "****", "订单": "-", "日期": "gestern"},
    {
        "内部单号": "3",
        "投诉内容": "少发一件",
        "客户手机": "13800000008",
        "订单": "88001235",
        "日期": "2026-11-19 11:00",
    },
]


def page(name: str, job: ImportJob) -> str:
    return reverse(f"admin:complaints_importjob_{name}", args=[job.pk])


@pytest.fixture
def lead(user_with: Callable[..., Any]) -> Any:
    return user_with("team_lead")


@pytest.fixture
def client(lead: Any, client_for: Callable[[Any], Client], media: Any, frozen: datetime) -> Client:
    return client_for(lead)


def post_file(client: Client, shop: Shop, content: bytes, name: str = "export.csv") -> Any:
    return client.post(reverse(ADD), {"shop": shop.pk, "file": upload(content, name)})


def test_known_export_goes_from_upload_to_the_orders(client: Client, shop: Shop, now: datetime) -> None:
    response = post_file(client, shop, csv_bytes([TAOBAO], encoding="gb18030"))
    job = ImportJob.objects.get()
    assert response.url == page("change", job)
    assert (job.source.stat().st_mode & 0o777, job.place.stat().st_mode & 0o777) == (0o600, 0o700)
    worked(job, now=now)
    shown = client.get(page("change", job)).content.decode()
    assert "GB18030" in shown
    assert "4100123456789012345" in shown
    assert "豆浆不加糖" not in shown, "a buyer id is masked"
    client.post(page("start", job))
    worked(job, now=now)
    assert Order.objects.get().number == "4100123456789012345"
    assert client.get(page("progress", job)).headers["HX-Refresh"] == "true"


def test_other_file_is_mapped_once_and_remembered(client: Client, shop: Shop, now: datetime) -> None:
    job_page = post_file(client, shop, csv_bytes(ERP)).url
    job = ImportJob.objects.get()
    assert job_page == page("columns", job)
    shown = client.get(job_page)
    assert "13800000007" in shown.content.decode(), "samples are shown as they are: one must see what a column holds"
    chosen = {column["name"]: column["field"] for column in shown.context["columns"]}
    assert chosen == {
        "内部单号": "",
        "投诉内容": "text",
        "客户手机": "phone",
        "订单": "order_number",
        "日期": "received_at",
    }
    form = {"kind": "complaints", "encoding": "utf-8-sig", "delimiter": ",", "header_row": 1,
            "seen": shown.context["seen"], "column-1": "text", "column-2": "phone", "column-3": "order_number",
            "column-4": "received_at"}  # fmt: skip
    look = client.post(job_page, form | {"look": "1", "column-0": "case"}, headers={"HX-Request": "true"})
    assert len(look.context["table"]["labels"]) == 5
    assert b"<html" not in look.content
    assert client.post(job_page, form | {"column-1": ""}).status_code == 422
    assert client.post(job_page, form | {"column-0": "phone"}).status_code == 422
    assert client.post(job_page, form | {"seen": "another file"}).status_code == 422
    assert client.post(job_page, form).url == page("change", job)
    worked(job, now=now)
    assert (job.state, job.expected) == (State.READY, {"new": 2, "bad": 1})
    client.post(page("start", job))
    worked(job, now=now)
    assert set(Complaint.objects.values_list("title", flat=True)) == {"杯子碎了", "少发一件"}
    assert ImportMapping.objects.get().columns == {"text": 1, "phone": 2, "order_number": 3, "received_at": 4}

    again = post_file(client, shop, csv_bytes([{**ERP[0], "投诉内容": "还没人联系我"}]))
    newest = ImportJob.objects.latest("pk")
    assert again.url == page("change", newest), "the columns are known"
    worked(newest, now=now)
    assert newest.expected == {"new": 1, "bad": 0}


def test_refused_rows_come_back_mended_they_go_in(client: Client, shop: Shop, now: datetime) -> None:
    bad = {**TAOBAO, "订单编号": "=SUM(A1)", "订单备注": "=cmd|' /C calc'!A0", "买家实际支付金额": "x"}
    long = {**TAOBAO, "订单编号": "4100123456789012399", "买家实际支付金额": "x"}
    post_file(client, shop, csv_bytes([TAOBAO, bad, long]))
    job = worked(ImportJob.objects.get(), now=now)
    text = b"".join(client.get(page("refused_csv", job)).streaming_content).decode("utf-8-sig")
    header, first, second = csv.reader(StringIO(text))
    assert header == [*TAOBAO, "行号", "问题"]
    assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "|", "%")) for cell in first)
    assert (second[0], second[-2]) == ("\t4100123456789012399", "4")
    assert "买家实际支付金额" in second[-1]
    book = load_workbook(BytesIO(b"".join(client.get(page("refused_xlsx", job)).streaming_content)))
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)
    assert "4100123456789012399" in {cell.value for cell in cells}
    mended = text.replace("x,", "118.00,")
    post_file(client, shop, mended.encode("utf-8-sig"))
    newest = worked(ImportJob.objects.latest("pk"), now=now)
    assert newest.expected == {"new": 1, "bad": 1}


def test_rows_that_a_later_one_overrules_are_named_before_anything_is_written(
    client: Client, shop: Shop, now: datetime
) -> None:
    other = {**TAOBAO, "订单编号": "4100123456789012399"}
    post_file(client, shop, csv_bytes([TAOBAO, other, {**TAOBAO, "买家实际支付金额": "1.00"}, other]))
    job = worked(ImportJob.objects.get(), now=now)

    shown = client.get(page("change", job))
    assert job.expected == {"new": 2, "bad": 0}
    assert shown.context["overruled"] == {"count": 1, "begin": [2]}, "what is said twice alike needs no word"
    assert "见第 2 行起" in shown.content.decode()


def test_an_import_whose_worker_was_stopped_says_when_another_takes_over(
    client: Client, lead: Any, shop: Shop, now: datetime
) -> None:
    job = handed_in(csv_bytes([TAOBAO]), shop, user=lead, now=now)
    for silent, said in ((timedelta(seconds=5), False), (timedelta(seconds=60), True)):
        until = now - silent + import_claims.LEASE
        ImportJob.objects.filter(pk=job.pk).update(owner="killed", lease_until=until)
        context = client.get(page("progress", job)).context
        assert (context["silent_until"] == until) is said


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"", "空"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ".xls"),
        (b"PK\x03\x04 no archive at all", "损坏"),
        (csv_bytes([PDD]), "拼多多"),
    ],
)
def test_file_that_cannot_be_read_is_refused_with_words(
    client: Client, shop: Shop, sent: bytes, words: str, media: Any
) -> None:
    response = post_file(client, shop, sent)
    assert response.status_code == 422
    assert words in str(response.context["form"].errors["file"])
    assert not ImportJob.objects.exists()
    assert not any((media / "imports").glob("*"))


def test_too_large_a_file_is_refused(client: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 100)
    response = post_file(client, shop, csv_bytes([TAOBAO]))
    assert (response.status_code, ImportJob.objects.count()) == (422, 0)


def test_encoding_can_be_corrected(client: Client, shop: Shop) -> None:
    post_file(client, shop, csv_bytes(ERP, encoding="gb18030"))
    job = ImportJob.objects.get()
    form = {"kind": "complaints", "encoding": "utf-8", "delimiter": ",", "header_row": 1, "look": "1"}
    wrong = client.post(page("columns", job), form)
    assert wrong.status_code == 200
    assert "UTF-8" in wrong.context["problems"][0]
    right = client.post(page("columns", job), form | {"encoding": "gb18030"})
    assert (right.context["columns"][1]["name"], right.context["problems"]) == ("投诉内容", [])


def test_table_of_a_workbook_can_be_chosen(client: Client, shop: Shop, now: datetime) -> None:
    tables = [["说明", "备注"], ["a", "b"]], [list(ERP[0]), *(list(row.values()) for row in ERP)]
    post_file(client, shop, workbook_bytes(*tables), "erp.xlsx")
    job = ImportJob.objects.get()
    form = {"kind": "complaints", "table": 1, "header_row": 1, "look": "1"}
    shown = client.post(page("columns", job), form)
    assert [column["name"] for column in shown.context["columns"]] == list(ERP[0])


# ------------------------------------------------------------------ who may


def test_pages_and_posts_need_the_permission(
    user_with: Callable[..., Any], client_for: Callable[[Any], Client], shop: Shop, media: Any, now: datetime
) -> None:
    agent = user_with("agent")
    job = handed_in(csv_bytes([TAOBAO]), shop, user=agent, now=now)
    client = client_for(agent)
    gets = [reverse(ADD), page("change", job), page("progress", job), page("columns", job), page("refused_csv", job)]
    assert {client.get(url).status_code for url in gets} == {403}
    posts = [page("start", job), page("cancel", job), page("columns", job)]
    assert {client.post(url).status_code for url in posts} == {403}
    assert post_file(client, shop, csv_bytes([TAOBAO])).status_code == 403


def test_job_of_somebody_else_is_none(
    client: Client, user_with: Callable[..., Any], client_for: Callable[[Any], Client], shop: Shop, now: datetime
) -> None:
    job = imported(csv_bytes([TAOBAO, {**TAOBAO, "订单编号": "x"}]), shop, user=user_with("team_lead"), now=now)
    names = ("change", "progress", "columns", "refused_csv", "refused_xlsx")
    assert {client.get(page(name, job)).status_code for name in names} == {404}
    assert {client.post(page(name, job)).status_code for name in ("start", "cancel", "columns")} == {404}
    assert client.get(page("change", job).replace(f"/{job.pk}/", f"/{'9' * 30}/")).status_code == 404
    supervisor = client_for(user_with("supervisor"))
    assert supervisor.get(page("change", job)).status_code == 200


def test_shop_of_others_cannot_be_chosen(client: Client, shop: Shop) -> None:
    other = Shop.objects.create(code="other", name="别家", platform="taobao")
    assert post_file(client, other, csv_bytes([TAOBAO])).status_code == 422
    assert client.post(reverse(ADD), {"shop": "9" * 30, "file": upload(csv_bytes([TAOBAO]))}).status_code == 422


def test_cancelled_before_it_began(client: Client, shop: Shop, now: datetime) -> None:
    post_file(client, shop, csv_bytes([TAOBAO]))
    job = ImportJob.objects.get()
    assert client.get(page("cancel", job)).status_code == 405
    client.post(page("cancel", job))
    assert worked(job, now=now).state == State.CANCELLED
    assert client.post(page("start", job), follow=True).status_code == 200
    assert ImportJob.objects.get().state == State.CANCELLED


def test_deleted_files_are_said_to_be_deleted(client: Client, lead: Any, shop: Shop, now: datetime) -> None:
    job = imported(csv_bytes([TAOBAO, {**TAOBAO, "订单编号": "x"}]), shop, user=lead, now=now)
    assert client.get(page("refused_csv", job)).status_code == 200
    import_jobs.forget(now=now + timedelta(days=31))
    assert client.get(page("refused_csv", job)).status_code == 404
    assert client.get(page("change", job)).status_code == 200


def test_queries_do_not_grow_with_the_rows(
    client: Client, lead: Any, shop: Shop, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [{**TAOBAO, "订单编号": str(4100123456789000000 + n), "买家实际支付金额": "x"} for n in range(60)]
    jobs = [handed_in(csv_bytes(rows[:count]), shop, user=lead, now=now) for count in (1, 60)]
    for job in jobs:
        worked(job, now=now)
        with django_assert_max_num_queries(14):
            assert client.get(page("change", job)).status_code == 200
        with django_assert_max_num_queries(8):
            client.get(page("progress", job))
    with django_assert_max_num_queries(14):
        client.get(reverse("admin:complaints_importjob_changelist"))


@pytest.mark.parametrize(("row", "platform"), [(PDD, "pdd"), (DOUYIN, "douyin"), (TMALL_REFUND, "taobao")])
def test_each_layout_is_recognised_in_a_workbook(
    row: dict[str, Any], platform: str, client: Client, shop: Shop, now: datetime
) -> None:
    shop.platform = platform
    shop.save()
    post_file(client, shop, xlsx_bytes([row]), "export.xlsx")
    assert worked(ImportJob.objects.get(), now=now).refused == 0
