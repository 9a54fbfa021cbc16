"""Messages are written in the transaction that caused them; the broker is only told afterwards, and may be away."""

import logging
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction

from complaints import notifications, waking
from complaints.models import Complaint, Contact, OutboxMessage, Robot
from complaints.operations import conversation
from complaints.outbox import delivery, enqueue
from tests.complaints.outbox.rows import LONG_AGO
from tests.config.running_desk import free_port
from tests.factories.complaints import CustomerFactory

really_wake = enqueue.wake


def unwritten(case: Complaint, key: str = "reply:1", **values: Any) -> OutboxMessage:
    values = {
        "address": "buyer@mail.example",
        "subject": "关于您的投诉",
        "body": "您好",
        "created_at": LONG_AGO,
    } | values
    return OutboxMessage(complaint=case, audience="customer", dedup_key=key, **values)


# ------------------------------------------------------------------ once


def test_message_is_due_at_once_whatever_the_clock_of_its_writer_says(
    case: Complaint, mailoutbox: list[EmailMessage]
) -> None:
    enqueue.enqueue([unwritten(case, created_at=datetime(2100, 1, 1, tzinfo=UTC))])
    message = OutboxMessage.objects.get()
    assert (message.status, message.attempt) == ("pending", 0)
    assert delivery.deliver() == 1
    assert len(mailoutbox) == 1


def test_message_that_is_put_off_waits_for_its_time(case: Complaint, mailoutbox: list[EmailMessage]) -> None:
    """Quiet hours: the database's clock still decides when that is."""
    later = datetime(2100, 1, 1, 0, 30, tzinfo=UTC)
    enqueue.enqueue([unwritten(case, next_attempt_at=later), unwritten(case, "reply:2", next_attempt_at=LONG_AGO)])
    due = dict(OutboxMessage.objects.values_list("dedup_key", "next_attempt_at"))
    assert due["reply:1"] == later
    assert due["reply:2"] > datetime.now(UTC) - timedelta(minutes=1)
    assert delivery.deliver() == 1
    assert OutboxMessage.objects.get(dedup_key="reply:1").status == "pending"


def test_message_to_a_robot_shows_its_name_where_others_have_an_address(case: Complaint) -> None:
    robot = Robot.objects.create(name="售后群", kind="wecom", url="https://qyapi.weixin.qq.com/")
    enqueue.enqueue([unwritten(case, address="", robot=robot)])
    message = OutboxMessage.objects.get()
    assert (message.channel, message.address) == ("robot", "售后群")


def test_same_key_is_written_once_and_the_first_one_stays(case: Complaint) -> None:
    enqueue.enqueue([unwritten(case, body="原文")])
    enqueue.enqueue([unwritten(case, body="改过的"), unwritten(case, "reply:2")])
    assert dict(OutboxMessage.objects.values_list("dedup_key", "body")) == {"reply:1": "原文", "reply:2": "您好"}


def test_same_key_twice_in_one_call_is_written_once(case: Complaint) -> None:
    enqueue.enqueue([unwritten(case), unwritten(case)])
    assert OutboxMessage.objects.count() == 1


def test_message_that_was_sent_is_not_sent_again_under_its_key(case: Complaint) -> None:
    enqueue.enqueue([unwritten(case)])
    OutboxMessage.objects.update(status="sent")
    enqueue.enqueue([unwritten(case)])
    assert OutboxMessage.objects.get().status == "sent"


def test_incomplete_message_is_an_error_and_not_dropped_silently(case: Complaint) -> None:
    """INSERT OR IGNORE of SQLite would drop it."""
    with pytest.raises(IntegrityError), transaction.atomic():
        enqueue.enqueue([unwritten(case, address="")])


def test_message_id_follows_from_the_key_alone(case: Complaint) -> None:
    enqueue.enqueue([unwritten(case, "reply:1"), unwritten(case, "reply:2")])
    ids = dict(OutboxMessage.objects.values_list("dedup_key", "message_id"))
    OutboxMessage.objects.all().delete()
    enqueue.enqueue([unwritten(case, "reply:1", body="别的内容")])
    assert OutboxMessage.objects.get().message_id == ids["reply:1"] != ids["reply:2"]
    assert ids["reply:1"].endswith("@127.0.0.1>")


