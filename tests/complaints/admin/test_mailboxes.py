"""Mailboxes are set up by managers; incoming mail is read and decided about by those who work for its shop."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.intake import pacing
from complaints.intake.mail import keeping, placing
from complaints.models import ComplaintEvent, Customer, InboundMail, Mailbox, SettingChange
from complaints.models.mail import reply_to
from complaints.operations.customers import Person
from complaints.outbox import enqueue
from tests.factories.mails import BUYER, SUPPORT, attached, mail, mixed, part

pytestmark = pytest.mark.django_db

ADD, LIST = reverse("admin:complaints_mailbox_add"), reverse("admin:complaints_inboundmail_changelist")
PASSWORD = "sehr-geheim"


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enqueue, "wake", lambda: None)
    monkeypatch.setattr(pacing, "wait", lambda *who: 0)


@pytest.fixture
def mailbox(shop: Any, media: Any, now: datetime) -> Mailbox:
    return Mailbox.objects.create(
        shop=shop, address=SUPPORT, since=now.date(), host="imap.qq.com", user=SUPPORT, password=PASSWORD
    )


@pytest.fixture
def deliver(mailbox: Mailbox, now: datetime) -> Callable[[bytes], InboundMail]:
    def take(data: bytes) -> InboundMail:
        return placing.process(keeping.keep(mailbox, data, received_at=now, now=now).pk, now=now)

    return take


def filled(shop: Any, **values: Any) -> dict[str, Any]:
    return {
        "shop": shop.pk, "address": SUPPORT, "active": "on", "host": "imap.qq.com", "security": "tls", "port": 993,
        "user": SUPPORT, "new_password": PASSWORD, "folder": "INBOX", "move_to": "", "since": "2026-11-20",
        "reply_mark": "name", "receipts": "on",
    } | values  # fmt: skip


def page_of(row: Any) -> str:
    return reverse(f"admin:complaints_{row._meta.model_name}_change", args=[row.pk])


def decision(listed: InboundMail, what: str) -> str:
    return reverse("admin:complaints_inboundmail_do", args=[listed.pk, what])


# ---------------------------------------------------------------- setting up


def test_manager_adds_a_mailbox_and_its_password_is_never_shown(
    user_with: Callable[..., Any], shop: Any, client_for: Callable[[Any], Client]
) -> None:
    client = client_for(user_with("shop_manager"))
    assert client.post(ADD, filled(shop)).status_code == 302
    made = Mailbox.objects.get()
    assert (made.password, made.reply_mark) == (PASSWORD, "name")
    change = SettingChange.objects.get()
    assert (change.subject, change.changes["password"]) == ("mailbox", ["", "***"])
    assert PASSWORD not in client.get(page_of(made)).content.decode()
    assert client.post(page_of(made), filled(shop, new_password="", user="other")).status_code == 302
    made.refresh_from_db()
    assert (made.password, made.user) == (PASSWORD, "other")


def test_another_server_does_not_get_the_password_that_is_set(
    user_with: Callable[..., Any], mailbox: Mailbox, client_for: Callable[[Any], Client]
) -> None:
    answer = client_for(user_with("shop_manager")).post(
        page_of(mailbox), filled(mailbox.shop, host="imap.evil.example", new_password="")
    )
    assert "new_password" in answer.context["adminform"].form.errors
    mailbox.refresh_from_db()
    assert mailbox.host == "imap.qq.com"


@pytest.mark.parametrize("host", ["169.254.169.254", "127.0.0.1", "::1", "10.0.0.5"])
def test_a_server_inside_is_refused_when_it_is_typed(
    host: str, user_with: Callable[..., Any], shop: Any, client_for: Callable[[Any], Client]
) -> None:
    answer = client_for(user_with("shop_manager")).post(ADD, filled(shop, host=host))
    assert answer.status_code == 422
    assert "host" in answer.context["adminform"].form.errors
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize("role", ["agent", "supervisor", "auditor"])
def test_others_neither_see_nor_try_mailboxes(
    role: str, user_with: Callable[..., Any], mailbox: Mailbox, client_for: Callable[[Any], Client]
) -> None:
    client = client_for(user_with(role))
    assert client.get(page_of(mailbox)).status_code == 403
    assert client.post(reverse("admin:complaints_mailbox_try", args=[mailbox.pk])).status_code == 403


def test_a_trial_tells_how_far_it_came(
    user_with: Callable[..., Any], mailbox: Mailbox, client_for: Callable[[Any], Client]
) -> None:
    Mailbox.objects.update(host="127.0.0.1")
    client, url = client_for(user_with("shop_manager")), reverse("admin:complaints_mailbox_try", args=[mailbox.pk])
    assert client.get(url).status_code == 302
    steps = client.post(url).context["steps"]
    assert [step.done for step in steps] == [False]


# ---------------------------------------------------------------- what came


def test_an_agent_takes_in_what_was_taken_for_a_machine(
    agent: Any, deliver: Callable[[bytes], InboundMail], client_for: Callable[[Any], Client]
) -> None:
    listed = deliver(mail("真的坏了", precedence="bulk"))
    client = client_for(agent)
    page = client.get(page_of(listed)).content.decode()
    assert "真的坏了" in page
    assert BUYER not in page
    assert client.get(decision(listed, "register")).status_code == 405
    assert client.post(decision(listed, "register")).status_code == 302
    listed.refresh_from_db()
    assert (listed.state, listed.settled_by) == ("taken", agent)
    client.post(decision(listed, "leave"))
    listed.refresh_from_db()
    assert listed.state == "taken"


def test_process_again_goes_by_the_rules(
    agent: Any, deliver: Callable[[bytes], InboundMail], client_for: Callable[[Any], Client]
) -> None:
    listed = deliver(mail(precedence="bulk"))
    client_for(agent).post(decision(listed, "again"))
    listed.refresh_from_db()
    assert listed.state == "auto"


def test_mail_of_another_shop_looks_like_none(
    user_with: Callable[..., Any], deliver: Callable[[bytes], InboundMail], client_for: Callable[[Any], Client]
) -> None:
    listed = deliver(mail(precedence="bulk"))
    stranger = client_for(user_with("agent", shops=[]))
    assert stranger.get(page_of(listed)).status_code == 404
    assert stranger.post(decision(listed, "register")).status_code == 404
    assert stranger.get(reverse("admin:complaints_inboundmail_html", args=[listed.pk])).status_code == 404
    reader = client_for(user_with("auditor"))
    assert reader.post(decision(listed, "register")).status_code == 403


def test_the_layout_of_a_mail_loads_and_runs_nothing(
    agent: Any, deliver: Callable[[bytes], InboundMail], client_for: Callable[[Any], Client]
) -> None:
    source = '<p>坏了</p><img src="https://track.example/p.gif"><script>alert(1)</script>'
    listed = deliver(mail(source, kind="text/html"))
    answer = client_for(agent).get(reverse("admin:complaints_inboundmail_html", args=[listed.pk]))
    assert "<p>坏了</p>" in answer.content.decode()
    assert "track.example" not in answer.content.decode()
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert "sandbox" in answer["Content-Security-Policy"]


def test_the_original_is_for_those_who_may_see_addresses_and_is_written_down(
    agent: Any,
    user_with: Callable[..., Any],
    deliver: Callable[[bytes], InboundMail],
    client_for: Callable[[Any], Client],
) -> None:
    raw = mail()
    listed = deliver(raw)
    url = reverse("admin:complaints_inboundmail_raw", args=[listed.pk])
    assert client_for(agent).post(url).status_code == 403
    supervisor = user_with("supervisor")
    answer = client_for(supervisor).post(url)
    assert answer.content == raw
    assert answer["Content-Disposition"].startswith("attachment")
    assert ComplaintEvent.objects.get(kind="contact_revealed").actor == supervisor


def test_the_case_page_folds_what_is_quoted_and_names_what_was_not_taken(
    agent: Any, case: Callable[..., Any], mailbox: Mailbox, deliver: Callable[[bytes], InboundMail],
    client_for: Callable[[Any], Client],
) -> None:  # fmt: skip
    complaint = case("accepted", person=Person(email=BUYER))
    to = reply_to(complaint).encode("ascii", "ignore").decode()
    text = "可以补发\n\n------------------ 原始邮件 ------------------\n发件人: 店铺"
    deliver(mixed(part(text), attached(b"MZ", "看图.exe"), To=to, From="other@address.example"))
    Customer.objects.update(bounced_hash=complaint.customer.email_hash, email_bounced_at=complaint.created_at)
    page = client_for(agent).get(reverse("admin:complaints_complaint_change", args=[complaint.pk])).content.decode()
    assert '<details class="entry-quoted">' in page
    assert "原始邮件" in page
    assert "看图.exe" in page
    assert "o***@address.example" in page
    assert "other@address.example" not in page
    assert "2026-11-20" in page.partition('class="note is-risk small"')[2][:600]


def test_the_list_costs_the_same_for_any_number_of_mails(
    agent: Any, deliver: Callable[[bytes], InboundMail], client_for: Callable[[Any], Client], mailbox: Mailbox
) -> None:
    client = client_for(agent)

    def queries() -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as seen:
            assert client.get(LIST).status_code == 200
        return len(seen)

    deliver(mail("第一封"))
    first = queries()
    for number in range(4):
        deliver(mail(f"{number}", precedence="bulk" if number % 2 else ""))
    assert queries() == first <= 14


def test_who_can_mend_it_reads_on_each_page_that_a_mailbox_cannot_be_read(
    mailbox: Mailbox, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    def told(role: str, **values: Any) -> bool:
        page = client_for(user_with(role, **values)).get(reverse("admin:complaints_customer_changelist"))
        assert page.status_code == 200
        return f"{page_of(mailbox)}" in page.content.decode()

    Mailbox.objects.update(failures=2, last_error="no answer")
    assert not told("shop_manager")
    Mailbox.objects.update(failures=3)
    assert told("shop_manager")
    assert not told("agent")
    Mailbox.objects.update(active=False)
    assert not told("shop_manager")
