"""Mailboxes on a real IMAP server: read once, marked after the commit, each alone."""

import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from complaints.intake.mail import keeping, placing, polling, trial
from complaints.intake.mail.imap import Session
from complaints.models import Contact, InboundMail, Mailbox
from complaints.operations import mailboxes
from tests.factories.mails import mail
from tests.imap_server import ImapServer

pytestmark = pytest.mark.django_db


class Died(BaseException):
    """No `except Exception` sees it, as none sees a SIGKILL."""


def due(mailbox: Mailbox) -> None:
    """Its next turn has come, and whoever held it is long gone."""
    Mailbox.objects.filter(pk=mailbox.pk).update(next_poll_at=None, lease_until=None)


def test_new_mails_are_taken_once_and_marked(imap: ImapServer, mailbox: Mailbox, now: datetime) -> None:
    imap.put(mail("第一封"), mail("第二封".encode("gbk"), label="gb2312"))
    assert polling.poll(now=now) == 2
    assert imap.unseen() == 0
    assert sorted(Contact.objects.filter(direction="in").values_list("body", flat=True)) == ["第一封", "第二封"]
    mailbox.refresh_from_db()
    assert (mailbox.last_polled_at, mailbox.last_error, mailbox.owner) == (now, "", "")
    assert mailbox.next_poll_at > timezone.now()
    assert polling.poll(now=now) == 0
    due(mailbox)
    imap.put(mail("第三封"))
    assert polling.poll(now=now) == 1


def test_what_somebody_has_read_in_the_webmail_is_taken_too(imap: ImapServer, now: datetime) -> None:
    imap.put(mail())
    with imap.box() as box:
        box.flag(box.uids("ALL"), ["\\Seen"], True)
    assert polling.poll(now=now) == 1


def test_mails_from_before_the_mailbox_was_set_up_are_left_alone(
    imap: ImapServer, mailbox: Mailbox, now: datetime
) -> None:
    Mailbox.objects.update(since=timezone.localdate() + timedelta(days=2))
    imap.put(mail())
    assert polling.poll(now=now) == 0
    assert imap.unseen() == 1


def test_taken_mails_are_moved_where_that_is_wanted(imap: ImapServer, now: datetime) -> None:
    with imap.box() as box:
        if not box.folder.exists("Done"):
            box.folder.create("Done")
    Mailbox.objects.update(move_to="Done")
    imap.put(mail())
    assert polling.poll(now=now) == 1
    with imap.box("Done") as done:
        # pymap has no MOVE: the mail is marked instead, for copying and expunging could lose others' mails.
        moved = "MOVE" in done.client.capabilities
        assert len(done.uids("ALL")) == moved
    assert imap.unseen() == 0


