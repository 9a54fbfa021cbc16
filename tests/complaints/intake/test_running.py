"""Imports in the background: what goes in, what comes back, and what a crash costs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from complaints.intake import reading, running
from complaints.intake.problem import said_by
from complaints.models import Complaint, Contact, ImportJob, Order, OutboxMessage, Shop
from complaints.operations import import_claims, import_jobs
from complaints.refusals import Refused
from tests.factories.exports import DOUYIN_AFTERSALE, TAOBAO, TMALL_REFUND, csv_bytes, xlsx_bytes
from tests.factories.imports import handed_in, imported, worked

pytestmark = pytest.mark.django_db
State = ImportJob.State

REFUND: dict[str, Any] = {
    **TMALL_REFUND,
    "退款编号": '="210012345678901234"',
    "退款状态": "买家已经申请退款，等待卖家同意",
    "退款的申请时间": "2026-11-18 09:30:00",
    "买家退款金额": "118.00",
    "买家退款原因": "商品破损",
    "买家退款说明": "打开时杯子已经碎了",
    "宝贝标题": "骨瓷杯",
}


def orders(count: int, **values: Any) -> list[dict[str, Any]]:
    return [{**TAOBAO, "订单编号": str(4100123456789000000 + number), **values} for number in range(count)]


# ------------------------------------------------------------------ orders


@pytest.mark.parametrize("make", [csv_bytes, xlsx_bytes])
def test_orders_go_in_and_the_same_file_again_changes_nothing(
    make: Callable[..., bytes], shop: Shop, media: Any, now: datetime
) -> None:
    content = make(orders(5))
    first = imported(content, shop, now=now)
    assert (first.state, first.created, first.changed, first.unchanged, first.refused) == (State.DONE, 5, 0, 0, 0)
    assert (first.rows_total, first.rows_done) == (5, 5)
    before = list(Order.objects.values_list("pk", "fingerprint", "updated_at"))
    again = imported(content, shop, now=now + timedelta(days=1))
    assert again.expected == {"same": 5, "bad": 0}
    assert (again.created, again.changed, again.unchanged) == (0, 0, 5)
    assert list(Order.objects.values_list("pk", "fingerprint", "updated_at")) == before


def test_preview_counts_and_writes_nothing(shop: Shop, media: Any, now: datetime) -> None:
    imported(csv_bytes(orders(2)), shop, now=now)
    rows = [*orders(3), {**TAOBAO, "订单编号": "88", "买家实际支付金额": "viel"}]
    rows[1]["订单状态"] = "交易成功"
    job = worked(handed_in(csv_bytes(rows), shop, now=now), now=now)
    assert (job.state, job.expected) == (State.READY, {"same": 1, "changed": 1, "new": 1, "bad": 1})
    assert Order.objects.count() == 2


def test_rows_of_an_order_find_each_other_across_the_file(shop: Shop, media: Any, now: datetime) -> None:
    rows = [TAOBAO, *orders(30), {**TAOBAO, "订单备注": "später"}]
    job = imported(csv_bytes(rows), shop, now=now)
    assert (job.created, job.rows_total, job.rows_done) == (31, 32, 32)


def test_rounded_numbers_are_refused_with_words(shop: Shop, media: Any, now: datetime) -> None:
    rows = [{**row, "订单编号": f"{410012345678900 + number}0000"} for number, row in enumerate(orders(3))]
    job = imported(csv_bytes(rows), shop, now=now)
    assert (job.created, job.refused, Order.objects.count()) == (0, 3, 0)


def test_damage_further_down_fails_before_anything_is_written(shop: Shop, media: Any, now: datetime) -> None:
    content = csv_bytes(orders(30)) + b'"broken'
    job = worked(handed_in(content, shop, now=now), now=now)
    assert job.state == State.FAILED
    assert "32" in said_by(job.problem)
    assert not Order.objects.exists()


# ------------------------------------------------------------------ cases


def test_after_sales_cases_become_complaints_once(shop: Shop, media: Any, agent: Any, now: datetime) -> None:
    imported(csv_bytes([TAOBAO]), shop, now=now)
    content = csv_bytes([REFUND])
    job = imported(content, shop, user=agent, now=now)
    assert (job.kind, job.created) == ("complaints", 1)
    complaint = Complaint.objects.get()
    assert (complaint.order.number, complaint.channel) == ("4100123456789012345", "file")
    assert complaint.title == "商品破损 · 骨瓷杯"
    assert complaint.received_at.isoformat() == "2026-11-18T01:30:00+00:00"
    assert complaint.customer == complaint.order.customer
    assert "买家退款说明：打开时杯子已经碎了" in complaint.description
    again = imported(content, shop, user=agent, now=now)
    assert (again.created, again.unchanged, Contact.objects.count()) == (0, 1, 1)
    assert not OutboxMessage.objects.filter(audience="customer").exists()


def test_douyin_cases_of_an_order_without_export(now: datetime, media: Any, content: None) -> None:
    shop = Shop.objects.create(code="dy", name="抖音店", platform="douyin")
    row = {
        **DOUYIN_AFTERSALE,
        "售后单号": "\t710012345678901234",
        "售后状态": "待商家处理",
        "售后类型": "仅退款",
        "商品单号": "\t691",
        "售后申请时间": "2026-11-19 10:00:00",
        "退商品金额（元）": "12.50",
    }
    job = imported(csv_bytes([row, {**row, "售后单号": ""}]), shop, now=now)
    assert (job.created, job.refused) == (1, 1)
    complaint = Complaint.objects.get()
    assert (complaint.order.number, complaint.demand) == ("6912576842106333031", "仅退款")
    assert "退商品金额(元)：12.50" in complaint.description


def test_ended_and_old_cases_are_left_out_unless_asked_for(shop: Shop, media: Any, now: datetime) -> None:
    ended = {**REFUND, "退款编号": "2100", "订单编号": "77777", "退款状态": "退款成功"}
    old = {**REFUND, "退款编号": "2101", "订单编号": "88888", "退款的申请时间": "2025-11-18 09:30:00"}
    content = csv_bytes([ended, REFUND, old])
    job = imported(content, shop, now=now)
    assert job.expected == {"new": 1, "ended": 1, "old": 1, "bad": 0}
    assert (job.created, job.left_out, job.rows_done) == (1, 2, 3)
    job = imported(content, shop, take_ended=True, now=now)
    assert (job.created, job.unchanged, job.left_out) == (1, 1, 1)
    job = imported(content, shop, take_old=True, take_ended=True, now=now)
    assert (job.created, job.unchanged, job.left_out) == (1, 2, 0)


# ------------------------------------------------------------------ crashes, cancelling, two workers


def started(content: bytes, shop: Shop, now: datetime) -> ImportJob:
    job = worked(handed_in(content, shop, now=now), now=now)
    return import_jobs.start(job.pk, now=now)


@pytest.fixture
def one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of one step, and steps of two orders."""
    monkeypatch.setattr(running, "SLICE_SECONDS", 0)
    monkeypatch.setattr(running, "BATCH", 2)


