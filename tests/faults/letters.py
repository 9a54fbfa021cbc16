"""Mails damaged in every way, received by this process, and what became of them; runs in a clerk's process."""

from __future__ import annotations

import email
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from email.policy import default
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from benchmarks import memory
from complaints.intake.mail import keeping, placing, vault
from complaints.models import Contact, InboundMail, Mailbox, OutboxMessage, Shop
from tests.crashes import AFTER, BEFORE, die_at
from tests.factories import mails
from tests.factories.mails import SUPPORT, attached, mail, mixed, part, photo, within

SEED = 20261126
DIES_EACH = 40
CHARSETS = (b"gb2312", b"gbk", b"big5", b"utf-8", b"us-ascii", b"utf-7", b"utf-16", b"iso-2022-cn", b"x-unknown", b"")
ENCODINGS = (b"base64", b"quoted-printable", b"8bit", b"x-uuencode", b"binary", b"rubbish")
SIGNS = (
    {"auto_submitted": "auto-replied"}, {"precedence": "bulk"}, {"return_path": "<>"},
    {"subject": "自动回复：您好"}, {"x_autoreply": "yes"}, {"list_id": "<news.example>"},
)  # fmt: skip


def receive(number: int, large: int) -> dict[str, Any]:
    """Take in so many damaged mails, and some large ones; each fortieth time the process dies half-way."""
    mailbox = Mailbox.objects.create(shop=Shop.objects.get(), address=SUPPORT, since=timezone.localdate())
    chance, seen, given = random.Random(SEED), Counter[str](), {}
    place = -1
    # Not by `enumerate`, which holds what it gave last.
    for data in _mails(number, large, chance):
        place += 1
        try:
            kept = keeping.keep(mailbox, data, received_at=timezone.now(), now=timezone.now())
            given[kept.pk] = sha256(data).hexdigest()
            del data  # as whoever polls a mailbox: what is kept is read again from the disk
            seen["died"] += _process(kept.pk, place, chance)
        except Exception as error:  # a crash of the receiver: what this attack looks for
            seen["crashes"] += 1
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
    _go_on_after_the_crashes()
    peak = round(memory.peak_mb())
    return seen | _judged(given) | {"peak": peak}


def receive_naively(number: int) -> dict[str, int]:
    """The control: the same mails, as such receivers are usually built."""
    seen: Counter[str] = Counter()
    for data in _mails(number, 0, random.Random(SEED)):
        seen.update(_naive(data))
    return dict(seen)


def _process(pk: int, place: int, chance: random.Random) -> bool:
    """Whether the process has died over it."""
    if place % DIES_EACH:
        placing.process(pk, now=timezone.now())
        return False
    moment = chance.choice((BEFORE, AFTER))
    return die_at(1 + chance.randrange(40), moment, lambda: placing.process(pk, now=timezone.now()))


def _go_on_after_the_crashes() -> None:
    for _turn in range(placing.ATTEMPTS + 1):
        while placing.process_waiting(now=timezone.now() + placing.SETTLING):
            pass


def _judged(given: dict[int, str]) -> dict[str, int]:
    """Lost: not kept as it came, not settled, or taken in without its words being there."""
    seen: Counter[str] = Counter(lost=0, doubled=0, loops=0)
    for mail_ in InboundMail.objects.select_related("contact").iterator(chunk_size=200):
        seen[mail_.state] += 1
        whole = sha256(vault.read(mail_.raw)).hexdigest() == given.get(mail_.pk)
        heard = mail_.contact is not None or mail_.state not in ("taken", "joined")
        seen["lost"] += not (whole and heard and mail_.state != "kept")
    seen["lost"] += len(set(given) - set(InboundMail.objects.values_list("pk", flat=True)))
    sources = Contact.objects.filter(direction="in").exclude(source=None).values_list("source", flat=True)
    seen["doubled"] = len(sources) - len(set(sources))
    receipts = OutboxMessage.objects.filter(dedup_key__startswith="receipt:")
    seen["receipts"] = receipts.count()
    taken = set(InboundMail.objects.filter(state="taken").values_list("complaint", flat=True))
    seen["loops"] += receipts.exclude(complaint__in=taken).count()
    return dict(seen)


def answer_everything(number: int) -> dict[str, int]:
    """Machines that answer our confirmations, with the signs of a machine and without any; what we send then."""
    mailbox = Mailbox.objects.get()
    before = OutboxMessage.objects.count()
    for place, message in enumerate(OutboxMessage.objects.order_by("pk")[:number]):
        sign: dict[str, str] = SIGNS[place % len(SIGNS)] if place % 2 else {}
        data = mail(
            "I am away.", sender=message.address, to=message.reply_to.encode("ascii", "ignore").decode(), **sign
        )
        kept = keeping.keep(mailbox, data, received_at=timezone.now(), now=timezone.now())
        placing.process(kept.pk, now=timezone.now())
    return {"sent": OutboxMessage.objects.count() - before}


