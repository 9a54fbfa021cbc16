"""Text of mails as China's programs label it."""

import pytest

from complaints.intake.mail import charsets, letter, words
from tests.factories import mails

SIMPLE = "您好，我在你们店里买的书桌到货后发现桌面有划痕，麻烦尽快处理，谢谢。"
TRADITIONAL = "您好，我訂購的書桌到貨後發現桌面有刮痕，請儘快處理，謝謝。"


@pytest.mark.parametrize(
    ("text", "really", "label"),
    [
        (SIMPLE, "utf-8", "utf-8"),
        (SIMPLE, "gbk", "gb2312"),
        (f"{SIMPLE}镕㐂", "gb18030", "gb2312"),
        (SIMPLE, "utf-8", "gb2312"),
        (SIMPLE, "gbk", "utf-8"),
        (SIMPLE, "gbk", "us-ascii"),
        (SIMPLE, "gbk", ""),
        (SIMPLE, "utf-8", "iso-8859-1"),
        (SIMPLE, "gbk", "iso-8859-1"),
        (SIMPLE, "gb18030", "x-gbk"),
        (SIMPLE, "utf-8", "unheard-of"),
        (TRADITIONAL, "big5hkscs", "big5"),
        (TRADITIONAL, "big5", "unknown-8bit"),
        ("Café à emporter", "latin-1", "iso-8859-1"),
        ("注文した机", "cp932", "shift_jis"),
    ],
)
def test_text_is_read_whatever_its_label_says(text: str, really: str, label: str) -> None:
    assert letter.read(mails.mail(text, charset=really, label=label)).text == text


def test_one_broken_character_spoils_nothing_else() -> None:
    broken = SIMPLE.encode("gbk").replace("书".encode("gbk"), b"\xff\xff")
    assert "桌到货后发现" in charsets.decode(broken, "gbk")
    assert charsets.decode(SIMPLE.encode()[:-1], "utf-8").startswith(SIMPLE[:-1])


def test_what_no_database_and_no_page_can_hold_is_dropped() -> None:
    assert charsets.decode(b"a\x00b\x07c\r\nd\re") == "abc\nd\ne"
    assert "\ud800" not in charsets.tidy("a\ud800b")


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("=?gb2312?B?zfXQocP3?=", "王小明"),
        ("=?utf-8?B?5Lmm5qGM?=\r\n =?utf-8?B?5pyJ5YiS55eV?=", "书桌有划痕"),
        # One character cut in two, as some programs do.
        ("=?utf-8?B?5Lmm5qE=?= =?utf-8?B?jOacieWIkueXlQ==?=", "书桌有划痕"),
        ("=?UTF-8?Q?=E4=B9=A6=E6=A1=8C_A?= B", "书桌 A B"),
        ("=?utf-8*zh?B?5Lmm5qGM?=", "书桌"),
        ("=?utf-8?B?5Lmm5qGM", "书桌"),
        ("=?gbk?B?yum1xyAq*?=", "书登 *"),
        ("Re: =?gbk?Q?=CA=E9=D7=C0?=", "Re: 书桌"),
        ("plain", "plain"),
    ],
)
def test_encoded_words_are_read_however_they_are_broken(header: str, text: str) -> None:
    assert words.text(header) == text


@pytest.mark.parametrize(
    "header",
    [
        "attachment; filename*=utf-8''%E5%88%92%E7%97%95.jpg",
        "attachment; filename*0*=utf-8''%E5%88%92; filename*1*=%E7%97%95.jpg",
        'attachment; filename="=?utf-8?B?5YiS55eVLmpwZw==?="',
        'attachment; filename="划痕.jpg"',
        "attachment; filename=划痕.jpg",
        "attachment; filename*=GBK''%BB%AE%BA%DB.jpg",
    ],
)
def test_file_names_are_read_in_each_of_their_spellings(header: str) -> None:
    raw = header.encode().decode("ascii", "surrogateescape")
    assert words.parameters(raw)["filename"] == "划痕.jpg"


def test_base64_is_read_with_rubbish_without_padding_and_in_pieces() -> None:
    assert words.unbase64([b"5Lmm\r\n5qGM"]) == "书桌".encode()
    assert words.unbase64([b"5Lm!m5q", b"GM=", b"=", b"5Lmm5qGM"]) == "书桌书桌".encode()
    assert words.unbase64([b"5Lmm5qGMx"]) == "书桌".encode()


@pytest.mark.parametrize(
    ("header", "who"),
    [
        ('"王小明" <Wang@QQ.com>', ("王小明", "wang@qq.com")),
        ("wang@qq.com", ("", "wang@qq.com")),
        ('"admin@shop.example" <wang@qq.com>', ("", "wang@qq.com")),
        ("nobody", ("", "")),
    ],
)
def test_sender_is_the_address_in_brackets(header: str, who: tuple[str, str]) -> None:
    assert words.sender(header) == who
