"""A crash at every statement of claiming, sending and finishing loses nothing, and what it doubles is known."""

from collections.abc import Callable
from typing import Any

import pytest

from complaints.models import Complaint, Contact, OutboxMessage
from complaints.operations import conversation
from complaints.outbox import delivery
from tests.complaints.outbox.rows import LONG_AGO, expire, fresh, make_due
from tests.crashes import every_crash
from tests.factories.complaints import CustomerFactory
from tests.mail_server import MailServer

pytestmark = pytest.mark.django_db(transaction=True)

Make = Callable[..., OutboxMessage]


def restart() -> None:
    """A new worker, after the leases of the dead one; it works until nothing waits."""
    expire()
    while delivery.deliver():
        expire()
        make_due()


def begun() -> set[int]:
    """Messages that a dead worker had begun to transmit."""
    return set(
        OutboxMessage.objects.filter(status="sending", data_started_at__isnull=False).values_list("pk", flat=True)
    )


def test_no_crash_loses_a_message_or_doubles_one_that_was_not_begun(message: Make, smtp: MailServer) -> None:
    def prepare() -> list[OutboxMessage]:
        OutboxMessage.objects.all().delete()
        smtp.mails.clear()
        return [message("customer"), message("staff"), message("staff"), message("customer"), message("staff")]

    crashes = doubled = held = 0
    for rows in every_crash(prepare, delivery.deliver):
        unsure = begun()
        assert len(unsure) <= 1
        restart()
        crashes += 1
        for row in map(fresh, rows):
            times = smtp.ids()[row.message_id]
            if row.audience == "customer":
                assert (row.status, times) == ("sent", 1) or (row.status == "uncertain" and times <= 1)
                assert (row.status == "uncertain") == (row.pk in unsure)
                held += row.status == "uncertain"
            else:
                assert row.status == "sent"
                assert 1 <= times <= 1 + (row.pk in unsure)
                doubled += times - 1
    assert crashes > 20
    assert doubled
    assert held


def test_no_crash_while_a_refused_message_is_put_off_loses_it(message: Make, smtp: MailServer) -> None:
    def prepare() -> list[OutboxMessage]:
        OutboxMessage.objects.all().delete()
        smtp.mails.clear()
        smtp.at("RCPT", "451 Later", times=1)
        return [message("customer")]

    for (row,) in every_crash(prepare, delivery.deliver):
        smtp.behave()
        restart()
        make_due()
        restart()
        assert (fresh(row).status, smtp.ids()[row.message_id]) == ("sent", 1)


def test_no_crash_while_lost_messages_are_taken_back_loses_or_doubles_one(message: Make, smtp: MailServer) -> None:
    """The worker dies, and so does the one that cleans up after it."""
    gone = {"status": "sending", "owner": "gone", "attempt": 1, "lease_until": LONG_AGO}

    def prepare() -> list[OutboxMessage]:
        OutboxMessage.objects.all().delete()
        smtp.mails.clear()
        return [message("customer", data_started_at=LONG_AGO, **gone), message("customer", **gone)]

    for held, again in every_crash(prepare, delivery.recover):
        restart()
        assert (fresh(held).status, smtp.ids()[held.message_id]) == ("uncertain", 0)
        assert (fresh(again).status, smtp.ids()[again.message_id]) == ("sent", 1)


def test_no_crash_separates_a_reply_from_its_mail(case: Complaint, smtp: MailServer, now: Any) -> None:
    """Both are written or neither: a reply that the history shows is one that goes out."""
    case.customer = CustomerFactory()
    case.save()

    def prepare() -> int:
        return Contact.objects.count()

    def answer() -> None:
        # What was said a moment ago is not said again.
        conversation.reply(case.pk, f"您好，{prepare()}", channel="email", actor=None, now=now)

    for before in every_crash(prepare, answer):
        assert Contact.objects.count() == OutboxMessage.objects.count() == before
    assert Contact.objects.count() == OutboxMessage.objects.count() == 2
