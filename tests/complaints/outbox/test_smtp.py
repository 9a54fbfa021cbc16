"""What a real mail server may do to us, and what we then believe about the message."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from pytest_django.fixtures import Settings

from complaints.models import OutboxMessage
from complaints.outbox import claims, delivery
from tests.complaints.outbox.rows import fresh, make_due
from tests.config.running_desk import free_port
from tests.mail_server import HANG_UP, MailServer

Make = Callable[..., OutboxMessage]


# ------------------------------------------------------------------ a server that takes everything


def test_mail_arrives_as_it_was_written(message: Make, smtp: MailServer) -> None:
    row = message("customer", subject="关于您的投诉 A1", body="您好：\n\n我们正在核实。\n.\n一个点")
    delivery.deliver()
    (mail,) = smtp.mails
    assert mail["Subject"] == "关于您的投诉 A1"
    assert mail.get_content().replace("\r\n", "\n").rstrip("\n") == row.body
    assert (mail["To"], mail["Message-ID"]) == (row.address, row.message_id)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert fresh(row).status == "sent"
    assert fresh(row).data_started_at


def test_mail_with_layout_has_the_plain_text_first(message: Make, smtp: MailServer) -> None:
    row = message(body="还剩 30 分钟", html="<p>还剩 <b>30</b> 分钟</p>")
    delivery.deliver()
    (mail,) = smtp.mails
    assert mail.get_content_type() == "multipart/alternative"
    text, html = mail.iter_parts()
    assert (text.get_content_type(), text.get_content().strip()) == ("text/plain", row.body)
    assert (html.get_content_type(), html.get_content().strip()) == ("text/html", row.html)
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == (row.message_id, "auto-generated")


def test_one_session_carries_many_mails(message: Make, smtp: MailServer) -> None:
    for _ in range(5):
        message()
    delivery.deliver()
    assert (len(smtp.mails), smtp.sessions) == (5, 1)


@pytest.mark.parametrize("answer", [HANG_UP, "421 4.7.0 Too many messages in this session"])
def test_session_that_the_server_ends_is_begun_anew(message: Make, smtp: MailServer, answer: str) -> None:
    """Without it the next mail would lose an attempt and a minute."""
    rows = [message() for _ in range(3)]
    smtp.at("MAIL", answer, after=1, times=1)
    delivery.deliver()
    assert [(fresh(row).status, fresh(row).attempt) for row in rows] == [("sent", 1)] * 3
    assert smtp.sessions == 2


@pytest.mark.django_db(transaction=True)
def test_beginning_is_committed_before_the_server_has_the_text(message: Make, smtp: MailServer) -> None:
    message("customer")
    seen: list[Any] = []

    def look() -> None:
        try:
            seen.extend(OutboxMessage.objects.values_list("status", "data_started_at"))
        finally:
            connections.close_all()

    smtp.on_text = look
    delivery.deliver()
    ((status, began),) = seen
    assert (status, began is None) == ("sending", False)


# ------------------------------------------------------------------ a server that says no


@pytest.mark.parametrize("audience", ["staff", "customer"])
@pytest.mark.parametrize(
    ("stage", "answer"),
    [
        ("RCPT", "550 5.1.1 No such user here"),
        ("DATA", "554 5.7.1 Not wanted"),
        ("TEXT", "554 5.7.1 Looks like spam"),
    ],
)
def test_refusal_for_good_is_dead_at_once(
    message: Make, smtp: MailServer, audience: str, stage: str, answer: str
) -> None:
    row = message(audience)
    smtp.at(stage, answer)
    delivery.deliver()
    row = fresh(row)
    assert (row.status, row.attempt) == ("dead", 1)
    assert answer[10:] in row.last_error
    assert row.address not in row.last_error


@pytest.mark.parametrize("audience", ["staff", "customer"])
@pytest.mark.parametrize(
    ("stage", "answer"),
    [
        ("MAIL", "450 4.7.1 Slow down"),
        ("MAIL", "550 5.7.1 You are not allowed"),
        ("RCPT", "451 4.7.1 Greylisted, come back later"),
        ("DATA", "451 4.3.0 Out of memory"),
        ("TEXT", "452 4.3.1 Disk full"),
    ],
)
def test_refusal_for_now_is_tried_again(
    message: Make, smtp: MailServer, audience: str, stage: str, answer: str
) -> None:
    row = message(audience)
    smtp.at(stage, answer)
    delivery.deliver()
    assert (fresh(row).status, smtp.mails) == ("pending", [])
    smtp.behave()
    make_due()
    delivery.deliver()
    assert (fresh(row).status, fresh(row).attempt, len(smtp.mails)) == ("sent", 2, 1)


def test_refused_mail_does_not_hold_up_the_others(message: Make, smtp: MailServer) -> None:
    bad, *good = [message() for _ in range(4)]
    smtp.at("RCPT", "550 No", to=bad.address)
    delivery.deliver()
    assert [fresh(row).status for row in (bad, *good)] == ["dead", "sent", "sent", "sent"]


@pytest.mark.parametrize(
    "values", [{"address": "one@mail.example, two@mail.example"}, {"subject": "一\nBcc: all@mail.example"}]
)
def test_row_of_which_no_mail_can_be_made_is_dead_at_once(
    message: Make, smtp: MailServer, values: dict[str, str]
) -> None:
    bad, good = message(**values), message()
    delivery.deliver()
    assert [fresh(row).status for row in (bad, good)] == ["dead", "sent"]
    assert len(smtp.mails) == 1


# ------------------------------------------------------------------ a line that breaks


@pytest.mark.parametrize("audience", ["staff", "customer"])
@pytest.mark.parametrize("stage", ["EHLO", "MAIL", "RCPT"])
def test_line_that_breaks_before_the_text_has_sent_nothing(
    message: Make, smtp: MailServer, audience: str, stage: str
) -> None:
    row = message(audience)
    smtp.at(stage, HANG_UP)
    delivery.deliver()
    assert (fresh(row).status, fresh(row).data_started_at) == ("pending", None)


@pytest.mark.parametrize(("audience", "status"), [("staff", "pending"), ("customer", "uncertain")])
@pytest.mark.parametrize(
    ("stage", "answer"), [("DATA", HANG_UP), ("TEXT", HANG_UP), ("TEXT", "hello?"), ("TEXT", "299 Whatever")]
)
def test_after_it_nobody_knows_and_a_customer_gets_no_second_one(
    message: Make, smtp: MailServer, audience: str, status: str, stage: str, answer: str
) -> None:
    row = message(audience)
    smtp.at(stage, answer)
    delivery.deliver()
    assert fresh(row).status == status
    smtp.behave()
    make_due()
    delivery.deliver()
    assert fresh(row).status == ("sent" if audience == "staff" else "uncertain")
    assert smtp.ids()[row.message_id] <= (2 if audience == "staff" else 1)


def test_broken_line_at_the_last_attempt_is_uncertain_and_not_called_failed(message: Make, smtp: MailServer) -> None:
    row = message("customer", attempt=len(claims.BACKOFF))
    smtp.at("TEXT", HANG_UP)
    delivery.deliver()
    assert (fresh(row).status, len(smtp.mails)) == ("uncertain", 1)


def test_mails_after_a_broken_line_go_out_in_the_same_run(message: Make, smtp: MailServer) -> None:
    rows = [message() for _ in range(3)]
    smtp.at("TEXT", HANG_UP, to=rows[0].address)
    delivery.deliver()
    assert [fresh(row).status for row in rows] == ["pending", "sent", "sent"]


def test_server_that_is_not_there_costs_one_attempt_of_one_message(
    message: Make, smtp: MailServer, settings: Settings
) -> None:
    settings.EMAIL_PORT = free_port()
    rows = [message("customer") for _ in range(3)]
    assert delivery.deliver() == 1
    assert [(fresh(row).status, fresh(row).attempt) for row in rows] == [("pending", 1), ("pending", 0), ("pending", 0)]
    settings.EMAIL_PORT = smtp.port
    make_due()
    delivery.deliver()
    assert {fresh(row).status for row in rows} == {"sent"}


def test_refused_login_is_no_verdict_on_the_message(message: Make, smtp: MailServer, settings: Settings) -> None:
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = "wrong"
    rows = [message(), message()]
    assert delivery.deliver() == 1
    assert {fresh(row).status for row in rows} == {"pending"}
