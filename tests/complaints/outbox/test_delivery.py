"""Claim, send, finish: who may send a message, for how long, and what becomes of one whose sender is gone."""

import os
import signal
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connections, transaction

from complaints import tasks
from complaints.models import OutboxMessage
from complaints.outbox import channels, claims, delivery, mail
from tests.complaints.outbox.rows import LONG_AGO, expire, fresh, make_due

Make = Callable[..., OutboxMessage]


def send_instead(monkeypatch: pytest.MonkeyPatch, act: Callable[..., None]) -> None:
    monkeypatch.setattr(channels, "send", act)


def fail(*arguments: Any) -> None:
    raise ConnectionError("the line is dead")


def in_threads(task: Callable[[], Any], threads: int = 4) -> list[Any]:
    """Run the task in several threads at once, each with a connection of its own, and return what they said."""
    barrier, results = threading.Barrier(threads), []

    def run() -> None:
        try:
            barrier.wait(10)
            results.append(task())
        finally:
            connections.close_all()

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(results) == threads
    return results


# ------------------------------------------------------------------ sending


def test_message_is_sent_and_marked(message: Make, mailoutbox: list[EmailMessage]) -> None:
    row = message("customer")
    assert delivery.deliver() == 1
    (mail,) = mailoutbox
    assert (mail.to, mail.subject, mail.body) == ([row.address], row.subject, row.body)
    assert mail.extra_headers == {"Message-ID": row.message_id, "Auto-Submitted": "auto-generated"}
    row = fresh(row)
    assert (row.status, row.attempt, row.owner, row.lease_until) == ("sent", 1, "", None)
    assert row.sent_at


def test_messages_go_out_in_the_order_in_which_they_fell_due(message: Make, mailoutbox: list[EmailMessage]) -> None:
    for days in (3, 1, 2):
        message(next_attempt_at=LONG_AGO + timedelta(days=days), subject=str(days))
    delivery.deliver()
    assert [mail.subject for mail in mailoutbox] == ["1", "2", "3"]


@pytest.mark.parametrize("status", ["sending", "sent", "uncertain", "dead"])
def test_only_waiting_messages_are_sent(message: Make, mailoutbox: list[EmailMessage], status: str) -> None:
    message(status=status, lease_until=datetime(2100, 1, 1, tzinfo=UTC))
    assert delivery.deliver() == 0
    assert mailoutbox == []


def test_message_that_is_not_due_waits(message: Make, mailoutbox: list[EmailMessage]) -> None:
    message(next_attempt_at=datetime(2100, 1, 1, tzinfo=UTC))
    assert delivery.deliver() == 0
    assert mailoutbox == []


def test_run_ends_at_its_limit_and_asks_for_another(message: Make, woken: list[str]) -> None:
    for _ in range(3):
        message()
    assert delivery.deliver(limit=2) == 2
    assert woken == ["deliver"]
    assert delivery.deliver(limit=2) == 1
    assert woken == ["deliver"]


