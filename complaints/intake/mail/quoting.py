"""Where the writer's own words end and what is quoted begins. Pure.

Nothing is dropped: a text is split into own words and quoted ones, and where that is not certain it stays whole.
"""

import re
from dataclasses import dataclass

LONGEST = 120_000
_LINES_OF_AN_INTRODUCTION = 4
_LONGEST_LINE = 330

_SEPARATOR = re.compile(
    r"^[\s>*_]*[-—_=─]{2,}[\s-]*(原始邮件|邮件原件|回复的原邮件|原邮件|原邮件信息|原始郵件|转发的?邮件(信息)?|轉寄郵件|Original\s+Message"
    r"|Original\s+Email|Original|Reply\s+message|Forwarded\s+message)\s*[-—_=─]*\s*$",
    re.IGNORECASE,
)  # fmt: skip
_WROTE = re.compile(r"(写道|寫道|写到|wrote|schrieb|a écrit)\s*[:：]\s*$", re.IGNORECASE)
_WHEN_OR_WHO = re.compile(r"\d{4}\s?[-/年.]\s?\d{1,2}|\d{1,2}[:：]\d{2}|@|^\s*(On|At|在|于)\b", re.IGNORECASE)
_HEAD = re.compile(r"^[\s|>*]*(发件人|寄件者|寄件人|发信人|From|Von)[\s|*]*[:：|]", re.IGNORECASE)
_HEAD_MORE = re.compile(
    r"^[\s|>*]*(发送时间|发送日期|发送至|日期|时间|收件人|收件者|抄送人?|主题|主旨|寄件日期|Date|Sent|To|Cc|Subject)[\s|*]*[:：|]",
    re.IGNORECASE,
)  # fmt: skip
_RULE = re.compile(r"^[\s>]*[-_—─]{6,}\s*$")
_SIGNED = re.compile(
    r"^\s*(发自我?的?\s?.{1,30}|来自.{0,12}(邮箱|手机|客户端|iPhone|Android).{0,12}|发送自.{1,30}|从我的.{1,20}发送|"
    r"從我的.{1,20}傳送|(Sent from|Get Outlook for|Sent with|Sent via)\b.{1,60}|获取\s?Outlook.{0,30})\s*$",
    re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Split:
    own: str
    quoted: str = ""


def split(text: str, *, begins: int = -1, ends: int = -1) -> Split:
    """Own words and quoted ones; `begins` and `ends` are what the layout of the mail marks as a quotation."""
    text = text[:LONGEST]
    found = _by_words(text)
    if begins >= 0 and (found is None or begins <= found[0]):
        found = (_line_start(text, begins), ends if ends >= 0 else len(text))
    if found is None:
        return _signed(text.strip(), "")
    begin, end = _with_introduction(text, found[0]), found[1]
    own = f"{text[:begin].rstrip()}\n\n{text[end:].strip()}".strip()
    if not own:
        return Split(text.strip())
    return _signed(own, text[begin:end].strip("\n"))


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _signed(own: str, quoted: str) -> Split:
    """Below the own words a phone says what it is; that goes with what is folded."""
    lines = own.split("\n")
    signature: list[str] = []
    while len(lines) > 1 and (_SIGNED.match(lines[-1][:_LONGEST_LINE]) or (signature and not lines[-1].strip())):
        signature.insert(0, lines.pop())
    if not any(line.strip() for line in lines):
        return Split(own, quoted)
    folded = "\n".join([*signature, quoted]).strip("\n") if signature else quoted
    return Split("\n".join(lines).strip(), folded)


def _by_words(text: str) -> tuple[int, int] | None:
    """From where to where the text itself says that it quotes."""
    full = text.split("\n")
    starts = [0]
    for line in full:
        starts.append(starts[-1] + len(line) + 1)
    # What introduces a quotation is short; patterns see no more of an endless line.
    lines = [line[:_LONGEST_LINE] for line in full]
    for number, line in enumerate(lines):
        if _SEPARATOR.match(line) or _begins_head(lines, number):
            return starts[number], len(text)
        introduced = _introduction(lines, number)
        if introduced:
            return _after_introduction(lines, starts, number, introduced, len(text))
        if line.lstrip().startswith((">", "＞")):
            return _marked_block(lines, starts, number)
    return None


def _begins_head(lines: list[str], number: int) -> bool:
    """The headers of the mail before, as Outlook, Foxmail and 163 put them above it."""
    if not _HEAD.match(lines[number]):
        return False
    following = [line for line in lines[number + 1 : number + 12] if line.strip(" |>\t-")][:5]
    return sum(bool(_HEAD_MORE.match(line)) for line in following) >= 2


def _introduction(lines: list[str], number: int) -> int:
    """In how many lines "On …, … wrote:" stands here; 0: it does not."""
    if not lines[number].strip():
        return 0
    for count in range(1, _LINES_OF_AN_INTRODUCTION):
        said = " ".join(line.strip() for line in lines[number : number + count])
        if len(said) > 320 or (count > 1 and not lines[min(number + count, len(lines)) - 1].strip()):
            return 0
        if _WROTE.search(said):
            starts_it = re.match(r"[\s>]*(On|At|在|于|\d{4}|\S{1,60}\s*<)", lines[number], re.IGNORECASE)
            return count if _WHEN_OR_WHO.search(said) and (count == 1 or starts_it) else 0
    return 0


def _after_introduction(
    lines: list[str], starts: list[int], number: int, introduced: int, length: int
) -> tuple[int, int] | None:
    """Marked lines that follow are the quotation; where none are marked, all that follows is."""
    first = number + introduced
    while first < len(lines) and not lines[first].strip():
        first += 1
    if first >= len(lines) or not lines[first].lstrip().startswith((">", "＞")):
        return starts[number], length
    block = _marked_block(lines, starts, first)
    return (starts[number], block[1]) if block else None


def _marked_block(lines: list[str], starts: list[int], number: int) -> tuple[int, int] | None:
    """Lines that begin with ">"; None where own words stand among them: those answer point by point, and stay there."""
    last = ends = number
    while last < len(lines) and (not lines[last].strip() or lines[last].lstrip().startswith((">", "＞"))):
        last += 1
        ends = last if lines[last - 1].strip() else ends
    if any(line.lstrip().startswith((">", "＞")) for line in lines[ends:]):
        return None
    return starts[number], min(starts[ends], starts[-1] - 1)


def _with_introduction(text: str, begin: int) -> int:
    """The rule and the "… wrote:" right above a quotation belong to it."""
    before = text[:begin].rstrip("\n").split("\n")
    at = begin
    for count in range(1, _LINES_OF_AN_INTRODUCTION + 1):
        if len(before) < count:
            break
        tail = [line[:_LONGEST_LINE] for line in before[-count:]]
        if _RULE.match(tail[0]) or _introduction(tail, 0) == count:
            at = len("\n".join(before[:-count])) + (1 if len(before) > count else 0)
            break
    return at
