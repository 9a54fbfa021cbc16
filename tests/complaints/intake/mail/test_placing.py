"""What becomes of a mail."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from complaints.intake.mail import keeping, placing, vault
from complaints.models import ComplaintEvent, Contact, Evidence, InboundMail, Mailbox, OutboxMessage
from complaints.models.mail import reply_to
from complaints.operations import conversation, inbound, receiving
from complaints.operations.customers import Person
from complaints.queries.facts import case_facts
from tests.factories import mails
from tests.factories.complaints import CustomerFactory, OrderFactory
from tests.factories.mails import BUYER, SUPPORT, attached, mail, mixed, part, photo

pytestmark = pytest.mark.django_db

Deliver = Callable[..., InboundMail]


def answer_address(case: Any) -> str:
    """Where a reply to one of our mails goes, as a mail program writes it."""
    return reply_to(case)


# ---------------------------------------------------------------- a new matter


def test_a_mail_about_a_new_matter_is_registered_whole(deliver: Deliver, shop: Any, now: datetime) -> None:
    taken = deliver(
        mixed(
            part("桌子收到就有划痕。\n\n> 您好"), attached(photo(), "划痕.jpg", "image/jpeg"),
            attached(b"MZ\x90", "看图.exe"), Subject="=?gb18030?B?yum1xw==?=",
        ),
        received_at=now - timedelta(minutes=20),
    )  # fmt: skip
    case = taken.complaint
    assert (taken.state, case.shop, case.channel, case.received_at) == (
        "taken", shop, "email", now - timedelta(minutes=20),
    )  # fmt: skip
    contact = case.contacts.get(direction="in")
    assert (contact.body, contact.quoted, contact.source) == ("桌子收到就有划痕。", "> 您好", taken.source)
    assert taken.contact == contact
    assert case.customer.email == BUYER
    assert Evidence.objects.get().original_name == "划痕.jpg"
    assert [name for name, _why in taken.refused] == ["看图.exe"]
    assert vault.read(taken.raw).startswith(b"From: ")


def test_the_raw_mail_is_kept_and_nobody_reads_it_from_the_disk(deliver: Deliver, media: Any) -> None:
    raw = mail("只有我们知道的话" * 300_000)
    taken = deliver(raw)
    stored = (media / taken.raw).read_bytes()
    assert vault.read(taken.raw) == raw
    assert "只有我们知道的话".encode() not in stored
    (media / taken.raw).write_bytes(stored[: len(stored) // 2])
    with pytest.raises(vault.Missing):
        vault.read(taken.raw)


def test_a_new_complaint_is_confirmed_once_and_no_clock_counts_it(deliver: Deliver) -> None:
    taken = deliver(mail())
    message = OutboxMessage.objects.get()
    assert (message.address, message.answers) == (BUYER, True)
    assert taken.complaint.number in message.body
    assert SUPPORT.partition("@")[0] in message.reply_to
    sent = taken.complaint.contacts.get(direction="out")
    assert (sent.automatic, sent.author) == (True, None)
    taken.complaint.refresh_from_db()
    assert taken.complaint.last_contact_inbound
    assert not case_facts(taken.complaint).human_reply
    deliver(mail(subject="Re: 书桌有划痕", to=message.reply_to))
    assert OutboxMessage.objects.count() == 1


def test_an_english_mail_is_confirmed_in_english(deliver: Deliver) -> None:
    deliver(mail("The desk arrived scratched.", subject="Scratches", sender="ann@example.com"))
    assert OutboxMessage.objects.get().body.startswith("Hello,")


@pytest.mark.parametrize("why", ["switched off", "too many", "nobody", "asked not to"])
def test_a_confirmation_goes_only_where_it_is_wanted(
    why: str, deliver: Deliver, mailbox: Mailbox, visits: dict[str, int]
) -> None:
    headers = {"nobody": {"sender": "noreply@bank.example"}, "asked not to": {"x_auto_response_suppress": "All"}}
    if why == "switched off":
        Mailbox.objects.update(receipts=False)
    visits["receipt"] = 60 if why == "too many" else 0
    assert deliver(mail(**headers.get(why, {}))).state == "taken"
    assert not OutboxMessage.objects.exists()


def test_a_mail_without_a_word_is_taken_too(deliver: Deliver) -> None:
    assert deliver(mail("", subject="")).complaint.contacts.filter(direction="in").get().body


# ---------------------------------------------------------------- where it belongs


@pytest.mark.parametrize("mark", ["address", "name"])
def test_a_reply_joins_by_its_signed_address(
    mark: str, deliver: Deliver, case: Callable[..., Any], mailbox: Any
) -> None:
    Mailbox.objects.update(reply_mark=mark)
    complaint = case("verifying", person=Person(email="someone@else.example"))
    joined = deliver(mail("补发可以", to=answer_address(complaint).upper(), sender="another@address.example"))
    assert (joined.state, joined.complaint) == ("joined", complaint)
    assert complaint.contacts.get(source=joined.source).body == "补发可以"
    complaint.customer.refresh_from_db()
    assert complaint.customer.email == "someone@else.example"


def test_neither_sender_nor_thread_joins_a_mail(
    deliver: Deliver, case: Callable[..., Any], agent: Any, now: datetime
) -> None:
    complaint = case("accepted", person=Person(email=BUYER))
    conversation.reply(complaint.pk, "请问可以补发吗？", channel="email", actor=agent, now=now)
    ours = OutboxMessage.objects.filter(dedup_key__startswith="reply:").last()
    taken = deliver(mail(in_reply_to=ours.message_id, references=f"<a@b> {ours.message_id}"))
    assert taken.state == "taken"
    assert taken.complaint != complaint
    assert taken.hint == complaint


def test_a_forged_mark_joins_nothing(deliver: Deliver, case: Callable[..., Any], mailbox: Any) -> None:
    complaint = case("verifying")
    address = answer_address(complaint)
    forged = address.replace("-", "-a", 1)[: len(address)]
    assert deliver(mail(to=forged)).complaint != complaint


def test_an_order_of_this_shop_in_the_text_finds_its_open_complaint(
    deliver: Deliver, case: Callable[..., Any], shop: Any
) -> None:
    complaint = case("verifying", person=Person(email="real@buyer.example"))
    number = complaint.order.number
    joined = deliver(mail(f"我的订单号是：{number}。还没处理？", sender="stranger@example.com"))
    assert (joined.state, joined.complaint) == ("joined", complaint)
    complaint.customer.refresh_from_db()
    assert complaint.customer.email == "real@buyer.example"
    assert not OutboxMessage.objects.filter(address="stranger@example.com").exists()


def test_a_stranger_who_names_an_order_does_not_become_its_buyer(deliver: Deliver, shop: Any) -> None:
    order = OrderFactory(shop=shop, customer=CustomerFactory(email="real@buyer.example"))
    taken = deliver(mail(f"订单 {order.number}", sender="stranger@example.com"))
    assert (taken.complaint.order, taken.complaint.customer) == (order, order.customer)
    order.customer.refresh_from_db()
    assert order.customer.email == "real@buyer.example"


def test_an_order_of_another_shop_is_none_of_ours(deliver: Deliver) -> None:
    taken = deliver(mail(f"订单 {OrderFactory().number}"))
    assert taken.complaint.order is None


# ---------------------------------------------------------------- once


def test_a_mail_in_two_mailboxes_of_a_shop_is_one_contact(deliver: Deliver, shop: Any, now: datetime) -> None:
    second = Mailbox.objects.create(shop=shop, address="second@shop.example", since=now.date())
    raw = mail(message_id="<1@qq>")
    first = deliver(raw)
    again = deliver(b"Delivered-To: second@shop.example\r\n" + raw, at=second)
    assert (again.state, again.why, again.contact) == ("joined", "again", first.contact)
    assert Contact.objects.filter(direction="in").count() == 1
    assert OutboxMessage.objects.count() == 1


def test_what_breaks_off_after_the_contact_goes_on_with_the_files_and_the_receipt(
    deliver: Deliver, mailbox: Mailbox, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = mixed(
        part("桌子坏了"), attached(photo(), "一.jpg", "image/jpeg"), attached(photo((1, 2, 3)), "二.jpg", "image/jpeg")
    )
    kept = keeping.keep(mailbox, raw, received_at=now, now=now)
    attach = receiving.attach

    class Died(BaseException):
        pass

    def dies(complaint: Any, files: Any, **how: Any) -> None:
        attach(complaint, list(files)[:1], **how)
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(receiving, "attach", dies)
        with pytest.raises(Died):
            placing.process(kept.pk, now=now)
    kept.refresh_from_db()
    assert (kept.state, kept.attempts) == ("kept", 1)
    assert placing.process_waiting(now=now) == 0
    assert placing.process_waiting(now=now + placing.SETTLING) == 1
    kept.refresh_from_db()
    assert kept.state == "taken"
    assert sorted(Evidence.objects.values_list("original_name", flat=True)) == ["一.jpg", "二.jpg"]
    assert OutboxMessage.objects.count() == 1
    assert Contact.objects.filter(direction="in").count() == 1


def test_a_mail_that_cannot_be_processed_needs_a_person_in_the_end(
    deliver: Deliver, mailbox: Mailbox, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "read", lambda data: 1 / 0)
    kept = keeping.keep(mailbox, mail(), received_at=now, now=now)
    states = [placing.process(kept.pk, now=now).state for _ in range(placing.ATTEMPTS + 1)]
    assert states == ["kept"] * placing.ATTEMPTS + ["failed"]


# ---------------------------------------------------------------- machines


def test_an_absence_notice_is_listed_and_is_nobodys_word(
    deliver: Deliver, case: Callable[..., Any], mailbox: Any
) -> None:
    complaint = case("verifying")
    before = (complaint.contacts.count(), OutboxMessage.objects.count())
    listed = deliver(mail("我在休假", subject="自动回复：您的投诉", to=answer_address(complaint)))
    assert (listed.state, listed.why, listed.sign, listed.complaint) == ("auto", "machine", "subject", complaint)
    assert (complaint.contacts.count(), OutboxMessage.objects.count()) == before


def test_our_own_mail_is_left_aside(deliver: Deliver) -> None:
    assert deliver(mail(sender=SUPPORT)).state == "ignored"


def test_a_flood_of_one_sender_waits_for_a_person(deliver: Deliver, visits: dict[str, int]) -> None:
    visits["mail"] = 60
    listed = deliver(mail())
    assert (listed.state, listed.why) == ("failed", "too_many")
    assert not Contact.objects.exists()


def test_two_machines_that_answer_everything_end_at_once(deliver: Deliver, now: datetime) -> None:
    """A vacation programme without manners: it answers our confirmation under its own address, without any sign."""
    deliver(mail(sender="away@robot.example"))
    for _turn in range(5):
        message = OutboxMessage.objects.order_by("pk").last()
        deliver(mail("I am away.", subject=f"Re: {message.subject}", sender="away@robot.example", to=message.reply_to))
    assert OutboxMessage.objects.count() == 1


# ---------------------------------------------------------------- returned mail


@pytest.fixture
def sent(case: Callable[..., Any], mailbox: Any, agent: Any, now: datetime) -> OutboxMessage:
    complaint = case("accepted", person=Person(email=BUYER))
    conversation.reply(complaint.pk, "请问可以补发吗？", channel="email", actor=agent, now=now)
    return OutboxMessage.objects.filter(dedup_key__startswith="reply:").last()


def returned(message: OutboxMessage, *, mark: bool) -> bytes:
    more = {"Message-ID": message.message_id} | ({"Reply-To": message.reply_to.split()[-1]} if mark else {})
    return mails.head("amends@127.0.0.1", BUYER, "x", message.message_id, more)


@pytest.mark.parametrize("mark", [True, False])
def test_a_bounce_marks_the_address_once_and_is_told(
    mark: bool, sent: OutboxMessage, deliver: Deliver, now: datetime
) -> None:
    listed = deliver(mails.bounce(returned(sent, mark=mark), BUYER))
    assert (listed.state, listed.complaint) == ("bounce", sent.complaint)
    deliver(mails.bounce(returned(sent, mark=mark), BUYER, subject="again"))
    customer = sent.complaint.customer
    customer.refresh_from_db()
    assert customer.email_bounced
    assert customer.email_bounced_at == now
    assert ComplaintEvent.objects.filter(kind="mail_bounced").count() == 1
    customer.email = "new@address.example"
    customer.save()
    assert not customer.email_bounced


def test_a_textual_bounce_is_understood(sent: OutboxMessage, deliver: Deliver) -> None:
    deliver(mails.textual_bounce(BUYER, f"Message-ID: {sent.message_id}"))
    sent.complaint.customer.refresh_from_db()
    assert sent.complaint.customer.email_bounced


def test_a_bounce_about_another_address_or_a_delay_marks_nothing(sent: OutboxMessage, deliver: Deliver) -> None:
    deliver(mails.bounce(returned(sent, mark=False), "somebody@else.example"))
    deliver(mails.bounce(returned(sent, mark=True), BUYER, action="delayed", status="4.2.2"))
    sent.complaint.customer.refresh_from_db()
    assert not sent.complaint.customer.email_bounced
    assert not ComplaintEvent.objects.filter(kind="mail_bounced").exists()


def test_the_history_tells_when_the_address_of_a_sender_who_is_not_on_file_is_dead(
    sent: OutboxMessage, deliver: Deliver
) -> None:
    """We wrote to whoever had sent the mail; the customer is known by another address."""
    customer = sent.complaint.customer
    customer.email = "on-file@b.example"
    customer.save()
    for subject in ("first", "again"):
        deliver(mails.bounce(returned(sent, mark=False), BUYER, subject=subject))
    event = ComplaintEvent.objects.get(kind="mail_bounced")
    assert event.data == {"on_file": False}
    assert BUYER not in str(event.data)
    customer.refresh_from_db()
    assert not customer.email_bounced


# ---------------------------------------------------------------- a person decides


def test_a_person_registers_what_was_taken_for_a_machine(deliver: Deliver, agent: Any, now: datetime) -> None:
    listed = deliver(mail("真的坏了", precedence="bulk"))
    inbound.take_up(listed.pk, now=now)
    taken = placing.process(listed.pk, as_person=True, actor=agent, now=now)
    assert (taken.state, taken.settled_by) == ("taken", agent)
    assert ComplaintEvent.objects.get(kind="registered").actor == agent
    assert not OutboxMessage.objects.exists()
    with pytest.raises(inbound.SettledAlready):
        inbound.take_up(listed.pk, now=now)


def test_what_is_left_aside_stays_listed(deliver: Deliver, visits: dict[str, int], agent: Any, now: datetime) -> None:
    visits["mail"] = 60
    listed = deliver(mail())
    left = inbound.leave_aside(listed.pk, actor=agent, now=now)
    assert (left.state, left.why, left.settled_by) == ("ignored", "by_hand", agent)


def test_of_two_workers_who_find_a_kept_mail_one_settles_it(
    mailbox: Mailbox, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping.keep(mailbox, mail("一封"), received_at=now, now=now)
    later, process, inner = now + placing.SETTLING, placing.process, []

    def meanwhile(pk: int, **how: Any) -> InboundMail:
        if not inner:
            inner.append(placing.process_waiting(now=later))
        return process(pk, **how)

    monkeypatch.setattr(placing, "process", meanwhile)
    assert placing.process_waiting(now=later) == 1
    assert inner == [0]
    assert Contact.objects.filter(direction="in").count() == 1
