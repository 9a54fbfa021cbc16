"""Mails as they are built: nested, broken, hostile."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.intake.mail import html, letter
from complaints.intake.mail.letter import LONGEST_OWN, LONGEST_QUOTED
from complaints.intake.mail.verdict import Kind, judge
from tests.factories import mails
from tests.factories.mails import SUPPORT, attached, mail, mixed, part, photo, within

WORDS = "桌子收到就有划痕。"


def test_nested_parts_give_the_text_once_and_every_file() -> None:
    alternative = part(
        within(part(WORDS), part(f"<p>{WORDS}</p>", "text/html; charset=utf-8"), boundary="alt"),
        'multipart/alternative; boundary="alt"',
    )
    related = part(
        within(alternative, attached(photo(), "划痕.jpg", "image/jpeg", content_id="<1>"), boundary="rel"),
        'multipart/related; boundary="rel"',
    )
    read = letter.read(mixed(related, attached(b"%PDF-1.7", "发票.pdf", "application/pdf")))
    assert read.text == WORDS
    assert WORDS in read.html
    assert [(file.name, file.content_type) for file in read.files] == [
        ("划痕.jpg", "image/jpeg"),
        ("发票.pdf", "application/pdf"),
    ]
    assert read.files[0].data == photo()


def test_counters_invitations_and_signatures_are_no_evidence() -> None:
    pixel = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
    read = letter.read(
        mixed(
            part(WORDS),
            attached(pixel, "", "image/gif", content_disposition="inline", content_id="<p>"),
            part("BEGIN:VCALENDAR", "text/calendar; charset=utf-8"),
            attached(b"x", "smime.p7s", "application/pkcs7-signature"),
        )
    )
    assert (read.text, read.files, read.refused) == (WORDS, (), ())


def test_winmail_and_sealed_mail_are_refused_by_name() -> None:
    read = letter.read(mixed(part(WORDS), attached(b"\x78\x9f", "winmail.dat", "application/ms-tnef")))
    assert read.refused == (("winmail.dat", "tnef"),)
    assert letter.read(mixed(attached(b"x", "smime.p7m", "application/pkcs7-mime"))).refused == (
        ("smime.p7m", "sealed"),
    )


def test_a_mail_in_the_mail_is_folded_and_its_files_are_taken() -> None:
    inner = mixed(part("快递说已经签收"), attached(photo(), "签收.jpg", "image/jpeg"), Subject="转发", boundary="in")
    read = letter.read(mixed(part(WORDS), part(inner, "message/rfc822")))
    assert read.text == WORDS
    assert "快递说已经签收" in read.quoted
    assert [file.name for file in read.files] == ["签收.jpg"]
    alone = letter.read(mixed(part(inner, "message/rfc822")))
    assert "快递说已经签收" in alone.text


def test_a_boundary_that_no_header_names_is_found_in_the_text() -> None:
    whole = mixed(part(WORDS), attached(photo(), "a.jpg", "image/jpeg"))
    for broken in (
        whole.replace(b'; boundary="=_part"', b""),
        whole.replace(b'boundary="=_part"', b'boundary="other"'),
    ):
        read = letter.read(broken)
        assert WORDS in read.text
        assert [file.name for file in read.files] == ["a.jpg"]


def test_html_alone_becomes_words_and_nothing_of_it_is_active() -> None:
    source = (
        f'<html><head><title>t</title><style>p{{color:red}}</style></head><body onload="x()"><p>{WORDS}</p>'
        '<img src="https://track.example/p.gif"><script>alert(1)</script><a href="javascript:x()">a</a>'
        '<form action="https://evil.example"><input></form><iframe src="//evil.example"></iframe></body></html>'
    )
    read = letter.read(mail(source, kind="text/html"))
    assert read.text == f"{WORDS}\na"
    shown = html.safe(read.html)
    for active in ("script", "img", "track.example", "onload", "javascript", "form", "iframe", "style"):
        assert active not in shown


def test_deep_and_endless_html_is_read_in_bounded_time() -> None:
    """nh3 needs minutes for a tree of this depth; only the words are taken of it."""
    deep = "<div>" * 50_000 + WORDS
    assert WORDS in letter.read(mail(deep, kind="text/html")).text
    assert WORDS in html.safe(deep)


@pytest.mark.parametrize(
    "evil",
    [
        b"Content-Type: message/rfc822\n\n" * 3000,
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(80)),
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 20_000,
        b"A: b\n" * 50_000,
        b"",
        b"\x00" * 1000,
    ],
)
def test_mails_that_nobody_can_take_apart_are_read_as_text(evil: bytes) -> None:
    read = letter.read(evil)
    assert len(read.text) <= LONGEST_OWN
    assert len(read.quoted) <= LONGEST_QUOTED


def test_an_endless_text_is_cut_for_the_contact_and_goes_on_folded() -> None:
    read = letter.read(mail("长" * (LONGEST_OWN + 500)))
    assert len(read.text) == LONGEST_OWN
    assert read.quoted == "长" * 500


# ---------------------------------------------------------------- identity


def test_the_way_of_a_mail_is_not_its_identity_and_its_words_are() -> None:
    first = mail(WORDS, message_id="<1@qq>")
    other_way = b"Received: from mx2\r\nDelivered-To: second@shop.example\r\n" + first.replace(b"\r\n", b"\n")
    assert letter.identity(first) == letter.identity(other_way)
    assert letter.identity(first) != letter.identity(mail(WORDS + "另外", message_id="<1@qq>"))
    assert letter.identity(first) != letter.identity(mail(WORDS, message_id="<2@qq>"))


def test_mails_that_were_cut_off_within_their_head_are_not_one() -> None:
    heads = [b"From: a@b.example\r\nDate: Fri, 20 Nov 2026 09:58:00 +0800\r\nX-Mark: " + mark for mark in (b"1", b"2")]
    assert len({letter.identity(head) for head in heads}) == 2
    assert len({letter.identity(head.replace(b"X-Mark", b"Message-ID: <1@b>\r\nX-Mark")) for head in heads}) == 1


# ---------------------------------------------------------------- who wrote it


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, Kind.PERSON),
        ({"auto_submitted": "no"}, Kind.PERSON),
        ({"auto_submitted": "auto-replied"}, Kind.AUTO),
        ({"precedence": "bulk"}, Kind.AUTO),
        ({"list_id": "<news.example>"}, Kind.AUTO),
        ({"return_path": "<>"}, Kind.AUTO),
        ({"x_autoreply": "yes"}, Kind.AUTO),
        ({"subject": "自动回复:您的投诉"}, Kind.AUTO),
        ({"subject": "Automatic reply: your complaint"}, Kind.AUTO),
        ({"subject": "Out of office"}, Kind.AUTO),
        ({"subject": "客服自动回复太慢"}, Kind.PERSON),
        ({"subject": "外出旅行箱轮子坏了，要求退货"}, Kind.PERSON),
        ({"subject": "Vacation bag arrived torn"}, Kind.PERSON),
        ({"subject": "On leave-in conditioner: bottle broken"}, Kind.PERSON),
        ({"subject": "Automatic response button broken"}, Kind.PERSON),
        ({"subject": "外出：您的投诉"}, Kind.AUTO),
        ({"subject": "Out of office Re: your complaint"}, Kind.AUTO),
        ({"subject": "On leave"}, Kind.AUTO),
        ({"sender": SUPPORT}, Kind.OWN),
        ({"message_id": f"<{'a' * 40}@shop.example>"}, Kind.OWN),
    ],
)
def test_machines_are_told_from_people(headers: dict[str, str], kind: Kind) -> None:
    assert judge(letter.read(mail(**headers)), own=[SUPPORT]).kind is kind


def test_some_people_get_no_automatic_answer() -> None:
    assert judge(letter.read(mail())).may_answer
    for headers in ({"x_auto_response_suppress": "All"}, {"sender": "no-reply@bank.example"}):
        verdict = judge(letter.read(mail(**headers)))
        assert (verdict.kind, verdict.may_answer) == (Kind.PERSON, False)


def test_a_bounce_says_whom_it_could_not_reach() -> None:
    verdict = judge(letter.read(mails.bounce(mail(), "wang@qq.com")), own=[SUPPORT])
    assert (verdict.kind, verdict.failed) == (Kind.BOUNCE, ("wang@qq.com",))
    textual = judge(letter.read(mails.textual_bounce("wang@qq.com", "Message-ID: <1@shop.example>")), own=[SUPPORT])
    assert textual.kind is Kind.BOUNCE
    assert "wang@qq.com" in textual.failed


def test_a_delay_is_no_failure() -> None:
    for report in (
        mails.bounce(mail(), "wang@qq.com", action="delayed", status="4.4.1"),
        mail("稍后将继续尝试 wang@qq.com", sender="postmaster@qq.com", subject="邮件投递失败：延迟"),
    ):
        verdict = judge(letter.read(report))
        assert (verdict.kind, verdict.failed) == (Kind.BOUNCE, ())


# ---------------------------------------------------------------- whatever comes

_PIECES = st.sampled_from(
    [
        b"From: a@b.c\r\n", b"Subject: =?gbk?B?", b"\r\n\r\n", b"\n", b"--=_part\r\n", b"--=_part--", b"\x00",
        b"\xff\xfe",
        b"Content-Type: text/html; charset=gbk\r\n", b'Content-Type: multipart/mixed; boundary="=_part"\r\n',
        b"Content-Type: message/rfc822\r\n", b"Content-Transfer-Encoding: base64\r\n", b"<div><blockquote type=cite>",
        b"Content-Disposition: attachment; filename*0*=utf-8''%", b"> ",
        b"On 1:00 a@b wrote:\r\n", "写道：".encode("gbk"),
        b"Content-Transfer-Encoding: quoted-printable\r\n", b"=E4=B9", b"Content-Type: message/delivery-status\r\n",
        b"Final-Recipient: rfc822; a@b.c\r\nAction: failed\r\n", b"~{<:Ky2;~}", b"A" * 76 + b"\r\n",
    ]
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(st.one_of(_PIECES, st.binary(max_size=40)), max_size=40).map(b"".join))
def test_no_bytes_raise_and_what_comes_out_fits_everywhere(data: bytes) -> None:
    read = letter.read(data)
    judge(read, own=[SUPPORT])
    html.safe(read.html)
    assert len(letter.identity(data)) == 64
    assert len(read.text) <= LONGEST_OWN
    assert len(read.quoted) <= LONGEST_QUOTED
    assert len(read.subject) <= 300
    for text in (
        read.text,
        read.quoted,
        read.subject,
        read.sender,
        read.sender_name,
        *(file.name for file in read.files),
    ):
        assert "\x00" not in text
        text.encode("utf-8")


@settings(max_examples=60)
@given(st.text("书桌划痕镕㐂写道发件人abcOn,.> \n:：@-—1", min_size=1, max_size=120))
def test_no_word_of_a_plain_text_is_lost(text: str) -> None:
    read = letter.read(mail(text, charset="gb18030"))
    there = "".join((read.text + read.quoted).split())
    assert sorted(there) == sorted("".join(text.split()))