def test_line_break_in_a_title_does_not_reach_the_subject(case: Complaint, now: Any) -> None:
    case.shop.name, case.number = "晴木\r\nBcc: all@mail.example", "A1"
    case.customer = CustomerFactory()
    contact = Contact(pk=1, complaint=case, body="您好")
    subject = notifications.reply_mail(contact, now=now).subject
    assert "\n" not in subject
    assert "\r" not in subject


# ------------------------------------------------------------------ waking


def test_worker_is_woken_once_the_transaction_is_through(
    case: Complaint, woken: list[str], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        enqueue.enqueue([unwritten(case)])
        assert woken == []
    assert woken == ["deliver"]


@pytest.mark.django_db(transaction=True)
def test_nobody_is_woken_for_what_was_rolled_back(case: Complaint, woken: list[str]) -> None:
    def write_and_fail() -> None:
        with transaction.atomic():
            enqueue.enqueue([unwritten(case)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert woken == []
    assert not OutboxMessage.objects.exists()


def test_nothing_to_send_wakes_nobody(
    db: None, woken: list[str], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        enqueue.enqueue([])
    assert woken == []


def test_wake_up_goes_stale_with_the_next_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(waking.current_app, "send_task", lambda name, **how: sent.append((name, how)))
    really_wake()
    assert sent == [("complaints.tasks.deliver", {"retry": False, "expires": settings.AMENDS_TICK_SECONDS})]


def test_broker_that_has_just_failed_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fails(name: str, **how: Any) -> None:
        asked.append(name)
        raise ConnectionError

    monkeypatch.setattr(waking.current_app, "send_task", fails)
    really_wake()
    really_wake()
    assert len(asked) == 1
    monkeypatch.setattr(waking, "REST", -1)
    monkeypatch.setattr(waking._Broker, "rests_until", 0.0)
    really_wake()
    really_wake()
    assert len(asked) == 3


# ------------------------------------------------------------------ without a broker


class SilentServer:
    """Takes connections and never says a word: a broker that is half-open."""

    def __enter__(self) -> int:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.taken: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()
        return self.socket.getsockname()[1]

    def _take(self) -> None:
        while True:
            try:
                self.taken.append(self.socket.accept()[0])
            except OSError:
                return

    def __exit__(self, *exc: object) -> None:
        self.socket.close()
        for taken in self.taken:
            taken.close()


def broker_on(port: int) -> Celery:
    """Our own Celery settings with another address."""
    app = Celery("elsewhere", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.broker_url = f"redis://127.0.0.1:{port}/0"
    return app


def answer_by_mail(case: Complaint, now: Any) -> float:
    """Answer the customer by e-mail with the real wake-up; returns the seconds that it took."""
    case.customer = CustomerFactory()
    case.save()
    started = time.perf_counter()
    conversation.reply(case.pk, "您好，我们正在核实。", channel="email", actor=None, now=now)
    return time.perf_counter() - started


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("half_open", [False, True], ids=["refused", "half-open"])
def test_broker_that_is_away_costs_a_moment_and_no_request(
    case: Complaint, now: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, half_open: bool
) -> None:
    monkeypatch.setattr(enqueue, "wake", really_wake)
    with SilentServer() as port:
        monkeypatch.setattr(waking, "current_app", broker_on(port if half_open else free_port()))
        with caplog.at_level(logging.WARNING):
            seconds = answer_by_mail(case, now)
    assert OutboxMessage.objects.get().status == "pending"
    assert "broker not reachable" in caplog.text
    # Half a second by design; the rest is for a machine that is busy with other tests.
    assert seconds < 3


@pytest.mark.django_db(transaction=True)
def test_broken_wake_up_breaks_no_request(case: Complaint, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def burst() -> None:
        raise RuntimeError

    monkeypatch.setattr(enqueue, "wake", burst)
    answer_by_mail(case, now)
    assert OutboxMessage.objects.count() == 1
