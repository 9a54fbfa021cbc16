"""What wrote a mail: a person, a machine, a mail server that could not deliver, or ourselves. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from . import words
from .letter import Letter


class Kind(StrEnum):
    PERSON = "person"
    AUTO = "auto"
    """An absence notice, a newsletter, a notification: nobody's words."""
    BOUNCE = "bounce"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`why` names the sign; `may_answer`: whether anything automatic may go back."""

    kind: Kind
    why: str = ""
    may_answer: bool = False
    failed: tuple[str, ...] = ()
    """Of a bounce: the addresses that could not be reached for good; empty for a delay."""


_DAEMON = re.compile(r"^(mailer-daemon|postmaster|mail-daemon|mailerdaemon|mail\.daemon|postmast)\b", re.IGNORECASE)
_BOUNCED = re.compile(
    r"退信|邮件投递失败|投递失败|投遞失敗|无法投递|无法送达|無法傳遞|发送失败|未送达|undeliver|returned mail|"
    r"delivery (status|failure|has failed|notification)|failure notice|mail delivery (failed|failure|system)",
    re.IGNORECASE,
)  # fmt: skip
_DELAYED = re.compile(
    r"延迟|稍后.{0,6}重试|将继续尝试|delayed|will (retry|be retried|keep trying)|warning", re.IGNORECASE
)
_AWAY = re.compile(
    r"^[\[【(（]?\s*(自动回复|自动答复|自動回覆|自动应答|系统自动回复|自动提醒|休假通知|外出通知"
    # Words that a customer's subject may begin with, too, unless nothing but a mark and the old subject follows.
    r"|(外出|外出中|auto(matic)?[\s-]*(reply|response|answer)|out of (the )?office|autoreply|vacation|on leave)"
    r"\s*($|[:：\]】)）]|[-–—]+\s|re\b))",
    re.IGNORECASE,
)  # fmt: skip
_NOBODY = re.compile(
    r"^(no-?_?reply|do-?not-?reply|noreply|notifications?|mailer|bounces?|robot|service-noreply)\b", re.I
)
_STATUS = re.compile(r"^\s*status\s*:\s*([245])\.\d{1,3}\.\d{1,3}", re.IGNORECASE | re.MULTILINE)
_ACTION = re.compile(r"^\s*action\s*:\s*(\w+)", re.IGNORECASE | re.MULTILINE)
_FINAL = re.compile(r"^\s*(?:final|original)-recipient\s*:\s*(?:[\w-]+\s*;)?\s*(\S+@\S+)", re.IGNORECASE | re.MULTILINE)
_OUR_ID = re.compile(r"<[0-9a-f]{40}@([^>]+)>")
_BULK = ("bulk", "junk", "list", "auto_reply", "auto-reply")
_ROBOTS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-autoreply-from", "x-vacation", "feedback-id")


def judge(letter: Letter, *, own: Iterable[str] = ()) -> Verdict:
    """`own`: addresses from which and at which the desk itself writes."""
    ours = {address.lower() for address in own}
    if _is_bounce(letter):
        return Verdict(Kind.BOUNCE, failed=_unreached(letter, ours))
    if letter.sender in ours or _wrote(ours, letter.message_id):
        return Verdict(Kind.OWN, "own")
    if why := _automatic(letter):
        return Verdict(Kind.AUTO, why)
    shy = letter.has("x-auto-response-suppress") or not letter.sender or _NOBODY.match(letter.sender)
    return Verdict(Kind.PERSON, may_answer=not shy)


def _wrote(ours: set[str], message_id: str) -> bool:
    """Whether the id is of the kind that we give (outbox.enqueue)."""
    found = _OUR_ID.fullmatch(message_id)
    return bool(found) and any(address.endswith(f"@{found[1].lower()}") for address in ours if found)


def _automatic(letter: Letter) -> str:
    """The sign by which nobody's words are known; empty for a person."""
    submitted = letter.header("auto-submitted").lower()
    if submitted and not submitted.startswith("no"):
        return "auto-submitted"
    if letter.header("precedence").lower() in _BULK:
        return "precedence"
    if letter.has("list-id") or letter.has("list-unsubscribe"):
        return "list"
    if any(letter.has(name) for name in _ROBOTS) or "autoreply" in letter.header("x-qq-mime").lower():
        return "robot"
    if _AWAY.match(letter.subject):
        return "subject"
    return "return-path" if _nobody_to_return_to(letter) else ""


def _nobody_to_return_to(letter: Letter) -> bool:
    return letter.has("return-path") and letter.header("return-path").strip() in ("<>", "")


# ---------------------------------------------------------------- bounces


def _is_bounce(letter: Letter) -> bool:
    kind = letter.header("content-type").lower()
    if kind.startswith("multipart/report") and "delivery-status" in kind:
        return True
    if _ACTION.search(letter.report) and _FINAL.search(letter.report):
        return True
    daemon = bool(_DAEMON.match(letter.sender)) or letter.has("x-failed-recipients") or _nobody_to_return_to(letter)
    return daemon and bool(_BOUNCED.search(letter.subject) or letter.has("x-failed-recipients"))


def _unreached(letter: Letter, ours: set[str]) -> tuple[str, ...]:
    action = _ACTION.search(letter.report)
    status = _STATUS.search(letter.report)
    if action and action[1].lower() not in ("failed", "failure"):
        return ()
    if not action and status and status[1] != "5":
        return ()
    if not action and _DELAYED.search(letter.subject):
        return ()
    named = words.addresses(found[1] for found in _FINAL.finditer(letter.report))
    named = named or words.addresses([letter.header("x-failed-recipients")])
    named = named or words.addresses([letter.text, letter.quoted])
    return tuple(address for address in named if address not in ours and not _DAEMON.match(address))[:20]