def test_slow_run_begins_no_message_after_its_time(message: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the watch is six seconds later than the one before."""
    watch = count(step=6)
    monkeypatch.setattr(delivery, "time", SimpleNamespace(monotonic=lambda: float(next(watch))))
    for _ in range(5):
        message()
    assert delivery.deliver() == 2
    assert OutboxMessage.objects.filter(status="pending").count() == 3


def test_run_that_is_asked_to_stop_begins_no_further_message(message: Make, mailoutbox: list[EmailMessage]) -> None:
    for _ in range(3):
        message()
    delivery.deliver(asked_to_stop=lambda: len(mailoutbox) == 1)
    assert len(mailoutbox) == 1
    assert not OutboxMessage.objects.filter(status="sending").exists()


def test_stopped_worker_finishes_the_mail_in_hand(message: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [message(), message()]
    before = signal.getsignal(signal.SIGTERM)
    send_instead(monkeypatch, lambda *arguments: os.kill(os.getpid(), signal.SIGTERM))
    tasks.deliver()
    assert [fresh(row).status for row in rows] == ["sent", "pending"]
    assert signal.getsignal(signal.SIGTERM) == before


# ------------------------------------------------------------------ claiming


def test_each_claim_takes_another_message(message: Make) -> None:
    rows = [message(), message()]
    held = [delivery.claim("first"), delivery.claim("second"), delivery.claim("third")]
    assert held == [[rows[0]], [rows[1]], []]
    assert [(fresh(row).owner, fresh(row).attempt, fresh(row).status) for row in rows] == [
        ("first", 1, "sending"),
        ("second", 1, "sending"),
    ]


def test_lease_outlives_the_task_that_holds_it(message: Make) -> None:
    message()
    started = datetime.now(UTC)
    (claimed,) = delivery.claim("owner")
    assert claimed.lease_until is not None
    hard_limit = timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT)
    assert claimed.lease_until - started > hard_limit + timedelta(seconds=30)
    assert settings.CELERY_TASK_SOFT_TIME_LIMIT > delivery.RUN_SECONDS


def test_message_finished_between_look_and_claim_is_left_alone(message: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The conditional update decides, not the look before it (SQLite has no row locks)."""
    row, other = message(), message()
    due, looks = type(OutboxMessage.objects.all()).due, []

    def stale(self: Any, now: Any) -> Any:
        looks.append(now)
        return OutboxMessage.objects.filter(pk=row.pk) if len(looks) == 1 else due(self, now)

    OutboxMessage.objects.filter(pk=row.pk).update(status="sent")
    monkeypatch.setattr(type(OutboxMessage.objects.all()), "due", stale)
    assert delivery.claim("owner") == [other]
    assert fresh(row).status == "sent"


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_send_each_message_once(message: Make, mailoutbox: list[EmailMessage]) -> None:
    rows = [message() for _ in range(24)]
    assert sum(in_threads(delivery.deliver)) == 24
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted(row.address for row in rows)
    assert set(OutboxMessage.objects.values_list("status", "attempt")) == {("sent", 1)}


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_send_twice_without_the_conditional_claim(
    message: Make, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the race is there, and the claim is what prevents it."""
    message()
    both_looked = threading.Barrier(2)

    def careless(owner: str, most: int, without: Any) -> list[OutboxMessage]:
        rows = list(OutboxMessage.objects.filter(status="pending"))
        both_looked.wait(10)
        OutboxMessage.objects.filter(pk__in=[row.pk for row in rows]).update(status="sending", owner=owner)
        return rows

    monkeypatch.setattr(delivery, "claim", careless)
    in_threads(lambda: delivery.deliver(limit=1), threads=2)
    assert len(mailoutbox) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.row_locks
def test_claim_passes_over_a_row_that_somebody_holds(message: Make) -> None:
    held, free = message(), message()
    with transaction.atomic():
        OutboxMessage.objects.select_for_update().get(pk=held.pk)
        assert in_threads(lambda: delivery.claim("other"), threads=1) == [[free]]


# ------------------------------------------------------------------ leases


def abandoned(message: Make, audience: str, *, started: bool, **values: Any) -> OutboxMessage:
    """A message whose worker was killed, before or after transmission began."""
    began = LONG_AGO if started else None
    values = {"status": "sending", "owner": "gone", "attempt": 1, "lease_until": LONG_AGO} | values
    return message(audience, data_started_at=began, **values)


@pytest.mark.parametrize(
    ("audience", "started", "status"),
    [
        ("staff", False, "pending"),
        ("customer", False, "pending"),
        ("staff", True, "pending"),
        ("customer", True, "uncertain"),
    ],
)
def test_message_of_a_lost_worker_waits_again_unless_a_customer_may_have_it(
    message: Make, audience: str, started: bool, status: str
) -> None:
    row = abandoned(message, audience, started=started)
    delivery.recover()
    row = fresh(row)
    assert (row.status, row.owner, row.lease_until, row.attempt) == (status, "", None, 1)
    assert row.last_error


def test_lost_message_is_sent_by_the_next_run(message: Make, mailoutbox: list[EmailMessage]) -> None:
    row = abandoned(message, "customer", started=False)
    delivery.deliver()
    assert (fresh(row).status, fresh(row).attempt, len(mailoutbox)) == ("sent", 2, 1)


def test_held_mail_to_a_customer_is_never_sent_by_itself(message: Make, mailoutbox: list[EmailMessage]) -> None:
    row = abandoned(message, "customer", started=True)
    delivery.deliver()
    delivery.deliver()
    assert (fresh(row).status, mailoutbox) == ("uncertain", [])


@pytest.mark.parametrize("started", [False, True])
def test_message_is_left_to_its_worker_while_the_lease_runs(message: Make, started: bool) -> None:
    row = abandoned(message, "customer", started=started, lease_until=datetime(2100, 1, 1, tzinfo=UTC))
    delivery.recover()
    assert (fresh(row).status, fresh(row).owner) == ("sending", "gone")


def test_recovery_decides_for_all_rows_at_one_moment(message: Make, django_assert_num_queries: Any) -> None:
    """With two statements a customer's mail that began in between would be sent twice."""
    for audience in ("staff", "customer"):
        for started in (False, True):
            abandoned(message, audience, started=started)
    with django_assert_num_queries(1):
        delivery.recover()
    assert not OutboxMessage.objects.filter(status="sending").exists()


def test_message_that_brings_every_worker_down_is_dead_at_last(message: Make) -> None:
    last = len(claims.BACKOFF)
    once_more = abandoned(message, "staff", started=True, attempt=last)
    spent = abandoned(message, "staff", started=True, attempt=last + 1)
    unsure = abandoned(message, "customer", started=True, attempt=last + 1)
    delivery.recover()
    assert [fresh(row).status for row in (once_more, spent, unsure)] == ["pending", "dead", "uncertain"]


# ------------------------------------------------------------------ fencing


def take_over(row: OutboxMessage) -> None:
    """What happens to a worker that slept through its lease."""
    expire(pk=row.pk)
    delivery.recover()
    make_due(pk=row.pk)
    assert delivery.claim("successor") == [row]


def test_old_owner_cannot_begin_to_transmit(message: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    row, transmitted = message("customer"), []

    def late(message: OutboxMessage, connection: Any, before_data: Callable[[], None]) -> None:
        take_over(message)
        before_data()
        transmitted.append(message)

    send_instead(monkeypatch, late)
    delivery.deliver(limit=1)
    row = fresh(row)
    assert transmitted == []
    assert (row.status, row.owner, row.attempt, row.data_started_at) == ("sending", "successor", 2, None)


def test_owner_whose_lease_ran_out_cannot_begin_even_if_nobody_came(
    message: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, transmitted = message("customer"), []

    def late(message: OutboxMessage, connection: Any, before_data: Callable[[], None]) -> None:
        expire(pk=message.pk)
        before_data()
        transmitted.append(message)

    send_instead(monkeypatch, late)
    delivery.deliver(limit=1)
    assert transmitted == []
    assert fresh(row).status == "sending"
    delivery.recover()
    assert fresh(row).status == "pending"


@pytest.mark.parametrize("end", [None, ConnectionError("late")], ids=["sent", "failed"])
def test_old_owner_cannot_finish(message: Make, monkeypatch: pytest.MonkeyPatch, end: Exception | None) -> None:
    row = message("staff")

    def late(message: OutboxMessage, connection: Any, before_data: Callable[[], None]) -> None:
        before_data()
        take_over(message)
        if end:
            raise end

    send_instead(monkeypatch, late)
    delivery.deliver(limit=1)
    row = fresh(row)
    assert (row.status, row.owner, row.attempt) == ("sending", "successor", 2)
    assert row.sent_at is None


# ------------------------------------------------------------------ trying again


def test_attempts_back_off_and_end(message: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    row = message("customer")
    send_instead(monkeypatch, fail)
    pauses = []
    for _ in range(5):
        delivery.deliver()
        row = fresh(row)
        assert row.status == "pending"
        pauses.append(row.next_attempt_at - datetime.now(UTC))
        make_due()
    delivery.deliver()
    assert [round(pause / timedelta(minutes=1)) for pause in pauses] == [1, 5, 15, 60, 240]
    row = fresh(row)
    assert (row.status, row.attempt, row.last_error) == ("dead", 6, "ConnectionError: the line is dead")
    assert delivery.deliver() == 0


def test_message_that_failed_goes_out_later(
    message: Make, monkeypatch: pytest.MonkeyPatch, mailoutbox: list[EmailMessage]
) -> None:
    row = message("customer")
    with monkeypatch.context() as patch:
        send_instead(patch, fail)
        delivery.deliver()
    make_due()
    delivery.deliver()
    assert (fresh(row).status, fresh(row).last_error, len(mailoutbox)) == ("sent", "", 1)


def test_poisoned_message_does_not_block_the_others(
    message: Make, monkeypatch: pytest.MonkeyPatch, mailoutbox: list[EmailMessage]
) -> None:
    poison, *others = [message() for _ in range(4)]
    send = channels.send

    def poisoned(message: OutboxMessage, *arguments: Any) -> None:
        if message.pk == poison.pk:
            raise MemoryError
        send(message, *arguments)

    send_instead(monkeypatch, poisoned)
    assert delivery.deliver() == 4
    assert [mail.to[0] for mail in mailoutbox] == [row.address for row in others]
    assert fresh(poison).status == "pending"


def test_message_that_the_connection_did_not_take_is_not_called_sent(
    message: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django's connections return 0, without an error, for a message that has no recipient."""
    row = message()
    monkeypatch.setattr(EmailMessage, "send", lambda self: 0)
    delivery.deliver()
    assert (fresh(row).status, fresh(row).sent_at) == ("dead", None)


def test_unreachable_server_costs_one_message_one_attempt(message: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others would wait for the same silence and be dead after a night of it."""
    rows = [message() for _ in range(3)]
    monkeypatch.setattr(channels, "connect", fail)
    assert delivery.deliver() == 1
    assert [(fresh(row).status, fresh(row).attempt) for row in rows] == [("pending", 1), ("pending", 0), ("pending", 0)]
    assert "the line is dead" in fresh(rows[0]).last_error


def test_certificate_of_the_server_is_no_verdict_on_the_message(message: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def distrust(line: Any) -> None:
        raise ssl.SSLCertVerificationError("certificate has expired")

    row = message()
    monkeypatch.setattr(channels, "connect", distrust)
    delivery.deliver()
    assert (fresh(row).status, fresh(row).attempt) == ("pending", 1)


def test_reason_does_not_repeat_the_address(message: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    row = message("customer", address="Wang.Xiaoming@mail.example")

    def refuse(*arguments: Any) -> None:
        raise RuntimeError("<wang.xiaoming@mail.example>: mailbox full")

    send_instead(monkeypatch, refuse)
    delivery.deliver()
    assert fresh(row).last_error == "RuntimeError: <***>: mailbox full"


def test_server_that_says_no_good_bye_changes_nothing(message: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    row = message()
    rude = SimpleNamespace(open=lambda: None, close=fail)
    monkeypatch.setattr(mail, "get_connection", lambda: rude)
    send_instead(monkeypatch, lambda *arguments: None)
    delivery.deliver()
    assert fresh(row).status == "sent"


def test_a_reply_by_hand_does_not_call_itself_automatic(message: Make, mailoutbox: list[EmailMessage]) -> None:
    message("customer", dedup_key="reply:7")
    delivery.deliver()
    assert mailoutbox[0].extra_headers["Auto-Submitted"] == "no"


def test_reply_goes_to_the_shop_and_a_receipt_is_known_as_automatic(
    message: Make, mailoutbox: list[EmailMessage]
) -> None:
    message("customer", reply_to='"晴木家居" <support+c1-a@shop.example>', dedup_key="receipt:1")
    delivery.deliver()
    (mail,) = mailoutbox
    assert mail.extra_headers["Auto-Submitted"] == "auto-replied"
    assert mail.extra_headers["X-Auto-Response-Suppress"] == "All"
    sent = mail.message()
    assert "support+c1-a@shop.example" in sent["Reply-To"]
    assert "amends" in sent["From"].lower()
