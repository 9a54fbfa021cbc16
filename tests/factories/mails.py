"""Mails as they come: made by hand, byte by byte, for the libraries would mend what is broken about them."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from email.header import Header
from itertools import count

from PIL import Image

SUPPORT = "support@shop.example"
BUYER = "wang@qq.com"
_numbers = count(1)


def mail(
    text: str | bytes = "桌子收到就有划痕，请处理。",
    *,
    sender: str = f"=?gb18030?B?zfXQocP3?= <{BUYER}>",
    to: str = SUPPORT,
    subject: str = "书桌有划痕",
    charset: str = "utf-8",
    label: str | None = None,
    kind: str = "text/plain",
    message_id: str = "",
    **headers: str,
) -> bytes:
    """One text part; `label` is what the header says of its charset, where that is not the truth."""
    body = text if isinstance(text, bytes) else text.encode(charset)
    said = charset if label is None else label
    given = {"content-type": f"{kind}; charset={said}" if said else kind, "content-transfer-encoding": "8bit"}
    return head(sender, to, subject, message_id, given | _named(headers)) + body


def head(
    sender: str = BUYER,
    to: str = SUPPORT,
    subject: str = "书桌",
    message_id: str = "",
    more: Mapping[str, str] | None = None,
) -> bytes:
    first = {
        "From": sender, "To": to, "Subject": subject if subject.isascii() else Header(subject, "utf-8").encode(),
        "Date": "Fri, 20 Nov 2026 09:58:00 +0800", "Message-ID": message_id or f"<{next(_numbers)}@qq.example>",
        "MIME-Version": "1.0",
    }  # fmt: skip
    lines = [f"{name}: {value}" for name, value in {**first, **(more or {})}.items() if value]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


def mixed(*parts: bytes, kind: str = "mixed", boundary: str = "=_part", **headers: str) -> bytes:
    """The parts in a multipart, with a head."""
    more = {"Content-Type": f'multipart/{kind}; boundary="{boundary}"'} | _named(headers)
    plain = {name: more.pop(name) for name in ("From", "To", "Subject", "Message-Id") if name in more}
    first = head(plain.get("From", BUYER), plain.get("To", SUPPORT), plain.get("Subject", "书桌"), "", more)
    return first + within(*parts, boundary=boundary)


def within(*parts: bytes, boundary: str = "=_part") -> bytes:
    sign = f"--{boundary}".encode()
    return b"".join(sign + b"\r\n" + part + b"\r\n" for part in parts) + sign + b"--\r\n"


def part(content: str | bytes, kind: str = "text/plain; charset=utf-8", **headers: str) -> bytes:
    body = content if isinstance(content, bytes) else content.encode()
    lines = [f"Content-Type: {kind}", *(f"{name}: {value}" for name, value in _named(headers).items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def attached(data: bytes, name: str, kind: str = "application/octet-stream", **headers: str) -> bytes:
    coded = base64.encodebytes(data).replace(b"\n", b"\r\n")
    how = {"content_disposition": f'attachment; filename="{name}"', "content_transfer_encoding": "base64"}
    return part(coded, f'{kind}; name="{name}"', **(how | headers))


def photo(colour: tuple[int, int, int] = (180, 90, 40), size: int = 60) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((size, size), 60).convert("RGB").save(out, "JPEG") if colour == (0, 0, 0) else Image.new(
        "RGB", (size, size), colour
    ).save(out, "JPEG")
    return out.getvalue()


def bounce(returned: bytes, address: str, *, action: str = "failed", status: str = "5.1.1", **headers: str) -> bytes:
    """A report as RFC 3464 has it, with the headers of the mail that came back."""
    about = f"Final-Recipient: rfc822; {address}\r\nAction: {action}\r\nStatus: {status}\r\n"
    report = f"Reporting-MTA: dns; mx.qq.com\r\n\r\n{about}"
    return mixed(
        part("This is the mail system. Your message could not be delivered."),
        part(report, "message/delivery-status"),
        part(returned.partition(b"\r\n\r\n")[0], "text/rfc822-headers"),
        kind='report; report-type="delivery-status"',
        **(
            {"From": "MAILER-DAEMON@mx.qq.com", "Return_Path": "<>", "Subject": "Undelivered Mail Returned to Sender"}
            | headers
        ),
    )


def textual_bounce(address: str, returned: str) -> bytes:
    """As QQ Mail writes them: words, with the original below."""
    text = (
        f"抱歉，您的邮件被退回来了……\n\n收件人（{address}）所属域名不存在，邮件无法送达。\n\n原邮件信息：\n{returned}\n"
    )
    return mail(
        text, sender="PostMaster@qq.com <PostMaster@qq.com>", subject="系统退信/Systems bounce", charset="gb18030"
    )


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-").title(): value for name, value in headers.items()}
