"""A person decides about a message that the outbox could not deliver."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.mail import EmailMessage

from complaints.models import OutboxMessage
from complaints.operations import mailing
from complaints.operations.mailing import NotResendable
from complaints.outbox import delivery, enqueue
from tests.factories.complaints import ComplaintFactory, OutboxMessageFactory

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def message(shop: Any) -> Callable[..., OutboxMessage]:
    def make(**values: Any) -> OutboxMessage:
        return OutboxMessageFactory(complaint=ComplaintFactory(shop=shop), **values)

    return make


@pytest.mark.parametrize("trouble", ["dead", "maybe_sent"])
def test_troubled_message_is_sent_again_with_fresh_attempts(
    message: Callable[..., OutboxMessage], agent: Any, now: datetime, mailoutbox: list[EmailMessage], trouble: str
) -> None:
    row = message(**{trouble: True}, data_started_at=LONG_AGO)
    again = mailing.resend(row.pk, actor=agent, now=now)
    assert (again.status, again.attempt, again.last_error, again.data_started_at) == ("pending", 0, "", None)
    assert delivery.deliver() == 1
    assert mailoutbox[0].extra_headers["Message-ID"] == row.message_id


def test_decision_is_in_the_history(message: Callable[..., OutboxMessage], agent: Any, now: datetime) -> None:
    row = message(dead=True)
    mailing.resend(row.pk, actor=agent, now=now)
    event = row.complaint.events.get()
    assert (event.kind, event.actor, event.at, event.data) == ("mail_resent", agent, now, {"message": row.pk})


@pytest.mark.parametrize("status", ["pending", "sending", "sent"])
def test_message_that_needs_no_decision_is_refused(
    message: Callable[..., OutboxMessage], agent: Any, now: datetime, status: str
) -> None:
    row = message(status=status)
    with pytest.raises(NotResendable):
        mailing.resend(row.pk, actor=agent, now=now)
    assert OutboxMessage.objects.get().status == status
    assert not row.complaint.events.exists()


def test_button_pressed_twice_sends_once(
    message: Callable[..., OutboxMessage], agent: Any, now: datetime, mailoutbox: list[EmailMessage]
) -> None:
    row = message(maybe_sent=True)
    mailing.resend(row.pk, actor=agent, now=now)
    with pytest.raises(NotResendable):
        mailing.resend(row.pk, actor=agent, now=now)
    delivery.deliver()
    assert len(mailoutbox) == 1


def test_worker_is_woken_for_it(
    message: Callable[..., OutboxMessage],
    agent: Any,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(enqueue, "wake", lambda: calls.append("deliver"))
    with django_capture_on_commit_callbacks(execute=True):
        mailing.resend(message(dead=True).pk, actor=agent, now=now)
    assert calls == ["deliver"]
