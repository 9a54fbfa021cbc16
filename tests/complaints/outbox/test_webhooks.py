"""Subscribers are told by a signed POST, again and again until they take it, and left alone after a day of failures."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from complaints.models import OutboxMessage, Subscription
from complaints.operations import subscriptions
from complaints.outbox import claims, delivery, waiting, webhooks, wire
from tests.chat_server import KEY, SECRET, ChatServer
from tests.complaints.outbox.rows import LONG_AGO, expire, fresh, make_due
from tests.factories.complaints import NOW
from tests.factories.hooks import signature, subscription_to

BODY = json.dumps({"type": "complaint.closed", "api_version": 1, "created_at": "2026-11-20T02:00:00+00:00", "data": {}})


class Receiver(ChatServer):
    """Another system: it takes what docs/webhooks.md describes, and refuses everything else."""

    def _webhook(self, handler: Any, body: bytes) -> str:
        name, stamp = handler.headers["Amends-Id"], handler.headers["Amends-Timestamp"]
        if signature(SECRET, name, stamp, body) not in handler.headers["Amends-Signature"].split(" "):
            return "bad signature"
        if abs(int(stamp) - datetime.now(UTC).timestamp()) > 300:
            return "too old"
        data = json.loads(body)
        known = {"id", "type", "api_version", "created_at", "data"} == set(data)
        return "" if known and data["id"] == name and data["api_version"] == 1 else "bad message"


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    with Receiver("webhook") as server:
        settings.AMENDS_WEBHOOK_TRUSTED_HOSTS = [server.host]
        yield server


@pytest.fixture
def subscription(receiver: Receiver, db: None) -> Subscription:
    return subscription_to(receiver.url, secret=SECRET)


@pytest.fixture
def told(message: Any, subscription: Subscription) -> Any:
    """`told()` writes a message to the subscriber that is due."""

    def make(**values: Any) -> OutboxMessage:
        given = {"subscription": subscription, "channel": "webhook", "address": subscription.name, "body": BODY}
        return message(**given | values)

    return make


def minutes_until(row: OutboxMessage) -> float:
    return (row.next_attempt_at - datetime.now(UTC)) / timedelta(minutes=1)


def stored(subscription: Subscription) -> Subscription:
    return Subscription.objects.get(pk=subscription.pk)


def test_a_message_arrives_signed_and_its_answer_is_shown(receiver: Receiver, told: Any) -> None:
    row = told()
    assert delivery.deliver() == 1
    assert receiver.refused == []
    assert receiver.taken == [{"id": row.message_id.strip("<>").partition("@")[0]} | json.loads(BODY)]
    row = fresh(row)
    assert (row.status, row.answer, row.last_error) == ("sent", "HTTP 204", "")


def test_it_is_signed_by_both_secrets_while_they_are_changed(
    receiver: Receiver, subscription: Subscription, told: Any
) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    Subscription.objects.update(secret="a new one", previous_secret=SECRET, previous_until=until)
    told()
    delivery.deliver()
    assert (len(receiver.taken), receiver.refused) == (1, [])
    Subscription.objects.update(previous_until=LONG_AGO)
    told()
    delivery.deliver()
    assert receiver.refused == ["bad signature"]


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410, 429, 500, 503])
def test_whatever_else_is_answered_is_tried_again_under_the_same_id(
    status: int, receiver: Receiver, subscription: Subscription, told: Any
) -> None:
    row = told()
    receiver.answers = [(status, {"Location": receiver.url}, b"")]
    delivery.deliver()
    row = fresh(row)
    assert (row.status, row.attempt, row.answer) == ("pending", 1, f"HTTP {status}")
    assert row.last_error
    assert stored(subscription).failing_since
    make_due()
    delivery.deliver()
    assert fresh(row).status == "sent"
    assert receiver.headers[0]["Amends-Id"] == receiver.headers[1]["Amends-Id"]
    assert stored(subscription).failing_since is None


def test_a_receiver_in_trouble_is_left_alone_for_a_minute_and_mails_go_on(
    receiver: Receiver, told: Any, message: Any, mailoutbox: list[Any]
) -> None:
    rows = [told(), told()]
    message()
    receiver.answers = [(500, {}, b"")] * 2
    delivery.deliver()
    assert len(receiver.taken) == 1
    assert len(mailoutbox) == 1
    assert 0.8 < minutes_until(fresh(rows[1])) < 1.2


def test_one_message_that_is_not_wanted_does_not_hold_up_the_others(receiver: Receiver, told: Any) -> None:
    rows = [told(), told()]
    receiver.answers = [(422, {}, b"")]
    delivery.deliver()
    assert [fresh(row).status for row in rows] == ["pending", "sent"]


def test_a_message_that_is_never_wanted_is_given_up_in_the_end(told: Any, receiver: Receiver) -> None:
    row = told(attempt=len(claims.PATIENT))
    receiver.answers = [(422, {}, b"")]
    delivery.deliver()
    assert fresh(row).status == "dead"
    assert sum(claims.PATIENT, timedelta()) > webhooks.PAUSED_AFTER


def test_after_a_day_of_failures_it_is_paused_and_nothing_is_lost(
    receiver: Receiver, subscription: Subscription, told: Any
) -> None:
    Subscription.objects.update(failing_since=datetime.now(UTC) - webhooks.PAUSED_AFTER - timedelta(minutes=1))
    rows = [told(), told()]
    receiver.answers = [(503, {}, b"")]
    delivery.deliver()
    assert stored(subscription).paused_at
    make_due()
    delivery.deliver()
    assert [fresh(row).status for row in rows] == ["held", "held"]
    late = told()
    delivery.deliver()
    assert (fresh(late).status, fresh(late).attempt) == ("held", 0)
    subscriptions.resume(subscription.pk, actor=None, now=NOW)
    assert delivery.deliver() == 3
    assert {fresh(row).status for row in (*rows, late)} == {"sent"}
    assert len(receiver.taken) == 4


def test_what_waits_is_held_when_it_is_switched_off_and_sent_or_cancelled_by_a_person(
    receiver: Receiver, subscription: Subscription, told: Any
) -> None:
    row = told()
    subscription.active = False
    subscriptions.save(subscription, shops=(), actor=None, now=NOW)
    assert delivery.deliver() == 0
    assert fresh(row).status == "held"
    assert subscriptions.cancel_held(subscription.pk, actor=None, now=NOW) == 1
    assert fresh(row).status == "cancelled"
    other = told(status="held")
    subscription.active = True
    subscriptions.save(subscription, shops=(), actor=None, now=NOW)
    assert delivery.deliver() == 1
    assert (fresh(row).status, fresh(other).status) == ("cancelled", "sent")


def test_one_held_back_while_it_was_switched_on_again_is_not_forgotten(subscription: Subscription, told: Any) -> None:
    row = told(status="sending", owner="me", attempt=1, lease_until=datetime.now(UTC) + timedelta(minutes=3))
    row.subscription.active = False
    waiting.withhold(row, "switched off")
    assert (fresh(row).status, fresh(row).attempt) == ("pending", 0)


def test_a_receiver_in_a_private_network_is_not_called(
    settings: Settings, receiver: Receiver, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AMENDS_WEBHOOK_TRUSTED_HOSTS = []
    Subscription.objects.update(url=f"https://{receiver.host}/x")
    row = told()
    monkeypatch.setattr(wire, "connected", lambda found: pytest.fail("it was called"))
    delivery.deliver()
    assert fresh(row).status == "pending"
    assert receiver.taken == []


def test_reasons_name_neither_address_nor_secret(
    told: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, receiver: Receiver
) -> None:
    def burst(self: Any, path: str, *arguments: Any) -> Any:
        raise OSError(f"cannot reach {receiver.url} with {SECRET}")

    monkeypatch.setattr(wire.Wire, "post", burst)
    row = told()
    delivery.deliver()
    for text in (fresh(row).last_error, caplog.text):
        assert KEY not in text
        assert SECRET not in text


def test_a_worker_that_does_not_return_costs_no_message(receiver: Receiver, told: Any) -> None:
    row = told(attempt=len(claims.BACKOFF) + 1, status="sending", owner="gone", lease_until=LONG_AGO)
    expire()
    delivery.deliver()
    assert fresh(row).status == "sent"