def test_slices_add_up(shop: Shop, media: Any, now: datetime, one_step: None) -> None:
    job = started(csv_bytes(orders(5)), shop, now)
    seen = []
    while job.state == State.RUNNING:
        running.go_on(now=now)
        job.refresh_from_db()
        seen.append((job.rows_done, Order.objects.count()))
    assert seen[:3] == [(2, 2), (4, 4), (5, 5)]
    assert (job.state, job.created) == (State.DONE, 5)


@pytest.mark.parametrize("make", [csv_bytes, xlsx_bytes])
def test_reading_goes_on_where_it_was_stopped(
    make: Callable[..., bytes], shop: Shop, media: Any, now: datetime, one_step: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH", 2)
    job = handed_in(make(orders(7)), shop, now=now)
    seen = []
    while job.rows_total is None:
        running.go_on(now=now)
        job.refresh_from_db()
        seen.append(job.rows_read)
    assert seen[:4] == [2, 4, 6, 7]
    import_jobs.start(worked(job, now=now).pk, now=now)
    assert worked(job, now=now).created == 7


def test_cancelled_import_keeps_what_it_wrote_and_writes_no_more(
    shop: Shop, media: Any, now: datetime, one_step: None
) -> None:
    job = started(csv_bytes(orders(5)), shop, now)
    running.go_on(now=now)
    import_jobs.cancel(job.pk, now=now)
    assert running.go_on(now=now) == 0
    job.refresh_from_db()
    assert (job.state, job.created, Order.objects.count()) == (State.CANCELLED, 2, 2)
    with pytest.raises(import_jobs.NotNow):
        import_jobs.start(job.pk, now=now)


def test_taken_over_worker_writes_nothing(shop: Shop, media: Any, now: datetime, one_step: None) -> None:
    job = started(csv_bytes(orders(5)), shop, now)
    slow = import_claims.claim("slow")
    assert slow is not None
    assert import_claims.claim("second") is None, "the lease is not over"
    ImportJob.objects.filter(pk=job.pk).update(lease_until=now - timedelta(days=400))
    faster = import_claims.claim("fast")
    assert faster is not None
    assert running._Slice(slow, now=now).run(lambda: True) == 0
    assert not Order.objects.exists()
    assert running._Slice(faster, now=now).run(lambda: True) == 3
    job.refresh_from_db()
    assert (job.state, job.created, Order.objects.count()) == (State.DONE, 5, 5)


def test_file_that_brings_workers_down_is_given_up(
    shop: Shop, media: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_arguments: Any, **_names: Any) -> Any:
        raise RuntimeError

    job = started(csv_bytes(orders(2)), shop, now)
    monkeypatch.setattr(running, "write_orders", crash)
    for _turn in range(import_claims.TRIES + 1):
        running.go_on(now=now)
    job.refresh_from_db()
    assert (job.state, job.problem["name"]) == (State.FAILED, "StoppedTooOften")


def test_refused_case_comes_back_with_its_reason(
    shop: Shop, media: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NotToday(Refused):
        message = "not today"

    def refuse(*_arguments: Any, **_names: Any) -> Any:
        raise NotToday

    job = started(csv_bytes([REFUND, {**REFUND, "退款编号": "2102"}]), shop, now)
    monkeypatch.setattr(running, "write_case", refuse)
    assert worked(job, now=now).refused == 2


def test_files_are_deleted_after_thirty_days(shop: Shop, media: Any, now: datetime) -> None:
    job = imported(csv_bytes(orders(1)), shop, now=now)
    waiting = handed_in(csv_bytes(orders(1)), shop, now=now)
    assert import_jobs.forget(now=now + timedelta(days=29)) == 0
    assert import_jobs.forget(now=now + timedelta(days=30)) == 1
    worked(waiting, now=now)
    assert import_jobs.forget(now=now + timedelta(days=30)) == 1
    assert not job.place.exists()
    waiting.refresh_from_db()
    assert waiting.state == State.CANCELLED
