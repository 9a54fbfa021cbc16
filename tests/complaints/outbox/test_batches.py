"""Messages are claimed some at a time; each of them is as safe as one that is claimed alone."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage

from complaints.models import OutboxMessage
from complaints.outbox import channels, claims, delivery
from tests.complaints.outbox.rows import LONG_AGO, expire, fresh, make_due
from tests.complaints.outbox.test_delivery import in_threads, send_instead
from tests.crashes import Crash
from tests.mail_server import MailServer

Make = Callable[..., OutboxMessage]


def state(rows: list[OutboxMessage]) -> list[tuple[str, int]]:
    return [(fresh(row).status, fresh(row).attempt) for row in rows]


# ------------------------------------------------------------------ claiming


def test_a_claim_takes_the_oldest_ones_in_their_order(message: Make) -> None:
    rows = [message(next_attempt_at=LONG_AGO + timedelta(days=days)) for days in (3, 1, 2)]
    assert delivery.claim("owner", 2) == [rows[1], rows[2]]
    assert delivery.claim("other", 2) == [rows[0]]


def test_a_message_that_was_tried_before_goes_alone(message: Make) -> None:
    first, second, failed, last = message(), message(), message(attempt=1), message()
    assert delivery.claim("one", 9) == [first, second]
    assert delivery.claim("two", 9) == [failed]
    assert delivery.claim("three", 9) == [last]


def test_messages_of_closed_ways_are_passed_over(message: Make) -> None:
    mail = message()
    assert delivery.claim("owner", 9, without=channels.Q(robot=None)) == []
    assert delivery.claim("owner", 9) == [mail]


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_share_the_messages(
    message: Make, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BATCH", 3)
    rows = [message() for _ in range(24)]
    assert sum(in_threads(delivery.deliver)) == 24
    assert Counter(mail.to[0] for mail in mailoutbox) == Counter(row.address for row in rows)
    assert set(OutboxMessage.objects.values_list("status", "attempt")) == {("sent", 1)}


def test_each_mail_costs_one_statement(message: Make, smtp: MailServer, django_assert_max_num_queries: Any) -> None:
    """It marks the mail before as sent and begins this one; taking some and ending the run are the rest."""
    for _ in range(20):
        message()
    with django_assert_max_num_queries(20 + 12):
        delivery.deliver()
    assert len(smtp.mails) == 20


# ------------------------------------------------------------------ ends in the middle


def test_a_run_that_ends_gives_back_what_it_did_not_begin(message: Make, mailoutbox: list[EmailMessage]) -> None:
    rows = [message() for _ in range(4)]
    delivery.deliver(asked_to_stop=lambda: len(mailoutbox) == 2)
    assert state(rows) == [("sent", 1), ("sent", 1), ("pending", 0), ("pending", 0)]
    last = fresh(rows[3])
    assert (last.owner, last.lease_until, last.next_attempt_at) == ("", None, LONG_AGO)


def test_who_loses_the_lease_in_the_middle_sends_nothing_more(message: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [message() for _ in range(3)]
    sent: list[int] = []

    def sleepy(message: OutboxMessage, line: Any, before_data: Callable[[], None]) -> None:
        before_data()
        sent.append(message.pk)
        if message == rows[0]:
            expire()
            delivery.recover()
            make_due()

    send_instead(monkeypatch, sleepy)
    delivery.deliver(limit=3)
    assert sent == [rows[0].pk]
    monkeypatch.undo()
    delivery.deliver()
    assert {status for status, _attempt in state(rows)} == {"sent"}


def test_successor_of_a_batch_is_not_disturbed_by_the_old_owner(message: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [message() for _ in range(3)]
    sent: list[int] = []

    def sleepy(message: OutboxMessage, line: Any, before_data: Callable[[], None]) -> None:
        before_data()
        sent.append(message.pk)
        expire()
        delivery.recover()
        make_due()
        for owner in ("a", "b", "c"):
            delivery.claim(owner)

    send_instead(monkeypatch, sleepy)
    delivery.deliver()
    assert sent == [rows[0].pk]
    assert state(rows) == [("sending", 2)] * 3
    assert {fresh(row).owner for row in rows} == {"a", "b", "c"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("begun", [False, True])
def test_after_a_kill_only_the_one_in_flight_may_come_twice(
    message: Make, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    rows = [message() for _ in range(6)]
    sent: Counter[int] = Counter()

    def killed_at_the_third(message: OutboxMessage, line: Any, before_data: Callable[[], None]) -> None:
        dying = message == rows[2] and message.attempt == 1
        if dying and not begun:
            raise Crash
        before_data()
        sent[message.pk] += 1
        if dying:
            raise Crash

    send_instead(monkeypatch, killed_at_the_third)
    with pytest.raises(Crash):
        delivery.deliver()
    assert [fresh(row).status for row in rows[3:]] == ["sending"] * 3
    expire()
    delivery.deliver()
    doubled = {pk for pk, times in sent.items() if times > 1}
    assert doubled == {rows[2].pk if begun else rows[1].pk}
    assert set(sent.values()) == {1, 2}
    assert {fresh(row).status for row in rows} == {"sent"}


@pytest.mark.django_db(transaction=True)
def test_a_message_that_brings_down_every_worker_costs_the_others_one_attempt(
    message: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, *others = [message() for _ in range(4)]

    def poisoned(message: OutboxMessage, line: Any, before_data: Callable[[], None]) -> None:
        if message == poison:
            raise Crash
        before_data()

    send_instead(monkeypatch, poisoned)
    for _ in range(len(claims.BACKOFF) + 1):
        OutboxMessage.objects.filter(pk=poison.pk, status="pending").update(next_attempt_at=LONG_AGO)
        with pytest.raises(Crash):
            delivery.deliver()
        expire()
    delivery.deliver()
    assert fresh(poison).status == "dead"
    assert state(others) == [("sent", 2)] * 3


# ------------------------------------------------------------------ a way that is closed


def test_unreachable_mail_server_leaves_the_rest_as_it_was(message: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(line: Any) -> None:
        raise ConnectionError("the line is dead")

    rows = [message() for _ in range(30)]
    monkeypatch.setattr(channels, "connect", away)
    assert delivery.deliver() == 1
    assert state(rows) == [("pending", 1)] + [("pending", 0)] * 29
    assert {fresh(row).next_attempt_at for row in rows[1:]} == {LONG_AGO}