def _naive(data: bytes) -> Counter[str]:
    """Marked as read, then parsed by the book: what raises or comes out broken is lost."""
    try:
        message = email.message_from_bytes(data, policy=default)
        body = message.get_body(("plain", "html"))
        str(message["subject"]), str(message["from"])
        for file in message.iter_attachments():
            file.get_filename(), file.get_content()
        text = body.get_content() if body else ""
        return Counter(empty=not str(text).strip(), broken="\ufffd" in str(text) or "\x00" in str(text))
    except Exception:
        return Counter(crashes=1)


# ---------------------------------------------------------------- the mails


def _mails(number: int, large: int, chance: random.Random) -> Iterator[bytes]:
    originals = _originals()
    for place in range(number):
        data = chance.choice(originals)(place)
        for _time in range(chance.randrange(4)):
            data = chance.choice(MUTATIONS)(data, chance)
        yield data
    for place in range(large):
        yield _large(place).read_bytes()


def write_large(number: int) -> None:
    """Mails of 25 MB, written by another process than the one that is measured."""
    for place in range(number):
        noise = random.Random(place).randbytes(18 * 1024 * 1024)
        film = attached(b"\x00\x00\x00\x18ftypmp42" + noise, f"{place}.mp4", "video/mp4")
        _large(place).write_bytes(mixed(part("视频在附件里"), film))


def _large(place: int) -> Path:
    return Path(settings.AMENDS_VAR) / f"large{place}.eml"


def _originals() -> list[Callable[[int], bytes]]:
    picture = photo()

    def who(place: int) -> str:
        return f"=?gb18030?B?zfXQocP3?= <buyer{place}@qq.com>"

    return [
        lambda n: mail(f"第 {n} 张桌子坏了", sender=who(n)),
        lambda n: mail(f"第 {n} 张桌子坏了，镕".encode("gb18030"), sender=who(n), label="gb2312"),
        lambda n: mail(f"第 {n} 張桌子壞了".encode("big5"), sender=who(n), label="big5"),
        lambda n: mail(f"<p>第 {n} 张</p><blockquote type=cite>您好</blockquote>", kind="text/html", sender=who(n)),
        lambda n: mixed(part(f"第 {n} 张"), attached(picture, "划痕.jpg", "image/jpeg"), From=who(n)),
        lambda n: mixed(
            part(within(part(f"第 {n} 张"), part("<p>a</p>", "text/html")), 'multipart/related; boundary="=_part"'),
            part(mixed(part("原信"), boundary="in"), "message/rfc822"), boundary="out", From=who(n),
        ),
        lambda n: mail(f"{n}", sender=who(n), **SIGNS[n % len(SIGNS)]),
        lambda n: mails.bounce(mail(), f"buyer{n}@qq.com"),
        lambda n: mails.textual_bounce(f"buyer{n}@qq.com", f"Message-ID: <{n}@shop.example>"),
        lambda n: mixed(part(f"{n}"), attached(b"x", "winmail.dat", "application/ms-tnef"), From=who(n)),
    ]  # fmt: skip


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(1, len(data) + 1)]


def _flip(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _time in range(1 + len(data) // 200):
        changed[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(changed)


def _drop(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.randrange(1, 200) :] or b"x"


def _double(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[at : at + 300] * chance.randrange(2, 20) + data[at:]


def _shuffle(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\r\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\r\n".join(lines)


def _relabel(data: bytes, chance: random.Random) -> bytes:
    return data.replace(b"charset=utf-8", b"charset=" + chance.choice(CHARSETS)).replace(
        b"encoding: 8bit", b"encoding: " + chance.choice(ENCODINGS)
    )


def _nulls(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + b"\x00" * chance.randrange(1, 50) + data[at:]


def _nest(data: bytes, chance: random.Random) -> bytes:
    for _time in range(chance.randrange(1, 40)):
        data = b"Content-Type: message/rfc822\r\n\r\n" + data
    return data


def _boundary(data: bytes, chance: random.Random) -> bytes:
    return data.replace(b"boundary=", chance.choice((b"border=", b"boundary==", b'boundary="x', b"boundary=\r\n ")))


def _header(data: bytes, chance: random.Random) -> bytes:
    return (
        chance.choice((b"Subject: " + b"=?gbk?B?" * 4000, b"X: y\r\n" * 3000 + b"Z: ", b"To: " + b"a@b," * 5000)) + data
    )


MUTATIONS = (_cut, _flip, _drop, _double, _shuffle, _relabel, _nulls, _nest, _boundary, _header)
