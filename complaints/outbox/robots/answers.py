"""What the answer of a platform means: taken, refused for now or for good, or not to be told. Pure."""

import json
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.models import Robot

Kind = Robot.Kind
MINUTE = timedelta(minutes=1)


class Refusal(Exception):
    """The other side did not take the message, or must not get it; the text says why, in the reader's language."""

    def __init__(self, text: Any, /, *, for_good: bool, pause: timedelta | None = None, **names: Any) -> None:
        super().__init__(text)
        self.for_good, self.pause, self.names = for_good, pause, names

    def __str__(self) -> str:
        return str(self.args[0]) % self.names


class NotNow(Refusal):
    """The robot has said as much in this minute as it may."""

    def __init__(self) -> None:
        super().__init__(_("The platform allows only so many messages a minute."), for_good=False, pause=MINUTE)


class Withheld(Refusal):
    """The way was switched off: what waits for it waits until it is on again, or somebody cancels it."""

    def __init__(self, text: Any) -> None:
        super().__init__(text, for_good=False)


class Unclear(Exception):
    """The answer says neither yes nor no."""


_GONE = _("The platform does not know this robot (%(code)s). Is it still in the group? Check its address.")
_UNSIGNED = _("The platform refused the signature (%(code)s). Check the signing secret, and the server's clock.")
_UNSAFE = _("The robot's security settings refused the message (%(code)s): keyword, signature or IP address.")
_OTHERWISE = _("The platform refused the message (%(code)s: %(text)s).")
_BUSY = _("The other side has trouble just now (%(code)s).")
_TOO_OFTEN = _("The other side wants fewer messages (%(code)s).")
_ELSEWHERE = _("The address leads on to another one (%(code)s). Enter the last one.")
_REFUSED = _("The other side refused the message (%(code)s). Check the address.")

_WORDS: dict[tuple[str, int], Any] = {
    (Kind.WECOM, 93000): _GONE,
    (Kind.WECOM, 93008): _GONE,
    (Kind.DINGTALK, 300001): _GONE,
    (Kind.DINGTALK, 400013): _GONE,
    (Kind.DINGTALK, 400101): _GONE,
    (Kind.DINGTALK, 400102): _GONE,
    (Kind.DINGTALK, 400106): _GONE,
    (Kind.DINGTALK, 310000): _UNSAFE,
    (Kind.FEISHU, 19001): _GONE,
    (Kind.FEISHU, 19021): _UNSIGNED,
    (Kind.FEISHU, 19022): _UNSAFE,
    (Kind.FEISHU, 19024): _UNSAFE,
}
_TOO_MANY: dict[tuple[str, int], timedelta] = {
    (Kind.WECOM, 45009): MINUTE,
    # DingTalk takes nothing for ten minutes from one that said too much.
    (Kind.DINGTALK, 130101): timedelta(minutes=10),
    (Kind.DINGTALK, 302033): timedelta(minutes=10),
    (Kind.DINGTALK, 410100): timedelta(minutes=10),
    (Kind.FEISHU, 9499): MINUTE,
    (Kind.FEISHU, 11232): MINUTE,
}
SYSTEM_BUSY = -1
"""At WeCom and DingTalk; Feishu has no such code."""


def read_answer(kind: str, status: int, body: bytes) -> None:
    """Return if the message was taken. Raises Refusal and Unclear."""
    taken = 200 <= status < 300
    if kind != Kind.WEBHOOK:
        code, text = _code_in(kind, body)
        if code:
            raise _refusal(kind, code, text)
        if taken and code is None:
            raise Unclear(str(_("The answer cannot be understood.")))
    if not taken:
        raise _http_refusal(status)


def _code_in(kind: str, body: bytes) -> tuple[int | None, str]:
    """The platform's code, 0 for taken and None if there is none, and its words."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        return None, ""
    # Feishu's first version names its code otherwise.
    names = ("code", "StatusCode") if kind == Kind.FEISHU else ("errcode",)
    code = next((answer[name] for name in names if name in answer), None)
    return (code if type(code) is int else None), str(answer.get("errmsg", answer.get("msg", "")))[:120]


def _refusal(kind: str, code: int, text: str) -> Refusal:
    if (kind, code) in _TOO_MANY:
        return Refusal(_TOO_OFTEN, for_good=False, pause=_TOO_MANY[kind, code], code=code)
    if code == SYSTEM_BUSY:
        return Refusal(_BUSY, for_good=False, code=code)
    return Refusal(_WORDS.get((kind, code), _OTHERWISE), for_good=True, code=code, text=text)


def _http_refusal(status: int) -> Refusal:
    if status == 429:
        return Refusal(_TOO_OFTEN, for_good=False, pause=MINUTE, code=f"HTTP {status}")
    if status == 408 or status >= 500:
        return Refusal(_BUSY, for_good=False, code=f"HTTP {status}")
    if 300 <= status < 400:
        return Refusal(_ELSEWHERE, for_good=True, code=f"HTTP {status}")
    return Refusal(_REFUSED, for_good=True, code=f"HTTP {status}")