@pytest.mark.parametrize("moment", ["after the file", "after the commit", "after the mark"])
def test_a_crash_reads_the_mail_again_and_takes_it_once(
    moment: str, imap: ImapServer, mailbox: Mailbox, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap.put(mail("只此一次"))

    def dies(*args: Any, **kwargs: Any) -> None:
        raise Died

    where = {
        "after the file": ("complaints.operations.inbound.keep", 1),
        "after the commit": ("complaints.intake.mail.imap.Session.mark", 1),
        "after the mark": ("complaints.operations.mailboxes.advance", 0),
    }
    name, unmarked = where[moment]
    with monkeypatch.context() as patch:
        patch.setattr(name, dies)
        with pytest.raises(Died):
            polling.poll(now=now)
    assert imap.unseen() == unmarked
    due(mailbox)
    polling.poll(now=now)
    assert imap.unseen() == 0
    assert InboundMail.objects.get().state == "taken"
    assert Contact.objects.filter(direction="in").count() == 1


def test_a_server_that_counts_anew_brings_nothing_twice(imap: ImapServer, mailbox: Mailbox, now: datetime) -> None:
    imap.put(mail())
    polling.poll(now=now)
    Mailbox.objects.update(uidvalidity=1, next_poll_at=None)
    polling.poll(now=now)
    assert InboundMail.objects.count() == 1


def test_one_broken_mailbox_stops_no_other(imap: ImapServer, mailbox: Mailbox, shop: Any, now: datetime) -> None:
    broken = Mailbox.objects.create(
        shop=shop, address="broken@shop.example", host="127.0.0.1", port=imap.port, security="none", user="x",
        password="wrong", since=mailbox.since,
    )  # fmt: skip
    imap.put(mail())
    assert polling.poll(now=now) == 1
    broken.refresh_from_db()
    assert (broken.failures, broken.owner) == (1, "")
    assert "wrong" not in broken.last_error
    assert broken.last_error
    assert broken.next_poll_at > timezone.now() + timedelta(seconds=50)


def test_too_large_a_mail_is_listed_and_stays_as_it_was(
    imap: ImapServer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_BYTES", 500)
    imap.put(mail("长" * 400, subject="Large"), mail("小"))
    assert polling.poll(now=now) == 2
    listed = InboundMail.objects.get(state="failed")
    assert (listed.why, listed.subject, listed.raw, listed.size > 1200) == ("too_large", "Large", "", True)
    assert imap.unseen() == 1


def test_one_run_takes_no_more_than_a_batch(imap: ImapServer, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "BATCH", 2)
    imap.put(*(mail(f"第 {number} 封") for number in range(3)))
    assert [polling.poll(now=now) for _ in range(2)] == [2, 1]


def test_a_mailbox_with_more_than_a_batch_does_not_keep_another_waiting(
    imap: ImapServer, mailbox: Mailbox, shop: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "BATCH", 1)
    imap.put(mail("一"), mail("二"))
    another = Mailbox.objects.create(
        shop=shop, address="other@shop.example", host="127.0.0.1", port=mailbox.port, security="none",
        user=mailbox.user, password="wrong", since=mailbox.since, next_poll_at=timezone.now() - timedelta(seconds=1),
    )  # fmt: skip
    assert polling.poll(now=now) == 1
    another.refresh_from_db()
    assert (another.last_polled_at, another.failures) == (now, 1)


def test_two_workers_do_not_read_one_mailbox(imap: ImapServer, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    imap.put(mail())
    read, inner = polling._read, []

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        inner.append(polling.poll(now=now))
        return read(*args, **kwargs)

    monkeypatch.setattr(polling, "_read", meanwhile)
    assert polling.poll(now=now) == 1
    assert inner == [0]


def test_whoever_lost_the_lease_goes_no_further(
    imap: ImapServer, mailbox: Mailbox, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap.put(mail("一"), mail("二"))
    mark = Session.mark

    def overtaken(session: Session, uid: int) -> None:
        mark(session, uid)
        Mailbox.objects.filter(pk=mailbox.pk).update(owner="somebody else")

    monkeypatch.setattr(Session, "mark", overtaken)
    polling.poll(now=now)
    mailbox.refresh_from_db()
    assert (mailbox.owner, mailbox.last_uid, InboundMail.objects.count()) == ("somebody else", 0, 1)


@pytest.mark.row_locks
@pytest.mark.django_db(transaction=True)
def test_one_mail_processed_by_two_at_once_is_one_contact(mailbox: Mailbox, now: datetime) -> None:
    kept = keeping.keep(mailbox, mail(), received_at=now, now=now)
    start = threading.Barrier(2)

    def work() -> None:
        try:
            start.wait(20)
            placing.process(kept.pk, now=now)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept.refresh_from_db()
    assert kept.state == "taken"
    assert Contact.objects.filter(direction="in").count() == 1
    assert Contact.objects.filter(direction="out").count() == 1


# ---------------------------------------------------------------- in words


def test_a_trial_says_what_works(imap: ImapServer, mailbox: Mailbox) -> None:
    imap.put(mail())
    steps = trial.tried(mailbox)
    assert [step.done for step in steps] == [True, True, True]
    assert imap.unseen() == 1


@pytest.mark.parametrize(
    ("values", "done", "says"),
    [
        ({"password": "wrong"}, 1, "授权码|authorisation code"),
        ({"folder": "没有"}, 2, "folder|文件夹"),
        ({"port": 1}, 0, "refuses the connection|拒绝"),
        ({"security": "tls"}, 0, "TLS"),
        ({"host": "nowhere.invalid"}, 0, "name|名"),
        ({"host": "10.0.0.1"}, 0, "private|内网|私"),
    ],
)
def test_a_trial_says_what_is_wrong(
    values: dict[str, Any], done: int, says: str, imap: ImapServer, mailbox: Mailbox
) -> None:
    for name, value in values.items():
        setattr(mailbox, name, value)
    steps = trial.tried(mailbox)
    assert [step.done for step in steps] == [True] * done + [False]
    assert re.search(says, steps[-1].text), steps[-1].text


def test_an_unencrypted_server_must_be_named_as_trusted(imap: ImapServer, mailbox: Mailbox, settings: Any) -> None:
    settings.AMENDS_WEBHOOK_TRUSTED_HOSTS = []
    assert [step.done for step in trial.tried(mailbox)] == [False]


def test_claims_are_by_turns(mailbox: Mailbox, shop: Any, case: Callable[..., Any]) -> None:
    Mailbox.objects.update(host="mail.example")
    first = mailboxes.claim()
    assert first == mailbox
    assert mailboxes.claim() is None


def test_a_mail_that_the_server_names_and_does_not_give_is_not_passed_over(
    imap: ImapServer, mailbox: Mailbox, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap.put(mail("还在"))
    with monkeypatch.context() as patch:
        patch.setattr(Session, "whole", lambda session, uid: b"")
        assert polling.poll(now=now) == 0
    mailbox.refresh_from_db()
    assert (mailbox.failures, mailbox.last_uid, imap.unseen()) == (1, 0, 1)
    due(mailbox)
    assert polling.poll(now=now) == 1
    assert Contact.objects.get(direction="in").body == "还在"


def test_the_mailbox_of_a_shop_that_is_closed_is_left_alone(imap: ImapServer, mailbox: Mailbox, now: datetime) -> None:
    imap.put(mail())
    mailbox.shop.active = False
    mailbox.shop.save()
    assert polling.poll(now=now) == 0
    assert imap.unseen() == 1
