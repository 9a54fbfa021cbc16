"""Bytes of a mail as text, whatever they are labelled. Pure; never raises.

What China's mail looks like: GB2312 that is really GB18030, UTF-8 labelled GBK and the other way round, Big5, and
8-bit text without a label or with one that only promises ASCII.
"""

import re

_GB = {"gb2312", "gbk", "gb18030", "gb231280", "xgbk", "cp936", "windows936", "ms936", "euccn", "chinese", "hzgb2312"}
_BIG5 = {"big5", "big5hkscs", "cp950", "xbig5", "big5tw"}
_SAYS_NOTHING = {"", "ascii", "usascii", "unknown", "unknown8bit", "xunknown", "8bit", "default", "binary", "none"}
_WESTERN = {"iso88591", "latin1", "windows1252", "cp1252", "iso885915"}
"""Labels that mail programs put on whatever they hold."""

_OTHERS = {
    "utf8": "utf-8", "utf16": "utf-16", "utf16le": "utf-16-le", "utf16be": "utf-16-be", "utf7": "utf-7",
    "euctw": "big5hkscs", "shiftjis": "cp932", "sjis": "cp932", "iso2022jp": "iso2022_jp", "eucjp": "euc_jp",
    "euckr": "cp949", "ksc56011987": "cp949", "koi8r": "koi8_r", "hz": "hz",
    **{f"iso8859{number}": f"iso8859_{number}" for number in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 16)},
    **{f"windows{number}": f"cp{number}" for number in range(1250, 1259) if number != 1252},
}  # fmt: skip

_HAN = re.compile("[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]")
_ESCAPES_OF_HZ = b"~{"
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufffe\uffff]")


def decode(data: bytes, label: str = "") -> str:
    """The text of these bytes; what cannot be read becomes U+FFFD."""
    return tidy(_decoded(data, _bare(label)))


def tidy(text: str) -> str:
    """Fit for every database and page: no NUL, no control characters, no half characters, `\\n` as line end."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSEEN.sub("", text).encode("utf-8", "replace").decode("utf-8")


def _bare(label: str) -> str:
    return re.sub(r"[^a-z0-9]", "", label.partition("*")[0][:60].lower())


def _decoded(data: bytes, label: str) -> str:
    if data.isascii():
        return data.decode("ascii") if label not in ("hz", "hzgb2312", "utf7", "iso2022jp") else _as(data, label)
    if label in _GB:
        return _utf8(data, needs_han=True) or _strict(data, "gb18030") or _other_than_gb(data)
    if label in _BIG5:
        return _strict(data, "big5hkscs") or guess(data)
    if label in _SAYS_NOTHING or label in _WESTERN:
        return guess(data, western=label in _WESTERN)
    return _as(data, label)


def _as(data: bytes, label: str) -> str:
    codec = {"hzgb2312": "hz"}.get(label) or _OTHERS.get(label)
    return (_strict(data, codec) if codec else "") or guess(data)


def _other_than_gb(data: bytes) -> str:
    """Labelled GB and broken as that: one wrong byte must not turn the rest into something else."""
    return _strict(data, "utf-8") or data.decode("gb18030", "replace")


def guess(data: bytes, *, western: bool = False) -> str:
    """The text of bytes that say nothing of themselves."""
    if text := _strict(data, "utf-8"):
        return text
    gb, big5 = _strict(data, "gb18030"), _strict(data, "big5hkscs")
    scores = {gb: _usual(gb, "gb2312", 0xB0, 0xD7), big5: _usual(big5, "big5", 0xA4, 0xC6)}
    best = max((gb, big5), key=lambda text: scores[text])
    if best and scores[best] >= 0.5:
        return best
    if western:
        return data.decode("cp1252", "replace")
    broken = {name: data.decode(name, "replace") for name in ("utf-8", "gb18030")}
    return min(broken.values(), key=lambda text: text.count("\ufffd"))


def _usual(text: str, codec: str, least: int, most: int) -> float:
    """The share of characters beyond ASCII that are in everyday use under this encoding."""
    beyond = [char for char in text[:4000] if not char.isascii()]
    if not beyond:
        return 0.0
    common = 0
    for char in beyond:
        code = char.encode(codec, "ignore")
        # Punctuation of both encodings lies before the characters.
        common += len(code) == 2 and (least <= code[0] <= most or 0xA1 <= code[0] <= 0xA3)
    return common / len(beyond)


def _utf8(data: bytes, *, needs_han: bool) -> str:
    """As UTF-8, if that holds for all of it; by accident it does for a few short words of GBK, never as Han."""
    text = _strict(data, "utf-8")
    return text if text and (not needs_han or _HAN.search(text)) else ""


def _strict(data: bytes, codec: str) -> str:
    """Empty where it does not fit."""
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return _cut(data, codec)


def _cut(data: bytes, codec: str) -> str:
    """A text that was cut off within its last character is whole before it."""
    for short in (1, 2, 3):
        try:
            return data[:-short].decode(codec) if len(data) > 8 else ""
        except (UnicodeError, ValueError):
            continue
    return ""
